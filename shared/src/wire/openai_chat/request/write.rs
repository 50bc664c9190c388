//! A chat completions request, written for a provider: <https://platform.openai.com/docs/api-reference/chat/create>

pub(in crate::wire) mod messages;
pub(in crate::wire) mod parameters;
mod schema;
pub(in crate::wire) mod tools;

use crate::wire::codec::{Dropped, Target, Untranslatable};
use crate::wire::ir::{ChatRequest, Content, Media, Message, Part};
use crate::wire::media;
use crate::wire::openai_chat::models::Model;
use crate::wire::tool_ids::is_name;
use json::Text;
use json::write::object;

/// The longest name of a function.
const LONGEST_NAME: usize = 64;

/// The media types of pictures that the API takes, <https://platform.openai.com/docs/guides/images-vision>.
const IMAGES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// Whether the call can be asked of a provider of this format at all.
pub fn check(request: &ChatRequest<'_>, target: &Target<'_>) -> Result<(), Untranslatable> {
    if let Some(place) = request.lost_meaning() {
        return Err(Untranslatable::unsupported(place));
    }
    // Anthropic's way to only fill the cache.
    if request.max_tokens == Some(0) {
        return Err(Untranslatable::unsupported(request.words.max_tokens));
    }
    // Other servers take what their models take.
    let are_names_bound = target.kind.is_openai();
    let is_wrong = |name: &Text<'_>| are_names_bound && !is_name(name, LONGEST_NAME);
    if let Some(index) = request.tools.iter().position(|tool| is_wrong(&tool.name)) {
        return Err(Untranslatable::unsupported(&format!("tools[{index}].name")));
    }
    for message in &request.messages {
        if message.parts.iter().any(|part| is_impossible(part, &is_wrong)) {
            return Err(Untranslatable::unsupported(&message.place()));
        }
    }
    Ok(())
}

fn is_impossible(part: &Part<'_>, is_wrong: &impl Fn(&Text<'_>) -> bool) -> bool {
    match &part.content {
        Content::ToolCall { name, .. } => is_wrong(name),
        Content::Image(Media::Inline { media_type, data }) => {
            !IMAGES.contains(&media::media_type(media_type, data).as_ref())
        }
        Content::Document { media, .. } => match media {
            Media::Inline { media_type, data } => media::media_type(media_type, data) != media::PDF,
            Media::Plain(_) => false,
            // There is no file by address in this format.
            Media::Url(_) => true,
        },
        Content::ToolResult { content, .. } => content.iter().any(|part| is_impossible(part, is_wrong)),
        _ => false,
    }
}

/// Writes the call for a provider of this format. What [`check`] would refuse is left out.
#[must_use]
pub fn write(request: &ChatRequest<'_>, target: &Target<'_>, dropped: &mut Dropped) -> Vec<u8> {
    let model = Model::of(target.kind, target.model);
    request.nuances().for_each(|place| dropped.note(place));
    // Quotes of arguments are escaped once more here.
    let mut out = Vec::with_capacity(request.length + request.length / 8 + 256);
    object(&mut out, |body| {
        body.string("model", target.model);
        messages::write(body, request, &model, dropped);
        tools::write(body, request, target.kind, &model, dropped);
        parameters::write(body, request, target, &model, dropped);
    });
    out
}

/// Whether the message has anything but thoughts, which stay with the provider whose they are.
fn says_something(message: &Message<'_>) -> bool {
    !message.parts.iter().all(Part::is_thought)
}

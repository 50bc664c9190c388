//! A request, written for Mistral.

mod messages;
mod parameters;

use crate::wire::codec::{Dropped, Target, Untranslatable};
use crate::wire::ir::{ChatRequest, Content, Media, Part};
use crate::wire::media;
use crate::wire::openai_chat::tools;
use crate::wire::tool_ids::is_name;
use json::Text;
use json::write::object;

/// The longest name of a function.
const LONGEST_NAME: usize = 64;

/// The media types of pictures that the API takes, <https://docs.mistral.ai/capabilities/vision>.
const IMAGES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// Whether the call can be asked of Mistral at all.
pub(super) fn check(request: &ChatRequest<'_>, _target: &Target<'_>) -> Result<(), Untranslatable> {
    let unsupported = |place: &str| Err(Untranslatable::unsupported(place));
    if let Some(place) = request.lost_meaning() {
        return unsupported(place);
    }
    // Anthropic's way to only fill the cache.
    if request.max_tokens == Some(0) {
        return unsupported(request.words.max_tokens);
    }
    let is_wrong = |name: &Text<'_>| !is_name(name, LONGEST_NAME);
    if let Some(index) = request.tools.iter().position(|tool| is_wrong(&tool.name)) {
        return unsupported(&format!("tools[{index}].name"));
    }
    let impossible = |part: &Part<'_>| is_impossible(part, &is_wrong);
    match request
        .messages
        .iter()
        .find(|message| message.parts.iter().any(impossible))
    {
        Some(message) => unsupported(&message.place()),
        None => Ok(()),
    }
}

fn is_impossible(part: &Part<'_>, is_wrong: &impl Fn(&Text<'_>) -> bool) -> bool {
    match &part.content {
        Content::ToolCall { name, .. } => is_wrong(name),
        Content::Image(Media::Inline { media_type, data }) => {
            !IMAGES.contains(&media::media_type(media_type, data).as_ref())
        }
        Content::Document {
            media: Media::Inline { media_type, data },
            ..
        } => media::media_type(media_type, data) != media::PDF,
        Content::ToolResult { content, .. } => content.iter().any(|part| is_impossible(part, is_wrong)),
        _ => false,
    }
}

/// Writes the call. What [`check`] would refuse is left out.
pub(super) fn write(request: &ChatRequest<'_>, target: &Target<'_>, dropped: &mut Dropped) -> Vec<u8> {
    request.nuances().for_each(|place| dropped.note(place));
    // Quotes of arguments are escaped once more here.
    let mut out = Vec::with_capacity(request.length + request.length / 8 + 256);
    object(&mut out, |body| {
        body.string("model", target.model);
        messages::write(body, request, dropped);
        tools::write_plain(body, request, dropped);
        parameters::write(body, request, target, dropped);
    });
    out
}

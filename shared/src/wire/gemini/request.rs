//! A request for content, written for a provider: <https://ai.google.dev/api/generate-content>. The model and whether the
//! answer is a stream stand in the path.

mod instructions;
mod parameters;
mod parts;
mod thinking;
mod tools;
mod turns;

use crate::wire::codec::{Dropped, Target, Untranslatable};
use crate::wire::gemini::models::Model;
use crate::wire::ir::{ChatRequest, Content, Media, Part};
use crate::wire::media;
use crate::wire::tool_ids::is_name;
use json::Text;
use json::write::object;

/// The longest name of a function.
const LONGEST_NAME: usize = 64;

/// The media types of pictures that the models take: <https://ai.google.dev/gemini-api/docs/image-understanding>.
const IMAGES: [&str; 5] = [
    "image/png",
    "image/jpeg",
    "image/webp",
    "image/heic",
    "image/heif",
];

/// Whether the call can be asked of a provider of this format at all.
pub(super) fn check(request: &ChatRequest<'_>, _target: &Target<'_>) -> Result<(), Untranslatable> {
    if let Some(place) = request.lost_meaning() {
        return Err(Untranslatable::unsupported(place));
    }
    // Anthropic's way to only fill the cache.
    if request.max_tokens == Some(0) {
        return Err(Untranslatable::unsupported(request.words.max_tokens));
    }
    if let Some(index) = request
        .tools
        .iter()
        .position(|tool| !is_function(&tool.name) || !tool.takes_object())
    {
        return Err(Untranslatable::unsupported(&format!("tools[{index}]")));
    }
    for message in &request.messages {
        if message.parts.iter().any(is_impossible) {
            return Err(Untranslatable::unsupported(&message.place()));
        }
    }
    Ok(())
}

/// Whether this can be the name of a function: it begins with a letter or `_`.
fn is_function(name: &Text<'_>) -> bool {
    let first = name.escaped().first();
    is_name(name, LONGEST_NAME) && first.is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
}

fn is_impossible(part: &Part<'_>) -> bool {
    match &part.content {
        Content::ToolCall { name, .. } => !is_function(name),
        Content::Image(Media::Inline { media_type, data }) => {
            !IMAGES.contains(&media::media_type(media_type, data).as_ref())
        }
        Content::Document {
            media: Media::Inline { media_type, data },
            ..
        } => media::media_type(media_type, data) != media::PDF,
        Content::ToolResult { content, .. } => content.iter().any(is_impossible),
        _ => false,
    }
}

/// Writes the call for a provider of this format. What [`check`] would refuse is left out.
pub(super) fn write(request: &ChatRequest<'_>, target: &Target<'_>, dropped: &mut Dropped) -> Vec<u8> {
    let model = Model::of(target.model);
    request.nuances().for_each(|place| dropped.note(place));
    note_marks(request, dropped);
    note_thoughts(request, dropped);
    let offer = tools::Offer::of(request, dropped);
    let shape = parameters::Shape::of(request, &model, &offer);
    let mut out = Vec::with_capacity(request.length + 512);
    object(&mut out, |body| {
        instructions::write(body, request, shape);
        turns::write(body, request, target, &model);
        offer.write(body);
        parameters::write(body, request, target, &model, shape, dropped);
    });
    out
}

/// Gemini keeps the beginnings of prompts in its cache by itself.
fn note_marks(request: &ChatRequest<'_>, dropped: &mut Dropped) {
    if request.is_marked() {
        dropped.note(request.words.breakpoint);
    }
}

/// The first message with thoughts of another provider's, which are no use to Gemini.
fn note_thoughts(request: &ChatRequest<'_>, dropped: &mut Dropped) {
    let is_lost = |part: &Part<'_>| part.is_thought() && !parts::says_something(part);
    if let Some(message) = request.first_with(is_lost) {
        dropped.note(&message.place());
    }
}

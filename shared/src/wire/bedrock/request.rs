//! A Converse request, written for a model: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>
//!
//! The model and whether a stream is wanted stand in the path.

mod blocks;
mod documents;
mod instructions;
mod marks;
mod messages;
mod parameters;
mod tools;

use super::models::Model;
use crate::wire::codec::{Dropped, Target, Untranslatable};
use crate::wire::ir::{ChatRequest, Content, Media, Part};
use crate::wire::media;
use crate::wire::tool_ids::is_name;
use json::write::object;

/// The longest name of a tool and the longest id of a call.
const LONGEST_NAME: usize = 64;

/// What stands where the API asks for something and there is nothing.
const NOTHING: &str = "(empty)";

/// The format of a picture, as the API calls it; `None` for one that it does not take.
fn image_format(media_type: &str) -> Option<&'static str> {
    match media_type {
        "image/png" => Some("png"),
        "image/jpeg" => Some("jpeg"),
        "image/gif" => Some("gif"),
        "image/webp" => Some("webp"),
        _ => None,
    }
}

/// Whether the call can be asked of Converse at all. Only bytes are taken there, no addresses.
pub(super) fn check(request: &ChatRequest<'_>, _target: &Target<'_>) -> Result<(), Untranslatable> {
    if let Some(place) = request.lost_meaning() {
        return Err(Untranslatable::unsupported(place));
    }
    // Anthropic's way to only fill the cache.
    if request.max_tokens == Some(0) {
        return Err(Untranslatable::unsupported(request.words.max_tokens));
    }
    for (index, tool) in request.tools.iter().enumerate() {
        if !tool.takes_object() || !is_name(&tool.name, LONGEST_NAME) {
            return Err(Untranslatable::unsupported(&format!("tools[{index}]")));
        }
    }
    for message in &request.messages {
        if message.parts.iter().any(is_impossible) {
            return Err(Untranslatable::unsupported(&message.place()));
        }
    }
    Ok(())
}

fn is_impossible(part: &Part<'_>) -> bool {
    match &part.content {
        Content::ToolCall { name, .. } => !is_name(name, LONGEST_NAME),
        Content::Image(Media::Inline { media_type, data }) => {
            image_format(&media::media_type(media_type, data)).is_none()
        }
        Content::Document {
            media: Media::Inline { media_type, data },
            ..
        } => documents::format(&media::media_type(media_type, data)).is_none(),
        Content::Image(_)
        | Content::Document {
            media: Media::Url(_), ..
        } => true,
        Content::ToolResult { content, .. } => content.iter().any(is_impossible),
        _ => false,
    }
}

/// Writes the call. What [`check`] would refuse is left out.
#[must_use]
pub(super) fn write(request: &ChatRequest<'_>, target: &Target<'_>, dropped: &mut Dropped) -> Vec<u8> {
    let model = Model::of(target.model);
    request.nuances().for_each(|place| dropped.note(place));
    let tools = tools::Offer::of(request, model, dropped);
    let mut marks = marks::Marks::of(request, model);
    let mut out = Vec::with_capacity(request.length + 512);
    object(&mut out, |body| {
        instructions::write(body, request, model, &tools, &mut marks);
        messages::write(body, request, model, &mut marks);
        tools.write(body, dropped);
        parameters::write(body, request, target, model, dropped);
    });
    if marks.has_lost_some() {
        dropped.note(request.words.breakpoint);
    }
    out
}

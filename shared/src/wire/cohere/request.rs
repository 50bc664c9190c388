//! A request, written for Cohere.

mod messages;
mod parameters;
mod tools;

use crate::wire::codec::{Dropped, Target, Untranslatable};
use crate::wire::ir::{ChatRequest, Content, Media, Part};
use crate::wire::media;
use json::write::object;

/// The media types of pictures that the API takes, <https://docs.cohere.com/docs/image-inputs>.
const IMAGES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// Whether the call can be asked of Cohere at all.
pub(super) fn check(request: &ChatRequest<'_>, _target: &Target<'_>) -> Result<(), Untranslatable> {
    let unsupported = |place: &str| Err(Untranslatable::unsupported(place));
    if let Some(place) = request.lost_meaning() {
        return unsupported(place);
    }
    // Anthropic's way to only fill the cache.
    if request.max_tokens == Some(0) {
        return unsupported(request.words.max_tokens);
    }
    // The API takes a shape of the answer only where there are no tools.
    if request.output.is_some() && !request.tools.is_empty() {
        return unsupported(request.words.output);
    }
    match request
        .messages
        .iter()
        .find(|message| message.parts.iter().any(is_impossible))
    {
        Some(message) => unsupported(&message.place()),
        None => Ok(()),
    }
}

fn is_impossible(part: &Part<'_>) -> bool {
    match &part.content {
        Content::Image(Media::Inline { media_type, data }) => {
            !IMAGES.contains(&media::media_type(media_type, data).as_ref())
        }
        // There are no files in this format.
        Content::Document { media, .. } => !matches!(media, Media::Plain(_)),
        Content::ToolResult { content, .. } => content.iter().any(is_impossible),
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
        // The API asks for it in so many words.
        body.boolean("stream", request.stream);
        messages::write(body, request, dropped);
        tools::write(body, request, dropped);
        parameters::write(body, request, target, dropped);
    });
    out
}

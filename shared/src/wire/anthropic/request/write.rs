//! A messages request, written for a provider: <https://platform.claude.com/docs/en/api/messages>

mod blocks;
mod instructions;
mod marks;
mod messages;
mod parameters;
mod schema;
mod thinking;
mod tools;

use crate::wire::anthropic::envelope::Envelope;
use crate::wire::anthropic::models::Model;
use crate::wire::codec::{Dropped, Target, Untranslatable};
use crate::wire::ir::{ChatRequest, Content, Media, Part};
use crate::wire::media;
use crate::wire::tool_ids::is_name;
use json::write::object;

/// The longest name of a tool.
const LONGEST_NAME: usize = 64;

/// The media types of pictures that the API takes.
const IMAGES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

/// What stands where the API asks for something and there is nothing.
const NOTHING: &str = "(empty)";

/// Whether the call can be asked of a provider of this format at all. Every provider of this format takes the same;
/// what only some models take is left out for the others.
pub fn check(request: &ChatRequest<'_>, target: &Target<'_>) -> Result<(), Untranslatable> {
    if let Some(place) = request.lost_meaning() {
        return Err(Untranslatable::unsupported(place));
    }
    for (index, tool) in request.tools.iter().enumerate() {
        // Anything but an object cannot be the input of a tool here.
        if !tool.takes_object() || !is_name(&tool.name, LONGEST_NAME) {
            return Err(Untranslatable::unsupported(&format!("tools[{index}]")));
        }
    }
    for message in &request.messages {
        let fetches = Envelope::of(target.kind).fetches();
        if message.parts.iter().any(|part| is_impossible(part, fetches)) {
            return Err(Untranslatable::unsupported(&message.place()));
        }
    }
    Ok(())
}

/// `fetches`: whether the provider fetches what stands at an address.
fn is_impossible(part: &Part<'_>, fetches: bool) -> bool {
    match &part.content {
        Content::ToolCall { name, .. } => !is_name(name, LONGEST_NAME),
        Content::Image(Media::Inline { media_type, data }) => {
            !IMAGES.contains(&media::media_type(media_type, data).as_ref())
        }
        Content::Document {
            media: Media::Inline { media_type, data },
            ..
        } => media::media_type(media_type, data) != media::PDF,
        Content::Image(Media::Url(_))
        | Content::Document {
            media: Media::Url(_), ..
        } => !fetches,
        Content::ToolResult { content, .. } => content.iter().any(|part| is_impossible(part, fetches)),
        _ => false,
    }
}

/// Writes the call for a provider of this format. What [`check`] would refuse is left out.
#[must_use]
pub fn write(request: &ChatRequest<'_>, target: &Target<'_>, dropped: &mut Dropped) -> Vec<u8> {
    let model = Model::of(target.model);
    request.nuances().for_each(|place| dropped.note(place));
    let tools = tools::Offer::of(request, &model, dropped);
    let turns = messages::turns(request);
    let budget = thinking::Budget::of(request, target, &model);
    let plan = thinking::plan(request, &model, &tools, &turns, budget, dropped);
    let mut marks = marks::Marks::of(request);
    let mut out = Vec::with_capacity(request.length + 512);
    object(&mut out, |body| {
        Envelope::of(target.kind).write(body, target.model);
        body.number("max_tokens", budget.max_tokens(plan));
        tools.write(body, request, &mut marks);
        instructions::write(body, request, &model, &tools, &mut marks);
        messages::write(body, &turns, &mut marks);
        parameters::write(body, request, target, &model, plan, dropped);
    });
    if marks.has_lost_some() {
        dropped.note(request.words.breakpoint);
    }
    out
}

//! A messages request, written for a provider: <https://platform.claude.com/docs/en/api/messages>

mod blocks;
mod instructions;
mod marks;
mod messages;
mod parameters;
mod schema;
mod thinking;
mod tools;

use crate::json::Node;
use crate::json::write::object;
use crate::wire::anthropic::envelope::Envelope;
use crate::wire::anthropic::models::Model;
use crate::wire::codec::{Dropped, Target, Untranslatable};
use crate::wire::ir::{ChatRequest, Content, Loss, Media, Part};
use crate::wire::media;
use crate::wire::tool_ids::is_name;

/// The longest name of a tool.
const LONGEST_NAME: usize = 64;

/// The media types of pictures that the API takes.
const IMAGES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

/// What stands where the API asks for something and there is nothing.
const NOTHING: &str = "(empty)";

/// Whether the call can be asked of a provider of this format at all. Every provider of this format takes the same;
/// what only some models take is left out for the others.
pub fn check(request: &ChatRequest<'_>, _target: &Target<'_>) -> Result<(), Untranslatable> {
    if let Some(place) = request.lost_meaning() {
        return Err(unsupported(place));
    }
    for (index, tool) in request.tools.iter().enumerate() {
        // Anything but an object cannot be the input of a tool here.
        let kind = tool
            .schema
            .and_then(|schema| Node::unread_object(schema).field("type"));
        let is_object = kind.is_none_or(|kind| kind.is("object"));
        if !is_object || !is_name(&tool.name, LONGEST_NAME) {
            return Err(unsupported(&format!("tools[{index}]")));
        }
    }
    for message in &request.messages {
        if message.parts.iter().any(is_impossible) {
            return Err(unsupported(&message.place()));
        }
    }
    Ok(())
}

fn is_impossible(part: &Part<'_>) -> bool {
    match &part.content {
        Content::ToolCall { name, .. } => !is_name(name, LONGEST_NAME),
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

fn unsupported(place: &str) -> Untranslatable {
    Untranslatable::Unsupported {
        place: place.to_owned(),
    }
}

/// Writes the call for a provider of this format. What [`check`] would refuse is left out.
#[must_use]
pub fn write(request: &ChatRequest<'_>, target: &Target<'_>, dropped: &mut Dropped) -> Vec<u8> {
    let model = Model::of(target.model);
    let nuances = request
        .unportable
        .iter()
        .filter(|unportable| unportable.loss == Loss::Nuance);
    nuances.for_each(|nuance| dropped.note(&nuance.place));
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

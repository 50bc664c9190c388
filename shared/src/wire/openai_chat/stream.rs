//! What the chunks of a chat completion stream say of it.

pub mod read;
pub mod write;

mod calls;

use super::{answer, error, usage};
use crate::json::{Node, scan};
use crate::wire::ir::ErrorKind;
use crate::wire::{EventClass, EventRole, Observation};

/// Notes what one event's data says; tells the extra chunk that carries usage and nothing else.
pub fn observe(data: &[u8], observation: &mut Observation) -> EventRole {
    if data.trim_ascii() == b"[DONE]" {
        observation.note_end();
        return EventRole::Content;
    }
    let Ok(members) = scan::members(data, ["model", "choices", "usage", "error"]) else {
        return EventRole::Content;
    };
    let [model, choices, reported, error] = members.values;
    if error.is_some_and(|value| value.kind != scan::Kind::Null) {
        observation.note_error();
    }
    observation.note_model(model.map(|value| value.span.of(data)));
    let usage = reported.and_then(|value| usage::read(value.span.of(data)));
    observation.note_usage(usage);
    let choices = choices.map(|value| value.span.of(data)).unwrap_or_default();
    let is_empty = answer::observe_choices(choices, observation) == 0;
    if usage.is_some() && is_empty {
        EventRole::UsageOnly
    } else {
        EventRole::Content
    }
}

/// What one event's data is to the agent, by itself: a role alone, usage alone or Azure's chunk without choices are
/// preamble, `[DONE]` is the end. All choices count, and whatever they say, be it unknown here.
#[must_use]
pub fn classify(data: &[u8]) -> EventClass {
    match data.trim_ascii() {
        b"" => return EventClass::Preamble,
        b"[DONE]" => return EventClass::End,
        _ => {}
    }
    let Some((chunk, [choices, error])) = Node::sound(data, ["choices", "error"]) else {
        return EventClass::Error(ErrorKind::Internal);
    };
    if (error.is_some() || choices.is_none())
        && let Some(error) = error::of_object(chunk, 0)
    {
        return EventClass::Error(error.kind);
    }
    let mut class = EventClass::Preamble;
    if let Some(choices) = choices {
        choices.each(|choice| {
            let [delta, reason] = choice.fields(["delta", "finish_reason"]);
            let says = |delta: Node<'_>| {
                let mut says = false;
                delta.members(|key, value| says |= key.as_ref() != b"role" && !value.is_empty());
                says
            };
            if delta.is_some_and(says) || reason.is_some_and(|reason| !reason.is_empty()) {
                class = EventClass::Content;
            }
        });
    }
    class
}

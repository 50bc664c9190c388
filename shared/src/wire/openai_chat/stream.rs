//! What the chunks of a chat completion stream say of it.

pub mod read;
pub mod write;

mod calls;

use super::{answer, usage};
use crate::json::scan;
use crate::wire::{EventClass, EventRole, Observation, progress};

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

/// What one event's data is to the agent: a role alone, usage alone or Azure's chunk without
/// choices are preamble, `[DONE]` is the end.
#[must_use]
pub fn classify(data: &[u8]) -> EventClass {
    progress::classify(read::StreamReader::default(), data)
}

//! What a message says of itself.

pub mod read;
pub mod write;

use super::usage::PartialUsage;
use crate::wire::codec::Judged;
use crate::wire::{Flaw, Observation};
use json::scan::{self, Kind};

/// Notes usage, model and stop reason of a whole answer, and whether it is one; `None` if the text is no whole object.
pub fn observe(body: &[u8], observation: &mut Observation) -> Option<Judged> {
    let members = scan::members(body, ["type", "content", "model", "stop_reason", "usage"]).ok()?;
    let [kind, content, model, reason, usage] = members.values;
    observation.note_model(model.map(|value| value.span.of(body)));
    observation.note_finish_reason(reason.map(|value| normalised(value.span.of(body))));
    if let Some(usage) = usage.and_then(|value| PartialUsage::read(value.span.of(body))) {
        observation.note_partial_usage(usage);
    }
    Some(match (kind, content) {
        (Some(kind), _) if kind.span.of(body) == b"\"error\"" => Err(Flaw::Error),
        (_, Some(content)) if content.kind == Kind::Array => Ok(()),
        _ => Err(Flaw::Unreadable),
    })
}

/// A stop reason, quotes included, in OpenAI's words.
pub(super) fn normalised(stop_reason: &[u8]) -> &[u8] {
    match stop_reason {
        b"\"end_turn\"" | b"\"stop_sequence\"" | b"\"pause_turn\"" => b"\"stop\"",
        b"\"max_tokens\"" | b"\"model_context_window_exceeded\"" => b"\"length\"",
        b"\"tool_use\"" => b"\"tool_calls\"",
        b"\"refusal\"" => b"\"content_filter\"",
        other => other,
    }
}

//! What a message says of itself.

pub mod read;
pub mod write;

use super::usage::PartialUsage;
use crate::json::scan;
use crate::wire::Observation;

/// Notes usage, model and stop reason of a whole answer; false if the text is none.
pub fn observe(body: &[u8], observation: &mut Observation) -> bool {
    let Ok(members) = scan::members(body, ["model", "stop_reason", "usage"]) else {
        return false;
    };
    let [model, reason, usage] = members.values;
    observation.note_model(model.map(|value| value.span.of(body)));
    observation.note_finish_reason(reason.map(|value| normalised(value.span.of(body))));
    if let Some(usage) = usage.and_then(|value| PartialUsage::read(value.span.of(body))) {
        observation.note_partial_usage(usage);
    }
    true
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

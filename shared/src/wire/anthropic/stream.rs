//! What the events of a message stream say of it.

pub mod read;
pub mod write;

mod blocks;

use super::answer;
use super::usage::PartialUsage;
use crate::json::scan;
use crate::wire::{EventClass, Observation, progress};

/// Notes what one event's data says: `message_start` holds the message with the input's usage, `message_delta` the
/// stop reason and the usage so far, `message_stop` ends it, `error` breaks it off.
pub fn observe(data: &[u8], observation: &mut Observation) {
    let Ok(members) = scan::members(data, ["type", "message", "delta", "usage"]) else {
        return;
    };
    let [kind, message, delta, usage] = members.values;
    let text = |value: Option<scan::Value>| value.map(|value| value.span.of(data)).unwrap_or_default();
    match text(kind) {
        b"\"message_start\"" => {
            answer::observe(text(message), observation);
        }
        b"\"message_delta\"" => {
            let delta = text(delta);
            if let Ok(members) = scan::members(delta, ["stop_reason"]) {
                let [reason] = members.values;
                observation.note_finish_reason(reason.map(|value| answer::normalised(value.span.of(delta))));
            }
            if let Some(usage) = PartialUsage::read(text(usage)) {
                observation.note_partial_usage(usage);
            }
        }
        b"\"message_stop\"" => observation.note_end(),
        b"\"error\"" => observation.note_error(),
        _ => {}
    }
}

/// What one event's data is to the agent: `message_start`, `ping` and a
/// block that begins empty are preamble, `message_stop` is the end.
#[must_use]
pub fn classify(data: &[u8]) -> EventClass {
    progress::classify(read::StreamReader::default(), data)
}

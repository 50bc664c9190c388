//! What the events of a message stream say of it.

pub mod read;
pub mod write;

mod blocks;

use super::answer;
use super::usage::PartialUsage;
use crate::json::scan;
use crate::wire::{EventClass, Observation};

/// What a stream that broke off ends with.
pub const CUT: &[u8] = b"event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\
\"message\":\"the provider's answer broke off\"}}\n\n";

/// Notes what one event's data says: `message_start` holds the message with the input's usage, `message_delta` the
/// stop reason and the usage so far, `message_stop` ends it, `error` breaks it off.
pub fn observe(data: &[u8], observation: &mut Observation) -> EventClass {
    let Ok(members) = scan::members(data, ["type", "message", "delta", "usage", "content_block"]) else {
        return EventClass::Preamble;
    };
    let [kind, message, delta, usage, block] = members.values;
    let text = |value: Option<scan::Value>| value.map(|value| value.span.of(data)).unwrap_or_default();
    match text(kind) {
        b"\"content_block_delta\"" => EventClass::Content,
        b"\"content_block_start\"" => block_class(text(block)),
        b"\"message_start\"" => {
            // It is an answer without content so far: what it is judged to be does not matter.
            let _judged = answer::observe(text(message), observation);
            EventClass::Preamble
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
            EventClass::Content
        }
        b"\"message_stop\"" => {
            observation.note_end();
            EventClass::Preamble
        }
        b"\"error\"" => EventClass::Error,
        _ => EventClass::Preamble,
    }
}

/// The beginning of a text or a thought says nothing yet; that of anything else does.
fn block_class(block: &[u8]) -> EventClass {
    let kind = scan::members(block, ["type"]).map_or([None], |members| members.values);
    match kind.map(|kind| kind.map(|kind| kind.span.of(block))) {
        [Some(b"\"text\"" | b"\"thinking\"") | None] => EventClass::Preamble,
        [Some(_)] => EventClass::Content,
    }
}

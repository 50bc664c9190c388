//! What the events of a message stream say of it.

pub(crate) mod end;
pub mod read;
pub mod write;

mod blocks;

use std::borrow::Cow;

use super::answer;
use super::usage::PartialUsage;
use crate::wire::{EventClass, Observation};
use json::scan::{self, Kind};

/// What a stream that broke off ends with.
#[must_use]
pub fn cut(_: &Observation) -> Cow<'static, [u8]> {
    Cow::Borrowed(CUT)
}

const CUT: &[u8] = b"event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\
\"message\":\"the provider's answer broke off\"}}\n\n";

/// What stands around a piece of text: `{"type":"text_delta","text":""}`.
const AROUND_TEXT: usize = 31;

/// Notes what one event's data says: `message_start` holds the message with the input's usage, `message_delta` the
/// stop reason and the usage so far, `message_stop` ends it, `error` breaks it off.
pub fn observe(data: &[u8], observation: &mut Observation) -> EventClass {
    let Ok(members) = scan::members(
        data,
        ["type", "message", "delta", "usage", "content_block", "error"],
    ) else {
        return EventClass::Preamble;
    };
    let [kind, message, delta, usage, block, error] = members.values;
    let text = |value: Option<scan::Value>| value.map(|value| value.span.of(data)).unwrap_or_default();
    match text(kind) {
        b"\"content_block_delta\"" => {
            observation.note_said(text(delta).len().saturating_sub(AROUND_TEXT));
            EventClass::Content
        }
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
        _ if error.is_some_and(|error| error.kind != Kind::Null) => EventClass::Error,
        _ => EventClass::Preamble,
    }
}

/// The beginning of a text or a thought says nothing yet, unless it has some; that of anything else does.
fn block_class(block: &[u8]) -> EventClass {
    let mut is_words = false;
    let mut says = false;
    let scanned = scan::object(block, |key, value| match (key.as_ref(), value.span.of(block)) {
        (b"type", kind) => is_words = matches!(kind, b"\"text\"" | b"\"thinking\""),
        (_, value) => says |= !matches!(value, b"\"\"" | b"null" | b"[]"),
    });
    if scanned.is_err() || (is_words && !says) {
        EventClass::Preamble
    } else {
        EventClass::Content
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn an_event_is_preamble_until_something_is_said() {
        for (data, class) in [
            (
                r#"{"type":"message_start","message":{"id":"m"}}"#,
                EventClass::Preamble,
            ),
            (r#"{"type":"ping"}"#, EventClass::Preamble),
            (
                r#"{"type":"content_block_start","content_block":{"type":"text","text":""}}"#,
                EventClass::Preamble,
            ),
            (
                r#"{"type":"content_block_start","content_block":{"type":"thinking","thinking":""}}"#,
                EventClass::Preamble,
            ),
            (
                r#"{"type":"content_block_start","content_block":{"type":"tool_use","name":"f"}}"#,
                EventClass::Content,
            ),
            (
                r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"x"}}"#,
                EventClass::Content,
            ),
            (
                r#"{"type":"content_block_start","content_block":{"type":"text","text":"x"}}"#,
                EventClass::Content,
            ),
            (r#"{"type":"content_block_stop"}"#, EventClass::Preamble),
            (r#"{"error":{"type":"rate_limit_error"}}"#, EventClass::Error),
            (
                r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#,
                EventClass::Content,
            ),
            (r#"{"type":"message_stop"}"#, EventClass::Preamble),
            (
                r#"{"type":"error","error":{"type":"overloaded_error"}}"#,
                EventClass::Error,
            ),
        ] {
            let mut observation = Observation::default();
            assert_eq!(observe(data.as_bytes(), &mut observation), class, "{data}");
        }
    }
}

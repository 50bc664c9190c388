//! What the events of a message stream say of it.

pub mod read;
pub mod write;

mod blocks;

use super::usage::PartialUsage;
use super::{answer, error};
use crate::json::{Node, scan};
use crate::wire::ir::ErrorKind;
use crate::wire::{EventClass, Observation};

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

/// What one event's data is to the agent, by itself: `message_start`, `ping` and a block of words that begins empty
/// are preamble, `message_stop` is the end. Blocks of all kinds count, be they unknown here.
#[must_use]
pub fn classify(data: &[u8]) -> EventClass {
    if matches!(data.trim_ascii(), b"" | b"[DONE]") {
        return EventClass::Preamble;
    }
    let keys = ["type", "delta", "content_block", "error"];
    let Some((event, [kind, delta, block, error])) = Node::sound(data, keys) else {
        return EventClass::Error(ErrorKind::Internal);
    };
    let kind = kind.and_then(Node::text).unwrap_or_default();
    let has_words = |node: Node<'_>| {
        let mut has_words = false;
        node.members(|key, value| has_words |= key.as_ref() != b"type" && !value.is_empty());
        has_words
    };
    let is_content = match (kind.escaped(), delta, block) {
        (b"message_stop", ..) => return EventClass::End,
        (b"content_block_start", _, Some(block)) => {
            let is_words = |kind: Node<'_>| kind.is("text") || kind.is("thinking");
            !block.field("type").is_some_and(is_words) || has_words(block)
        }
        (b"content_block_delta", Some(delta), _) => has_words(delta),
        (b"message_delta", Some(delta), _) => delta.field("stop_reason").is_some(),
        (b"message_start" | b"ping" | b"content_block_stop", ..) => false,
        _ if error.is_some() || kind.is("error") => {
            let kind = error::of_object(event, 0).map_or(ErrorKind::Internal, |error| error.kind);
            return EventClass::Error(kind);
        }
        _ => false,
    };
    if is_content {
        EventClass::Content
    } else {
        EventClass::Preamble
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
            ("", EventClass::Preamble),
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
                r#"{"type":"content_block_start","content_block":{"type":"text","text":"x"}}"#,
                EventClass::Content,
            ),
            (
                r#"{"type":"content_block_start","content_block":{"type":"thinking","thinking":"","signature":""}}"#,
                EventClass::Preamble,
            ),
            (
                r#"{"type":"content_block_start","content_block":{"type":"tool_use","name":"f"}}"#,
                EventClass::Content,
            ),
            (
                r#"{"type":"content_block_start","content_block":{"type":"server_tool_use"}}"#,
                EventClass::Content,
            ),
            (
                r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":""}}"#,
                EventClass::Preamble,
            ),
            (
                r#"{"type":"content_block_delta","delta":{"type":"new_delta","new":"x"}}"#,
                EventClass::Content,
            ),
            (r#"{"type":"content_block_stop"}"#, EventClass::Preamble),
            (
                r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#,
                EventClass::Content,
            ),
            (
                r#"{"type":"message_delta","delta":{"stop_reason":null}}"#,
                EventClass::Preamble,
            ),
            (r#"{"type":"message_stop"}"#, EventClass::End),
            (
                r#"{"type":"error","error":{"type":"overloaded_error"}}"#,
                EventClass::Error(ErrorKind::Overloaded),
            ),
            (
                r#"{"error":{"type":"rate_limit_error"}}"#,
                EventClass::Error(ErrorKind::RateLimit),
            ),
            (r#"{"type":"error"}"#, EventClass::Error(ErrorKind::Internal)),
            ("oops", EventClass::Error(ErrorKind::Internal)),
        ] {
            assert_eq!(classify(data.as_bytes()), class, "{data}");
        }
    }
}

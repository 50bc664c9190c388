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

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn an_event_is_preamble_until_something_is_said() {
        for (choice, class) in [
            ("", EventClass::Preamble),
            (r#"{"delta":null}"#, EventClass::Preamble),
            (
                r#"{"delta":{"role":"assistant","content":"","refusal":null,"tool_calls":[]},"finish_reason":null}"#,
                EventClass::Preamble,
            ),
            (r#"{"delta":{"content":" "}}"#, EventClass::Content),
            (r#"{"delta":{"reasoning":"x"}}"#, EventClass::Content),
            (r#"{"delta":{"audio":{"id":"a"}}}"#, EventClass::Content),
            (r#"{"delta":{"tool_calls":[{}]}}"#, EventClass::Content),
            (
                r#"{"index":0,"delta":{}},{"index":1,"delta":{"content":"x"}}"#,
                EventClass::Content,
            ),
            (r#"{"delta":{},"finish_reason":"stop"}"#, EventClass::Content),
            (r#"{"delta":{},"finish_reason":""}"#, EventClass::Preamble),
        ] {
            let data = format!(r#"{{"id":"1","choices":[{choice}],"usage":{{"prompt_tokens":1}}}}"#);
            assert_eq!(classify(data.as_bytes()), class, "{choice}");
        }
        for (data, class) in [
            ("", EventClass::Preamble),
            ("{}", EventClass::Preamble),
            (" [DONE]", EventClass::End),
            ("[DON", EventClass::Error(ErrorKind::Internal)),
            (
                r#"{"error":{"message":"m","code":429}}"#,
                EventClass::Error(ErrorKind::RateLimit),
            ),
            (
                r#"{"object":"error","message":"m","code":404}"#,
                EventClass::Error(ErrorKind::NotFound),
            ),
        ] {
            assert_eq!(classify(data.as_bytes()), class, "{data}");
        }
    }
}

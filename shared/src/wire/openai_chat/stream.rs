//! What the chunks of a chat completion stream say of it.

pub(crate) mod end;
pub mod read;
pub mod write;

mod calls;

use std::borrow::Cow;

use super::usage;
use crate::wire::{EventClass, Observation};
use json::scan::{self, Kind};

/// What a stream that broke off ends with.
#[must_use]
pub fn cut(_: &Observation) -> Cow<'static, [u8]> {
    Cow::Borrowed(CUT)
}

const CUT: &[u8] = b"data: {\"error\":{\"message\":\"the provider's answer broke off\",\
\"type\":\"server_error\",\"param\":null,\"code\":\"answer_broke_off\"}}\n\n";

/// Notes what one event's data says.
pub fn observe(data: &[u8], observation: &mut Observation) -> EventClass {
    if data.trim_ascii() == b"[DONE]" {
        observation.note_end();
        return EventClass::Preamble;
    }
    let Ok(members) = scan::members(
        data,
        ["model", "choices", "usage", "error", "object", "service_tier"],
    ) else {
        return EventClass::Preamble;
    };
    let [model, choices, reported, error, object, tier] = members.values;
    // The second is how some compatible servers put it.
    if error.is_some_and(|value| value.kind != Kind::Null)
        || object.is_some_and(|value| value.span.of(data) == b"\"error\"")
    {
        return EventClass::Error;
    }
    observation.note_model(model.map(|value| value.span.of(data)));
    let usage =
        reported.and_then(|value| usage::read(value.span.of(data), tier.map(|tier| tier.span.of(data))));
    observation.note_usage(usage);
    let choices = choices.map(|value| value.span.of(data)).unwrap_or_default();
    let choices = read_choices(choices, observation);
    observation.note_said(choices.said);
    if usage.is_some() && choices.count == 0 {
        EventClass::UsageOnly
    } else if observation.has_content() || choices.say_something {
        EventClass::Content
    } else {
        EventClass::Preamble
    }
}

/// What the choices of a chunk say.
#[derive(Default)]
struct Choices {
    count: usize,
    /// Whether one has more than its beginning: a finish reason, or a delta of more than a role.
    say_something: bool,
    /// The bytes of what their deltas say.
    said: usize,
}

/// Reads the choices of a chunk and notes the finish reason of the first that has one.
fn read_choices(choices: &[u8], observation: &mut Observation) -> Choices {
    let mut read = Choices::default();
    let scanned = scan::array(choices, |choice| {
        read.count += 1;
        let choice = choice.span.of(choices);
        let [finish, delta] =
            scan::members(choice, ["finish_reason", "delta"]).map_or([None; 2], |members| members.values);
        observation.note_finish_reason(finish.map(|value| value.span.of(choice)));
        read.say_something |= finish.is_some_and(|value| is_given(value, choice));
        let delta = delta.map(|value| value.span.of(choice)).unwrap_or_default();
        // A choice without a delta says no more than its finish reason.
        let _scanned = scan::object(delta, |key, value| {
            if key.as_ref() != b"role" && is_given(value, delta) {
                read.say_something = true;
                let around = if value.kind == Kind::String {
                    2
                } else {
                    AROUND_ARGUMENTS
                };
                read.said += value.span.of(delta).len().saturating_sub(around);
            }
        });
    });
    if scanned.is_ok() { read } else { Choices::default() }
}

fn is_given(value: scan::Value, text: &[u8]) -> bool {
    match value.kind {
        Kind::Null => false,
        Kind::String => value.span.of(text) != b"\"\"",
        Kind::Array => value.span.of(text) != b"[]",
        _ => true,
    }
}

/// What stands around a piece of a tool's arguments: `[{"index":0,"function":{"arguments":""}}]`.
const AROUND_ARGUMENTS: usize = 46;

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn class(data: &str) -> EventClass {
        observe(data.as_bytes(), &mut Observation::default())
    }

    #[test]
    fn an_event_is_preamble_until_something_is_said() {
        for (choice, expected) in [
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
            assert_eq!(
                class(&format!(r#"{{"id":"1","choices":[{choice}]}}"#)),
                expected,
                "{choice}"
            );
        }
        for (data, expected) in [
            ("{}", EventClass::Preamble),
            (" [DONE]", EventClass::Preamble),
            (
                r#"{"choices":[],"usage":{"prompt_tokens":1}}"#,
                EventClass::UsageOnly,
            ),
            (r#"{"error":{"message":"m","code":429}}"#, EventClass::Error),
            (
                r#"{"object":"error","message":"m","code":404}"#,
                EventClass::Error,
            ),
            (r#"{"error":null,"choices":[]}"#, EventClass::Preamble),
        ] {
            assert_eq!(class(data), expected, "{data}");
        }
    }
}

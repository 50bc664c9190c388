//! What the events of a response's stream say of it.

pub mod end;
pub mod read;
pub mod write;

mod calls;
mod events;
mod items;
mod words;

use std::borrow::Cow;

use super::answer;
use crate::sse;
use crate::wire::{EventClass, Observation};
use json::scan::{self, Kind, Value};

/// What a stream that broke off ends with.
#[must_use]
pub fn cut(observation: &Observation) -> Cow<'static, [u8]> {
    let mut event = Vec::new();
    sse::write_event(&mut event, Some("error"), |event| {
        event.string("type", "error");
        event.number("sequence_number", observation.next_event());
        event.string("code", "answer_broke_off");
        event.string("message", "the provider's answer broke off");
        event.null("param");
    });
    Cow::Owned(event)
}

/// Notes what one event's data says. The last one repeats the whole response: nothing of it is looked at but its end.
pub fn observe(data: &[u8], observation: &mut Observation) -> EventClass {
    let keys = ["type", "sequence_number", "response", "delta", "item", "error"];
    let Ok(members) = scan::members(data, keys) else {
        return EventClass::Preamble;
    };
    let [kind, number, response, delta, item, error] = members.values;
    let text = |value: Option<Value>| value.map(|value| value.span.of(data)).unwrap_or_default();
    observation.note_event_number(scan::unsigned(text(number)));
    let kind = text(kind);
    let kind = kind.strip_prefix(b"\"").and_then(|kind| kind.strip_suffix(b"\""));
    match kind.unwrap_or_default() {
        b"response.created" | b"response.in_progress" | b"response.queued" => {
            // It is an answer without output so far: what it is judged to be does not matter.
            let _judged = answer::observe(text(response), observation);
            EventClass::Preamble
        }
        b"response.completed" | b"response.incomplete" => {
            let _judged = answer::observe(text(response), observation);
            observation.note_end();
            EventClass::Content
        }
        b"response.failed" | b"response.cancelled" => {
            let _judged = answer::observe(text(response), observation);
            EventClass::Error
        }
        b"error" => EventClass::Error,
        b"response.output_item.added" => item_class(text(item)),
        b"response.content_part.added" | b"response.reasoning_summary_part.added" | b"keepalive" => {
            EventClass::Preamble
        }
        kind if kind.starts_with(b"response.") => {
            observation.note_said(text(delta).len().saturating_sub(2));
            EventClass::Content
        }
        _ if error.is_some_and(|error| error.kind != Kind::Null) => EventClass::Error,
        _ => EventClass::Preamble,
    }
}

/// The beginning of a message or of a thought says nothing yet; that of anything else does.
fn item_class(item: &[u8]) -> EventClass {
    let Ok(members) = scan::members(item, ["type", "content", "summary"]) else {
        return EventClass::Preamble;
    };
    let [kind, content, summary] = members.values;
    let text = |value: Option<Value>| value.map(|value| value.span.of(item)).unwrap_or_default();
    let is_nothing = |value| matches!(text(value), b"" | b"[]" | b"null" | b"\"\"");
    match text(kind) {
        b"\"message\"" if is_nothing(content) => EventClass::Preamble,
        // What seals it may come with its beginning.
        b"\"reasoning\"" if is_nothing(content) && is_nothing(summary) => EventClass::Preamble,
        _ => EventClass::Content,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Tokens;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn an_event_is_preamble_until_something_is_said() {
        for (data, class) in [
            (
                r#"{"type":"response.created","response":{"status":"in_progress","output":[]}}"#,
                EventClass::Preamble,
            ),
            (
                r#"{"type":"response.output_item.added","item":{"type":"message","content":[]}}"#,
                EventClass::Preamble,
            ),
            (
                r#"{"type":"response.output_item.added","item":{"type":"reasoning","summary":[],"encrypted_content":"g"}}"#,
                EventClass::Preamble,
            ),
            (
                r#"{"type":"response.output_item.added","item":{"type":"function_call","name":"f"}}"#,
                EventClass::Content,
            ),
            (
                r#"{"type":"response.content_part.added","part":{"type":"output_text","text":""}}"#,
                EventClass::Preamble,
            ),
            (
                r#"{"type":"response.output_text.delta","delta":"x"}"#,
                EventClass::Content,
            ),
            (
                r#"{"type":"response.web_search_call.searching","output_index":0}"#,
                EventClass::Content,
            ),
            (
                r#"{"type":"response.failed","response":{"status":"failed","error":{"code":"server_error"}}}"#,
                EventClass::Error,
            ),
            (r#"{"type":"error","code":"x","message":"m"}"#, EventClass::Error),
            (r#"{"error":{"message":"m"}}"#, EventClass::Error),
            (
                r#"{"type":"keepalive","sequence_number":3}"#,
                EventClass::Preamble,
            ),
            ("[DONE]", EventClass::Preamble),
        ] {
            let mut observation = Observation::default();
            assert_eq!(observe(data.as_bytes(), &mut observation), class, "{data}");
        }
    }

    #[test]
    fn a_stream_that_breaks_off_ends_with_the_next_number() {
        let mut observation = Observation::default();
        for data in [
            r#"{"type":"response.created","sequence_number":3,"response":{}}"#,
            r#"{"type":"response.output_text.delta","sequence_number":4,"delta":"x"}"#,
        ] {
            observe(data.as_bytes(), &mut observation);
        }
        assert_eq!(
            cut(&observation).as_ref(),
            b"event: error\ndata: {\"type\":\"error\",\"sequence_number\":5,\"code\":\"answer_broke_off\",\
\"message\":\"the provider's answer broke off\",\"param\":null}\n\n"
        );
    }

    #[test]
    fn the_last_event_has_the_usage_and_the_end() {
        let mut observation = Observation::default();
        observe(
            br#"{"type":"response.created","response":{"model":"gpt-5.6-2026-10-01","status":"in_progress","usage":null}}"#,
            &mut observation,
        );
        assert!(!observation.has_ended());
        observe(
            br#"{"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},
                "output":[],"usage":{"input_tokens":5,"output_tokens":7}}}"#,
            &mut observation,
        );
        assert_eq!(observation.model(), Some("gpt-5.6-2026-10-01"));
        assert_eq!(observation.finish_reason(), Some("length"));
        assert_eq!(observation.usage().unwrap().output, Tokens(7));
        assert!(observation.has_ended());
    }
}

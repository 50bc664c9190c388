//! What a response says of itself.

pub mod read;
pub mod write;

use super::usage;
use crate::wire::codec::Judged;
use crate::wire::{Flaw, Observation};
use json::scan::{self, Kind, Value};

/// Notes usage, model and finish reason of a whole answer, and whether it is one; `None` if the text is no whole
/// object. One that failed, or says that it comes later, is none.
pub fn observe(body: &[u8], observation: &mut Observation) -> Option<Judged> {
    let keys = [
        "model",
        "status",
        "output",
        "usage",
        "error",
        "service_tier",
        "incomplete_details",
    ];
    let members = scan::members(body, keys).ok()?;
    let [model, status, output, reported, error, tier, details] = members.values;
    let of = |value: Option<Value>| value.map(|value| value.span.of(body));
    observation.note_model(of(model));
    observation.note_usage(of(reported).and_then(|text| usage::read(text, of(tier))));
    let status = of(status).unwrap_or_default();
    observation.note_finish_reason(finish_reason(status, of(details), of(output)));
    let is_error = error.is_some_and(|error| error.kind != Kind::Null);
    Some(match output {
        _ if is_error || status == b"\"failed\"" || status == b"\"cancelled\"" => Err(Flaw::Error),
        _ if matches!(status, b"\"queued\"" | b"\"in_progress\"") => Err(Flaw::Unreadable),
        Some(output) if output.kind == Kind::Array => Ok(()),
        _ => Err(Flaw::Unreadable),
    })
}

/// Why an answer ended, quotes included, in the words of chat completions.
fn finish_reason<'a>(status: &[u8], details: Option<&'a [u8]>, output: Option<&[u8]>) -> Option<&'a [u8]> {
    match status {
        b"\"completed\"" if output.is_some_and(has_calls) => Some(b"\"tool_calls\""),
        b"\"completed\"" => Some(b"\"stop\""),
        b"\"incomplete\"" => {
            let details = details?;
            let [reason] = scan::members(details, ["reason"]).ok()?.values;
            Some(match reason?.span.of(details) {
                b"\"max_output_tokens\"" => b"\"length\"",
                other => other,
            })
        }
        _ => None,
    }
}

/// Whether the model waits for tools of the caller's.
fn has_calls(output: &[u8]) -> bool {
    let mut has_calls = false;
    let _scanned_before = scan::array(output, |item| {
        let item = item.span.of(output);
        if let Ok(members) = scan::members(item, ["type"]) {
            let [kind] = members.values;
            has_calls |= matches!(
                kind.map(|kind| kind.span.of(item)).unwrap_or_default(),
                b"\"function_call\"" | b"\"custom_tool_call\""
            );
        }
    });
    has_calls
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn judged(body: &str) -> (Option<Judged>, Option<String>) {
        let mut observation = Observation::default();
        let judged = observe(body.as_bytes(), &mut observation);
        (judged, observation.finish_reason().map(str::to_owned))
    }

    #[test]
    fn the_reason_of_an_end_is_told_in_the_words_of_records() {
        for (body, reason) in [
            (r#"{"status":"completed","output":[]}"#, Some("stop")),
            (
                r#"{"status":"completed","output":[{"type":"reasoning"},{"type":"function_call"}]}"#,
                Some("tool_calls"),
            ),
            (
                r#"{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[]}"#,
                Some("length"),
            ),
            (
                r#"{"status":"incomplete","incomplete_details":{"reason":"content_filter"},"output":[]}"#,
                Some("content_filter"),
            ),
            (r#"{"output":[]}"#, None),
        ] {
            assert_eq!(judged(body), (Some(Ok(())), reason.map(str::to_owned)), "{body}");
        }
    }

    #[test]
    fn what_failed_or_has_no_output_is_no_answer() {
        for (body, flaw) in [
            (r#"{"status":"failed","output":[]}"#, Flaw::Error),
            (r#"{"error":{"code":"server_error"},"output":[]}"#, Flaw::Error),
            (r#"{"status":"queued"}"#, Flaw::Unreadable),
            (
                r#"{"status":"queued","output":[],"error":null}"#,
                Flaw::Unreadable,
            ),
            (r#"{"status":"in_progress","output":[]}"#, Flaw::Unreadable),
        ] {
            assert_eq!(judged(body).0, Some(Err(flaw)), "{body}");
        }
        assert_eq!(judged(r#"{"output":["#).0, None);
    }
}

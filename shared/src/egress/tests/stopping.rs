//! Streams that are ended where a budget is.

use super::*;
use crate::budget::Counter;
use crate::call::Leash;
use crate::eventstream::write::event;
use crate::ledger::{Ceiling, Period, Unit, Zone};

/// A stream call that may take ten tokens.
fn leashed(path: &str, model: &str) -> SharedCall {
    let input = json!([{"role": "user", "content": "hi"}]);
    let call = call_to(
        path,
        &json!({"model": model, "stream": true, "max_tokens": 9, "messages": input, "input": input})
            .to_string(),
    );
    let ceiling = Ceiling {
        unit: Unit::Tokens,
        most: 10,
        period: Period::Day,
        zone: Zone::default(),
    };
    let counter = Counter::of_account(&"any".into(), ceiling, Vec::new());
    call.borrow_mut().leash = Leash::new([("day".into(), counter, 10)].into_iter(), Vec::new());
    call
}

fn claude(data: &Value) -> Vec<u8> {
    let bytes = crate::wire::base64(data.to_string().as_bytes());
    event("chunk", &json!({"bytes": bytes}).to_string())
}

/// What the agent gets of a stream of which the middle is said over and over.
fn stopped(path: &str, model: &str, account: &str, chunks: [&[u8]; 2]) -> (SharedCall, String) {
    let [first, again] = chunks;
    let call = leashed(path, model);
    let mut attempt = Driver::start(&call, account);
    attempt.send();
    let content_type = if account == "aws" {
        "application/vnd.amazon.eventstream"
    } else {
        STREAM
    };
    attempt.answer(200, content_type, &[]);
    let mut passed = String::new();
    for chunk in std::iter::once(first).chain([again; 50]) {
        let replaced = attempt.host.chunks.len();
        attempt.bytes(chunk, false);
        let own = String::from_utf8_lossy(chunk).into_owned();
        passed.push_str(attempt.host.chunks.get(replaced).unwrap_or(&own));
    }
    assert!(call.borrow().is_complete, "{passed}");
    assert_eq!(call.borrow().observation.finish_reason(), Some("length"));
    (call, passed)
}

/// Sixteen tokens.
fn words() -> String {
    "four letter words make this text, now and ever, and then again. ".to_owned()
}

#[test]
fn claudes_own_events_end_although_they_come_in_frames() {
    let first = [
        claude(
            &json!({"type": "message_start", "message": {"model": "c", "content": [], "usage": {"input_tokens": 3, "output_tokens": 1}}}),
        ),
        claude(&json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})),
    ]
    .concat();
    let again = claude(
        &json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": words()}}),
    );
    let (call, passed) = stopped("/v1/messages", "claude-aws", "aws", [&first, &again]);
    assert!(
        passed.contains("event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"),
        "{passed}"
    );
    assert!(passed.contains(r#""stop_reason":"max_tokens""#), "{passed}");
    assert!(
        passed.ends_with("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"),
        "{passed}"
    );
    assert_eq!(call.borrow().stopped.as_ref().unwrap().usage.input.0, 3);
}

#[test]
fn converse_ends_in_the_agents_words() {
    let first = [
        event("messageStart", r#"{"role":"assistant"}"#),
        event(
            "contentBlockDelta",
            r#"{"contentBlockIndex":0,"delta":{"text":"One. "}}"#,
        ),
    ]
    .concat();
    let again = event(
        "contentBlockDelta",
        &json!({"contentBlockIndex": 0, "delta": {"text": words()}}).to_string(),
    );
    for (path, end) in [
        ("/v1/chat/completions", "data: [DONE]\n\n"),
        ("/v1/messages", "data: {\"type\":\"message_stop\"}\n\n"),
    ] {
        let (_, passed) = stopped(path, "nova", "aws", [&first, &again]);
        assert!(passed.ends_with(end), "{passed}");
        assert!(
            passed.contains("One. ") && passed.contains("make this text"),
            "{passed}"
        );
    }
    let (_, passed) = stopped("/v1/responses", "nova", "aws", [&first, &again]);
    assert!(
        passed.contains("event: response.incomplete\n") && passed.contains(r#""reason":"max_output_tokens""#),
        "{passed}"
    );
}

#[test]
fn a_response_ends_with_all_of_its_output() {
    let line = |data: Value| format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap());
    let item =
        json!({"id": "m", "type": "message", "status": "in_progress", "role": "assistant", "content": []});
    let first = [
        line(json!({"type": "response.created", "sequence_number": 0, "response": {"id": "r", "output": []}})),
        line(json!({"type": "response.output_item.added", "sequence_number": 1, "output_index": 0, "item": item})),
    ]
    .concat();
    let delta = json!({"type": "response.output_text.delta", "sequence_number": 2, "item_id": "m", "output_index": 0,
        "content_index": 0, "delta": words()});
    let (_, passed) = stopped(
        "/v1/responses",
        "gpt",
        "a",
        [first.as_bytes(), line(delta).as_bytes()],
    );
    let end = passed.rsplit("data: ").next().unwrap();
    let end: Value = serde_json::from_str(end).unwrap();
    assert_eq!(end["type"], "response.incomplete");
    let said = end["response"]["output"][0]["content"][0]["text"]
        .as_str()
        .unwrap();
    let told = passed.matches("response.output_text.delta\ndata").count();
    assert_eq!(said, words().repeat(told));
}

#[test]
fn a_stream_that_has_its_own_end_gets_no_other() {
    let call = leashed("/v1/chat/completions", "gpt");
    let mut attempt = Driver::start(&call, "a");
    attempt.send();
    attempt.answer(200, STREAM, &[]);
    let delta = json!({"model": "m", "choices": [{"index": 0, "delta": {"content": words().repeat(9)}, "finish_reason": "stop"}]});
    attempt.chunk(&format!("data: {delta}\n\ndata: [DONE]\n\n"), false);
    attempt.chunk("", true);
    assert!(call.borrow().stopped.is_none());
    assert_eq!(call.borrow().observation.finish_reason(), Some("stop"));
    let passed = attempt.host.chunks.concat();
    assert!(!passed.contains("length"), "{passed}");
}

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Config, Driver, JSON, START, STREAM, account, attempt, chat, later, messages};
use crate::egress::Event;
use crate::outcome::Outcome;
use crate::units::Tokens;

pub(super) const ASK: &str = r#"{"model":"gpt"}"#;
pub(super) const ANSWER: &str = r#"{"model":"gpt-x","choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":2}}"#;
const CONTENT: &str =
    "data: {\"model\":\"gpt-x\",\"choices\":[{\"delta\":{\"content\":\"hi\"}}],\"usage\":null}\n\n";
const USAGE: &str = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2}}\n\n";
const DONE: &str = "data: [DONE]\n\n";

#[test]
fn an_error_is_deliverable_if_it_is_in_the_providers_format() {
    for (status, content_type, is_deliverable) in [
        (400, JSON, true),
        (429, "Application/JSON; charset=utf-8", true),
        (500, JSON, true),
        (500, "text/html", false),
        (404, "", false),
        (301, "text/html", false),
    ] {
        let call = chat(ASK);
        Driver::start(&call, "a").answer(status, content_type, &[]);
        assert_eq!(
            attempt(&call, 0).is_deliverable,
            is_deliverable,
            "{status} {content_type}"
        );
    }
}

#[test]
fn a_wait_that_only_the_body_of_an_error_asks_for_is_told_in_its_head() {
    let waits = |body: &str| {
        let call = chat(ASK);
        let mut first = Driver::start(&call, "a");
        first.answer(429, JSON, &[]);
        first.chunk(body, true);
        let told = first.host.response_headers.pop().unwrap_or_default();
        told.strip_prefix("retry-after in ").map(str::to_owned)
    };
    let body = r#"{"error":{"code":429,"details":[{"retryDelay":"40s"}]}}"#;
    assert_eq!(waits(body).as_deref(), Some("40000 ms"));
    assert_eq!(waits(r#"{"error":{"code":429}}"#), None);
}

#[test]
fn an_answer_without_a_status_is_a_bad_one() {
    let call = chat(ASK);
    Driver::start(&call, "a").answer_with(vec![(":status".to_owned(), b"ok".to_vec())]);
    assert_eq!(attempt(&call, 0).outcome, Some(Outcome::Status(502)));
}

#[test]
fn the_end_of_an_attempt_does_not_change_its_answer() {
    let call = chat(r#"{"model":"gpt","stream":true}"#);
    let mut first = Driver::start(&call, "a");
    first.answer(200, STREAM, &[]);
    first.chunk(CONTENT, false);
    first.close(true);
    assert_eq!(attempt(&call, 0).outcome, Some(Outcome::Status(200)));
    assert!(!call.borrow().is_complete);
    first.chunk("late", true);
    assert!(!call.borrow().is_complete);
}

#[test]
fn usage_that_the_agent_did_not_ask_for_is_left_out_of_a_stream() {
    let call = chat(r#"{"model":"gpt","stream":true}"#);
    let mut first = Driver::start(&call, "a");
    assert!(
        first
            .send()
            .contains(r#""stream_options":{"include_usage":true}"#)
    );
    first.answer(200, STREAM, &[("content-length", "999")]);
    assert_eq!(
        first.host.response_headers,
        [
            ":status: 200",
            "content-type: text/event-stream",
            "x-request-id: req-1"
        ]
    );
    assert!(first.machine().watches());
    let (head, tail) = USAGE.split_at(30);
    assert_eq!(
        first.pass(&[CONTENT, head, tail, DONE, ""]),
        [CONTENT, DONE].concat()
    );
    let call = call.borrow();
    assert_eq!(
        call.observation.usage().map(|usage| usage.output),
        Some(Tokens(2))
    );
    assert!(call.is_complete && call.observation.has_ended());
}

#[test]
fn usage_that_the_agent_asked_for_stays_in_the_stream() {
    let ask = r#"{"model":"gpt","stream":true,"stream_options":{"include_usage":true}}"#;
    let call = chat(ask);
    let mut first = Driver::start(&call, "a");
    assert!(
        first
            .send()
            .ends_with(r#","stream":true,"stream_options":{"include_usage":true}}"#)
    );
    first.answer(200, STREAM, &[]);
    assert_eq!(
        first.pass(&[CONTENT, USAGE, DONE]),
        [CONTENT, USAGE, DONE].concat()
    );
    assert!(first.host.chunks.is_empty());
    assert_eq!(
        call.borrow().observation.usage().map(|usage| usage.input),
        Some(Tokens(7))
    );
}

#[test]
fn a_stream_that_was_asked_for_may_be_answered_with_an_error_in_one_piece() {
    let call = chat(r#"{"model":"gpt","stream":true}"#);
    let mut first = Driver::start(&call, "a");
    first.answer(400, JSON, &[("content-length", "15"), ("set-cookie", "a=b")]);
    assert!(
        first
            .host
            .response_headers
            .contains(&"content-length: 15".to_owned())
    );
    assert_eq!(first.pass(&[r#"{"error":{"a":1"#, "}}"]), r#"{"error":{"a":1}}"#);
}

#[test]
fn the_first_byte_is_that_of_the_first_chunk_that_has_one() {
    let call = chat(ASK);
    let mut first = Driver::start(&call, "a");
    first.answer(200, JSON, &[]);
    first.wait(5);
    first.chunk("", false);
    assert_eq!(call.borrow().first_byte_at, None);
    first.wait(5);
    assert!(first.machine().wants_time());
    let (head, tail) = ANSWER.split_at(ANSWER.len() - 1);
    first.chunk(head, false);
    first.wait(5);
    first.chunk(&[tail, "\n"].concat(), false);
    assert_eq!(call.borrow().first_byte_at, Some(later(START, 10)));
    first.chunk("", true);
    assert_eq!(call.borrow().first_byte_at, Some(later(START, 10)));
}

#[test]
fn an_answer_tells_the_agent_the_brokers_id_and_the_record_the_providers() {
    let call = messages(r#"{"model":"claude","max_tokens":5}"#);
    let mut first = Driver::start(&call, "anthropic");
    first.answer(
        200,
        JSON,
        &[
            ("request-id", "req_provider"),
            ("anthropic-organization-id", "org"),
        ],
    );
    assert_eq!(
        first.host.response_headers,
        [
            ":status: 200",
            "content-type: application/json",
            "request-id: req-1"
        ]
    );
    assert_eq!(attempt(&call, 0).request_id.as_deref(), Some("req_provider"));

    let call = chat(ASK);
    let mut first = Driver::start(&call, "a");
    first.answer(
        200,
        JSON,
        &[("x-request-id", "chatcmpl_provider"), ("retry-after", "1")],
    );
    assert_eq!(
        first.host.response_headers,
        [
            ":status: 200",
            "content-type: application/json",
            "retry-after: 1",
            "x-request-id: req-1"
        ]
    );
    assert_eq!(attempt(&call, 0).request_id.as_deref(), Some("chatcmpl_provider"));
}

#[test]
fn a_providers_id_is_kept_only_if_it_is_text_and_in_part_if_it_is_long() {
    let call = chat(ASK);
    let long = "x".repeat(5_000);
    Driver::start(&call, "a").answer(503, JSON, &[("x-request-id", &long)]);
    assert_eq!(attempt(&call, 0).request_id.map(|id| id.len()), Some(203));
    let headers = vec![("x-request-id".to_owned(), vec![0xff])];
    Driver::start(&call, "b").answer_with(headers);
    assert_eq!(attempt(&call, 1).request_id, None);
}

#[test]
fn an_answer_may_end_with_trailers() {
    let call = chat(ASK);
    let mut first = Driver::start(&call, "a");
    first.answer(200, JSON, &[]);
    let (head, tail) = ANSWER.split_at(20);
    first.chunk(head, false);
    first.chunk(tail, false);
    first.handle(Event::ResponseTrailers { now: START });
    assert!(first.host.chunks.is_empty(), "it passes as it is");
    assert!(call.borrow().is_complete && call.borrow().observation.usage().is_some());
}

#[test]
fn a_translated_answer_may_end_with_trailers() {
    let call = messages(r#"{"model":"gpt","max_tokens":5,"messages":[{"role":"user","content":"hi"}]}"#);
    let mut first = Driver::start(&call, "a");
    first.answer(200, JSON, &[]);
    first.chunk(
        &ANSWER.replacen("stop\"", "stop\",\"message\":{\"content\":\"hi\"}", 1),
        false,
    );
    assert_eq!(first.host.chunks, [""]);
    first.handle(Event::ResponseTrailers { now: START });
    let whole = &first.host.chunks[1];
    assert!(
        whole.contains(r#""type":"message""#) && whole.contains(r#""text":"hi""#),
        "{whole}"
    );
    assert!(!first.host.failed && attempt(&call, 0).is_deliverable);
}

#[test]
fn a_translated_refusal_may_end_with_trailers() {
    let call = messages(r#"{"model":"gpt","max_tokens":5,"messages":[{"role":"user","content":"hi"}]}"#);
    let mut first = Driver::start(&call, "a");
    first.answer(429, JSON, &[]);
    first.chunk(r#"{"error":{"message":"slowly","type":"x"}}"#, false);
    first.handle(Event::ResponseTrailers { now: START });
    let whole = first.host.chunks.concat();
    assert!(
        whole.contains("slowly") && whole.contains("rate_limit_error"),
        "{whole}"
    );
}

#[test]
fn what_a_provider_says_in_the_hops_name_is_not_believed() {
    let call = chat(ASK);
    let without_hop = Config {
        has_hop: false,
        ..account("a")
    };
    let mut first = Driver::start_with(&call, &without_hop, START);
    first.answer(200, JSON, &[("x-broker-failure", "UT")]);
    assert_eq!(attempt(&call, 0).outcome, Some(Outcome::Status(200)));
    first.pass(&[ANSWER]);
    assert!(attempt(&call, 0).is_deliverable);
}

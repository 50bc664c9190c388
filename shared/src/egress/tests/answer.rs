#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Config, Driver, JSON, START, STREAM, account, attempt, chat, later, messages};
use crate::egress::Event;
use crate::outcome::Outcome;
use crate::units::{Millis, Tokens};
use crate::wire::{Flaw, Observation};

const ASK: &str = r#"{"model":"gpt"}"#;
const ANSWER: &str = r#"{"model":"gpt-x","choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":2}}"#;
const CONTENT: &str =
    "data: {\"model\":\"gpt-x\",\"choices\":[{\"delta\":{\"content\":\"hi\"}}],\"usage\":null}\n\n";
const USAGE: &str = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2}}\n\n";
const DONE: &str = "data: [DONE]\n\n";

#[test]
fn an_account_that_fails_is_followed_by_one_that_answers() {
    let call = chat(ASK);
    let mut first = Driver::start(&call, "a");
    first.send();
    first.wait(30);
    first.answer(503, JSON, &[]);
    let mut second = Driver::start_at(&call, "b", later(START, 40));
    second.send();
    second.wait(200);
    second.answer(200, JSON, &[]);
    let (head, tail) = ANSWER.split_at(20);
    assert_eq!(second.pass(&[head, tail]), ANSWER);
    assert!(
        second.host.chunks.is_empty(),
        "an answer in one piece passes as it is"
    );

    let (first, second) = (attempt(&call, 0), attempt(&call, 1));
    assert_eq!(
        (first.outcome, first.took),
        (Some(Outcome::Status(503)), Millis(30))
    );
    assert_eq!(
        (second.outcome, second.took),
        (Some(Outcome::Status(200)), Millis(200))
    );
    let call = call.borrow();
    assert!(call.is_complete);
    assert_eq!(call.first_byte_at, Some(later(START, 240)));
    assert_eq!(call.observation.model(), Some("gpt-x"));
    assert_eq!(call.observation.usage().map(|usage| usage.input), Some(Tokens(7)));
}

#[test]
fn the_agents_body_is_let_go_once_no_attempt_can_follow() {
    let call = chat(ASK);
    let mut first = Driver::start(&call, "a");
    first.answer(500, JSON, &[]);
    assert!(!call.borrow().body.is_empty());
    drop(first);
    let mut second = Driver::start(&call, "b");
    second.answer(200, JSON, &[]);
    assert!(
        !call.borrow().body.is_empty(),
        "the answer may still turn out to be none"
    );
    second.chunk(ANSWER, false);
    assert!(call.borrow().body.is_empty());
}

#[test]
fn a_refusal_of_the_brokers_credential_goes_to_the_next_account() {
    for status in [401, 403] {
        let call = chat(ASK);
        let mut first = Driver::start(&call, "a");
        first.answer(status, JSON, &[]);
        assert_eq!(first.host.response_headers[0], ":status: 502");
        let attempt = attempt(&call, 0);
        assert_eq!(
            (attempt.outcome, attempt.is_deliverable),
            (Some(Outcome::Status(status)), false)
        );
    }
}

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
fn an_attempt_that_ends_without_an_answer_tells_how() {
    for (millis, is_connect_failure, outcome) in [
        (10, true, Outcome::ConnectFailure),
        (30_000, true, Outcome::ConnectFailure),
        (10, false, Outcome::Reset),
        (19_999, false, Outcome::Reset),
        (20_000, false, Outcome::Timeout),
    ] {
        let call = chat(ASK);
        let mut first = Driver::start(&call, "a");
        first.send();
        first.wait(millis);
        first.close(is_connect_failure);
        assert!(!first.machine().is_open());
        let attempt = attempt(&call, 0);
        assert_eq!((attempt.outcome, attempt.took), (Some(outcome), Millis(millis)));
        assert!(!attempt.is_deliverable);
    }
}

#[test]
fn an_attempt_that_is_followed_without_a_word_has_failed() {
    for (millis, outcome) in [(5, Outcome::Reset), (20_000, Outcome::Timeout)] {
        let call = chat(ASK);
        drop(Driver::start(&call, "a"));
        drop(Driver::start_at(&call, "b", later(START, millis)));
        assert_eq!(
            (attempt(&call, 0).outcome, attempt(&call, 0).took),
            (Some(outcome), Millis(millis))
        );
        assert_eq!(attempt(&call, 1).outcome, None);
    }
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

#[test]
fn a_provider_cannot_keep_a_flawed_answer_from_the_next_account() {
    let call = chat(ASK);
    let mut first = Driver::start(&call, "a");
    first.answer(200, "text/html", &[("x-envoy-ratelimited", "true")]);
    assert!(first.host.failed);
    assert_eq!(first.host.next, ["b"]);
    assert!(!first.host.response_headers.is_empty());
    assert!(!first.host.response_headers.concat().contains("x-envoy"));
}

#[test]
fn an_answer_that_ends_with_its_headers_is_none() {
    let call = chat(ASK);
    let mut first = Driver::start(&call, "a");
    let headers = vec![(":status".to_owned(), b"204".to_vec())];
    first.handle(Event::ResponseHeaders {
        headers,
        is_end: true,
        now: START,
    });
    assert!(first.host.failed);
    assert_eq!(first.host.next, ["b"]);
    assert_eq!(attempt(&call, 0).outcome, Some(Outcome::Flawed(Flaw::Empty)));
}

#[test]
fn the_next_account_is_named_only_once_an_attempt_has_failed() {
    type End = fn(&mut Driver);
    let ends: [(End, &[&str]); 7] = [
        (
            |attempt| {
                attempt.answer(200, JSON, &[]);
                attempt.chunk(ANSWER, true);
            },
            &[],
        ),
        (|attempt| attempt.answer(200, JSON, &[]), &["b"]),
        (|attempt| attempt.answer(503, JSON, &[]), &["b"]),
        (|attempt| attempt.answer(401, JSON, &[]), &["b"]),
        (
            |attempt| attempt.answer(504, JSON, &[("x-broker-failure", "UT")]),
            &["b"],
        ),
        (|attempt| attempt.close(true), &["b"]),
        (|attempt| attempt.close(false), &["b"]),
    ];
    for (index, (end, next)) in ends.into_iter().enumerate() {
        let mut first = Driver::start(&chat(ASK), "a");
        first.send();
        assert!(first.host.next.is_empty(), "{index}");
        end(&mut first);
        first.close(false);
        assert_eq!(first.host.next, next, "{index}");
    }
}

#[test]
fn the_last_account_that_fails_names_no_other() {
    let call = chat(ASK);
    for name in ["a", "b"] {
        Driver::start(&call, name).close(false);
    }
    let mut last = Driver::start(&call, "c");
    last.answer(503, JSON, &[]);
    assert!(last.host.next.is_empty());
}

#[test]
fn a_hop_that_answers_in_the_providers_place_tells_how_the_attempt_failed() {
    for (flags, outcome) in [
        ("UT", Outcome::Timeout),
        ("SI", Outcome::Timeout),
        ("UF", Outcome::ConnectFailure),
        ("URX,UF", Outcome::ConnectFailure),
        ("UH", Outcome::Unhealthy),
        ("UC", Outcome::Reset),
        ("UR", Outcome::Reset),
        ("-", Outcome::Reset),
        ("", Outcome::Reset),
    ] {
        for status in [200, 503, 504] {
            let call = chat(ASK);
            let mut first = Driver::start(&call, "a");
            first.wait(7);
            first.answer(status, JSON, &[("x-broker-failure", flags)]);
            let attempt = attempt(&call, 0);
            assert_eq!(
                (attempt.outcome, attempt.took),
                (Some(outcome), Millis(7)),
                "{flags}"
            );
            assert!(!attempt.is_deliverable, "{flags} {status}");
            assert!(!call.borrow().body.is_empty(), "another attempt may follow");
            assert!(
                !first.host.response_headers.concat().contains("broker"),
                "{:?}",
                first.host
            );
        }
    }
}

#[test]
fn a_later_attempt_starts_with_nothing_of_an_earlier_answer() {
    let call = chat(ASK);
    let mut first = Driver::start(&call, "a");
    first.answer(503, JSON, &[]);
    first.pass(&[ANSWER]);
    {
        let call = call.borrow();
        assert!(call.is_complete && call.first_byte_at.is_some());
        assert!(call.attempts[0].is_deliverable);
    }
    let second = Driver::start_at(&call, "b", later(START, 40));
    let call = call.borrow();
    assert!(!call.is_complete && call.first_byte_at.is_none() && !call.attempts[0].is_deliverable);
    assert_eq!(call.observation, Observation::default());
    assert!(second.machine().is_open() && !second.machine().wants_time());
}

//! An answer of a rung is held back until it is judged, and only one that is accepted reaches the agent.

use super::*;
use crate::acceptance::{Judgement, Unjudged, Unmet};
use crate::limits::MAX_JUDGED_ANSWER;

const CALL: &str = r#"{"model":"rungs","messages":[{"role":"user","content":"hi"}]}"#;
const STREAM_CALL: &str = r#"{"model":"rungs","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]}"#;

fn whole(content: &str) -> String {
    let message = json!({"role": "assistant", "content": content});
    json!({
        "model": "small", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 2},
    })
    .to_string()
}

/// The events of a stream that says this.
fn stream(content: &str) -> Vec<String> {
    let chunk = |delta: Value, reason: Value| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": reason});
        format!("data: {}\n\n", json!({"model": "small", "choices": [choice]}))
    };
    let usage =
        json!({"model": "small", "choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 2}});
    vec![
        chunk(json!({"role": "assistant", "content": ""}), json!(null)),
        chunk(json!({"content": content}), json!(null)),
        chunk(json!({}), json!("stop")),
        format!("data: {usage}\n\n"),
        "data: [DONE]\n\n".to_owned(),
    ]
}

fn anthropic_stream(content: &str) -> Vec<String> {
    [
        json!({"type": "message_start", "message": {"id": "m", "model": "claude", "usage": {"input_tokens": 10, "output_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": content}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}}),
        json!({"type": "message_stop"}),
    ]
    .map(|event| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap()))
    .into()
}

fn pass(attempt: &mut Driver, chunks: &[String]) -> String {
    let chunks: Vec<&str> = chunks.iter().map(String::as_str).collect();
    attempt.pass(&chunks)
}

/// The first rung is asked and its answer begins.
fn first_rung(body: &str, content_type: &str) -> (SharedCall, Driver) {
    let call = chat(body);
    let mut attempt = Driver::start(&call, "a");
    attempt.send();
    attempt.answer(200, content_type, &[]);
    (call, attempt)
}

#[test]
fn an_answer_that_is_accepted_reaches_the_agent_whole() {
    let (call, mut attempt) = first_rung(CALL, JSON);
    let body = whole("{}");
    let (head, tail) = body.split_at(50);
    attempt.chunk(head, false);
    assert!(attempt.machine().holds());
    attempt.chunk(tail, true);
    assert!(!attempt.machine().holds() && !attempt.host.failed);
    assert_eq!(attempt.host.chunks, [String::new(), body]);
    assert_eq!(super::attempt(&call, 0).judgement, Some(Judgement::Accepted));
    assert!(call.borrow().is_complete);
}

#[test]
fn a_stream_that_is_accepted_reaches_the_agent_as_it_was_once_it_is_over() {
    let (_, mut attempt) = first_rung(STREAM_CALL, STREAM);
    let events = stream("[1]");
    let (last, others) = events.split_last().unwrap();
    for event in others {
        attempt.chunk(event, false);
        assert!(attempt.machine().holds());
        assert_eq!(attempt.host.chunks.last().unwrap(), "");
    }
    attempt.chunk(last, true);
    assert_eq!(attempt.host.chunks.last().unwrap(), &events.concat());
    assert!(!attempt.host.failed);
}

#[test]
fn an_answer_is_held_back_and_judged_the_same_however_it_is_cut() {
    let quiet = STREAM_CALL.replace(r#""stream_options":{"include_usage":true},"#, "");
    for said in ["[1]", "Hello"] {
        let text = stream(said).concat();
        let without_usage = text.replace(&stream(said)[3], "");
        for (body, expected) in [(STREAM_CALL, &text), (quiet.as_str(), &without_usage)] {
            for size in [1, 7, 64, 100_000] {
                let (_, mut attempt) = first_rung(body, STREAM);
                let chunks: Vec<String> = text
                    .as_bytes()
                    .chunks(size)
                    .map(|chunk| String::from_utf8(chunk.to_vec()).unwrap())
                    .collect();
                let passed = pass(&mut attempt, &chunks);
                let is_refused = said == "Hello";
                assert_eq!(attempt.host.failed, is_refused, "{size}");
                assert_eq!(passed, if is_refused { "" } else { expected }, "{size}");
            }
        }
    }
}

#[test]
fn an_answer_that_is_not_accepted_makes_room_for_the_next_rung() {
    for (body, content_type, chunks) in [
        (CALL, JSON, vec![whole("Hello")]),
        (STREAM_CALL, STREAM, stream("Hello")),
    ] {
        let (call, mut attempt) = first_rung(body, content_type);
        assert_eq!(pass(&mut attempt, &chunks), "");
        assert!(attempt.host.failed);
        assert_eq!(attempt.host.next, ["anthropic"]);
        let first = super::attempt(&call, 0);
        assert_eq!(first.outcome, Some(Outcome::NotAccepted(Unmet::Json)));
        assert_eq!(first.usage.unwrap().total().0, 12);

        let next = Driver::start(&call, "anthropic");
        assert!(next.machine().watches() || next.machine().is_open());
        assert_eq!(
            super::attempt(&call, 0).outcome,
            Some(Outcome::NotAccepted(Unmet::Json))
        );
    }
}

#[test]
fn a_translated_stream_is_judged_in_the_providers_words() {
    let refused = |said| {
        let (call, mut attempt) = first_rung(STREAM_CALL, STREAM);
        pass(&mut attempt, &stream("Hello"));
        let mut second = Driver::start(&call, "anthropic");
        second.send();
        second.answer(200, STREAM, &[]);
        let passed = pass(&mut second, &anthropic_stream(said));
        (second.host.failed, passed)
    };
    assert_eq!(refused("Hello"), (true, String::new()));
    let (failed, passed) = refused("{}");
    assert!(
        !failed && passed.contains(r#""content":"{}""#) && passed.ends_with("data: [DONE]\n\n"),
        "{passed}"
    );
}

#[test]
fn the_last_rung_passes_unjudged_and_at_once() {
    let (call, mut attempt) = first_rung(STREAM_CALL, STREAM);
    pass(&mut attempt, &stream("Hello"));
    let mut second = Driver::start(&call, "anthropic");
    second.send();
    second.answer(503, JSON, &[]);
    assert_eq!(second.host.next, ["b"]);
    let mut last = Driver::start(&call, "b");
    last.send();
    last.answer(200, STREAM, &[]);
    let events = stream("Hello");
    last.chunk(&events[0], false);
    last.chunk(&events[1], false);
    assert!(!last.machine().holds());
    assert_eq!(super::attempt(&call, 2).judgement, None);
}

#[test]
fn a_stream_that_breaks_off_while_it_is_held_back_is_another_rungs_to_answer() {
    let (call, mut attempt) = first_rung(STREAM_CALL, STREAM);
    let events = stream("[1]");
    attempt.chunk(&events[0], false);
    attempt.chunk(&events[1], false);
    attempt.chunk("data: {\"error\":{\"message\":\"overloaded\"}}\n\n", false);
    assert!(attempt.host.failed);
    assert_eq!(
        super::attempt(&call, 0).outcome,
        Some(Outcome::Flawed(Flaw::Error))
    );
}

#[test]
fn what_is_too_long_or_too_slow_to_be_judged_passes_in_order() {
    let events = stream("Hello");
    let (call, mut attempt) = first_rung(STREAM_CALL, STREAM);
    attempt.chunk(&events[0], false);
    attempt.wait(18_000);
    attempt.chunk(&events[1], false);
    assert!(!attempt.machine().holds());
    assert_eq!(attempt.host.chunks.last().unwrap(), &events[..2].concat());
    assert_eq!(
        super::attempt(&call, 0).judgement,
        Some(Judgement::Unjudged(Unjudged::TooSlow))
    );
    let rest = pass(&mut attempt, &events[2..]);
    assert_eq!(rest, events[2..].concat());

    let (call, mut attempt) = first_rung(STREAM_CALL, STREAM);
    let long = stream(&"x".repeat(MAX_JUDGED_ANSWER));
    let passed = pass(&mut attempt, &long);
    assert_eq!(passed, long.concat());
    assert_eq!(
        super::attempt(&call, 0).judgement,
        Some(Judgement::Unjudged(Unjudged::TooLong))
    );

    let (_, mut attempt) = first_rung(CALL, JSON);
    let long = whole(&"x".repeat(MAX_JUDGED_ANSWER));
    let (head, tail) = long.split_at(MAX_JUDGED_ANSWER + 10);
    assert_eq!(attempt.pass(&[head, tail]), long);
}

#[test]
fn a_call_without_acceptance_is_not_held_back() {
    let call = chat(&STREAM_CALL.replace("rungs", "gpt"));
    let mut attempt = Driver::start(&call, "a");
    attempt.send();
    attempt.answer(200, STREAM, &[]);
    let events = stream("Hello");
    attempt.chunk(&events[1], false);
    assert!(!attempt.machine().holds());
}

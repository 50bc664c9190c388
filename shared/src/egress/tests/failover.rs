//! Which failures make room for the next account, and when it is named.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::answer::{ANSWER, ASK};
use super::{Driver, JSON, START, attempt, chat, later};
use crate::egress::Event;
use crate::outcome::Outcome;
use crate::units::{Millis, Tokens};
use crate::wire::{Flaw, Observation};

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

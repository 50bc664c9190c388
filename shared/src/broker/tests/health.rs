//! What a call's attempts leave behind for other calls.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Dialect, Driver, JSON, STREAM, body, closed, headers, last, part, status, status_with};
use crate::egress::Egress;
use crate::health::{CircuitBreaker, Health, Standing};
use crate::store::{health_key, look};

const FAILURES: u16 = 5;
const ANSWER: &str = r#"{"model":"gpt-x","choices":[{"finish_reason":"stop"}]}"#;

fn gpt() -> Driver {
    Driver::forwarded(Dialect::OpenAi, &body("gpt"))
}

/// Another call at the same Envoy, up to its body.
fn after(driver: &Driver) -> Driver {
    let mut next = Driver::arrived(headers(Dialect::OpenAi));
    next.now = driver.now;
    next.host.store = driver.host.store.clone();
    next
}

/// Another call that is forwarded.
fn next_gpt(driver: &Driver) -> Driver {
    let mut next = after(driver);
    next.complete(body("gpt"));
    assert_eq!(next.host.forwards.len(), 1, "{:?}", next.host);
    next
}

fn standing(driver: &Driver, provider: &str, model: &str) -> Standing {
    let key = health_key(&provider.into(), &model.into());
    let health: Health = look(driver.host.store.as_ref(), &key);
    health.standing(&CircuitBreaker::default(), driver.now)
}

fn clusters(driver: &Driver) -> Vec<String> {
    let call = driver.call();
    let call = call.borrow();
    let attempts = call.plan.attempts.iter();
    attempts
        .map(|planned| planned.provider.name.to_string())
        .collect()
}

/// As many failures of the first account as open its circuit.
fn opened() -> Driver {
    let mut driver = gpt();
    for _ in 0..FAILURES {
        let account = clusters(&driver)[0].clone();
        if account != "openai-a" {
            driver.attempt(&account, [(1, status(503, JSON))]);
        }
        driver.attempt("openai-a", [(1, status(503, JSON))]);
        driver.finish();
        driver = next_gpt(&driver);
    }
    driver
}

#[test]
fn an_account_that_keeps_failing_is_left_out_with_the_reason() {
    let mut driver = opened();
    assert_eq!(clusters(&driver), ["openai-b"]);
    driver.attempt("openai-b", [(1, status(200, JSON))]);
    driver.finish();
    let excluded = &driver.record()["llm.excluded"][0];
    assert_eq!(
        (&excluded["provider"], &excluded["reason"]),
        (&"openai-a".into(), &"circuit_open".into())
    );
    assert!(excluded["for_ms"].as_u64().is_some_and(|left| left > 29_000));
}

#[test]
fn one_call_probes_and_its_success_brings_the_account_back() {
    let mut waited = opened();
    waited.wait(40_000);
    let mut probe = next_gpt(&waited);
    assert_eq!(clusters(&probe), ["openai-a", "openai-b"]);
    assert_eq!(clusters(&next_gpt(&probe)), ["openai-b"], "one probe at a time");
    probe.attempt("openai-a", [(1, status(200, JSON)), (1, last(ANSWER))]);
    assert_eq!(standing(&probe, "openai-a", "gpt-a"), Standing::Healthy);
}

#[test]
fn an_agent_that_leaves_gives_its_probe_back() {
    let mut waited = opened();
    waited.wait(40_000);
    let mut probe = next_gpt(&waited);
    probe.attempt("openai-a", []);
    probe.finish();
    let mut probe = next_gpt(&probe);
    assert_eq!(clusters(&probe), ["openai-a", "openai-b"]);
    // So does one that leaves before its attempt began.
    probe.finish();
    assert_eq!(clusters(&next_gpt(&probe)), ["openai-a", "openai-b"]);
}

#[test]
fn agents_that_leave_say_nothing_of_an_account() {
    let mut driver = gpt();
    for _ in 0..20 {
        let mut unseen = super::Unseen {
            store: driver.host.store.clone(),
            ..super::Unseen::default()
        };
        let started = Egress::start(driver.call(), &super::config("openai-a"), driver.now, &mut unseen);
        let attempt = started.unwrap();
        driver.finish();
        // Envoy ends the attempt after the call.
        drop(attempt.handle(closed(false).at(driver.now), &mut unseen));
        assert!(unseen.next.is_empty());
        driver = next_gpt(&driver);
    }
    assert_eq!(standing(&driver, "openai-a", "gpt-a"), Standing::Healthy);
}

#[test]
fn a_stream_that_breaks_off_counts_against_whoever_broke_it() {
    let content = "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"}}]}\n\n";
    let ask = body("gpt").replacen('{', "{\"stream\":true,", 1);
    for (is_providers_fault, first) in [(false, "openai-a"), (true, "openai-b")] {
        let mut driver = after(&Driver::new());
        for _ in 0..FAILURES {
            driver.complete(&ask);
            driver.attempt("openai-a", [(1, status(200, STREAM)), (1, part(content))]);
            driver.host.has_provider_broken_off = is_providers_fault;
            driver.finish();
            driver = after(&driver);
        }
        assert_eq!(clusters(&next_gpt(&driver))[0], first);
    }
}

#[test]
fn a_limit_is_kept_to_and_told_if_nobody_else_can_be_asked() {
    let mut driver = gpt();
    let seen = driver.attempt(
        "openai-a",
        [(
            1,
            status_with(429, &[("content-type", JSON), ("retry-after", "7")]),
        )],
    );
    assert_eq!(seen.next, ["openai-b"]);
    assert!(!seen.forbids_retry);
    assert_eq!(
        seen.metrics,
        ["model_broker.cooldowns;provider=openai-a;model=gpt-a;cause=throttled=1"]
    );
    driver.attempt(
        "openai-b",
        [(
            1,
            status_with(429, &[("content-type", JSON), ("retry-after", "4")]),
        )],
    );
    driver.finish();
    let mut next = after(&driver);
    next.wait(1_500);
    next.complete(body("gpt"));
    let (reply, told) = next.reply();
    assert_eq!(
        (reply.status, told["error"]["code"].as_str()),
        (429, Some("upstream_at_limit"))
    );
    let header = |name: &str| {
        reply
            .headers
            .iter()
            .find(|(given, _)| *given == name)
            .map(|(_, value)| value.as_str())
    };
    assert_eq!(
        (header("retry-after"), header("retry-after-ms")),
        (Some("3"), Some("2500"))
    );
    next.finish();
    assert_eq!(next.record()["llm.excluded"][1]["reason"], "cooling_down");
}

#[test]
fn an_account_that_refuses_the_key_is_out_and_asked_as_a_last_resort() {
    let mut driver = gpt();
    driver.attempt("openai-a", [(1, status(401, JSON))]);
    driver.attempt("openai-b", [(1, status(403, JSON))]);
    driver.finish();
    let next = next_gpt(&driver);
    assert_eq!(clusters(&next), ["openai-a", "openai-b"]);
    assert!(next.call().borrow().plan.is_last_resort);
}

#[test]
fn a_pause_that_only_the_body_of_a_refusal_asks_for_is_heard() {
    let mut driver = gpt();
    let body = r#"{"error":{"code":429,"details":[{"retryDelay":"40s"}]}}"#;
    let (head, tail) = body.split_at(30);
    let seen = driver.attempt("openai-a", [(1, status(429, JSON)), (1, part(head))]);
    assert!(seen.next.is_empty(), "the body is not whole yet");
    let mut driver = gpt();
    let seen = driver.attempt(
        "openai-a",
        [(1, status(429, JSON)), (1, part(head)), (1, last(tail))],
    );
    assert_eq!(seen.next, ["openai-b"]);
    driver.wait(39_000);
    assert_eq!(clusters(&next_gpt(&driver)), ["openai-b"]);
    driver.wait(1_100);
    assert_eq!(clusters(&next_gpt(&driver))[0], "openai-a");
}

#[test]
fn a_refusal_that_breaks_off_still_moves_on() {
    let mut driver = gpt();
    let seen = driver.attempt(
        "openai-a",
        [(1, status(429, JSON)), (1, part("{")), (1, closed(false))],
    );
    assert_eq!(seen.next, ["openai-b"]);
    assert_eq!(clusters(&next_gpt(&driver)), ["openai-b"]);
}

#[test]
fn a_retry_is_forbidden_once_others_have_shut_those_who_were_to_follow() {
    let mut driver = gpt();
    // Meanwhile another call finds the second account at its limit.
    let mut other = next_gpt(&driver);
    other.attempt("openai-a", [(1, status(500, JSON))]);
    other.attempt("openai-b", [(1, status(429, JSON)), (1, last("{}"))]);
    let seen = driver.attempt("openai-a", [(1, status(500, JSON))]);
    assert!(seen.forbids_retry && seen.next.is_empty());
    driver.answered();
    assert_eq!(driver.host.removed_from_answer, ["x-envoy-ratelimited"]);
    driver.finish();
    let record = driver.record();
    assert_eq!(
        (&record["llm.status"], &record["llm.excluded"][0]["reason"]),
        (&500.into(), &"cooling_down".into())
    );
}

#[test]
fn a_refusal_of_the_call_itself_neither_counts_nor_moves_on() {
    let mut driver = gpt();
    driver.attempt("openai-a", [(1, status(400, JSON))]);
    assert!(driver.call().borrow().entered.is_none());
    assert_eq!(standing(&driver, "openai-a", "gpt-a"), Standing::Healthy);
}

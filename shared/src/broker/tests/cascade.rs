//! What a cascade leaves behind: the record, the metrics and the accounts' state.

use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Dialect, Driver, JSON, body, headers_with, last, status};
use crate::health::{CircuitBreaker, Health, Standing};
use crate::ledger::Window;
use crate::store::{health_key, look, window_key};
use crate::units::Tokens;

/// An answer that used this many tokens.
fn answer(content: &str, input: u64, output: u64) -> String {
    json!({
        "model": "m",
        "choices": [{"index": 0, "message": {"content": content}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": input, "completion_tokens": output},
    })
    .to_string()
}

fn call() -> Driver {
    Driver::forwarded(Dialect::OpenAi, &body("climbing"))
}

/// The rungs are asked one after the other, and these are their answers.
fn climb(answers: &[(&str, String)]) -> Driver {
    let mut driver = call();
    for (account, answer) in answers {
        driver.attempt(account, [(5, status(200, JSON)), (5, last(answer))]);
    }
    driver.answered();
    driver.finish();
    driver
}

fn metrics(driver: &Driver, name: &str) -> Vec<String> {
    let prefix = format!("model_broker.{name};");
    let metrics = driver.host.metrics.iter();
    let found = metrics.filter_map(|metric| metric.strip_prefix(&prefix));
    found.map(str::to_owned).collect()
}

fn field<'a>(driver: &'a Driver, name: &str) -> &'a Value {
    &driver.record()[name]
}

#[test]
fn the_record_tells_each_rung_its_cost_and_why_it_was_left() {
    let driver = climb(&[
        ("metered", answer("Rome", 1_000, 100)),
        ("openai-a", answer("{}", 1_000, 200)),
    ]);
    assert_eq!(
        *field(&driver, "llm.attempts"),
        json!([
            {
                "provider": "metered", "model": "gpt-mini", "status": "not_accepted", "ms": 5,
                "rung": 1, "accepted": false, "unmet": "json", "input": 1000, "output": 100, "cost_usd": 0.0032,
            },
            {
                "provider": "openai-a", "model": "gpt-b", "status": 200, "ms": 5,
                "rung": 2, "accepted": true, "input": 1000, "output": 200, "cost_usd": 0.0036,
            },
        ])
    );
    assert_eq!(
        *field(&driver, "llm.reason"),
        "the model's own pool is rungs; escalated to rung 2: rung 1 json"
    );
    assert_eq!(*field(&driver, "llm.cost.usd"), json!(0.0068));
    assert_eq!(
        (
            field(&driver, "llm.tokens.input"),
            field(&driver, "llm.tokens.output")
        ),
        (&json!(1000), &json!(200))
    );
    // The last rung has no price, so that nothing can be told of savings.
    assert!(driver.record().get("llm.cost.saved_usd").is_none());
}

#[test]
fn every_rung_is_counted_and_pays_under_its_own_name() {
    let driver = climb(&[
        ("metered", answer("Rome", 1_000, 100)),
        ("openai-a", answer("{}", 1_000, 200)),
    ]);
    assert_eq!(
        metrics(&driver, "cascade_rungs"),
        [
            "pool=rungs;provider=metered;model=gpt-mini;rung=1;outcome=refused;cause=json=1",
            "pool=rungs;provider=openai-a;model=gpt-b;rung=2;outcome=accepted=1",
        ]
    );
    assert_eq!(
        metrics(&driver, "cost_micro_usd"),
        [
            "agent=bot;pool=rungs;provider=metered;model=gpt-mini;workspace=lab;tenant=acme=3200",
            "agent=bot;pool=rungs;provider=openai-a;model=gpt-b;workspace=lab;tenant=acme=3600",
        ]
    );
    assert_eq!(metrics(&driver, "output_tokens").len(), 2);
}

#[test]
fn an_answer_that_is_refused_is_paid_for_and_nothing_that_its_account_did_wrong() {
    let mut driver = call();
    driver.attempt(
        "metered",
        [(5, status(200, JSON)), (5, last(&answer("Rome", 20, 10)))],
    );
    let store = driver.host.store.as_ref();
    let window: Window = look(store, &window_key(&"metered".into()));
    assert_eq!(window.used(driver.now), (1, Tokens(30)));
    let health: Health = look(store, &health_key(&"metered".into(), &"gpt-mini".into()));
    assert_eq!(
        health.standing(&CircuitBreaker::default(), driver.now),
        Standing::Healthy
    );
}

#[test]
fn a_spent_retry_budget_does_not_keep_a_cascade_from_escalating() {
    let mut driver = call();
    let first = driver.attempt(
        "metered",
        [(5, status(200, JSON)), (5, last(&answer("Rome", 9, 9)))],
    );
    assert_eq!(
        (first.next, first.forbids_retry),
        (vec!["openai-a".to_owned()], false)
    );
}

#[test]
fn a_refused_answer_has_to_do_where_no_higher_rung_may_be_asked_any_more() {
    let mut driver = call();
    driver.attempt(
        "metered",
        [(5, status(200, JSON)), (5, last(&answer("Rome", 9, 9)))],
    );
    // Meanwhile other calls take what is left of the last rung's limit.
    for _ in 0..2 {
        let mut other = Driver::arrived(super::headers(Dialect::OpenAi));
        other.host.store = driver.host.store.clone();
        other.complete(body("few"));
    }
    let second = driver.attempt(
        "openai-a",
        [(5, status(200, JSON)), (5, last(&answer("Paris", 9, 9)))],
    );
    assert!(second.next.is_empty() && !second.forbids_retry);
    driver.answered();
    driver.finish();
    assert!(driver.host.replies.is_empty());
    let attempts = field(&driver, "llm.attempts");
    assert_eq!(
        (&attempts[1]["status"], &attempts[1]["unmet"]),
        (&json!(200), &json!("json"))
    );
    assert_eq!(*field(&driver, "llm.outcome"), "ok");
}

#[test]
fn a_client_that_tries_again_begins_higher() {
    let headers = headers_with(Dialect::OpenAi, &[("x-stainless-retry-count", "1")]);
    let mut driver = Driver::arrived(headers);
    driver.complete(body("climbing"));
    assert_eq!(driver.host.forwards[0].cluster, "openai-a");
    driver.attempt(
        "openai-a",
        [(5, status(200, JSON)), (5, last(&answer("{}", 9, 9)))],
    );
    driver.answered();
    driver.finish();
    assert_eq!(
        *field(&driver, "llm.reason"),
        "the model's own pool is rungs; the client's retry began at rung 2"
    );
}

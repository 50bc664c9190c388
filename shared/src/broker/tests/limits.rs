//! What an account's own limits mean for calls.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Dialect, Driver, JSON, body, closed, headers, last, status};
use crate::ledger::Window;
use crate::store::{look, window_key};
use crate::units::Tokens;

fn used(driver: &Driver) -> (u64, Tokens) {
    let window: Window = look(driver.host.store.as_ref(), &window_key(&"metered".into()));
    window.used(driver.now)
}

/// Another call at the same Envoy.
fn next(driver: &Driver) -> Driver {
    let mut next = Driver::arrived(headers(Dialect::OpenAi));
    next.now = driver.now;
    next.host.store = driver.host.store.clone();
    next.complete(body("few"));
    next
}

fn answer(usage: &str) -> String {
    format!(r#"{{"model":"m","choices":[{{"finish_reason":"stop"}}]{usage}}}"#)
}

#[test]
fn what_was_used_takes_the_place_of_the_estimate() {
    let mut driver = next(&Driver::new());
    let (requests, estimated) = used(&driver);
    // The input, and of the answer no more than the agent allows.
    assert!(
        requests == 1 && (Tokens(20)..Tokens(40)).contains(&estimated),
        "{estimated:?}"
    );
    let told = answer(r#","usage":{"prompt_tokens":7,"completion_tokens":2}"#);
    driver.attempt("metered", [(1, status(200, JSON)), (1, last(&told))]);
    driver.finish();
    assert_eq!(used(&driver), (1, Tokens(9)));
}

#[test]
fn the_estimate_stays_where_nothing_tells_what_was_used() {
    let mut driver = next(&Driver::new());
    let before = used(&driver);
    let told = answer("");
    driver.attempt("metered", [(1, status(200, JSON)), (1, last(&told))]);
    driver.finish();
    assert_eq!(used(&driver), before);
    // An agent that leaves does not tell either.
    let mut left = next(&driver);
    left.attempt("metered", []);
    left.finish();
    assert_eq!(used(&left), (2, Tokens(before.1.0 * 2)));
}

#[test]
fn a_failed_attempt_was_a_request_and_one_that_was_not_made_is_nothing() {
    let mut driver = next(&Driver::new());
    driver.attempt("metered", [(1, closed(false))]);
    driver.finish();
    assert_eq!(used(&driver), (1, Tokens(0)));
    let mut left = next(&driver);
    left.finish();
    assert_eq!(used(&left), (1, Tokens(0)));
}

#[test]
fn beyond_a_limit_the_wait_is_told() {
    let mut driver = Driver::new();
    for _ in 0..3 {
        driver = next(&driver);
        assert_eq!(driver.host.forwards.len(), 1, "{:?}", driver.host);
    }
    driver.wait(10_000);
    let mut late = next(&driver);
    let (reply, told) = late.reply();
    assert_eq!(
        (reply.status, told["error"]["code"].as_str()),
        (429, Some("upstream_at_limit"))
    );
    let wait = reply.headers.iter().find(|(name, _)| *name == "retry-after");
    let wait: u64 = wait.unwrap().1.parse().unwrap();
    assert!((50..=52).contains(&wait), "{wait}");
    late.finish();
    assert_eq!(late.record()["llm.excluded"][0]["reason"], "limited");
    assert_eq!(used(&late).0, 3);
    driver.wait(wait * 1_000);
    assert_eq!(next(&driver).host.forwards.len(), 1);
}

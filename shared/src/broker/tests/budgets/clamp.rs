//! Calls that are bounded by what their budgets have left.

use serde_json::json;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

fn world(budgets: Value) -> World {
    let mut budgets = budgets;
    budgets[0]["clamp"] = json!(true);
    World::new(budgets)
}

/// The bound with which a call goes out.
fn bound(driver: &Driver, key: &str) -> Option<u64> {
    let call = driver.call();
    let body: Value = serde_json::from_slice(&call.borrow().body).unwrap();
    body.get(key).and_then(Value::as_u64)
}

#[test]
fn a_call_asks_for_no_more_output_than_is_left() {
    let world = world(tokens(300));
    let mut driver = world.call("bot", "gpt", 100_000);
    let most = bound(&driver, "max_tokens").unwrap();
    assert!((250..300).contains(&most), "{most}");
    // Nothing is left for others until it is over.
    assert_eq!(world.call("bot", "gpt", 100).reply().0.status, 429);
    answer(&mut driver, 10, most);
    let record = driver.record();
    assert_eq!(record["llm.tokens.clamped"], most);
    let reserved = record["llm.budgets"][0]["reserved"].as_u64().unwrap();
    assert!((295..=300).contains(&reserved), "{reserved}");
}

#[test]
fn a_call_without_a_bound_gets_one_only_near_the_end() {
    let unbounded = json!({"model": "gpt"});
    let plenty = world(tokens(10_000)).call_with("bot", &unbounded);
    assert_eq!(bound(&plenty, "max_completion_tokens"), None);
    let little = world(tokens(2_000)).call_with("bot", &unbounded);
    let most = bound(&little, "max_completion_tokens").unwrap();
    assert!((1_900..2_000).contains(&most), "{most}");
}

#[test]
fn a_call_for_a_response_is_bounded_in_its_own_words() {
    for (left, given) in [
        (2_000, json!({"model": "gpt"})),
        (300, json!({"model": "gpt", "max_output_tokens": 100_000})),
    ] {
        let driver = world(tokens(left)).call_at("/v1/responses", "bot", &given);
        let most = bound(&driver, "max_output_tokens").unwrap();
        assert!((left - 100..left).contains(&most), "{most}");
        assert_eq!(bound(&driver, "max_tokens"), None);
    }
}

#[test]
fn what_is_enough_stays_as_the_agent_wrote_it_and_what_is_no_answer_is_refused() {
    let world = world(tokens(200));
    let enough = world.call("bot", "gpt", 50);
    assert_eq!(bound(&enough, "max_tokens"), Some(50));
    world.spend("bot", "gpt", 60, 60);
    let denied = world.call("bot", "gpt", 100);
    assert_eq!(denied.reply().0.status, 429);
}

#[test]
fn dollars_clamp_by_the_dearest_account_that_may_be_asked() {
    let world = world(json!([{"name": "money", "scope": "agent", "usd": 0.01, "per": "month"}]));
    // An output token of the dearer costs 30 micro-dollars.
    let driver = world.call("bot", "cheap", 100_000);
    let most = bound(&driver, "max_tokens").unwrap();
    assert!((320..=333).contains(&most), "{most}");
}

#[test]
fn a_clamped_call_is_clamped_in_another_format_too() {
    let world = world(tokens(300));
    let mut driver = world.call("bot", "claude", 100_000);
    let most = bound(&driver, "max_tokens").unwrap();
    let call = driver.call();
    assert!(call.borrow().prepared.is_none());
    driver.attempt("anthropic-a", []);
    assert_eq!(
        call.borrow().request.max_output.map(|tokens| tokens.0),
        Some(most)
    );
}

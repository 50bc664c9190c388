//! What an account's own budget means for calls.

use serde_json::json;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// An account at which a dollar buys a hundred thousand tokens of output of `gpt-b`, and which has so many dollars.
fn world(dollars: f64) -> World {
    let mut world = World::new(json!([]));
    world.account = Some(json!({"usd": dollars, "per": "month", "alert_at": ["50%"]}));
    world
}

#[test]
fn a_spent_account_is_left_out_and_the_next_one_asked() {
    let world = world(0.01);
    // The cheaper member first, as long as its account has anything left.
    let record = world.spend("bot", "gpt", 100, 1_200);
    assert_eq!(record["llm.provider"], "openai-a");
    world.drain();
    let mut next = world.call("bot", "gpt", 100);
    answer(&mut next, 1, 1);
    let record = next.record();
    assert_eq!(record["llm.provider"], "openai-b");
    let excluded = &record["llm.excluded"][0];
    assert_eq!(
        (&excluded["provider"], &excluded["reason"]),
        (&json!("openai-a"), &json!("budget"))
    );
    assert!(excluded["for_ms"].as_u64() > Some(86_400_000), "{excluded}");
}

#[test]
fn if_all_accounts_are_spent_the_agent_is_told_when_they_begin_anew() {
    let world = world(0.01);
    world.drain();
    let mut denied = world.call("bot", "alone", 10);
    let (reply, body) = denied.reply();
    assert_eq!(
        (reply.status, body["error"]["code"].as_str()),
        (429, Some("upstream_at_limit"))
    );
    denied.finish();
    assert_eq!(denied.record()["llm.excluded"][0]["reason"], "budget");
}

#[test]
fn calls_under_way_hold_what_they_may_cost_and_give_back_what_they_did_not() {
    // 1,000 tokens of output cost 0.008 dollars.
    let world = world(0.01);
    let mut first = world.call("bot", "alone", 1_000);
    assert_eq!(world.call("bot", "alone", 1_000).reply().0.status, 429);
    answer(&mut first, 10, 10);
    let mut failing = world.call("bot", "alone", 1_000);
    failing.attempt("openai-a", [(1, status(503, JSON)), (1, last("{}"))]);
    failing.finish();
    let mut left_early = world.call("bot", "alone", 1_000);
    left_early.finish();
    assert_eq!(world.call("bot", "alone", 1_000).host.forwards.len(), 1);
}

#[test]
fn the_call_that_crosses_a_threshold_says_so() {
    let world = world(0.01);
    let mut driver = world.call("bot", "alone", 1_000);
    answer(&mut driver, 10, 800);
    assert_eq!(driver.record()["llm.attempts"][0]["budget_alert"], 50);
    let told = "model_broker.budget_alerts;provider=openai-a;cause=50=1";
    assert!(
        driver.host.metrics.contains(&told.to_owned()),
        "{:?}",
        driver.host.metrics
    );
    let again = world.spend("bot", "alone", 1, 1);
    assert_eq!(again["llm.attempts"][0].get("budget_alert"), None);
}

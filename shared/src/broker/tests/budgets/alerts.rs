//! What the operator is told when a threshold is crossed.

use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{World, answer};

fn alerts(world: &World) -> Vec<Value> {
    let mut call = world.call("bot", "gpt", 10);
    answer(&mut call, 400, 120);
    call.host.alerts.clone()
}

#[test]
fn golden_alert_of_a_budget_once_in_its_window() {
    let budgets = json!([{"name": "day", "scope": "workspace", "tokens": 1_000, "per": "day", "alert_at": ["50%", "90%"]}]);
    let world = World::new(budgets);
    let expected = json!({
        "event": "budget_alert", "time": "2026-11-21T09:44:05.680Z", "budget": "day", "scope": "workspace", "of": "lab",
        "threshold_percent": 50, "unit": "tokens", "per": "day", "spent": 520, "ceiling": 1_000,
        "since": "2026-11-21T00:00:00.000Z",
    });
    assert_eq!(alerts(&world), [expected]);
    // The second crosses the next threshold, the third call is refused.
    assert_eq!(alerts(&world)[0]["threshold_percent"], 90);
}

#[test]
fn without_thresholds_nobody_is_told() {
    let world = World::new(json!([{"name": "day", "scope": "agent", "tokens": 1_000, "per": "day"}]));
    assert_eq!(alerts(&world), [Value::Null; 0]);
}

#[test]
fn golden_alert_of_an_account_and_of_dollars() {
    let mut world = World::new(json!([]));
    world.account = Some(json!({"usd": 0.01, "per": "total", "alert_at": ["1%"]}));
    let mut call = world.call("bot", "alone", 10);
    answer(&mut call, 1_000, 100);
    let expected = json!({
        "event": "budget_alert", "time": "2026-11-21T09:44:05.680Z", "provider": "openai-a", "threshold_percent": 1,
        "unit": "usd", "per": "total", "spent": 0.0028, "ceiling": 0.01,
    });
    assert_eq!(call.host.alerts, [expected]);
}

//! Thresholds that are told to the operator's webhook.

use provider_simulator::{Behaviour, Simulator};
use serde_json::json;

use super::{CALL, config};
use crate::harness::{CHAT, PATIENCE, TOKEN, until};

#[tokio::test]
async fn a_crossed_threshold_is_posted_once_and_a_post_that_fails_is_counted() {
    let (provider, hooks) = (
        Simulator::start("provider").await,
        Simulator::start("hooks").await,
    );
    hooks.then(vec![Behaviour::status(500)]);
    hooks.behave(Behaviour::body("{}"));
    let budgets = json!([{"name": "lab", "scope": "workspace", "tokens": 10_000, "per": "day", "alert_at": ["1%", "2%"]}]);
    let broker = config(&provider, budgets)
        .set(
            "alerts",
            json!({"webhook": format!("{}/budgets/alerts", hooks.url())}),
        )
        .broker()
        .concurrency(4)
        .start()
        .await;
    for n in 1..=20 {
        broker.post(CHAT, TOKEN, CALL).await.expect_status(200);
        broker.wait_for_records(n).await;
    }
    for outcome in ["ok", "failed"] {
        until(PATIENCE, outcome, async || {
            let posts = broker
                .metric("model_broker_alert_posts", &[("outcome", outcome)])
                .await;
            (posts > 0.0).then_some(())
        })
        .await;
    }
    let posted = hooks.received();
    let thresholds: Vec<_> = posted
        .iter()
        .map(|post| post.json()["threshold_percent"].as_u64())
        .collect();
    assert_eq!(thresholds, [Some(1), Some(2)]);
    let alert = posted[0].json();
    assert_eq!((&alert["budget"], &alert["of"]), (&json!("lab"), &json!("lab")));
    let told = posted[0]
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value)));
    let told: String = told.collect();
    assert!(!told.contains(TOKEN) && !told.contains("authorization"), "{told}");
}

//! An Envoy that ends loses its counters; the records of its calls do not.

use provider_simulator::Simulator;
use serde_json::{Value, json};

use super::{CALL, at_once, config, counted};
use crate::harness::{Broker, CHAT, Config, PATIENCE, Record, TOKEN, until};

/// Makes a call and gives its record; all calls before have theirs.
async fn next(broker: &Broker) -> Record {
    let made = broker.records().len();
    broker.post(CHAT, TOKEN, CALL).await;
    broker.wait_for_records(made + 1).await.remove(made)
}

fn status(record: &Record) -> u64 {
    record.count("llm.status")
}

fn day(tokens: u64) -> Value {
    json!([
        {"name": "day", "scope": "agent", "tokens": tokens, "per": "day", "alert_at": ["50%"]},
        {"name": "ever", "scope": "workspace", "tokens": 1_000_000, "per": "total"},
        {"name": "person", "scope": "end_user", "tokens": 1_000_000, "per": "month"},
    ])
}

fn left(record: &Record, budget: usize) -> u64 {
    let statement = &record.value("llm.budgets")[budget];
    statement["left"].as_u64().expect("what is left")
}

#[tokio::test]
async fn what_is_spent_stays_spent_when_the_broker_starts_again() {
    let provider = Simulator::start("provider").await;
    let mut broker = config(&provider, day(2_000))
        .broker()
        .concurrency(4)
        .start()
        .await;
    let statuses = at_once(&broker, (0..100).map(|_| CALL.to_owned())).await;
    broker.wait_for_records(statuses.len()).await;
    while status(&next(&broker).await) == 200 {}
    for _ in 0..2 {
        broker.restart().await;
        let denied = next(&broker).await;
        assert_eq!(status(&denied), 429);
        assert_eq!(left(&denied, 0), 2_000 - counted(&provider));
    }
    assert!(
        broker
            .output()
            .contains("broker carries over what 3 counters spent")
    );

    // Nothing is added again when the configuration changes, nor is it told again that half is spent.
    broker.rewrite_config(&config(&provider, day(50_000)).yaml());
    let record = until(PATIENCE, "the larger budget", async || {
        Some(next(&broker).await).filter(|record| status(record) == 200)
    })
    .await;
    assert_eq!(left(&record, 0), 50_000 - counted(&provider));
    assert_eq!(left(&record, 1), 1_000_000 - counted(&provider));
    assert_eq!(left(&record, 2), 1_000_000 - counted(&provider));
    let records = broker.records();
    let alerts = records
        .iter()
        .filter_map(|record| record.value("llm.budgets").get(0));
    assert_eq!(alerts.filter(|statement| statement["alert"] == 50).count(), 1);
}

#[tokio::test]
async fn an_accounts_bill_goes_on_too() {
    let provider = Simulator::start("provider").await;
    let mut broker = Config::new()
        .provider_with(
            "openai",
            &provider,
            json!({"budget": {"usd": 61, "per": "month"}}),
        )
        .single("fast", &provider, "a")
        .set("prices", json!({"a": {"input": 0, "output": 1_000_000}}))
        .broker()
        .start()
        .await;
    // Each may cost sixty dollars.
    assert_eq!(status(&next(&broker).await), 200);
    broker.restart().await;
    let denied = next(&broker).await;
    assert_eq!(status(&denied), 429);
    assert_eq!(denied.value("llm.excluded")[0]["reason"], "budget");
    assert_eq!(provider.count(), 1);
}

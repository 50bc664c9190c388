//! Metrics, as Prometheus reads them from Envoy.

use provider_simulator::{Behaviour, Simulator};

use crate::harness::{Broker, CHAT, Config, PATIENCE, TOKEN, until};

const CALL: &str = r#"{"model":"fast","messages":[{"role":"user","content":"hi"}]}"#;
const CALLS: &str = "model_broker_calls";

/// Waits until the metric has this value: metrics are merged from the worker threads now and then.
async fn expect(broker: &Broker, labels: &[(&str, &str)], expected: f64) {
    until(PATIENCE, &format!("{expected} calls of {labels:?}"), async || {
        let value = broker.metric(CALLS, labels).await;
        assert!(
            value <= expected,
            "{value} calls of {labels:?} and not {expected}"
        );
        ((value - expected).abs() < f64::EPSILON).then_some(())
    })
    .await;
}

#[tokio::test]
async fn calls_are_counted_by_agent_pool_provider_model_and_outcome() {
    let (first, second) = (Simulator::start("first").await, Simulator::start("second").await);
    let config = Config::failover("openai", &first, &second).agent("other", "lab", "token-of-other");
    let broker = Broker::start(&config).await;
    for _ in 0..5 {
        broker.post(CHAT, TOKEN, CALL).await.expect_status(200);
    }
    for _ in 0..3 {
        broker.post(CHAT, "token-of-other", CALL).await.expect_status(200);
    }
    first.behave(Behaviour::status(503));
    broker.post(CHAT, TOKEN, CALL).await.expect_status(200);

    expect(&broker, &[], 9.0).await;
    expect(&broker, &[("agent", "bot")], 6.0).await;
    expect(&broker, &[("agent", "other")], 3.0).await;
    expect(&broker, &[("pool", "pair")], 9.0).await;
    expect(
        &broker,
        &[("agent", "bot"), ("provider", "first"), ("model", "openai-first")],
        5.0,
    )
    .await;
    expect(
        &broker,
        &[
            ("agent", "bot"),
            ("provider", "second"),
            ("model", "openai-second"),
        ],
        1.0,
    )
    .await;
}

#[tokio::test]
async fn envoys_own_stats_are_there() {
    let provider = Simulator::start("account").await;
    let config = Config::new()
        .provider("openai", &provider)
        .single("fast", &provider, "m");
    let broker = config.broker().concurrency(1).start().await;
    assert_eq!(broker.stat("server.concurrency").await, Some(1.0));
    assert_eq!(
        broker
            .stat("cluster_manager.active_clusters")
            .await
            .map(|clusters| clusters >= 1.0),
        Some(true)
    );
}

#[tokio::test]
async fn outcomes_are_told_apart() {
    let provider = Simulator::start("account").await;
    let broker = Broker::start(
        &Config::new()
            .provider("openai", &provider)
            .single("fast", &provider, "m"),
    )
    .await;
    broker.post(CHAT, TOKEN, CALL).await.expect_status(200);
    broker
        .post(CHAT, TOKEN, CALL.replace("fast", "nobody-knows"))
        .await
        .expect_status(404);
    provider.behave(Behaviour::status(503));
    broker.post(CHAT, TOKEN, CALL).await.expect_status(503);
    expect(&broker, &[], 3.0).await;

    let page = broker.stats_prometheus().await;
    let mut outcomes: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with(CALLS))
        .filter_map(|line| {
            line.split_once("outcome=\"")?
                .1
                .split_once('"')
                .map(|(outcome, _)| outcome)
        })
        .collect();
    outcomes.sort_unstable();
    outcomes.dedup();
    assert_eq!(outcomes.len(), 3, "success, denial and failure: {outcomes:?}");
}

#[tokio::test]
async fn what_an_agent_invents_makes_no_series() {
    let provider = Simulator::start("account").await;
    let broker = Broker::start(
        &Config::new()
            .provider("openai", &provider)
            .single("fast", &provider, "m"),
    )
    .await;
    for number in 0..20 {
        broker
            .post(CHAT, TOKEN, CALL.replace("fast", &format!("invented-{number}")))
            .await
            .expect_status(404);
    }
    expect(&broker, &[], 20.0).await;
    assert!(!broker.stats_prometheus().await.contains("invented-"));
}

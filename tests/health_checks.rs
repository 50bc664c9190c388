//! Envoy's own health checks of an account.

use provider_simulator::Simulator;
use reqwest::Method;
use serde_json::json;

use crate::harness::{Broker, CHAT, Config, PATIENCE, TOKEN, key_of, until};

const CALL: &str = r#"{"model":"fast","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;

/// An account that Envoy checks ten times a second, and one that takes over.
async fn checked(status: u16) -> (Simulator, Simulator, Broker) {
    let (first, second) = (Simulator::start("first").await, Simulator::start("second").await);
    first.set_health(status);
    let check = json!({
        "path": "/health", "interval": "100ms", "timeout": "1s", "unhealthy_after": 2, "healthy_after": 2,
    });
    let further = json!({"health_check": check, "circuit_breaker": {"window": "1s", "recovery": "1s"}});
    let members = json!([
        {"provider": "first", "model": "a", "priority": 0}, {"provider": "second", "model": "b", "priority": 1},
    ]);
    let config = Config::new()
        .provider_with("openai-compatible", &first, further)
        .provider("openai", &second)
        .pool("pair", json!({"members": members}))
        .model("fast", "pair");
    // One worker: workers hear of what the checks found one after the other.
    let broker = config.broker().concurrency(1).start().await;
    (first, second, broker)
}

/// Makes calls until this account answers, and tells how many that took.
async fn answered_by(broker: &Broker, account: &str) -> usize {
    let mut calls = 0;
    until(PATIENCE, &format!("an answer of {account}"), async || {
        calls += 1;
        let answer = broker.post(CHAT, TOKEN, CALL).await;
        (answer.expect_status(200).said() == format!("Hello from {account}.")).then_some(())
    })
    .await;
    calls
}

#[tokio::test]
async fn a_call_goes_on_to_the_next_account_when_a_check_has_failed() {
    let (first, second, broker) = checked(200).await;
    broker.post(CHAT, TOKEN, CALL).await.expect_status(200);
    assert_eq!((first.count(), second.count()), (1, 0));

    first.set_health(503);
    let made = answered_by(&broker, "second: b").await;
    first.clear();
    let answer = broker.post(CHAT, TOKEN, CALL).await;
    assert_eq!(answer.expect_status(200).said(), "Hello from second: b.");
    assert_eq!(first.count(), 0, "the account itself is not asked");
    let record = broker.wait_for_records(made + 2).await.pop().expect("a record");
    let attempts = record.value("llm.attempts");
    let statuses: Vec<_> = attempts
        .as_array()
        .expect("attempts")
        .iter()
        .map(|attempt| (&attempt["provider"], &attempt["status"]))
        .collect();
    assert_eq!(
        statuses,
        [
            (&json!("first"), &json!("unhealthy")),
            (&json!("second"), &json!(200))
        ]
    );

    first.set_health(200);
    // Once what the checks cost is forgotten too, the account comes first again.
    answered_by(&broker, "first: a").await;
}

#[tokio::test]
async fn an_account_whose_checks_fail_from_the_beginning_loses_no_call() {
    let (first, second, broker) = checked(503).await;
    for _ in 0..8 {
        broker.post(CHAT, TOKEN, CALL).await.expect_status(200);
    }
    assert_eq!((first.count(), second.count()), (0, 8));
    let status = broker.status(Method::GET, "/status.json").await.json();
    let standing = &status["pools"][0]["members"][0]["standing"];
    assert_eq!(
        standing, "deprioritised",
        "what the checks found counts as failures of the account: {status}"
    );
}

#[tokio::test]
async fn if_the_only_account_is_known_to_be_unwell_the_agent_is_told_at_once() {
    let account = Simulator::start("account").await;
    account.set_health(500);
    let check = json!({"health_check": {"path": "/health", "interval": "100ms"}});
    let config = Config::new()
        .provider_with("openai-compatible", &account, check)
        .single("fast", &account, "m");
    let broker = Broker::start(&config).await;
    let answer = broker.post(CHAT, TOKEN, CALL).await;
    assert_eq!(
        answer.expect_status(503).json()["error"]["code"],
        "upstream_unavailable"
    );
    assert_eq!(account.count(), 0);
}

#[tokio::test]
async fn a_check_carries_the_accounts_name_and_no_key() {
    let (first, _second, broker) = checked(200).await;
    broker.post(CHAT, TOKEN, CALL).await.expect_status(200);
    let checks = until(PATIENCE, "checks", async || {
        Some(first.checks()).filter(|checks| checks.len() > 1)
    })
    .await;
    for check in checks {
        assert_eq!((check.method.as_str(), check.path.as_str()), ("GET", "/health"));
        assert_eq!(check.header("host"), Some(first.address().to_string().as_str()));
        assert_eq!(check.header("authorization"), None);
        assert!(!check.contains(&key_of("first")));
    }
    let records = broker.wait_for_records(1).await;
    assert_eq!(records.len(), 1, "a check is no call");
    assert_eq!(records[0].value("llm.outcome"), "ok");
}

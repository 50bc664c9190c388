//! Broker tokens that rotate and expire.

use provider_simulator::Simulator;
use serde_json::{Value, json};

use super::{CALL, config, expect_refused};
use crate::harness::{Broker, CHAT, PATIENCE, sha256_hex, until};

/// An agent with these tokens.
fn agent(tokens: &Value) -> Value {
    json!([{"name": "bot", "workspace": "lab", "token_sha256": tokens}])
}

fn token(text: &str, expires: &str) -> Value {
    json!({"sha256": sha256_hex(text), "expires": expires})
}

#[tokio::test]
async fn a_token_rotates_without_a_gap() {
    let provider = Simulator::start("account").await;
    let config = config(&provider, json!({"tokens": true}));
    let old_alone = config.clone().set("agents", agent(&json!(sha256_hex("old"))));
    let both = agent(&json!([token("old", "2099-01-01T00:00:00Z"), sha256_hex("new")]));
    let both = config.clone().set("agents", both);
    let past = agent(&json!([
        token("old", "2020-01-01T00:00:00+02:00"),
        sha256_hex("new")
    ]));
    let past = config.set("agents", past);

    let broker = Broker::start(&old_alone).await;
    let status = async |token: &str| broker.post(CHAT, token, CALL).await.status;
    assert_eq!((status("old").await, status("new").await), (200, 401));
    broker.rewrite_config(&both.yaml());
    until(PATIENCE, "the new token", async || {
        assert_eq!(status("old").await, 200);
        (status("new").await == 200).then_some(())
    })
    .await;
    broker.rewrite_config(&past.yaml());
    until(PATIENCE, "the end of the old token", async || {
        assert_eq!(status("new").await, 200);
        (status("old").await == 401).then_some(())
    })
    .await;
    let refused = broker.post(CHAT, "old", CALL).await;
    expect_refused(&refused, "invalid_api_key");
    let unknown = broker.post(CHAT, "never-known", CALL).await;
    assert_eq!(refused.json()["error"], unknown.json()["error"]);
    assert!(
        broker
            .output()
            .contains("agents[0].token_sha256[0]: expired at 2019-12-31T22:00:00.000Z"),
        "{}",
        broker.output()
    );
}

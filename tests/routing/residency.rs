//! Calls that may not leave a region.

use provider_simulator::{Behaviour, Simulator};
use serde_json::{Value, json};

use super::{HI, last_record, member};
use crate::harness::{Broker, CHAT, Config, MESSAGES, TOKEN};

/// Accounts of three regions, the allowed one in the middle, twice; `resident` may not leave it.
async fn residency() -> ([Simulator; 4], Broker) {
    let accounts = [
        Simulator::start("us").await,
        Simulator::start("eu-1").await,
        Simulator::start("unplaced").await,
        Simulator::start("eu-2").await,
    ];
    let [us, eu_1, unplaced, eu_2] = &accounts;
    let members: Vec<Value> = accounts
        .iter()
        .enumerate()
        .map(|(priority, account)| member(account, "m", json!({"priority": priority})))
        .collect();
    let config = Config::new()
        .provider_with("openai", us, json!({"region": "us"}))
        .provider_with("openai", eu_1, json!({"region": "eu"}))
        .provider("openai", unplaced)
        .provider_with("openai", eu_2, json!({"region": "eu"}))
        .pool("all", json!({"failover": "up to 10", "members": members}))
        .pool(
            "abroad",
            json!({"members": [member(us, "m", json!({})), member(unplaced, "m", json!({}))]}),
        )
        .model("fast", "all")
        .model("abroad", "abroad")
        .set("tenants", json!([{"name": "acme", "regions": ["eu"]}]))
        .set(
            "workspaces",
            json!([{"name": "lab"}, {"name": "vault", "tenant": "acme"}]),
        )
        .agent("resident", "vault", "token-of-resident");
    let broker = Broker::start(&config).await;
    (accounts, broker)
}

#[tokio::test]
async fn no_attempt_leaves_the_regions_of_a_tenant() {
    let (accounts, broker) = residency().await;
    let [us, eu_1, unplaced, eu_2] = &accounts;
    let body = format!(r#"{{"model":"fast","messages":[{HI}]}}"#);
    eu_1.behave(Behaviour::status(503));
    let answer = broker.post(CHAT, "token-of-resident", body.as_str()).await;
    assert_eq!(answer.expect_status(200).said(), "Hello from eu-2: m.");
    let record = last_record(&broker, 1).await;
    assert_eq!(record.text("llm.region"), "eu");
    assert_eq!(
        *record.value("llm.excluded"),
        json!([
            {"provider": "us", "model": "m", "reason": "region"},
            {"provider": "unplaced", "model": "m", "reason": "region"},
        ])
    );
    eu_2.behave(Behaviour::status(503));
    eu_1.behave(Behaviour::status(503));
    let answer = broker.post(CHAT, "token-of-resident", body.as_str()).await;
    answer.expect_status(503);
    assert_eq!(last_record(&broker, 2).await.attempts().len(), 2);
    assert_eq!((us.count(), unplaced.count()), (0, 0));
    // Others go where they went.
    let answer = broker.post(CHAT, TOKEN, body).await;
    assert_eq!(answer.expect_status(200).said(), "Hello from us: m.");
}

#[tokio::test]
async fn a_call_for_which_no_region_is_left_fails_closed() {
    let (accounts, broker) = residency().await;
    let body = format!(r#"{{"model":"abroad","max_tokens":9,"messages":[{HI}]}}"#);
    for (index, path) in [CHAT, MESSAGES].into_iter().enumerate() {
        let answer = broker.post(path, "token-of-resident", body.as_str()).await;
        let error = answer.expect_status(403).json()["error"].clone();
        assert_eq!(error["type"], "permission_error");
        assert!(error.to_string().contains("region_not_allowed"), "{error}");
        let record = last_record(&broker, index + 1).await;
        assert_eq!(
            (record.text("llm.decision"), record.text("llm.reason")),
            ("deny", "region_not_allowed")
        );
        assert_eq!(record.value("llm.excluded").as_array().map(Vec::len), Some(2));
    }
    assert!(accounts.iter().all(|account| account.count() == 0));
}

//! The person behind an agent: in the record, and nowhere else.

use provider_simulator::Simulator;
use serde_json::{Value, json};

use super::config;
use crate::harness::{Answer, Broker, CHAT, TOKEN};

fn call(further: &Value) -> String {
    let mut call = json!({"model": "fast", "messages": [{"role": "user", "content": "hi"}]});
    let members = further.as_object().expect("an object").clone();
    call.as_object_mut().expect("an object").extend(members);
    call.to_string()
}

#[tokio::test]
async fn the_person_behind_an_agent_is_recorded_as_the_call_names_it() {
    let provider = Simulator::start("account").await;
    let broker = Broker::start(&config(&provider, json!({}))).await;
    let calls = [
        (json!({"user": "u-1"}), None),
        (json!({"safety_identifier": "s-1", "user": "u-1"}), None),
        (json!({"metadata": {"user_id": "m-1"}}), None),
        (json!({"user": "u-1"}), Some("h-1")),
        (json!({"user": 7, "metadata": {"user_id": null}}), None),
    ];
    for (further, header) in &calls {
        let mut request = broker.call(CHAT, TOKEN, call(further));
        if let Some(header) = header {
            request = request.header("x-broker-user", *header);
        }
        Answer::of(request).await.expect_status(200);
    }
    let records = broker.wait_for_records(calls.len()).await;
    let users: Vec<_> = records
        .iter()
        .map(|record| record.has("llm.user").then(|| record.text("llm.user")))
        .collect();
    assert_eq!(users, [Some("u-1"), Some("s-1"), Some("m-1"), Some("h-1"), None]);
    for request in provider.received() {
        assert!(!request.contains("h-1"), "the header goes to no provider");
    }
    assert!(!broker.stats_prometheus().await.contains("u-1"));
}

#[tokio::test]
async fn the_person_may_be_left_out_or_hashed() {
    let provider = Simulator::start("account").await;
    for (identity, expected) in [
        (json!({"record_user": false}), None),
        (json!({"record_user": "hash"}), Some("a24a7f55f278dd49")),
    ] {
        let broker = Broker::start(&config(&provider, identity)).await;
        let body = call(&json!({"user": "u-1"}));
        broker.post(CHAT, TOKEN, body).await.expect_status(200);
        let records = broker.wait_for_records(1).await;
        let user = records[0].has("llm.user").then(|| records[0].text("llm.user"));
        assert_eq!(user, expected);
        assert!(!broker.access_log().contains("u-1"));
    }
}

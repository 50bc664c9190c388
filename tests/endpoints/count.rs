//! `POST /v1/messages/count_tokens`.

use provider_simulator::{Behaviour, Cut, Simulator, Vendor};
use serde_json::{Value, json};

use super::{accounts, both, only, record};
use crate::harness::{Answer, Broker, Config, TOKEN};

mod own;

const PATH: &str = "/v1/messages/count_tokens?beta=true";

fn body(model: &str) -> Value {
    let question = "How many tokens has this text, which is long enough to be counted? ".repeat(20);
    json!({"model": model, "system": "Be brief.", "messages": [{"role": "user", "content": question}]})
}

async fn count(broker: &Broker, model: &str) -> Answer {
    broker.post(PATH, TOKEN, body(model).to_string()).await
}

#[tokio::test]
async fn a_provider_that_counts_is_asked_for_nothing_else() {
    let (openai, anthropic) = accounts().await;
    let config = both(&openai, &anthropic)
        .single("claude", &anthropic, "claude-sonnet-4-6")
        .set(
            "budgets",
            json!([{"name": "day", "scope": "agent", "tokens": 1, "per": "day"}]),
        );
    let broker = Broker::start(&config).await;
    for _ in 0..2 {
        let answer = count(&broker, "claude").await;
        let expected = body("claude-sonnet-4-6").to_string().len().div_ceil(4);
        assert_eq!(
            answer.expect_status(200).json(),
            json!({"input_tokens": expected})
        );
        assert_eq!(answer.header("x-broker-estimated"), None);
    }
    assert_eq!(anthropic.received()[0].json(), body("claude-sonnet-4-6"));
    assert_eq!(anthropic.received()[0].path, "/v1/messages/count_tokens");
    let record = record(&broker, 2).await;
    assert_eq!(record.text("llm.api"), "anthropic.count_tokens");
    assert!(record.number("llm.cost.usd") < f64::EPSILON);
    assert_eq!(openai.count(), 0);
}

#[tokio::test]
async fn where_nobody_counts_the_estimate_is_given_and_labelled() {
    let mistral = Simulator::start_as(Vendor::Mistral, "mistral").await;
    let config =
        Config::new()
            .provider("mistral", &mistral)
            .single("mistral", &mistral, "mistral-small-2506");
    let broker = Broker::start(&config).await;
    let answer = count(&broker, "mistral").await;
    let tokens = answer.expect_status(200).json()["input_tokens"].as_u64().unwrap();
    assert!((150..600).contains(&tokens), "{tokens}");
    assert_eq!(answer.header("x-broker-estimated"), Some("true"));
    assert!(answer.header("request-id").is_some());
    assert_eq!(mistral.count(), 0);
    let record = record(&broker, 1).await;
    assert_eq!(
        (record.text("llm.usage"), record.text("llm.outcome")),
        ("estimated", "ok")
    );
}

#[tokio::test]
async fn who_fails_to_count_is_followed_by_the_next_and_then_by_the_estimate() {
    let (openai, anthropic) = accounts().await;
    let second = Simulator::start("second").await;
    let mistral = Simulator::start_as(Vendor::Mistral, "mistral").await;
    let members = json!([
        {"provider": "anthropic", "model": "claude-sonnet-4-6", "priority": 0},
        {"provider": "second", "model": "claude-sonnet-4-6", "priority": 1},
        {"provider": "mistral", "model": "mistral-small-2506", "priority": 2},
    ]);
    let config = both(&openai, &anthropic)
        .provider("anthropic", &second)
        .provider("mistral", &mistral)
        .pool("all", json!({"members": members}))
        .model("any", "all");
    let broker = Broker::start(&config).await;
    anthropic.behave(Behaviour::status(529));
    let counted = count(&broker, "any").await;
    assert_eq!(counted.expect_status(200).header("x-broker-estimated"), None);
    second.behave(Behaviour::Reset { how: Cut::Reset });
    let estimated = count(&broker, "any").await;
    assert_eq!(
        estimated.expect_status(200).header("x-broker-estimated"),
        Some("true")
    );
    assert!(estimated.json()["input_tokens"].as_u64().unwrap() > 100);
    assert_eq!(mistral.count(), 0);
    let record = record(&broker, 2).await;
    assert_eq!(record.text("llm.usage"), "estimated");
    assert_eq!(record.text("llm.outcome"), "ok", "{record:?}");
}

#[tokio::test]
async fn a_call_that_is_wrong_is_the_providers_to_refuse_and_who_may_not_ask_gets_no_estimate() {
    let (openai, anthropic) = accounts().await;
    let permit = r#"permit(principal, action, resource in Model::"claude");"#;
    let config = both(&openai, &anthropic)
        .single("claude", &anthropic, "claude-sonnet-4-6")
        .single("gpt", &openai, "gpt-5-mini")
        .set("policies", json!(permit));
    let broker = Broker::start(&config).await;
    let mut wrong = body("claude");
    wrong["max_tokens"] = json!(5);
    let answer = broker.post(PATH, TOKEN, wrong.to_string()).await;
    let told = answer.expect_status(400).json();
    assert_eq!(
        told["error"]["message"],
        "max_tokens: Extra inputs are not permitted"
    );
    assert!(!only(&anthropic).contains("\"claude\""));
    count(&broker, "gpt").await.expect_status(403);
    count(&broker, "nope").await.expect_status(404);
    let refused = broker.post(PATH, TOKEN, "[]").await;
    assert_eq!(
        refused.expect_status(400).json()["error"]["type"],
        "invalid_request_error"
    );
}

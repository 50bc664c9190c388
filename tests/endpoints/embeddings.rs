//! `POST /v1/embeddings`.

use provider_simulator::{Behaviour, Simulator};
use serde_json::json;

use super::{accounts, both, code, only, record};
use crate::harness::{Broker, Config, TOKEN};

mod kinds;

const PATH: &str = "/v1/embeddings";

#[tokio::test]
async fn a_call_differs_in_its_model_and_its_vectors_come_as_they_are() {
    let (openai, anthropic) = accounts().await;
    let config = both(&openai, &anthropic).single("vectors", &openai, "text-embedding-3-small");
    let broker = Broker::start(&config).await;
    let body =
        r#"{ "input":["a text","another"], "model":"vectors", "encoding_format":"base64","user":"u-1"}"#;
    let answer = broker.post(PATH, TOKEN, body).await;
    let given = answer.expect_status(200).json();
    assert_eq!(given["data"][1]["embedding"], "AABgPwAAAD8AAIC+");
    let received = only(&openai);
    assert_eq!(received.text(), body.replace("vectors", "text-embedding-3-small"));
    assert_eq!((received.path.as_str(), received.method.as_str()), (PATH, "POST"));
    let record = record(&broker, 1).await;
    assert_eq!(record.text("llm.api"), "openai.embeddings");
    assert_eq!(record.text("llm.model.response"), "text-embedding-3-small");
    let tokens = given["usage"]["prompt_tokens"].as_u64().unwrap();
    assert_eq!(
        (
            record.count("llm.tokens.input"),
            record.count("llm.tokens.output")
        ),
        (tokens, 0)
    );
    assert!(record.has("llm.cost.usd"), "{record:?}");
}

#[tokio::test]
async fn who_fails_is_followed_by_the_next_and_who_cannot_embed_is_left_out() {
    let (openai, anthropic) = accounts().await;
    let second = Simulator::start("second").await;
    let members = json!([
        {"provider": "anthropic", "model": "claude-sonnet-4-6", "priority": 0},
        {"provider": "openai", "model": "text-embedding-3-large", "priority": 1},
        {"provider": "second", "model": "bge-m3", "priority": 2},
    ]);
    let config = both(&openai, &anthropic)
        .provider("openai-compatible", &second)
        .pool("all", json!({"members": members}))
        .model("vectors", "all");
    let broker = Broker::start(&config).await;
    openai.behave(Behaviour::status(503));
    let answer = broker
        .post(PATH, TOKEN, r#"{"input":[1,2,3],"model":"vectors"}"#)
        .await;
    assert_eq!(
        answer.expect_status(200).json()["data"][0]["embedding"],
        json!([0.375, 0.5, -0.25])
    );
    assert_eq!(anthropic.count(), 0);
    assert_eq!(
        second.received()[0].json(),
        json!({"input": [1, 2, 3], "model": "bge-m3"})
    );
    let record = record(&broker, 1).await;
    let ways = [
        ("openai".to_owned(), "503".to_owned()),
        ("second".to_owned(), "200".to_owned()),
    ];
    assert_eq!(record.ways(), ways);
    assert_eq!(record.value("llm.excluded")[0]["reason"], "lacks_embeddings");
}

#[tokio::test]
async fn what_cannot_be_embedded_is_refused_with_its_reason() {
    let (openai, anthropic) = accounts().await;
    let config = both(&openai, &anthropic)
        .single("claude", &anthropic, "claude-sonnet-4-6")
        .single("vectors", &openai, "text-embedding-3-small")
        .set(
            "rules",
            json!([{"name": "nobody", "match": {"step": "x"}, "pool": "claude"}]),
        );
    let broker = Broker::start(&config).await;
    for (body, status, expected) in [
        (r#"{"model":"claude","input":"a"}"#, 400, "lacks_embeddings"),
        (r#"{"model":"nope","input":"a"}"#, 404, "model_not_found"),
        (r#"{"model":"vectors"}"#, 400, "invalid_request"),
        (r#"{"model":"vectors","input":{}}"#, 400, "invalid_request"),
        (r#"{"model":"vectors","input":"a""#, 400, "invalid_request"),
        ("", 400, "invalid_request"),
    ] {
        let answer = broker.post(PATH, TOKEN, body).await;
        assert_eq!(code(&answer.expect_status(status).json()), expected, "{body}");
    }
    let told = broker
        .post(PATH, TOKEN, r#"{"model":"vectors","input":"a","top_k":1}"#)
        .await;
    let message = told.expect_status(400).json()["error"]["message"].clone();
    assert_eq!(message, "Unrecognized request argument supplied: top_k");
    assert_eq!(anthropic.count(), 0);
    broker.post(PATH, "wrong", "{}").await.expect_status(401);
}

#[tokio::test]
async fn who_is_not_permitted_embeds_nothing_and_budgets_count() {
    let openai = Simulator::start("openai").await;
    let permit = r#"permit(principal, action == Action::"invoke", resource in Model::"open");"#;
    let config = Config::new()
        .provider("openai", &openai)
        .single("open", &openai, "text-embedding-3-small")
        .single("closed", &openai, "text-embedding-3-large")
        .set("policies", json!(permit))
        .set(
            "budgets",
            json!([{"name": "day", "scope": "agent", "tokens": 30, "per": "day"}]),
        );
    let broker = Broker::start(&config).await;
    let refused = broker
        .post(PATH, TOKEN, r#"{"model":"closed","input":"a"}"#)
        .await;
    assert_eq!(code(&refused.expect_status(403).json()), "policy_denied");
    let text = "a text of some words. ".repeat(4);
    let body = json!({"model": "open", "input": text}).to_string();
    broker.post(PATH, TOKEN, body.clone()).await.expect_status(200);
    let spent = broker.post(PATH, TOKEN, body).await;
    assert_eq!(spent.status, 429, "{}", spent.text());
    assert_eq!(openai.count(), 1);
}

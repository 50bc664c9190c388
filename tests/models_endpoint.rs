//! `GET /v1/models`: what an agent may ask for, in either vendor's shape.

use provider_simulator::Simulator;
use reqwest::Method;
use serde_json::Value;

use crate::harness::{Answer, Broker, Config, TOKEN};

const PATH: &str = "/v1/models";

async fn broker() -> (Simulator, Broker) {
    let provider = Simulator::start("account").await;
    let config = Config::new()
        .provider("openai", &provider)
        .single("fast", &provider, "up-1")
        .single("smart", &provider, "up-2");
    let broker = Broker::start(&config).await;
    (provider, broker)
}

fn ids(list: &Value) -> Vec<&str> {
    let mut ids: Vec<&str> = list["data"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|model| model["id"].as_str())
        .collect();
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn the_list_has_openais_shape() {
    let (provider, broker) = broker().await;
    let answer = Answer::of(broker.request(Method::GET, PATH).bearer_auth(TOKEN)).await;
    let list = answer.expect_status(200).json();
    assert_eq!(list["object"], "list");
    assert_eq!(ids(&list), ["fast", "smart"]);
    for model in list["data"].as_array().unwrap() {
        assert_eq!(model["object"], "model");
        assert!(
            model["created"].is_u64() && model["owned_by"].is_string(),
            "{model}"
        );
    }
    assert_eq!(provider.count(), 0, "no provider is asked");
}

#[tokio::test]
async fn the_list_has_anthropics_shape_for_who_sends_its_version() {
    let (_provider, broker) = broker().await;
    let call = broker
        .request(Method::GET, PATH)
        .header("x-api-key", TOKEN)
        .header("anthropic-version", "2023-06-01");
    let list = Answer::of(call).await.expect_status(200).json();
    assert_eq!(ids(&list), ["fast", "smart"]);
    assert_eq!(list["has_more"], false);
    assert_eq!(list["first_id"], list["data"][0]["id"]);
    assert_eq!(list["last_id"], list["data"][1]["id"]);
    for model in list["data"].as_array().unwrap() {
        assert_eq!(model["type"], "model");
        assert!(
            model["display_name"].is_string() && model["created_at"].is_string(),
            "{model}"
        );
    }
}

#[tokio::test]
async fn the_list_is_for_agents_only_and_recorded() {
    let (_provider, broker) = broker().await;
    Answer::of(broker.request(Method::GET, PATH))
        .await
        .expect_status(401);
    Answer::of(broker.request(Method::GET, PATH).bearer_auth("wrong"))
        .await
        .expect_status(401);
    Answer::of(broker.request(Method::GET, PATH).bearer_auth(TOKEN))
        .await
        .expect_status(200);
    Answer::of(broker.request(Method::POST, PATH).bearer_auth(TOKEN).body("{}"))
        .await
        .expect_status(405);
    let records = broker.wait_for_records(4).await;
    assert_eq!(records[2].text("llm.api"), "models");
    assert_eq!(records[2].text("llm.agent"), "bot");
    assert_eq!(records[0].text("llm.decision"), "deny");
}

#[tokio::test]
async fn one_model_is_shown_in_either_shape_and_only_to_who_may_ask_for_it() {
    let provider = Simulator::start("account").await;
    let config = Config::new()
        .provider("openai", &provider)
        .single("open", &provider, "up-1")
        .model("meta/llama:70b", "open")
        .single("hidden", &provider, "up-2")
        .set(
            "policies",
            serde_json::json!(r#"permit(principal, action, resource in Model::"meta/llama:70b");"#),
        );
    let broker = Broker::start(&config).await;
    let ask = |id: &str| {
        broker
            .request(Method::GET, &format!("{PATH}/{id}"))
            .bearer_auth(TOKEN)
    };
    for id in ["meta/llama:70b", "meta%2Fllama%3A70b"] {
        let model = Answer::of(ask(id)).await.expect_status(200).json();
        assert_eq!(
            (&model["id"], &model["object"]),
            (&"meta/llama:70b".into(), &"model".into())
        );
        let call = ask(id).header("anthropic-version", "2023-06-01");
        let model = Answer::of(call).await.expect_status(200).json();
        assert_eq!(
            (&model["id"], &model["type"]),
            (&"meta/llama:70b".into(), &"model".into())
        );
    }
    let told = |answer: Answer| {
        let error = answer.expect_status(404).json()["error"].clone();
        error.to_string().replace("hidden", "nothing")
    };
    let (hidden, nothing) = (Answer::of(ask("hidden")).await, Answer::of(ask("nothing")).await);
    assert_eq!(told(hidden), told(nothing));
    let call = ask("hidden").header("anthropic-version", "2023-06-01");
    let error = Answer::of(call).await.expect_status(404).json();
    assert_eq!(error["error"]["type"], "not_found_error");
    let call = broker.request(Method::DELETE, &format!("{PATH}/hidden"));
    Answer::of(call.bearer_auth(TOKEN)).await.expect_status(405);
    assert_eq!(provider.count(), 0, "no provider is asked");
}

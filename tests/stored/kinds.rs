//! Which kinds of providers keep responses.

use provider_simulator::{Answer as Told, Behaviour, Simulator, Vendor};
use reqwest::Method;
use serde_json::{Value, json};

use super::{ask, path_of, turn};
use crate::harness::{Broker, Config, RESPONSES, TOKEN};

#[tokio::test]
async fn azure_keeps_responses_too_and_others_do_not() {
    let azure = Simulator::start_as(Vendor::Azure, "azure").await;
    let anthropic = Simulator::start_as(Vendor::Anthropic, "anthropic").await;
    let members = json!([
        {"provider": "azure", "model": "gpt-4o"},
        {"provider": "anthropic", "model": "claude-sonnet-4-5", "priority": 1},
    ]);
    let config = Config::new()
        .provider("azure-openai", &azure)
        .provider("anthropic", &anthropic)
        .pool("mixed", json!({"members": members}))
        .model("gpt", "mixed");
    let broker = Broker::start(&config).await;
    let first = turn(&broker, "hi", &Value::Null, true).await;
    let second = turn(&broker, "and?", &first["id"], false).await;
    let read = ask(&broker, TOKEN, Method::GET, &path_of(&second)).await;
    assert_eq!(read.expect_status(200).json(), second);
    assert_eq!(azure.received()[2].path, "/openai/v1/responses/resp_azure_2");

    azure.behave(Behaviour::status(503));
    let from_anthropic = turn(&broker, "hi", &Value::Null, false).await;
    assert_eq!(from_anthropic["store"], false);
    azure.behave(Told::default());
    let body = json!({"model": "gpt", "input": "and?", "previous_response_id": from_anthropic["id"]});
    let answer = broker.post(RESPONSES, TOKEN, body.to_string()).await;
    let error = answer.expect_status(400).json()["error"].clone();
    assert_eq!(error["param"], "previous_response_id");
    assert_eq!((azure.count(), anthropic.count()), (4, 1));
}

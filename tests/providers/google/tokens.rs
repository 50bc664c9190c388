//! Access tokens that Envoy fetches: they reach the account whose they are, and nobody else.

use provider_simulator::{Behaviour, Simulator, Vendor};
use serde_json::{Value, json};

use super::{call, place};
use crate::harness::{Broker, CHAT, Config, PATIENCE, TOKEN, until};

const ACCESS: &str = "ya29.access-token-of-the-service-account";
const CLIENT_SECRET: &str = "secret-of-the-client";

async fn token_server() -> Simulator {
    let server = Simulator::start("token-server").await;
    let token = json!({"access_token": ACCESS, "expires_in": 3_599, "token_type": "Bearer"});
    server.behave(Behaviour::body(token.to_string()));
    server
}

/// A broker whose model is Vertex AI's, with the tokens of this metadata server, and OpenAI's where that fails.
async fn broker(metadata: &Simulator, vertex: &Simulator, openai: &Simulator) -> Broker {
    let mut further = place();
    further["credential"] = json!({"gcp": {"metadata": metadata.url()}});
    let members = json!([
        {"provider": "vertex", "model": "gemini-2.5-pro", "priority": 0},
        {"provider": "openai", "model": "gpt-4o", "priority": 1},
    ]);
    let config = Config::new()
        .provider_with("vertex", vertex, further)
        .provider("openai", openai)
        .pool("pair", json!({"members": members}))
        .model("pair", "pair");
    Broker::start(&config).await
}

#[tokio::test]
async fn a_service_accounts_token_reaches_vertex_and_nobody_else() {
    let metadata = token_server().await;
    let vertex = Simulator::start_as(Vendor::Vertex, "vertex").await;
    let openai = Simulator::start_as(Vendor::OpenAi, "openai").await;
    vertex.require("authorization", &format!("Bearer {ACCESS}"));
    let broker = broker(&metadata, &vertex, &openai).await;
    for _ in 0..3 {
        let answer = broker
            .post(CHAT, TOKEN, call("pair", "say: hello", false).to_string())
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.said(), "hello");
    }
    assert_eq!((vertex.count(), openai.count()), (3, 0));
    let asked = metadata.received();
    assert_eq!(asked[0].header("metadata-flavor"), Some("Google"));
    assert!(
        asked[0]
            .path
            .starts_with("/computeMetadata/v1/instance/service-accounts/default/token"),
        "{}",
        asked[0].path
    );
    assert!(asked[0].path.contains("cloud-platform"), "{}", asked[0].path);
    assert!(!asked.iter().any(|request| request.contains(TOKEN)));
    assert!(asked.len() < 3, "a token is kept while it holds: {}", asked.len());

    vertex.behave(Behaviour::status(503));
    broker
        .post(CHAT, TOKEN, call("pair", "say: hello", false).to_string())
        .await
        .expect_status(200);
    assert!(!openai.received()[0].contains(ACCESS));
}

#[tokio::test]
async fn without_a_token_the_call_goes_elsewhere() {
    let metadata = Simulator::start("metadata").await;
    metadata.behave(Behaviour::status(404));
    let vertex = Simulator::start_as(Vendor::Vertex, "vertex").await;
    let openai = Simulator::start_as(Vendor::OpenAi, "openai").await;
    let broker = broker(&metadata, &vertex, &openai).await;
    let answer = broker
        .post(CHAT, TOKEN, call("pair", "say: hello", false).to_string())
        .await;
    assert_eq!((answer.status, answer.said().as_str()), (200, "hello"));
    assert_eq!(openai.count(), 1);
    assert!(
        vertex
            .received()
            .iter()
            .all(|request| request.header("authorization").is_none())
    );
}

#[tokio::test]
async fn a_token_by_client_credentials_reaches_its_account_and_the_secret_only_the_token_server() {
    let server = token_server().await;
    let account = Simulator::start_as(Vendor::Compatible, "account").await;
    account.require("authorization", &format!("Bearer {ACCESS}"));
    let credential: Value = json!({"oauth2": {
        "token_endpoint": format!("{}/token", server.url()), "client_id": "broker",
        "client_secret": {"env": "CLIENT_SECRET"}, "scopes": ["models"], "send_secret": "body",
    }});
    let config = Config::new()
        .provider_with("openai-compatible", &account, json!({"credential": credential}))
        .single("local", &account, "llama");
    let broker = config.broker().env("CLIENT_SECRET", CLIENT_SECRET).start().await;
    // Envoy fetches the token on its own; until it is there, it answers in the account's place.
    until(PATIENCE, "a token", async || {
        let answer = broker
            .post(CHAT, TOKEN, call("local", "say: hello", false).to_string())
            .await;
        (answer.status == 200).then(|| answer.said())
    })
    .await;
    let asked = &server.received()[0];
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/token"));
    assert!(
        asked.contains("grant_type=client_credentials") && asked.contains(CLIENT_SECRET),
        "{}",
        asked.text()
    );
    assert!(!asked.contains(TOKEN));
    assert!(
        account
            .received()
            .iter()
            .all(|request| !request.contains(CLIENT_SECRET) && !request.contains(TOKEN))
    );
}

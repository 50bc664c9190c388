//! Calls whose provider speaks the caller's dialect: nothing is touched but what must be.

use provider_simulator::Simulator;
use serde_json::json;

use crate::harness::{Broker, CHAT, Config, MESSAGES, TOKEN, sha256_hex};

mod streams;

/// A body no serialiser would write, and that must arrive as it is: spacing, key order, numbers of any size and form,
/// escapes and their plain characters, fields nobody knows, and the model's name where it is not the model.
const ODD: &str = r#"{ "zz" : null,"messages":[ {"role":"user","content":"h\u00e9 日本 🎉 \ud83c\udf89 \"model\":\"fast\" \/ " } ],
	"seed":12345678901234567890, "temperature":1.0e0,"x":-0.0,"max_tokens" :  100,"metadata":{"model":"fast","b":1,"a":[ 1 ,2]},
  "model"  :  "fast" , "unknown_field":{"é":"\u0000"}  }
"#;

/// The odd body as the provider must see it.
fn odd_upstream() -> String {
    ODD.replacen(r#""model"  :  "fast""#, r#""model"  :  "up-model""#, 1)
}

async fn broker(kind: &str) -> (Simulator, Broker) {
    let provider = Simulator::start("account").await;
    let broker = Broker::start(
        &Config::new()
            .provider(kind, &provider)
            .single("fast", &provider, "up-model"),
    )
    .await;
    (provider, broker)
}

fn received(provider: &Simulator) -> String {
    let received = provider.received();
    assert_eq!(received.len(), 1, "one call, one attempt");
    received[0].text()
}

#[tokio::test]
async fn an_openai_call_arrives_byte_for_byte_but_for_the_model() {
    let (provider, broker) = broker("openai").await;
    let answer = broker.post(CHAT, TOKEN, ODD).await;
    answer.expect_status(200);
    assert_eq!(answer.said(), "Hello from account: up-model.");
    assert_eq!(received(&provider), odd_upstream());
    let request = &provider.received()[0];
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", CHAT));
    assert_eq!(request.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn an_anthropic_call_arrives_byte_for_byte_but_for_the_model() {
    let (provider, broker) = broker("anthropic").await;
    let answer = broker.post(MESSAGES, TOKEN, ODD).await;
    answer.expect_status(200);
    assert_eq!(answer.said(), "Hello from account: up-model.");
    assert_eq!(received(&provider), odd_upstream());
    let request = &provider.received()[0];
    assert_eq!(request.path, MESSAGES);
    assert!(request.header("anthropic-version").is_some());
}

#[tokio::test]
async fn tool_calls_pass_through() {
    let (provider, broker) = broker("openai").await;
    let body = json!({
        "model": "fast",
        "messages": [{"role": "user", "content": "use the tool"}],
        "tools": [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}],
    });
    let answer = broker.post(CHAT, TOKEN, body.to_string()).await.json();
    let function = &answer["choices"][0]["message"]["tool_calls"][0]["function"];
    assert_eq!(
        *function,
        json!({"name": "weather", "arguments": "{\"city\":\"Paris\"}"})
    );
    assert_eq!(provider.received()[0].json()["tools"], body["tools"]);
}

#[tokio::test]
async fn the_model_is_understood_however_it_is_written() {
    let (provider, broker) = broker("openai").await;
    for model in [r#""fast""#, r#""f\u0061st""#, r#""\u0066\u0061\u0073\u0074""#] {
        provider.clear();
        broker
            .post(CHAT, TOKEN, format!(r#"{{"messages":[],"model":{model}}}"#))
            .await
            .expect_status(200);
        assert_eq!(received(&provider), r#"{"messages":[],"model":"up-model"}"#);
    }
}

#[tokio::test]
async fn a_query_does_not_change_what_is_called() {
    let (provider, broker) = broker("anthropic").await;
    let body = r#"{"model":"fast","max_tokens":9,"messages":[]}"#;
    broker
        .post("/v1/messages?beta=true", TOKEN, body)
        .await
        .expect_status(200);
    assert!(provider.received()[0].path.starts_with(MESSAGES));
}

/// The provider here is `wiremock`, which knows nothing of LLMs: what it answers is what the agent gets.
#[tokio::test]
async fn a_whole_answer_is_the_providers_own() {
    use wiremock::matchers::{header, method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    let provider = MockServer::start().await;
    let answer = json!({
        "id": "x", "object": "chat.completion", "created": 1, "model": "up-model", "x_vendor": {"kept": [1, 2.50, "é"]},
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "mocked"}}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    });
    Mock::given(method("POST"))
        .and(path(CHAT))
        .and(header("authorization", "Bearer the-key"))
        .respond_with(ResponseTemplate::new(200).set_body_json(&answer))
        .expect(1)
        .mount(&provider)
        .await;

    let yaml = format!(
        "providers:\n  - name: mocked\n    kind: openai\n    endpoint: {}\n    credential: {{env: MOCK_KEY}}\n\
         pools:\n  - name: only\n    members:\n      - {{provider: mocked, model: up-model}}\n\
         models:\n  - name: fast\n    pool: only\n\
         workspaces:\n  - name: lab\n\
         agents:\n  - name: bot\n    workspace: lab\n    token_sha256: {}\n",
        provider.uri(),
        sha256_hex(TOKEN),
    );
    let broker = Broker::builder(yaml)
        .env("MOCK_KEY", "the-key")
        .concurrency(1)
        .start()
        .await;
    let got = broker
        .post(CHAT, TOKEN, r#"{"model":"fast","messages":[]}"#)
        .await;
    got.expect_status(200);
    assert_eq!(got.said(), "mocked");
    assert_eq!(got.json()["x_vendor"], answer["x_vendor"]);
}

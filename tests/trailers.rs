//! What may follow a body in HTTP/2 and HTTP/1 is no part of any API: it goes no further than the broker, either way.

use bytes::Bytes;
use http_body_util::Collected;
use hyper::{HeaderMap, Request, Response};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{
    Broker, CHAT, Config, Http2Provider, Issuer, MESSAGES, RawClient, TOKEN, http2_call, issuer,
    with_trailers,
};

const CALL: &str = r#"{"model":"fast","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;

const ANSWER: &str = r#"{"id":"c","object":"chat.completion","created":1,"model":"upstream","choices":[{"index":0,
"finish_reason":"stop","message":{"role":"assistant","content":"Hello."}}],
"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#;

const STREAM: &str = concat!(
    r#"data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"upstream","choices":[{"index":0,"#,
    r#""finish_reason":null,"delta":{"role":"assistant","content":"Hello."}}]}"#,
    "\n\n",
    r#"data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"upstream","choices":[{"index":0,"#,
    r#""finish_reason":"stop","delta":{}}]}"#,
    "\n\ndata: [DONE]\n\n",
);

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")))
        .collect()
}

/// A provider with trailers of its own, and a broker before it; `further`: more keys of the provider.
async fn stack(
    status: u16,
    content_type: &'static str,
    body: &'static str,
    further: &Value,
) -> (Http2Provider, Broker, TempDir) {
    let authority: Issuer = issuer();
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, authority.pem()).expect("writing the CA");
    let trailers = headers(&[("x-of-provider", "secret"), ("set-cookie", "a=b")]);
    let provider = Http2Provider::start(&authority, status, content_type, body.as_bytes(), trailers).await;
    let mut account = json!({"name": "account", "kind": "openai", "endpoint": provider.url()});
    for (key, value) in further.as_object().expect("keys") {
        account[key] = value.clone();
    }
    let pool = json!({"members": [{"provider": "account", "model": "upstream"}]});
    let config = Config::new()
        .set("providers", json!([account]))
        .pool("fast", pool)
        .model("fast", "fast");
    let broker = config
        .broker()
        .option("--trusted-ca", &file.display().to_string());
    (provider, broker.start().await, folder)
}

/// A call by HTTP/2 that says in trailers what belongs to nobody else.
async fn call(broker: &Broker, path: &str, body: &str) -> Response<Collected<Bytes>> {
    let trailers = headers(&[
        ("authorization", "Bearer token-of-bot"),
        ("x-api-key", TOKEN),
        ("x-broker-step", "extraction"),
        ("x-envoy-upstream-alt-stat-name", "x"),
        ("x-anything", TOKEN),
    ]);
    let request = Request::post(broker.url() + path)
        .header("authorization", ["Bearer ", TOKEN].concat())
        .header("content-type", "application/json")
        .body(with_trailers(body.as_bytes(), trailers))
        .expect("a request");
    http2_call(broker.address(), request).await
}

/// What the provider got in its one call, which nothing follows.
fn body_of(provider: &Http2Provider) -> Value {
    let mut calls = provider.take();
    let (head, whole) = calls.pop().expect("a call");
    assert!(calls.is_empty(), "one call");
    assert_eq!(whole.trailers(), None);
    assert!(
        head.headers
            .values()
            .all(|value| !String::from_utf8_lossy(value.as_bytes()).contains(TOKEN))
    );
    serde_json::from_slice(&whole.to_bytes()).expect("JSON")
}

#[tokio::test]
async fn nothing_that_follows_a_body_goes_on() {
    for further in [json!({}), json!({"timeout": {"first_byte": "9s"}})] {
        let (provider, broker, _folder) = stack(200, "application/json", ANSWER, &further).await;
        for path in [CHAT, MESSAGES] {
            let answer = call(&broker, path, CALL).await;
            assert_eq!(answer.status(), 200, "{path}: {answer:?}");
            assert_eq!(body_of(&provider)["model"], "upstream");
            assert_eq!(answer.body().trailers(), None, "{path}");
            let answer = String::from_utf8_lossy(&answer.into_body().to_bytes()).into_owned();
            assert!(answer.contains("Hello."), "{path}: {answer}");
        }
        let chunked = format!(
            "POST {CHAT} HTTP/1.1\r\nhost: broker\r\nauthorization: Bearer {TOKEN}\r\ntransfer-encoding: chunked\r\n\
             trailer: x-api-key\r\n\r\n{:x}\r\n{CALL}\r\n0\r\nx-api-key: {TOKEN}\r\n\r\n",
            CALL.len()
        );
        let client = RawClient::connect(broker.address()).await;
        let answer = client.send(chunked.as_bytes()).await.expect("an answer");
        assert_eq!(answer.status, 200);
        assert_eq!(body_of(&provider)["model"], "upstream");
    }
}

#[tokio::test]
async fn nothing_that_follows_a_refusal_goes_on() {
    let refusal = r#"{"error":{"message":"slowly","type":"rate_limit_error"}}"#;
    let (provider, broker, _folder) = stack(429, "application/json", refusal, &json!({})).await;
    let answer = call(&broker, MESSAGES, CALL).await;
    assert_eq!(answer.status(), 429, "{answer:?}");
    assert_eq!(body_of(&provider)["model"], "upstream");
    assert_eq!(answer.body().trailers(), None);
    let answer = String::from_utf8_lossy(&answer.into_body().to_bytes()).into_owned();
    assert!(answer.contains("slowly"), "{answer}");
}

#[tokio::test]
async fn nothing_that_follows_a_stream_goes_on() {
    let (provider, broker, _folder) = stack(200, "text/event-stream", STREAM, &json!({})).await;
    for (path, end) in [(CHAT, "[DONE]"), (MESSAGES, "message_stop")] {
        let answer = call(&broker, path, &CALL.replacen('{', r#"{"stream":true,"#, 1)).await;
        assert_eq!(answer.status(), 200, "{path}: {answer:?}");
        assert_eq!(body_of(&provider)["stream"], true);
        assert_eq!(answer.body().trailers(), None, "{path}");
        let answer = String::from_utf8_lossy(&answer.into_body().to_bytes()).into_owned();
        assert!(
            answer.contains("Hello.") && answer.contains(end),
            "{path}: {answer}"
        );
    }
}

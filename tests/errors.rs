//! What the broker says to calls it cannot serve: well-formed errors of the caller's API, and no harm to the next call.

use provider_simulator::Simulator;
use reqwest::Method;
use serde_json::Value;

use crate::harness::{Answer, Broker, CHAT, Config, MESSAGES, TOKEN};

mod malformed;

const GOOD: &str = r#"{"model":"fast","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;

/// A broker whose model `fast` both surfaces can call, each at a provider of its dialect.
struct Setup {
    providers: [Simulator; 2],
    broker: Broker,
}

impl Setup {
    async fn new() -> Self {
        let providers = [
            Simulator::start("openai-a").await,
            Simulator::start("anthropic-b").await,
        ];
        let config = Config::new()
            .provider("openai", &providers[0])
            .provider("anthropic", &providers[1])
            .single("fast", &providers[0], "gpt-up")
            .single("claude", &providers[1], "claude-up");
        Self {
            providers,
            broker: Broker::start(&config).await,
        }
    }

    /// The next good call works on both surfaces, and no provider saw anything but good calls.
    async fn expect_unharmed(&self, after: &str) {
        for (path, body) in [
            (CHAT, GOOD.to_owned()),
            (MESSAGES, GOOD.replace("fast", "claude")),
        ] {
            let answer = self.broker.post(path, TOKEN, body).await;
            assert_eq!(answer.status, 200, "a good call after {after}: {}", answer.text());
        }
        for provider in &self.providers {
            assert_eq!(
                provider.count(),
                1,
                "{} saw more than the good call after {after}",
                provider.name()
            );
            provider.clear();
        }
    }
}

/// Asserts an error in the dialect of the path, and gives its code or, for Anthropic, its type.
#[track_caller]
fn error(path: &str, body: &Value) -> String {
    let error = &body["error"];
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|message| !message.is_empty()),
        "{body}"
    );
    assert!(error["type"].is_string(), "{body}");
    if path.starts_with(MESSAGES) {
        assert_eq!(body["type"], "error", "{body}");
        assert!(body["request_id"].is_string(), "{body}");
        return error["type"].as_str().unwrap_or_default().to_owned();
    }
    for key in ["param", "code"] {
        assert!(
            error
                .get(key)
                .is_some_and(|value| value.is_null() || value.is_string()),
            "`{key}` in {body}"
        );
    }
    error["code"].as_str().unwrap_or_default().to_owned()
}

#[track_caller]
fn expect_error(path: &str, answer: &Answer, status: u16, what: &str) -> String {
    assert_eq!(answer.status, status, "{what} on {path}: {}", answer.text());
    assert!(
        answer
            .header("content-type")
            .is_some_and(|value| value.starts_with("application/json")),
        "{what} on {path}"
    );
    error(path, &answer.json())
}

#[tokio::test]
async fn unknown_paths_and_wrong_methods() {
    let setup = Setup::new().await;
    for path in [
        "/",
        "/v1",
        "/v1/",
        "/v1/chat",
        "/v1/chat/completions/x",
        "/v1/messagesx",
        "/v2/messages",
        "/metrics",
    ] {
        let answer = setup.broker.post(path, TOKEN, GOOD).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text());
        assert!(answer.json()["error"]["message"].is_string(), "{path}");
    }
    for path in [CHAT, MESSAGES] {
        for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH] {
            let call = setup
                .broker
                .request(method.clone(), path)
                .bearer_auth(TOKEN)
                .body(GOOD);
            expect_error(path, &Answer::of(call).await, 405, method.as_str());
        }
    }
    setup.expect_unharmed("unknown paths and methods").await;
}

#[tokio::test]
async fn calls_without_a_known_token() {
    let setup = Setup::new().await;
    for (path, expected) in [(CHAT, "invalid_api_key"), (MESSAGES, "authentication_error")] {
        for token in ["wrong", "", "token-of-bo", "token-of-bott"] {
            let answer = setup.broker.post(path, token, GOOD).await;
            assert_eq!(expect_error(path, &answer, 401, token), expected);
        }
        let none = setup.broker.request(Method::POST, path).body(GOOD);
        assert_eq!(
            expect_error(path, &Answer::of(none).await, 401, "no token"),
            expected
        );
        for odd in ["Bearer", "Bearer ", "Basic dG9rZW4=", TOKEN] {
            let call = setup
                .broker
                .request(Method::POST, path)
                .header("authorization", odd)
                .body(GOOD);
            assert_eq!(expect_error(path, &Answer::of(call).await, 401, odd), expected);
        }
    }
    setup.expect_unharmed("calls without a token").await;
}

#[tokio::test]
async fn an_unknown_model() {
    let setup = Setup::new().await;
    for model in ["nobody-knows", "FAST", "fast ", "gpt-up", "../fast"] {
        let body = GOOD.replace("fast", model);
        let answer = setup.broker.post(CHAT, TOKEN, body.as_str()).await;
        assert_eq!(expect_error(CHAT, &answer, 404, model), "model_not_found");
        let answer = setup.broker.post(MESSAGES, TOKEN, body).await;
        assert_eq!(expect_error(MESSAGES, &answer, 404, model), "not_found_error");
    }
    setup.expect_unharmed("unknown models").await;
}

/// Bodies that say nothing a broker can act on, each with what is wrong.
fn bad_bodies() -> Vec<(&'static str, Vec<u8>)> {
    let deep = |open: &str, close: &str| {
        format!(
            r#"{{"model":"fast","x":{}{}}}"#,
            open.repeat(10_000),
            close.repeat(10_000)
        )
    };
    let mut non_utf8 = br#"{"model":"fast","messages":[{"role":"user","content":""#.to_vec();
    non_utf8.extend_from_slice(b"\xff\xfe\"}]}");
    vec![
        ("an empty body", Vec::new()),
        ("only spaces", b"   \n".to_vec()),
        ("a truncated object", GOOD.as_bytes()[..GOOD.len() - 3].to_vec()),
        ("a truncated string", br#"{"model":"fa"#.to_vec()),
        ("no JSON", b"model=fast&stream=true".to_vec()),
        ("an array", b"[]".to_vec()),
        ("a string", br#""fast""#.to_vec()),
        ("null", b"null".to_vec()),
        ("something after the object", format!("{GOOD}{GOOD}").into_bytes()),
        ("a trailing comma", br#"{"model":"fast",}"#.to_vec()),
        ("10,000 arrays deep", deep("[", "]").into_bytes()),
        (
            "10,000 objects deep",
            deep("{\"a\":", "}").replace("}}", "1}}").into_bytes(),
        ),
        (
            "10,000 arrays never closed",
            format!(r#"{{"model":"fast","x":{}"#, "[".repeat(10_000)).into_bytes(),
        ),
        ("bytes that are no UTF-8", non_utf8),
        (
            "a lone surrogate as the model",
            br#"{"model":"\ud800","messages":[]}"#.to_vec(),
        ),
        ("no model", br#"{"messages":[]}"#.to_vec()),
        ("a null model", br#"{"model":null,"messages":[]}"#.to_vec()),
        ("a number as the model", br#"{"model":7,"messages":[]}"#.to_vec()),
        (
            "an object as the model",
            br#"{"model":{"fast":1},"messages":[]}"#.to_vec(),
        ),
        (
            "two models",
            br#"{"model":"fast","messages":[],"model":"claude"}"#.to_vec(),
        ),
        (
            "two models, one escaped",
            br#"{"model":"fast","messages":[],"mod\u0065l":"claude"}"#.to_vec(),
        ),
        (
            "a text as stream",
            br#"{"model":"fast","messages":[],"stream":"yes"}"#.to_vec(),
        ),
    ]
}

#[tokio::test]
async fn bodies_that_cannot_be_read() {
    let setup = Setup::new().await;
    for (what, body) in bad_bodies() {
        for path in [CHAT, MESSAGES] {
            let answer = setup.broker.post(path, TOKEN, body.clone()).await;
            expect_error(path, &answer, 400, what);
        }
    }
    setup.expect_unharmed("unreadable bodies").await;
}

//! What the other vendor could not do, and what it refuses.

use provider_simulator::{Behaviour, StatusError};
use serde_json::json;

use super::{Vendors, call};
use crate::harness::{CHAT, MESSAGES, TOKEN};

#[tokio::test]
async fn what_would_change_the_meaning_is_refused() {
    let vendors = Vendors::start().await;
    for stream in [false, true] {
        let mut body = call("claude", "hi", stream);
        body["n"] = 2.into();
        let answer = vendors.broker.post(CHAT, TOKEN, body.to_string()).await;
        answer.expect_status(400);
        let error = &answer.json()["error"];
        assert_eq!(
            (&error["type"], &error["param"]),
            (&json!("invalid_request_error"), &json!("n"))
        );
    }
    let mut body = call("gpt", "hi", false);
    body["mcp_servers"] = json!([{"type": "url", "name": "x", "url": "https://x.test"}]);
    let answer = vendors.broker.post(MESSAGES, TOKEN, body.to_string()).await;
    answer.expect_status(400);
    let error = answer.json();
    assert_eq!(
        (&error["type"], &error["error"]["type"]),
        (&json!("error"), &json!("invalid_request_error"))
    );
    assert_eq!(vendors.openai.count() + vendors.anthropic.count(), 0);
    let record = vendors.record(3).await;
    assert_eq!(
        (record.text("llm.decision"), record.text("llm.outcome")),
        ("deny", "denied")
    );
}

#[tokio::test]
async fn who_can_be_asked_is_asked() {
    let vendors = Vendors::start().await;
    let mut body = call("claude-first", "hi", false);
    body["n"] = 2.into();
    body["seed"] = 7.into();
    vendors
        .broker
        .post(CHAT, TOKEN, body.to_string())
        .await
        .expect_status(200);
    assert_eq!((vendors.anthropic.count(), vendors.openai.count()), (0, 1));
    let record = vendors.record(1).await;
    assert_eq!(record.value("llm.excluded")[0]["provider"], "anthropic");
    assert!(!record.has("llm.dropped"), "OpenAI has a seed");
}

#[tokio::test]
async fn an_error_of_the_other_vendor_is_told_in_the_callers_words() {
    let vendors = Vendors::start_with(6).await;
    let words = |status: u16| {
        Behaviour::Status(StatusError {
            status,
            message: Some("in its words".into()),
            retry_after: Some(3),
            rate_limit_headers: true,
            ..StatusError::default()
        })
    };
    let seen_by_openai = [
        (400, 400, "invalid_request_error"),
        (404, 404, "invalid_request_error"),
        (413, 413, "request_too_large"),
        (429, 429, "rate_limit_error"),
        (500, 500, "server_error"),
        (529, 503, "server_error"),
    ];
    for (number, (status, seen, kind)) in seen_by_openai.into_iter().enumerate() {
        let model = format!("claude-{number}");
        vendors.anthropic.behave(words(status));
        let answer = vendors
            .broker
            .post(CHAT, TOKEN, call(&model, "hi", status == 429).to_string())
            .await;
        answer.expect_status(seen);
        let error = &answer.json()["error"];
        assert_eq!(error["type"], kind, "{status}");
        assert_eq!(error["message"], "in its words");
        assert_eq!(answer.header("retry-after"), Some("3"));
        let theirs = answer
            .headers
            .keys()
            .find(|name| name.as_str().starts_with("anthropic-"));
        assert!(theirs.is_none(), "{theirs:?}");
    }
    let seen_by_anthropic = [
        (400, "invalid_request_error"),
        (404, "not_found_error"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (503, "overloaded_error"),
    ];
    for (number, (status, kind)) in seen_by_anthropic.into_iter().enumerate() {
        let model = format!("gpt-{number}");
        vendors.openai.behave(words(status));
        let answer = vendors
            .broker
            .post(MESSAGES, TOKEN, call(&model, "hi", status == 429).to_string())
            .await;
        assert!(
            answer.status == status || (status, answer.status) == (503, 529),
            "{}",
            answer.status
        );
        let error = answer.json();
        assert_eq!(
            (&error["type"], &error["error"]["type"]),
            (&json!("error"), &json!(kind))
        );
        assert_eq!(error["error"]["message"], "in its words");
        let theirs = answer
            .headers
            .keys()
            .find(|name| name.as_str().starts_with("x-ratelimit") || name.as_str().starts_with("openai-"));
        assert!(theirs.is_none(), "{theirs:?}");
    }
}

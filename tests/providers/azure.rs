//! Azure OpenAI, in its way without dates and in its old one.

use provider_simulator::{Behaviour, StatusError, Vendor};
use serde_json::json;

use super::conformance::CASES;
use super::{Trio, call};
use crate::harness::{CHAT, MESSAGES, key_of};

async fn start(further: serde_json::Value, cases: usize) -> Trio {
    Trio::start("azure-openai", Vendor::Azure, "gpt-4o", further, cases).await
}

#[tokio::test]
async fn azure_answers_like_openai() {
    let azure = start(json!({}), 0).await;
    azure.answers("api-key", "").await;
    azure.calls_tools().await;
    azure.tells_errors().await;
}

#[tokio::test]
async fn azure_stands_in_and_is_stood_in_for() {
    start(json!({"api_version": "2024-10-21"}), CASES)
        .await
        .fails_over()
        .await;
}

#[tokio::test]
async fn the_deployment_stands_in_the_body_or_in_the_path() {
    let dated = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21";
    for (further, expected) in [
        (json!({}), "/openai/v1/chat/completions"),
        (json!({"api_version": "2024-10-21"}), dated),
    ] {
        let azure = start(further, 0).await;
        for path in [CHAT, MESSAGES] {
            azure.ask(path, &call("own", "hi", true)).await;
            let received = azure.received();
            assert_eq!(received.path, expected);
            assert_eq!(received.json()["model"], "gpt-4o");
        }
    }
}

#[tokio::test]
async fn a_token_of_an_identity_provider_is_sent_as_one() {
    let variable = json!({"credential": {"env": "KEY_OF_OWN", "as": "bearer"}});
    let azure = start(variable, 0).await;
    azure.ask(CHAT, &call("own", "hi", false)).await;
    let received = azure.received();
    let token = format!("Bearer {}", key_of("own"));
    assert_eq!(received.header("authorization"), Some(token.as_str()));
    assert_eq!(received.header("api-key"), None);
}

/// The filter's refusal of a prompt is the agent's to hear, with its code.
#[tokio::test]
async fn what_the_filter_refuses_is_told_with_its_code() {
    let azure = start(json!({}), 0).await;
    for path in [CHAT, MESSAGES] {
        azure.own.then(vec![Behaviour::Status(StatusError {
            status: 400,
            message: Some("The response was filtered".into()),
            code: Some("content_filter".into()),
            param: Some("prompt".into()),
            ..StatusError::default()
        })]);
        let answer = azure.post(path, &call("own", "hi", true)).await;
        answer.expect_status(400);
        let error = answer.json();
        assert_eq!(error["error"]["message"], "The response was filtered");
        if path == CHAT {
            assert_eq!(error["error"]["code"], "content_filter");
        } else {
            assert_eq!(error["error"]["type"], "invalid_request_error");
        }
    }
}

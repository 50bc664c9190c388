//! Claude at Vertex AI: Anthropic's messages without a model in the body.

use serde_json::{Value, json};

use super::{Google, call};
use crate::harness::{CHAT, MESSAGES, TOKEN};

const PATH: &str =
    "/v1/projects/my-project-1/locations/europe-west4/publishers/anthropic/models/claude-sonnet-4-5@20250929";

#[tokio::test]
async fn a_message_passes_but_for_the_model_and_the_version() {
    let google = Google::start().await;
    for (stream, verb) in [(false, "rawPredict"), (true, "streamRawPredict")] {
        google.vertex.clear();
        let body = format!(
            r#"{{ "max_tokens": 50, "model":"claude", "stream" : {stream}, "messages":[{{"role":"user","content":"say: h\u00e9llo"}}] }}"#
        );
        let request = google.broker.call(MESSAGES, TOKEN, body.clone());
        let request = request
            .header("anthropic-version", "2026-10-21")
            .header("anthropic-beta", "some-beta-2026");
        let answer = crate::harness::Answer::of(request).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.said(), "héllo");
        let received = &google.vertex.received()[0];
        assert_eq!(received.path, format!("{PATH}:{verb}"));
        let expected = body.replace(
            r#""model":"claude""#,
            r#""anthropic_version":"vertex-2023-10-16""#,
        );
        assert_eq!(received.text(), expected, "every other byte stays");
        assert_eq!(received.header("anthropic-version"), None);
        assert_eq!(received.header("anthropic-beta"), Some("some-beta-2026"));
        assert!(!received.contains(TOKEN));
    }
}

#[tokio::test]
async fn a_chat_call_reaches_claude_at_vertex() {
    let google = Google::start().await;
    for stream in [false, true] {
        google.vertex.clear();
        let answer = google
            .broker
            .post(CHAT, TOKEN, call("claude", "say: hello", stream).to_string())
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.said(), "hello");
        let sent = google.vertex.received()[0].json();
        assert_eq!(sent["anthropic_version"], "vertex-2023-10-16");
        assert_eq!(sent.get("model"), None);
        let streams = sent.get("stream").and_then(Value::as_bool).unwrap_or_default();
        assert_eq!(streams, stream);
    }
    assert_eq!(google.record(2).await.text("llm.provider"), "vertex");
}

#[tokio::test]
async fn its_errors_are_anthropics() {
    let google = Google::start().await;
    let mut body = call("claude", "hi", false);
    body["nonsense"] = json!(1);
    let answer = google.broker.post(MESSAGES, TOKEN, body.to_string()).await;
    answer.expect_status(400);
    assert_eq!(answer.json()["error"]["type"], "invalid_request_error");
}

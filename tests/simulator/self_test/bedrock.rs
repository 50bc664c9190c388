//! What the simulated Bedrock refuses, as the real one does.

use serde_json::{Value, json};

use crate::strict::bedrock::{check, claude};

const NOVA: &str = "eu.amazon.nova-pro-v1:0";
const LLAMA: &str = "meta.llama3-3-70b-instruct-v1:0";
const CLAUDE: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

fn with(content: &Value) -> Value {
    json!({"messages": [{"role": "user", "content": content}]})
}

#[test]
fn a_sound_request_is_taken() {
    let call = json!({"toolUse": {"toolUseId": "a.b:1", "name": "f", "input": {}}});
    let result = json!({"toolResult": {"toolUseId": "a.b:1", "content": [{"text": "1"}]}});
    let body = json!({
        "system": [{"text": "s"}, {"cachePoint": {"type": "default"}}],
        "messages": [
            {"role": "user", "content": [{"text": "a"}]},
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [result, {"text": "b"}]},
        ],
        "toolConfig": {"tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": {"type": "object"}}}}],
            "toolChoice": {"tool": {"name": "f"}}},
        "inferenceConfig": {"maxTokens": 9, "temperature": 1},
    });
    assert_eq!(check(NOVA, &body), Ok(()));
    assert!(
        check(LLAMA, &body).is_err(),
        "another model has no cache and cannot be forced"
    );
}

#[test]
fn what_breaks_a_rule_is_refused() {
    let document = json!({"document": {"format": "pdf", "name": "a b", "source": {"bytes": "AAAA"}}});
    for body in [
        json!({}),
        json!({"messages": []}),
        json!({"messages": [{"role": "assistant", "content": [{"text": "a"}]}]}),
        with(&json!([])),
        with(&json!([{"text": " "}])),
        with(&json!([{"type": "text", "text": "a"}])),
        with(&json!([{"text": "a", "cachePoint": {"type": "default"}}])),
        with(&json!([{"image": {"format": "png", "source": {"url": "https://a"}}}, {"text": "a"}])),
        with(&json!([document])),
        with(&json!([document, document, {"text": "a"}])),
        with(
            &json!([{"document": {"format": "pdf", "name": "a.pdf", "source": {"bytes": "AAAA"}}}, {"text": "a"}]),
        ),
        with(&json!([{"toolResult": {"toolUseId": "a", "content": [{"text": "1"}]}}])),
        json!({"model": "x", "messages": [{"role": "user", "content": [{"text": "a"}]}]}),
        json!({"messages": [{"role": "user", "content": [{"text": "a"}]}], "inferenceConfig": {"temperature": 1.5}}),
        json!({"messages": [{"role": "user", "content": [{"text": "a"}]}], "toolConfig": {"tools": []}}),
    ] {
        assert!(check(NOVA, &body).is_err(), "{body}");
    }
}

#[test]
fn claude_is_taken_only_in_the_envelope() {
    let body = json!({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9,
        "messages": [{"role": "user", "content": "hi"}]});
    assert!(claude(CLAUDE, &body).is_ok());
    assert!(claude(NOVA, &body).is_err());
    for (key, value) in [
        ("model", json!("x")),
        ("stream", json!(true)),
        ("service_tier", json!("auto")),
        ("anthropic_version", json!("2023-06-01")),
        ("anthropic_beta", json!("one")),
    ] {
        let mut body = body.clone();
        body.as_object_mut()
            .expect("an object")
            .insert(key.to_owned(), value);
        assert!(claude(CLAUDE, &body).is_err(), "{key}");
    }
}

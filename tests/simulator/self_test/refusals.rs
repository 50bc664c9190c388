//! What accounts with a vendor refuse, in that vendor's words.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::{CHAT, MESSAGES, client};
use crate::{Simulator, Vendor};

/// A call that this vendor takes, with these fields besides; null takes a field out.
fn body(vendor: Vendor, more: &Value) -> Value {
    let mut body = match vendor {
        Vendor::Anthropic => {
            json!({"model": "claude-sonnet-4-5", "max_tokens": 2000, "messages": [{"role": "user", "content": "hi"}]})
        }
        _ => json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}),
    };
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
        if value.is_null() {
            body.as_object_mut().unwrap().remove(name);
        }
    }
    body
}

fn request(simulator: &Simulator, vendor: Vendor) -> RequestBuilder {
    match vendor {
        Vendor::Anthropic => client()
            .post(simulator.url() + MESSAGES)
            .header("anthropic-version", "2023-06-01")
            .header("x-api-key", "key"),
        _ => client().post(simulator.url() + CHAT).bearer_auth("key"),
    }
}

/// The status and the message for each of these calls.
async fn said(vendor: Vendor, calls: &[(Value, &str)]) {
    let simulator = Simulator::start_as(vendor, "strict").await;
    for (more, expected) in calls {
        let sent = request(&simulator, vendor).json(&body(vendor, more)).send().await;
        let response = sent.unwrap();
        let status = response.status().as_u16();
        let answer: Value = response.json().await.unwrap();
        if expected.is_empty() {
            assert_eq!(status, 200, "{more}: {answer}");
            continue;
        }
        assert_eq!(status, 400, "{more}: {answer}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(expected), "{more}: {message}");
        assert_eq!(answer["error"]["type"], "invalid_request_error");
    }
}

fn messages(messages: &Value) -> Value {
    json!({"messages": messages})
}

#[tokio::test]
async fn anthropic_refuses_fields_that_it_does_not_have() {
    said(
        Vendor::Anthropic,
        &[
            (json!({}), ""),
            (json!({"max_tokens": null}), "max_tokens: Field required"),
            (json!({"seed": 1}), "seed: Extra inputs are not permitted"),
            (json!({"metadata": {"a": 1}}), "metadata.a: Extra inputs"),
            (json!({"temperature": 1.5}), "temperature: range: 0..1"),
            (json!({"temperature": 1, "top_p": 1}), "cannot both be specified"),
            (json!({"model": "claude-sonnet-4-0", "temperature": 1, "top_p": 1}), ""),
            (json!({"model": "claude-opus-4-7", "temperature": 1}), "`temperature` is not supported"),
            (json!({"stop_sequences": [" "]}), "must contain non-whitespace"),
            (json!({"max_tokens": 64_001}), "which is the maximum allowed"),
            (json!({"tool_choice": {"type": "auto"}}), "only be specified while providing tools"),
            (json!({"tools": [{"name": "a.b", "input_schema": {"type": "object"}}]}), "String should match pattern"),
            (json!({"tools": [{"name": "a", "input_schema": {}}]}), "input_schema.type"),
            (json!({"output_config": {"effort": "low"}}), "does not support the effort"),
            (
                json!({"output_config": {"format": {"type": "json_schema", "schema": {"type": "object", "properties": {}}}}}),
                "'additionalProperties' must be explicitly set to false",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn anthropic_refuses_thinking_that_cannot_be() {
    let budget = |tokens: u64| json!({"type": "enabled", "budget_tokens": tokens});
    let tool = json!([{"name": "a", "input_schema": {"type": "object"}}]);
    said(
        Vendor::Anthropic,
        &[
            (json!({"thinking": budget(1024)}), ""),
            (json!({"thinking": budget(1023)}), "greater than or equal to 1024"),
            (json!({"thinking": budget(2000)}), "`max_tokens` must be greater than"),
            (json!({"thinking": {"type": "adaptive"}}), "adaptive thinking is not supported"),
            (json!({"thinking": budget(1024), "temperature": 0.5}), "only be set to 1"),
            (
                json!({"thinking": budget(1024), "tools": tool, "tool_choice": {"type": "any"}}),
                "Thinking may not be enabled when tool_choice forces",
            ),
            (
                json!({"thinking": budget(1024), "tools": tool, "messages": [
                    {"role": "user", "content": "hi"},
                    {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "a", "input": {}}]},
                    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1"}]},
                ]}),
                "must start with a thinking block",
            ),
            (
                messages(&json!([
                    {"role": "user", "content": "hi"},
                    {"role": "assistant", "content": [
                        {"type": "thinking", "thinking": "hm", "signature": ""}, {"type": "text", "text": "a"},
                    ]},
                    {"role": "user", "content": "hi"},
                ])),
                "Invalid `signature`",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn anthropic_refuses_conversations_out_of_order() {
    let call = |id: &str| json!({"type": "tool_use", "id": id, "name": "a", "input": {}});
    let result = |id: &str| json!({"type": "tool_result", "tool_use_id": id, "content": "r"});
    let hi = json!({"role": "user", "content": "hi"});
    let says = |role: &str, blocks: &[Value]| json!({"role": role, "content": blocks});
    let text = |text: &str| json!({"type": "text", "text": text});
    let called = says("assistant", &[call("t1"), call("t2")]);
    said(
        Vendor::Anthropic,
        &[
            (messages(&json!([])), "at least one message"),
            (
                messages(&json!([{"role": "tool", "content": "a"}])),
                "Unexpected role",
            ),
            (messages(&json!([says("user", &[text("")])])), "must be non-empty"),
            (messages(&json!([says("user", &[text(" \n")])])), "non-whitespace"),
            (
                messages(&json!([hi, says("assistant", &[text("a ")])])),
                "trailing whitespace",
            ),
            (
                messages(&json!([hi, called, hi])),
                "without `tool_result` blocks immediately after: t1, t2",
            ),
            (
                messages(&json!([
                    hi,
                    called,
                    says("user", &[result("t1")]),
                    says("user", &[result("t2"), text("x")])
                ])),
                "",
            ),
            (
                messages(&json!([
                    hi,
                    called,
                    says("user", &[text("x"), result("t1"), result("t2")])
                ])),
                "immediately after",
            ),
            (
                messages(&json!([says("user", &[result("t9")])])),
                "unexpected `tool_use_id`",
            ),
            (
                messages(&json!([hi, says("assistant", &[call("a.b")])])),
                "String should match pattern",
            ),
            (
                messages(&json!([
                    hi,
                    says("assistant", &[call("t1")]),
                    says("user", &[result("t1")]),
                    says("assistant", &[call("t1")]),
                    says("user", &[result("t1")]),
                ])),
                "ids must be unique",
            ),
            (
                messages(&json!([says(
                    "user",
                    &[json!({"type": "image", "source":
                    {"type": "base64", "media_type": "image/jpg", "data": "AAAA"}})]
                )])),
                "media_type: Input should be 'image/jpeg'",
            ),
            (
                messages(&json!([says(
                    "user",
                    &[json!({"type": "text", "text": "a", "x": 1})]
                )])),
                "text.x: Extra",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn openai_refuses_fields_that_it_does_not_have() {
    let function = |function: Value| json!([{"type": "function", "function": function}]);
    said(
        Vendor::OpenAi,
        &[
            (json!({}), ""),
            (json!({"top_k": 5}), "Unrecognized request argument supplied: top_k"),
            (json!({"temperature": 2.5}), "Invalid 'temperature'"),
            (json!({"model": "gpt-5-mini", "max_tokens": 9}), "Use 'max_completion_tokens' instead"),
            (json!({"model": "gpt-5-mini", "temperature": 0.5}), "'temperature' does not support"),
            (json!({"model": "gpt-5-mini", "max_completion_tokens": 9, "temperature": 1, "reasoning_effort": "low"}), ""),
            (json!({"reasoning_effort": "low"}), "reasoning_effort"),
            (json!({"stop": ["a", "b", "c", "d", "e"]}), "array too long"),
            (json!({"user": "x".repeat(65)}), "maximum length 64"),
            (json!({"stream_options": {"include_usage": true}}), "only allowed when 'stream'"),
            (json!({"tools": []}), "Invalid 'tools': empty array"),
            (json!({"tools": function(json!({"name": "a.b"}))}), "does not match pattern"),
            (json!({"tools": function(json!({"name": "a", "parameters": {"type": "array"}}))}), "Invalid schema for function"),
            (
                json!({"tools": function(json!({"name": "a", "strict": true, "parameters": {"type": "object", "properties": {"x": {}}}}))}),
                "'additionalProperties' is required",
            ),
            (json!({"tool_choice": "auto"}), "only allowed when 'tools'"),
            (json!({"response_format": {"type": "json_object"}}), "must contain the word 'json'"),
            (json!({"response_format": {"type": "json_schema", "json_schema": {"schema": {}}}}), "json_schema.name"),
        ],
    )
    .await;
}

#[tokio::test]
async fn openai_refuses_conversations_out_of_order() {
    let call = |id: &str, arguments: Value| json!({"id": id, "type": "function", "function": {"name": "a", "arguments": arguments}});
    let hi = json!({"role": "user", "content": "hi"});
    let called = json!({"role": "assistant", "content": null, "tool_calls": [call("c1", "{}".into()), call("c2", "{}".into())]});
    let result = |id: &str| json!({"role": "tool", "tool_call_id": id, "content": "r"});
    let sees = |part: Value| messages(&json!([{"role": "user", "content": [part]}]));
    said(
        Vendor::OpenAi,
        &[
            (messages(&json!([])), "empty array"),
            (
                messages(&json!([{"role": "user", "content": null}])),
                "expected a string, got null",
            ),
            (
                messages(&json!([{"role": "user", "content": "a", "x": 1}])),
                "Unknown parameter",
            ),
            (messages(&json!([hi, called, result("c1"), result("c2")])), ""),
            (
                messages(&json!([hi, called, result("c1"), hi])),
                "did not have response messages: c2",
            ),
            (
                messages(&json!([hi, result("c1")])),
                "must be a response to a preceeding message",
            ),
            (
                messages(
                    &json!([hi, {"role": "assistant", "tool_calls": [call("c1", json!({}))]}, result("c1")]),
                ),
                "expected a string, but got an object",
            ),
            (
                messages(
                    &json!([hi, {"role": "assistant", "tool_calls": [call(&"c".repeat(41), "{}".into())]}]),
                ),
                "maximum length 40",
            ),
            (
                sees(json!({"type": "image_url", "image_url": {"url": "data:image/bmp;base64,AAAA"}})),
                "unsupported image",
            ),
            (
                sees(json!({"type": "image_url", "image_url": "https://x/a.png"})),
                "expected an object",
            ),
            (
                sees(json!({"type": "text", "text": "a", "cache_control": {}})),
                "cache_control",
            ),
            (
                sees(json!({"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA"}})),
                "filename",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_compatible_server_passes_over_what_it_does_not_know() {
    said(
        Vendor::Compatible,
        &[
            (json!({"top_k": 5, "chat_template_kwargs": {}}), ""),
            (messages(&json!([{"role": "user", "content": "a", "x": 1}])), ""),
            (
                messages(&json!([{"role": "tool", "tool_call_id": "c", "content": "a"}])),
                "must be a response",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn each_vendor_has_its_own_api_and_key() {
    let anthropic = Simulator::start_as(Vendor::Anthropic, "a").await;
    let openai = Simulator::start_as(Vendor::OpenAi, "o").await;
    let status = async |request: RequestBuilder, vendor| {
        let sent = request.json(&body(vendor, &json!({}))).send().await;
        sent.unwrap().status().as_u16()
    };
    let (claude, gpt) = (Vendor::Anthropic, Vendor::OpenAi);
    assert_eq!(status(client().post(anthropic.url() + CHAT), gpt).await, 404);
    assert_eq!(status(client().post(openai.url() + MESSAGES), claude).await, 404);
    assert_eq!(
        status(client().post(anthropic.url() + MESSAGES), claude).await,
        401
    );
    assert_eq!(status(client().post(openai.url() + CHAT), gpt).await, 401);
    let keyed = client().post(anthropic.url() + MESSAGES).bearer_auth("key");
    assert_eq!(status(keyed, claude).await, 400, "without `anthropic-version`");
    assert_eq!(status(request(&anthropic, claude), claude).await, 200);
}

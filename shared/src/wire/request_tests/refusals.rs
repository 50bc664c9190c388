//! What is refused, and with which place.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::{Value, json};

use super::refused;
use crate::wire::Untranslatable;

fn with(key: &str, value: Value) -> Value {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "a"}]});
    body[key] = value;
    body
}

fn user(part: &Value) -> Value {
    json!({"messages": [{"role": "user", "content": [part]}]})
}

fn all_unsupported(model: &str, cases: Vec<(&str, Value)>) {
    for (place, body) in cases {
        let expected = Untranslatable::Unsupported {
            place: place.to_owned(),
        };
        assert_eq!(refused(&body, model), expected, "{body}");
    }
}

fn all_malformed(model: &str, cases: Vec<(&str, Value)>) {
    for (expected, body) in cases {
        assert_eq!(refused(&body, model).to_string(), expected, "{body}");
    }
}

#[test]
fn what_only_openai_can_do_is_not_asked_of_anthropic() {
    let call = json!({"id": "c", "type": "custom", "custom": {"name": "x", "input": ""}});
    all_unsupported(
        "claude-sonnet-4-6",
        vec![
            ("n", with("n", json!(2))),
            ("logprobs", with("logprobs", json!(true))),
            ("top_logprobs", with("top_logprobs", json!(3))),
            ("modalities", with("modalities", json!(["text", "audio"]))),
            ("audio", with("audio", json!({"voice": "x"}))),
            (
                "tools[0].type",
                with("tools", json!([{"type": "custom", "custom": {"name": "x"}}])),
            ),
            (
                "tool_choice.type",
                with("tool_choice", json!({"type": "custom", "custom": {"name": "x"}})),
            ),
            (
                "tools[0]",
                with(
                    "tools",
                    json!([{"type": "function", "function": {"name": "a.b"}}]),
                ),
            ),
            (
                "tools[0]",
                with(
                    "tools",
                    json!([{"type": "function", "function": {"name": "a", "parameters": {"type": "string"}}}]),
                ),
            ),
            (
                "messages[0].content[0].input_audio",
                user(&json!({"type": "input_audio", "input_audio": {"data": "", "format": "wav"}})),
            ),
            (
                "messages[0].content[0].file.file_id",
                user(&json!({"type": "file", "file": {"file_id": "f"}})),
            ),
            (
                "messages[0].content",
                user(&json!({"type": "image_url", "image_url": {"url": "data:image/tiff;base64,AAAA"}})),
            ),
            (
                "messages[0].audio",
                json!({"messages": [{"role": "assistant", "audio": {"id": "x"}}]}),
            ),
            (
                "messages[0].tool_calls[0].type",
                json!({"messages": [{"role": "assistant", "tool_calls": [call]}]}),
            ),
        ],
    );
}

#[test]
fn what_only_anthropic_can_do_is_not_asked_of_openai() {
    let source = |source: Value| json!({"type": "document", "source": source});
    all_unsupported(
        "gpt-5",
        vec![
            ("container", with("container", json!("c"))),
            ("mcp_servers", with("mcp_servers", json!([{"name": "x"}]))),
            ("max_tokens", with("max_tokens", json!(0))),
            (
                "tools[0].type",
                with(
                    "tools",
                    json!([{"type": "web_search_20250305", "name": "web_search"}]),
                ),
            ),
            (
                "tools[0].name",
                with("tools", json!([{"name": "x".repeat(65), "input_schema": {}}])),
            ),
            (
                "messages[0].content[0].source.file_id",
                user(&source(json!({"type": "file", "file_id": "f"}))),
            ),
            (
                "messages[0].content",
                user(&source(json!({"type": "url", "url": "https://a.b/c.pdf"}))),
            ),
            (
                "messages[0].content[0].type",
                user(&json!({"type": "container_upload", "file_id": "f"})),
            ),
            (
                "messages[0].content[0].type",
                json!({"messages": [{"role": "assistant", "content": [{"type": "server_tool_use", "id": "s"}]}]}),
            ),
        ],
    );
}

#[test]
fn other_servers_take_names_that_openai_refuses() {
    let body = with("tools", json!([{"name": "a.b", "input_schema": {}}]));
    assert_eq!(
        super::sent(&body, "qwen3").0["tools"][0]["function"]["name"],
        "a.b"
    );
    assert_eq!(refused(&body, "gpt-5").place(), "tools[0].name");
}

#[test]
fn what_is_no_chat_completions_request_is_told_with_its_place() {
    let call = |function: Value| json!({"messages": [{"role": "assistant", "tool_calls": [{"id": "c", "function": function}]}]});
    all_malformed(
        "claude-sonnet-4-6",
        vec![
            ("`body` must be a JSON object", json!([])),
            ("`messages` is missing", json!({})),
            ("`messages` must be an array", json!({"messages": {}})),
            ("`messages[0]` must be an object", json!({"messages": [7]})),
            (
                "`messages[0].role` is missing",
                json!({"messages": [{"content": "a"}]}),
            ),
            (
                "`messages[0].role` is not a role",
                json!({"messages": [{"role": "critic", "content": "a"}]}),
            ),
            (
                "`messages[0].content` must be a string or an array of parts",
                json!({"messages": [{"role": "user", "content": null}]}),
            ),
            (
                "`messages[0].content` must be a string or an array of parts",
                json!({"messages": [{"role": "assistant", "content": 7}]}),
            ),
            (
                "`messages[0].content[0].type` is missing",
                user(&json!({"text": "a"})),
            ),
            (
                "`messages[0].content[0].type` is not a type of content part",
                user(&json!({"type": "smell"})),
            ),
            (
                "`messages[0].content[0].text` must be a string",
                user(&json!({"type": "text", "text": 1})),
            ),
            (
                "`messages[0].content[0].type` is not possible in a message of this role",
                json!({"messages": [{"role": "system", "content": [{"type": "image_url"}]}]}),
            ),
            (
                "`messages[0].content[0].image_url.url` must be a data URL with base64, or an address",
                user(&json!({"type": "image_url", "image_url": {"url": "a.png"}})),
            ),
            (
                "`messages[0].content[0].file.file_data` must be text in base64",
                user(&json!({"type": "file", "file": {"file_data": "data:text/plain;base64,/w=="}})),
            ),
            (
                "`messages[0].tool_call_id` is missing",
                json!({"messages": [{"role": "tool", "content": "a"}]}),
            ),
            (
                "`messages[0].tool_calls[0].function.name` is missing",
                call(json!({})),
            ),
            (
                "`messages[0].tool_calls[0].function.arguments` must be a string",
                call(json!({"name": "f", "arguments": 1})),
            ),
            (
                "`temperature` must be a number from 0 to 2",
                with("temperature", json!(2.1)),
            ),
            ("`top_p` must be a number from 0 to 1", with("top_p", json!("1"))),
            ("`max_tokens` must be at least 1", with("max_tokens", json!(0))),
            ("`stop[1]` must be a string", with("stop", json!(["a", 1]))),
            (
                "`tool_choice` is not a choice of tools",
                with("tool_choice", json!("any")),
            ),
            (
                "`reasoning_effort` is not an effort",
                with("reasoning_effort", json!("huge")),
            ),
            (
                "`response_format.json_schema.schema` is missing",
                with(
                    "response_format",
                    json!({"type": "json_schema", "json_schema": {}}),
                ),
            ),
            (
                "`tools[0].function` is missing",
                with("tools", json!([{"type": "function"}])),
            ),
        ],
    );
}

#[test]
fn what_is_no_messages_request_is_told_with_its_place() {
    all_malformed(
        "gpt-5",
        vec![
            ("`messages` is missing", json!({"system": "a"})),
            (
                "`system` must be a string or an array of blocks",
                with("system", json!(1)),
            ),
            (
                "`messages[0].content` is missing",
                json!({"messages": [{"role": "user"}]}),
            ),
            (
                "`messages[0].role` is not a role",
                json!({"messages": [{"role": "tool", "content": "a"}]}),
            ),
            (
                "`messages[0].content[0].type` is not a type of content block",
                user(&json!({"type": "smell"})),
            ),
            (
                "`messages[0].content[0].type` is not possible in this content",
                user(&json!({"type": "tool_use"})),
            ),
            (
                "`messages[0].content[0].tool_use_id` is missing",
                user(&json!({"type": "tool_result"})),
            ),
            (
                "`messages[0].content[0].source` is missing",
                user(&json!({"type": "image"})),
            ),
            (
                "`messages[0].content[0].source.type` is not a type of source",
                user(&json!({"type": "image", "source": {"type": "tape"}})),
            ),
            (
                "`messages[0].content[0].input` must be an object",
                json!({"messages": [{"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "b", "input": []}]}]}),
            ),
            (
                "`temperature` must be a number from 0 to 1",
                with("temperature", json!(1.5)),
            ),
            (
                "`thinking.budget_tokens` is missing",
                with("thinking", json!({"type": "enabled"})),
            ),
            (
                "`tools[0].input_schema` is missing",
                with("tools", json!([{"name": "a"}])),
            ),
            (
                "`tool_choice.type` is not a choice of tools",
                with("tool_choice", json!({"type": "required"})),
            ),
        ],
    );
}

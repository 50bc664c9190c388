//! Calls for responses, on their way to providers that have another format.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::{Value, json};

use super::{check, read, target, translated_from};
use crate::wire::{Format, Untranslatable, UpstreamFormat};

fn sent(body: &Value, model: &str) -> (Value, Vec<String>) {
    let (out, dropped) = translated_from(Format::OpenAiResponses, &body.to_string(), &target(model));
    (serde_json::from_slice(&out).unwrap(), dropped.places().to_vec())
}

fn refused(body: &Value) -> Untranslatable {
    let body = body.to_string();
    match read(Format::OpenAiResponses, body.as_bytes()) {
        Err(reason) => reason,
        Ok(request) => check(&request, &target("claude-sonnet-4-6")).unwrap_err(),
    }
}

fn with(key: &str, value: Value) -> Value {
    let mut body = json!({"model": "m", "input": "a"});
    body[key] = value;
    body
}

fn items(items: Value) -> Value {
    with("input", items)
}

#[test]
fn only_a_provider_of_the_format_takes_its_calls_as_they_are() {
    let from = Format::OpenAiResponses;
    assert_eq!(target("gpt-5.6").format(from), UpstreamFormat::OpenAiResponses);
    assert_eq!(target("qwen3").format(from), UpstreamFormat::OpenAiChat);
    assert_eq!(
        target("claude-opus-5-5").format(from),
        UpstreamFormat::AnthropicMessages
    );
    assert_eq!(
        target("gpt-5.6").format(Format::AnthropicMessages),
        UpstreamFormat::OpenAiChat,
        "other calls go as they went"
    );
}

#[test]
fn a_text_is_a_users_word() {
    let (body, dropped) = sent(
        &json!({"model": "m", "input": "hi", "max_output_tokens": 9}),
        "claude-sonnet-4-6",
    );
    assert_eq!(body["messages"], json!([{"role": "user", "content": "hi"}]));
    assert_eq!(body["max_tokens"], 9);
    assert!(dropped.is_empty(), "{dropped:?}");
}

#[test]
fn what_only_the_account_can_serve_is_not_asked_of_others() {
    let tool = |kind: &str| {
        with(
            "tools",
            json!([{"type": "function", "name": "f"}, {"type": kind}]),
        )
    };
    for (place, body) in [
        (
            "previous_response_id",
            with("previous_response_id", json!("resp_1")),
        ),
        (
            "previous_response_id",
            json!({"model": "m", "previous_response_id": "resp_1"}),
        ),
        ("conversation", with("conversation", json!("conv_1"))),
        ("background", with("background", json!(true))),
        ("prompt", json!({"model": "m", "prompt": {"id": "pmpt_1"}})),
        ("top_logprobs", with("top_logprobs", json!(2))),
        (
            "include[1]",
            with(
                "include",
                json!(["reasoning.encrypted_content", "message.output_text.logprobs"]),
            ),
        ),
        ("tools[1].type", tool("web_search")),
        ("tools[1].type", tool("mcp")),
        ("tools[1].type", tool("shell")),
        ("tools[1].type", tool("custom")),
        (
            "tools[0].tools[0].type",
            with(
                "tools",
                json!([{"type": "namespace", "name": "n", "tools": [{"type": "custom", "name": "exec"}]}]),
            ),
        ),
        (
            "tool_choice.type",
            with("tool_choice", json!({"type": "web_search"})),
        ),
        (
            "tool_choice.tools[0].type",
            with(
                "tool_choice",
                json!({"type": "allowed_tools", "mode": "auto", "tools": [{"type": "mcp"}]}),
            ),
        ),
        (
            "input[0].type",
            items(json!([{"type": "item_reference", "id": "msg_1"}])),
        ),
        ("input[0].type", items(json!([{"id": "msg_1"}]))),
        (
            "input[0].type",
            items(json!([{"type": "web_search_call", "id": "ws_1", "status": "completed"}])),
        ),
        (
            "input[0].type",
            items(json!([{"type": "compaction", "encrypted_content": "g"}])),
        ),
        (
            "input[0].content[0].file_id",
            items(json!([{"role": "user", "content": [{"type": "input_file", "file_id": "file-1"}]}])),
        ),
        (
            "input[0].content[0].file_id",
            items(json!([{"role": "user", "content": [{"type": "input_image", "file_id": "file-1"}]}])),
        ),
        (
            "input[0]",
            items(
                json!([{"role": "user", "content": [{"type": "input_image", "image_url": "data:image/tiff;base64,AAAA"}]}]),
            ),
        ),
    ] {
        let expected = Untranslatable::Unsupported {
            place: place.to_owned(),
        };
        assert_eq!(refused(&body), expected, "{body}");
    }
}

#[test]
fn what_the_format_would_refuse_is_told_with_its_place() {
    for (told, body) in [
        ("`input` is missing", json!({"model": "m"})),
        (
            "`input` must be a string or an array of items",
            with("input", json!(7)),
        ),
        (
            "`input[0].role` is not a role",
            items(json!([{"role": "tool", "content": "x"}])),
        ),
        ("`input[0].content` is missing", items(json!([{"role": "user"}]))),
        (
            "`input[0].call_id` is missing",
            items(json!([{"type": "function_call", "name": "f"}])),
        ),
        (
            "`input[0].output` is missing",
            items(json!([{"type": "function_call_output", "call_id": "c"}])),
        ),
        (
            "`tools[0].name` is missing",
            with("tools", json!([{"type": "function"}])),
        ),
        (
            "`text.format.type` is not a format of text",
            with("text", json!({"format": {"type": "xml"}})),
        ),
        (
            "`reasoning.effort` is not an effort",
            with("reasoning", json!({"effort": "huge"})),
        ),
        (
            "`max_output_tokens` must be at least 1",
            with("max_output_tokens", json!(0)),
        ),
    ] {
        assert_eq!(refused(&body).to_string(), told);
    }
}

#[test]
fn what_asks_for_what_happens_anyway_loses_nothing() {
    let body = json!({
        "model": "m", "input": "a", "store": false, "background": false, "truncation": "disabled", "top_logprobs": 0,
        "include": ["reasoning.encrypted_content"], "stream": true, "stream_options": {"include_obfuscation": true},
        "text": {"format": {"type": "text"}, "verbosity": "medium"}, "previous_response_id": null,
    });
    assert!(sent(&body, "claude-sonnet-4-6").1.is_empty());
    let body = json!({
        "model": "m", "input": "a", "store": true, "include": ["file_search_call.results"], "max_tool_calls": 3,
        "truncation": "auto", "text": {"verbosity": "high"}, "metadata": {"a": "b"},
    });
    let dropped = sent(&body, "claude-sonnet-4-6").1;
    for place in [
        "store",
        "include[0]",
        "max_tool_calls",
        "truncation",
        "text.verbosity",
        "metadata",
    ] {
        assert!(
            dropped.iter().any(|dropped| dropped == place),
            "{place} in {dropped:?}"
        );
    }
}

#[test]
fn calls_that_follow_each_other_are_one_turn() {
    let body = items(json!([
        {"role": "user", "content": "a"},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
        {"type": "function_call", "call_id": "c2", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "1"},
        {"type": "function_call_output", "call_id": "c2", "output": "2"},
    ]));
    let (body, _) = sent(&body, "qwen3");
    let messages = body["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 4, "{messages:?}");
    assert_eq!(messages[1]["tool_calls"].as_array().unwrap().len(), 2);
    assert_eq!(messages[3]["tool_call_id"], "c2");
}

#[test]
fn a_tool_of_a_namespace_is_known_by_both_names() {
    let body = json!({
        "model": "m",
        "tools": [{"type": "namespace", "name": "mcp__docs", "tools": [{"type": "function", "name": "search"}]}],
        "tool_choice": {"type": "function", "namespace": "mcp__docs", "name": "search"},
        "input": [
            {"role": "user", "content": "a"},
            {"type": "function_call", "call_id": "c", "namespace": "mcp__docs", "name": "search", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": "1"},
        ],
    });
    let (sent, dropped) = sent(&body, "claude-sonnet-4-6");
    assert_eq!(sent["tools"][0]["name"], "mcp__docs__search");
    assert_eq!(
        sent["tool_choice"],
        json!({"type": "tool", "name": "mcp__docs__search"})
    );
    assert_eq!(sent["messages"][1]["content"][0]["name"], "mcp__docs__search");
    assert!(dropped.is_empty(), "{dropped:?}");
}

#[test]
fn thoughts_of_anthropics_go_home_and_nowhere_else() {
    let seal = |text: &str| {
        use sha2::{Digest, Sha256};
        let digest = crate::wire::opaque::hex(&Sha256::digest(text));
        format!("broker.1.anthropic.{}.sig", digest.get(..16).unwrap())
    };
    let thought = |text: &str, seal: String| json!({"type": "reasoning", "id": "rs_broker_1", "summary": [{"type": "summary_text", "text": text}], "encrypted_content": seal});
    let body = items(json!([
        {"role": "user", "content": "a"},
        thought("hm", seal("hm")),
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "1"},
        thought("changed", seal("hm")),
        {"role": "assistant", "content": "b"},
        thought("last", seal("last")),
    ]));
    let (home, dropped) = sent(&body, "claude-sonnet-4-6");
    assert_eq!(
        home["messages"][1]["content"][0],
        json!({"type": "thinking", "thinking": "hm", "signature": "sig"})
    );
    assert_eq!(
        home["messages"][3],
        json!({"role": "assistant", "content": "b"}),
        "nothing ends with a thought"
    );
    assert_eq!(dropped, ["input[4]"]);
    let (elsewhere, _) = sent(&body, "qwen3");
    assert!(!elsewhere.to_string().contains("sig"), "{elsewhere}");
}

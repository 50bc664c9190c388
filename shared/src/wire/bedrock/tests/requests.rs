//! Requests to Converse.

mod parameters;

use serde_json::{Value, json};

use super::same_as;
use crate::config::{Defaults, NO_DEFAULTS, ProviderKind};
use crate::wire::codec::{Dropped, Target, Untranslatable};
use crate::wire::{Format, UpstreamFormat};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const NOVA: &str = "eu.amazon.nova-pro-v1:0";
const NOVA_2: &str = "us.amazon.nova-2-lite-v1:0";
const LLAMA: &str = "us.meta.llama3-3-70b-instruct-v1:0";
const GPT: &str = "openai.gpt-oss-120b-1:0";
const MISTRAL: &str = "mistral.mistral-large-2407-v1:0";

const CONVERSE: UpstreamFormat = UpstreamFormat::BedrockConverse;

fn write(
    from: Format,
    body: &str,
    model: &str,
    defaults: &Defaults,
) -> Result<(Value, Vec<String>), Untranslatable> {
    let target = Target {
        kind: ProviderKind::Bedrock,
        model,
        defaults,
    };
    assert_eq!(target.format(from), CONVERSE);
    let request = from.read_chat(body.as_bytes())?;
    CONVERSE.check_chat(&request, &target)?;
    let mut dropped = Dropped::default();
    let body = CONVERSE.write_chat(&request, &target, &mut dropped);
    Ok((serde_json::from_slice(&body).unwrap(), dropped.places().to_vec()))
}

fn openai(body: &Value, model: &str) -> (Value, Vec<String>) {
    write(Format::OpenAiChat, &body.to_string(), model, &NO_DEFAULTS).unwrap()
}

fn anthropic(body: &Value, model: &str) -> (Value, Vec<String>) {
    write(Format::AnthropicMessages, &body.to_string(), model, &NO_DEFAULTS).unwrap()
}

fn user(text: &str) -> Value {
    json!({"role": "user", "content": text})
}

/// The pictures of the recorded requests that stand at an address, in the call itself.
const INLINED: [(&str, &str); 2] = [
    (
        "https://example.com/a.png",
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg==",
    ),
    (
        r#"{"type": "url", "url": "https://example.com/x.png"}"#,
        r#"{"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgoAAAANSUhEUg=="}"#,
    ),
];

#[test]
fn whole_requests_become_what_the_files_say() {
    for (name, from, body) in [
        (
            "agent.openai",
            Format::OpenAiChat,
            include_str!("../../../../testdata/requests/agent.openai.json"),
        ),
        (
            "thinking.openai",
            Format::OpenAiChat,
            include_str!("../../../../testdata/requests/thinking.openai.json"),
        ),
        (
            "agent.anthropic",
            Format::AnthropicMessages,
            include_str!("../../../../testdata/requests/agent.anthropic.json"),
        ),
        (
            "plain.anthropic",
            Format::AnthropicMessages,
            include_str!("../../../../testdata/requests/plain.anthropic.json"),
        ),
    ] {
        for (model, of) in [
            (NOVA, "nova"),
            (NOVA_2, "nova-2"),
            (LLAMA, "llama"),
            (GPT, "gpt-oss"),
        ] {
            let body = INLINED
                .iter()
                .fold(body.to_owned(), |body, (at, inline)| body.replace(at, inline));
            let (body, dropped) = write(from, &body, model, &NO_DEFAULTS).unwrap();
            let said = json!({"dropped": dropped, "body": body});
            let said = serde_json::to_string_pretty(&said).unwrap() + "\n";
            same_as(&format!("{name}.to-{of}.json"), &said);
        }
    }
}

#[test]
fn turns_alternate_and_begin_with_the_user() {
    let (body, _) = openai(
        &json!({"messages": [
            {"role": "assistant", "content": "a"},
            user("b"), user("c"),
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "x.1", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}},
                {"id": "y", "type": "function", "function": {"name": "f", "arguments": "not json"}}]},
            {"role": "tool", "tool_call_id": "x.1", "content": "1"},
            {"role": "tool", "tool_call_id": "y", "content": ""},
            user(" "), user("d"),
            {"role": "assistant", "content": "e \n"},
        ]}),
        LLAMA,
    );
    let roles: Vec<&str> = body["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["role"].as_str().unwrap())
        .collect();
    assert_eq!(
        roles,
        ["user", "assistant", "user", "assistant", "user", "assistant"]
    );
    let calls = &body["messages"][3]["content"];
    let results = &body["messages"][4]["content"];
    assert_eq!(
        calls[0]["toolUse"]["toolUseId"],
        results[0]["toolResult"]["toolUseId"]
    );
    assert_eq!(
        calls[1]["toolUse"]["input"],
        json!({"invalid_arguments": "not json"})
    );
    assert_eq!(results[1]["toolResult"]["content"], json!([{"text": "(empty)"}]));
    assert_eq!(results[2], json!({"text": "d"}));
    assert_eq!(body["messages"][5]["content"], json!([{"text": "e"}]));
    assert_eq!(
        body["toolConfig"]["tools"],
        json!([{"toolSpec": {"name": "f", "inputSchema": {"json": {"type": "object", "properties": {}}}}}]),
        "a conversation with calls must have tools"
    );
}

#[test]
fn a_choice_that_a_model_cannot_be_forced_to_is_told() {
    let tools = json!([{"type": "function", "function": {"name": "f", "description": "", "strict": true}}]);
    let with = |choice: Value, model| {
        openai(
            &json!({"messages": [user("a")], "tools": tools, "tool_choice": choice}),
            model,
        )
    };
    let named = json!({"type": "function", "function": {"name": "f"}});
    assert_eq!(
        with(json!("required"), NOVA).0["toolConfig"]["toolChoice"],
        json!({"any": {}})
    );
    assert_eq!(
        with(named.clone(), NOVA).0["toolConfig"]["toolChoice"],
        json!({"tool": {"name": "f"}})
    );
    assert_eq!(with(json!("auto"), LLAMA).0["toolConfig"].get("toolChoice"), None);
    for (model, choice, told) in [
        (LLAMA, json!("required"), "Answer by calling one of the tools."),
        (MISTRAL, named, "Answer by calling the tool `f`."),
    ] {
        let (body, dropped) = with(choice, model);
        assert_eq!(body["system"], json!([{"text": told}]));
        assert_eq!(body["toolConfig"].get("toolChoice"), None);
        assert_eq!(dropped, ["tool_choice", "tools[0].strict"]);
    }
    let (body, dropped) = with(json!("none"), NOVA);
    assert_eq!(
        (body.get("toolConfig"), dropped.len()),
        (None, 0),
        "no tools is no calls"
    );
    let spec = &with(json!("auto"), GPT).0["toolConfig"]["tools"][0]["toolSpec"];
    assert_eq!((spec.get("description"), &spec["strict"]), (None, &json!(true)));
}

#[test]
fn calls_are_forbidden_in_words_where_the_conversation_has_some() {
    let (body, _) = anthropic(
        &json!({"max_tokens": 9, "tool_choice": {"type": "none"},
        "tools": [{"name": "g", "input_schema": {"type": "object"}}],
        "messages": [
            user("a"),
            {"role": "assistant", "content": [{"type": "tool_use", "id": "i", "name": "f", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "i", "content": "1", "is_error": true}]},
        ]}),
        NOVA,
    );
    assert_eq!(
        body["system"],
        json!([{"text": "Answer without calling a tool."}])
    );
    let names: Vec<&Value> = body["toolConfig"]["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| &tool["toolSpec"]["name"])
        .collect();
    assert_eq!(names, ["g", "f"]);
    assert_eq!(body["messages"][2]["content"][0]["toolResult"]["status"], "error");
}

#[test]
fn pictures_are_bytes_and_addresses_are_refused() {
    let image = |url: &str| {
        json!({"messages": [{"role": "user", "content": [
            {"type": "text", "text": "what?"}, {"type": "image_url", "image_url": {"url": url}}]}]})
    };
    let (body, _) = openai(&image("data:image/jpg;base64,/9j/4AAQSkZJRgABAQ=="), NOVA);
    assert_eq!(
        body["messages"][0]["content"][1],
        json!({"image": {"format": "jpeg", "source": {"bytes": "/9j/4AAQSkZJRgABAQ=="}}})
    );
    for refused in ["https://example.com/a.png", "data:image/tiff;base64,AAAA"] {
        let refusal = write(
            Format::OpenAiChat,
            &image(refused).to_string(),
            NOVA,
            &NO_DEFAULTS,
        );
        assert_eq!(
            refusal.unwrap_err().code(),
            "unsupported_by_provider",
            "{refused}"
        );
    }
}

#[test]
fn a_document_has_a_clean_name_and_a_text_beside_it() {
    let document = |title: &str| {
        json!({"type": "document", "title": title,
            "source": {"type": "text", "media_type": "text/plain", "data": "h\u{e9}\n"}})
    };
    let body = json!({"max_tokens": 9, "messages": [
        {"role": "user", "content": [document("a_b.txt"), document("a b txt")]}]});
    let (body, _) = anthropic(&body, NOVA);
    let block =
        |name: &str| json!({"document": {"format": "txt", "name": name, "source": {"bytes": "aMOpCg=="}}});
    assert_eq!(
        body["messages"][0]["content"],
        json!([block("a b txt"), block("a b txt 2"), {"text": "(see the document)"}])
    );
}

#[test]
fn what_a_tool_shows_follows_its_result_where_results_hold_only_text() {
    let png = "iVBORw0KGgoAAAANSUhEUg==";
    let body = json!({"max_tokens": 9, "messages": [
        user("a"),
        {"role": "assistant", "content": [{"type": "tool_use", "id": "i", "name": "f", "input": {}}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "i", "is_error": true, "content": [
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": png}}]},
            {"type": "text", "text": "and?"}]},
    ]});
    let image = json!({"image": {"format": "png", "source": {"bytes": png}}});
    let (rich, _) = anthropic(&body, NOVA);
    assert_eq!(
        rich["messages"][2]["content"][0]["toolResult"]["content"],
        json!([image])
    );
    let (plain, _) = anthropic(&body, LLAMA);
    assert_eq!(
        plain["messages"][2]["content"],
        json!([
            {"toolResult": {"toolUseId": "i", "content": [
                {"text": "(the tool failed)"}, {"text": "(the result follows)"}]}},
            {"text": "and?"},
            image,
        ])
    );
}

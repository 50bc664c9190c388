//! Gemini's seals on its thoughts and calls, on the way through an agent and back.

use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::rules::{NEWEST, sent, sent_to};
use super::*;

#[test]
fn a_call_of_another_providers_has_the_documented_seal_in_the_current_turn_only() {
    let call =
        |id: &str| json!([{"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}}]);
    let messages = json!([
        {"role": "user", "content": "go"},
        {"role": "assistant", "tool_calls": call("a")},
        {"role": "tool", "tool_call_id": "a", "content": "one"},
        {"role": "assistant", "content": "done"},
        {"role": "user", "content": "again"},
        {"role": "assistant", "tool_calls": call("b")},
        {"role": "tool", "tool_call_id": "b", "content": "two"},
    ]);
    let seals = |model| {
        let (sent, _) = sent(json!({"messages": messages}), model);
        [1, 5].map(|turn: usize| sent["contents"][turn]["parts"][0]["thoughtSignature"].clone())
    };
    assert_eq!(
        seals(NEWEST),
        [Value::Null, json!("skip_thought_signature_validator")]
    );
    assert_eq!(seals("gemini-2.5-pro"), [Value::Null, Value::Null]);
}

#[test]
fn a_seal_comes_back_from_an_agent_of_anthropics_format() {
    let provider = json!({"candidates": [{"content": {"parts": [
        {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "AbC="},
        {"functionCall": {"name": "f", "args": {"a": 2}}}]}, "finishReason": "STOP"}], "responseId": "r"});
    let (answer, ..) = feed(
        answer(Format::AnthropicMessages),
        &[provider.to_string().as_bytes()],
    );
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let results: Vec<Value> = answer["content"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|block| block["type"] == "tool_use")
        .map(|block| json!({"type": "tool_result", "tool_use_id": block["id"], "content": "ok"}))
        .collect();
    let body = json!({"model": "m", "max_tokens": 9, "messages": [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": answer["content"]},
        {"role": "user", "content": results},
    ]});
    let (sent, _) = sent_to(Format::AnthropicMessages, &body, &gemini(NEWEST));
    let parts = sent["contents"][1]["parts"].as_array().unwrap();
    assert_eq!(parts.len(), 2);
    assert_eq!(parts[0]["thoughtSignature"], "AbC=");
    assert_eq!(parts[1].get("thoughtSignature"), None);
}

#[test]
fn a_seal_that_no_call_follows_neither_ends_an_answer_nor_cuts_a_text() {
    let part = |text: &str, seal: &str| json!({"text": text, "thoughtSignature": seal});
    for (parts, kinds) in [
        (
            vec![json!({"text": "Hel"}), part("lo", "AbC="), part("", "AbC=")],
            "text",
        ),
        (vec![part("Hello", "AbC="), part("", "AbC=")], "thinking text"),
    ] {
        let chunk = |parts: &[Value], reason: Value| json!({"candidates": [{"content": {"parts": parts}, "finishReason": reason}]});
        let whole = chunk(&parts, json!("STOP")).to_string();
        let (whole, ..) = feed(answer(Format::AnthropicMessages), &[whole.as_bytes()]);
        let whole: Value = serde_json::from_str(&whole).unwrap();
        let mut told: Vec<_> = whole["content"]
            .as_array()
            .unwrap()
            .iter()
            .map(|block| block["type"].as_str().unwrap())
            .collect();
        told.dedup();
        assert_eq!(told.join(" "), kinds);

        let chunks = parts.chunks(1).map(|part| chunk(part, Value::Null));
        let events: Vec<String> = chunks
            .chain([chunk(&[], json!("STOP"))])
            .map(|chunk| format!("data: {chunk}\n\n"))
            .collect();
        let events = events.concat();
        let (streamed, ..) = feed(stream(Format::AnthropicMessages), &[events.as_bytes()]);
        let begun = streamed
            .lines()
            .filter(|line| line.contains(r#""type":"content_block_start""#));
        let told: Vec<_> = begun
            .map(|line| {
                if line.contains(r#""thinking""#) {
                    "thinking"
                } else {
                    "text"
                }
            })
            .collect();
        assert_eq!(told.join(" "), kinds, "{streamed}");
    }
}

//! A request for a response as one for a chat completion: the same conversation in other words.

use serde_json::{Map, Value, json};

use super::{list, string};

/// The body of the chat completion that asks for the same.
pub(super) fn as_chat(body: &Value) -> Value {
    let mut chat = Map::new();
    let messages = match string(body, "input") {
        Some(text) => vec![json!({"role": "user", "content": text})],
        None => list(body, "input").iter().filter_map(message).collect(),
    };
    chat.insert("messages".to_owned(), messages.into());
    let tools: Vec<Value> = list(body, "tools")
        .iter()
        .map(|tool| json!({"type": "function", "function": {"name": tool["name"]}}))
        .collect();
    chat.insert("tools".to_owned(), tools.into());
    if let Some(choice) = body.get("tool_choice") {
        let choice = match choice.get("name") {
            Some(name) => json!({"type": "function", "function": {"name": name}}),
            None => choice.clone(),
        };
        chat.insert("tool_choice".to_owned(), choice);
    }
    if let Some(format) = body.pointer("/text/format") {
        let format = json!({"type": format["type"], "json_schema": {"schema": format["schema"]}});
        chat.insert("response_format".to_owned(), format);
    }
    for (from, to) in [
        ("/reasoning/effort", "reasoning_effort"),
        ("/parallel_tool_calls", "parallel_tool_calls"),
        ("/max_output_tokens", "max_completion_tokens"),
    ] {
        if let Some(value) = body.pointer(from) {
            chat.insert(to.to_owned(), value.clone());
        }
    }
    chat.into()
}

fn message(item: &Value) -> Option<Value> {
    match string(item, "type").unwrap_or("message") {
        "message" => Some(json!({"role": item["role"], "content": content(&item["content"])})),
        "function_call" => Some(json!({"role": "assistant", "content": null})),
        "function_call_output" => Some(json!({"role": "tool", "content": content(&item["output"])})),
        _ => None,
    }
}

fn content(content: &Value) -> Value {
    let Some(parts) = content.as_array() else {
        return content.clone();
    };
    let part = |part: &Value| match string(part, "type") {
        Some("input_image") => json!({"type": "image_url", "image_url": {"url": part["image_url"]}}),
        Some("input_file") => json!({"type": "file", "file": part}),
        _ => json!({"type": "text", "text": part["text"]}),
    };
    parts.iter().map(part).collect()
}

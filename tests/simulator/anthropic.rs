//! Answers as Anthropic's messages API gives them.

use serde_json::{Value, json};

use crate::behaviour::Finish;
use crate::plan::{Content, Told};
use crate::usage::Usage;

/// The whole answer.
pub(crate) fn whole(told: &Told<'_>) -> Value {
    let block = match &told.content {
        Content::Text { text, .. } => json!({"type": "text", "text": text, "citations": null}),
        Content::Tool { name, arguments } => {
            let input: Value = serde_json::from_str(&arguments.concat()).unwrap_or(Value::Null);
            json!({"type": "tool_use", "id": tool_id(told), "name": name, "input": input})
        }
    };
    let mut message = message(told, &json!([block]), Some(stop_reason(told)));
    if let (Some(usage), Some(fields)) = (told.usage, message.as_object_mut()) {
        fields.insert("usage".to_owned(), start_usage(usage, usage.output));
    }
    message
}

/// The name and the data of each event of a streamed answer.
///
/// Without usage `message_start` still has the object, as clients need it, with zeros, and `message_delta` has none.
pub(crate) fn events(told: &Told<'_>) -> Vec<(&'static str, String)> {
    let usage = told.usage.unwrap_or_default();
    let mut start = message(told, &json!([]), None);
    if let Some(fields) = start.as_object_mut() {
        fields.insert(
            "usage".to_owned(),
            start_usage(usage, u64::from(told.usage.is_some())),
        );
    }

    let mut events = vec![
        (
            "message_start",
            json!({"type": "message_start", "message": start}),
        ),
        ("ping", json!({"type": "ping"})),
    ];
    let delta = |delta: Value| {
        (
            "content_block_delta",
            json!({"type": "content_block_delta", "index": 0, "delta": delta}),
        )
    };
    let block = |block: Value| {
        (
            "content_block_start",
            json!({"type": "content_block_start", "index": 0, "content_block": block}),
        )
    };
    match &told.content {
        Content::Text { chunks, .. } => {
            events.push(block(json!({"type": "text", "text": ""})));
            events.extend(
                chunks
                    .iter()
                    .map(|chunk| delta(json!({"type": "text_delta", "text": chunk}))),
            );
        }
        Content::Tool { name, arguments } => {
            events.push(block(
                json!({"type": "tool_use", "id": tool_id(told), "name": name, "input": {}}),
            ));
            events.extend(
                arguments
                    .iter()
                    .map(|piece| delta(json!({"type": "input_json_delta", "partial_json": piece}))),
            );
        }
    }
    events.push((
        "content_block_stop",
        json!({"type": "content_block_stop", "index": 0}),
    ));
    let mut last =
        json!({"type": "message_delta", "delta": {"stop_reason": stop_reason(told), "stop_sequence": null}});
    if let (Some(usage), Some(fields)) = (told.usage, last.as_object_mut()) {
        fields.insert("usage".to_owned(), final_usage(usage));
    }
    events.push(("message_delta", last));
    events.push(("message_stop", json!({"type": "message_stop"})));
    events
        .into_iter()
        .map(|(name, data)| (name, data.to_string()))
        .collect()
}

fn message(told: &Told<'_>, content: &Value, stop_reason: Option<&str>) -> Value {
    json!({
        "id": format!("msg_{}", told.id),
        "type": "message",
        "role": "assistant",
        "model": told.model,
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": null,
    })
}

fn tool_id(told: &Told<'_>) -> String {
    format!("toolu_{}", told.id)
}

fn stop_reason(told: &Told<'_>) -> &'static str {
    match (&told.content, told.finish) {
        (Content::Tool { .. }, _) => "tool_use",
        (Content::Text { .. }, Finish::Stop) => "end_turn",
        (Content::Text { .. }, Finish::Length) => "max_tokens",
        (Content::Text { .. }, Finish::Filtered) => "refusal",
    }
}

/// The usage of a message: `input_tokens` leaves the prompt cache out.
fn start_usage(usage: Usage, output: u64) -> Value {
    json!({
        "input_tokens": usage.uncached(),
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cached,
        "cache_creation": {"ephemeral_5m_input_tokens": usage.cache_write, "ephemeral_1h_input_tokens": 0},
        "output_tokens": output,
        "service_tier": "standard",
    })
}

/// The usage of `message_delta`: cumulative, so it repeats the input.
fn final_usage(usage: Usage) -> Value {
    json!({
        "input_tokens": usage.uncached(),
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cached,
        "output_tokens": usage.output,
    })
}

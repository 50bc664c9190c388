//! Answers as `OpenAI`'s responses give them.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON object takes any key, and reads null where it has none"
)]

use serde_json::{Value, json};

use crate::plan::{Block, Told};
use crate::reply::{End, Said};
use crate::seal;
use crate::usage::Usage;

/// A fixed time, so that the same call has the same answer.
const CREATED: u64 = 1_790_000_000;

/// The whole answer.
pub(crate) fn whole(told: &Told<'_>) -> Value {
    let output: Vec<Value> = items(told).into_iter().map(|item| item.done).collect();
    response(told, status(told), &output)
}

/// The name and the data of each event of a streamed answer.
pub(crate) fn events(told: &Told<'_>) -> Vec<(String, String)> {
    let mut events = Vec::new();
    let mut event = |name: &str, mut data: Value| {
        data["type"] = name.into();
        data["sequence_number"] = events.len().into();
        events.push((name.to_owned(), data.to_string()));
    };
    for name in ["response.created", "response.in_progress"] {
        event(name, json!({"response": response(told, "in_progress", &[])}));
    }
    let items = items(told);
    for (place, item) in items.iter().enumerate() {
        event(
            "response.output_item.added",
            json!({"output_index": place, "item": item.added}),
        );
        for (name, mut data) in item.between.clone() {
            data["item_id"] = item.done["id"].clone();
            data["output_index"] = place.into();
            event(&name, data);
        }
        event(
            "response.output_item.done",
            json!({"output_index": place, "item": item.done}),
        );
    }
    let output: Vec<Value> = items.into_iter().map(|item| item.done).collect();
    let status = status(told);
    event(
        &format!("response.{status}"),
        json!({"response": response(told, status, &output)}),
    );
    events
}

/// The data of an event that says that the stream breaks off.
pub(crate) fn error(message: &str) -> Value {
    json!({"type": "error", "code": "server_error", "message": message, "param": null, "sequence_number": 0})
}

struct Item {
    added: Value,
    between: Vec<(String, Value)>,
    done: Value,
}

fn items(told: &Told<'_>) -> Vec<Item> {
    let mut calls = 0;
    let mut items = Vec::new();
    for (place, block) in told.blocks.iter().enumerate() {
        let id = |prefix: &str| format!("{prefix}_{}_{place}", told.id);
        items.push(match &block.said {
            Said::Text(text) => message(&id("msg"), "output_text", "text", text, block, told),
            Said::Refusal(text) => message(&id("msg"), "refusal", "refusal", text, block, told),
            Said::Thought(text) | Said::Sealed(text) => {
                let item = json!({"id": id("rs"), "type": "reasoning", "summary": [], "encrypted_content": seal::of(text)});
                Item {
                    added: item.clone(),
                    between: Vec::new(),
                    done: item,
                }
            }
            Said::Tool { name, .. } => {
                let call_id = told.call_id("call", calls);
                calls += 1;
                call(&id("fc"), &call_id, name, block)
            }
        });
    }
    items
}

fn message(id: &str, kind: &str, key: &str, text: &str, block: &Block, told: &Told<'_>) -> Item {
    let part = |text: &str| {
        let mut part = json!({"type": kind, key: text});
        if kind == "output_text" {
            part["annotations"] = json!([]);
            part["logprobs"] = json!([]);
        }
        part
    };
    let item = |status: &str, content: Value| json!({"id": id, "type": "message", "status": status, "role": "assistant", "content": content});
    let event = |name: &str, mut data: Value| {
        data["content_index"] = 0.into();
        (format!("response.{name}"), data)
    };
    let mut between = vec![event("content_part.added", json!({"part": part("")}))];
    between.extend(
        block
            .chunks
            .iter()
            .map(|chunk| event(&format!("{kind}.delta"), json!({"delta": chunk, "logprobs": []}))),
    );
    between.push(event(&format!("{kind}.done"), json!({key: text, "logprobs": []})));
    between.push(event("content_part.done", json!({"part": part(text)})));
    Item {
        added: item("in_progress", json!([])),
        between,
        done: item(status(told), json!([part(text)])),
    }
}

fn call(id: &str, call_id: &str, name: &str, block: &Block) -> Item {
    let arguments = block.chunks.concat();
    let item = |status: &str, arguments: &str| {
        json!({
            "id": id, "type": "function_call", "status": status, "call_id": call_id, "name": name,
            "arguments": arguments,
        })
    };
    let name_of = |step: &str| format!("response.function_call_arguments.{step}");
    let mut between: Vec<(String, Value)> = block
        .chunks
        .iter()
        .map(|chunk| (name_of("delta"), json!({"delta": chunk})))
        .collect();
    between.push((name_of("done"), json!({"name": name, "arguments": arguments})));
    Item {
        added: item("in_progress", ""),
        between,
        done: item("completed", &arguments),
    }
}

fn status(told: &Told<'_>) -> &'static str {
    match told.end {
        End::Length => "incomplete",
        End::Filtered if !refuses(told) => "incomplete",
        _ => "completed",
    }
}

fn refuses(told: &Told<'_>) -> bool {
    told.blocks
        .iter()
        .any(|block| matches!(block.said, Said::Refusal(_)))
}

fn response(told: &Told<'_>, status: &str, output: &[Value]) -> Value {
    let details = match (status, &told.end) {
        ("incomplete", End::Length) => json!({"reason": "max_output_tokens"}),
        ("incomplete", _) => json!({"reason": "content_filter"}),
        _ => Value::Null,
    };
    let usage = told.usage.filter(|_| status != "in_progress").map(usage_json);
    json!({
        "id": format!("resp_{}", told.id), "object": "response", "created_at": CREATED, "status": status,
        "background": false, "error": null, "incomplete_details": details, "instructions": null,
        "max_output_tokens": null, "model": told.model, "output": output, "parallel_tool_calls": true,
        "previous_response_id": told.previous, "reasoning": {"effort": null, "summary": null}, "service_tier": "default",
        "store": told.is_stored, "temperature": 1.0, "text": {"format": {"type": "text"}}, "tool_choice": "auto", "tools": [],
        "top_p": 1.0, "truncation": "disabled", "usage": usage, "user": null, "metadata": {},
    })
}

fn usage_json(usage: Usage) -> Value {
    json!({
        "input_tokens": usage.input,
        "input_tokens_details": {"cached_tokens": usage.cached, "cache_write_tokens": usage.cache_write},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.total(),
    })
}

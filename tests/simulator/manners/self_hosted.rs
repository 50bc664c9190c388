//! Servers that operators run themselves.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value has null where it has no such key, and what is changed was made here"
)]

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{choice, each};
use crate::vendor::Vendor;

/// An answer in one piece.
pub(super) fn whole(vendor: Vendor, answer: &mut Value) {
    let place = "/choices/0/message";
    match vendor {
        Vendor::Vllm | Vendor::Ollama => rename_thought(answer.pointer_mut(place)),
        Vendor::LlamaCpp => answer["timings"] = timings(),
        _ => {}
    }
    if vendor == Vendor::Ollama {
        stop_after_calls(answer);
    }
    if vendor == Vendor::Vllm {
        answer["usage"]["prompt_tokens_details"] = Value::Null;
        answer["prompt_logprobs"] = Value::Null;
    }
}

/// The events of a stream.
pub(super) fn events(vendor: Vendor, events: Vec<String>) -> Vec<String> {
    match vendor {
        Vendor::Vllm => vllm(events),
        Vendor::Ollama => ollama(&events),
        Vendor::LlamaCpp => each(events, |event| {
            if event
                .pointer("/choices/0/finish_reason")
                .is_some_and(Value::is_string)
            {
                event["timings"] = timings();
            }
        }),
        _ => events,
    }
}

/// Every fragment of a call has its id and name.
fn vllm(events: Vec<String>) -> Vec<String> {
    let mut names = BTreeMap::<String, (Value, Value)>::new();
    each(events, |event| {
        if event["usage"].is_object() {
            event["usage"]["prompt_tokens_details"] = Value::Null;
        }
        let Some(own) = choice(event) else { return };
        rename_thought(own.get_mut("delta"));
        if let Some(call) = own["delta"].pointer_mut("/tool_calls/0") {
            let key = call["index"].to_string();
            if call["id"].is_string() {
                names.insert(key, (call["id"].clone(), call["function"]["name"].clone()));
            } else if let Some((id, name)) = names.get(&key) {
                call["id"] = id.clone();
                call["type"] = "function".into();
                call["function"]["name"] = name.clone();
            }
        }
    })
}

/// Calls are whole and have the number 0, or none; the role is in every chunk.
fn ollama(events: &[String]) -> Vec<String> {
    let mut chunks: Vec<Value> = Vec::new();
    for mut chunk in events
        .iter()
        .filter_map(|data| serde_json::from_str::<Value>(data).ok())
    {
        stop_after_calls(&mut chunk);
        if let Some(own) = choice(&mut chunk) {
            rename_thought(own.get_mut("delta"));
            own["delta"]["role"] = "assistant".into();
            let begins = own["delta"].pointer("/tool_calls/0/id").is_some();
            let piece = own["delta"].pointer("/tool_calls/0/function/arguments").cloned();
            if let (Some(Value::String(piece)), false) = (piece, begins) {
                let last = chunks.last_mut();
                let place = "/choices/0/delta/tool_calls/0/function/arguments";
                if let Some(Value::String(so_far)) = last.and_then(|last| last.pointer_mut(place)) {
                    so_far.push_str(&piece);
                    continue;
                }
            }
            if let Some(call) = own["delta"]
                .pointer_mut("/tool_calls/0")
                .and_then(Value::as_object_mut)
            {
                let is_first = call.get("index") == Some(&json!(0));
                call.remove("index");
                if is_first {
                    call.insert("index".to_owned(), 0.into());
                }
            }
        }
        chunks.push(chunk);
    }
    let mut events: Vec<String> = chunks.iter().map(Value::to_string).collect();
    events.push("[DONE]".to_owned());
    events
}

fn stop_after_calls(chunk: &mut Value) {
    if let Some(own) = choice(chunk)
        && own["finish_reason"] == "tool_calls"
    {
        own["finish_reason"] = "stop".into();
    }
}

fn rename_thought(said: Option<&mut Value>) {
    if let Some(fields) = said.and_then(Value::as_object_mut)
        && let Some(thought) = fields.remove("reasoning_content")
    {
        fields.insert("reasoning".to_owned(), thought);
    }
}

/// The body of an error.
pub(super) fn error(vendor: Vendor, status: u16, body: Value) -> Value {
    let message = &body["error"]["message"];
    match vendor {
        Vendor::Vllm if status < 500 => json!({
            "object": "error", "message": message, "type": "BadRequestError", "param": null, "code": status,
        }),
        Vendor::Vllm => json!({"error": {
            "message": message, "type": "InternalServerError", "param": null, "code": status,
        }}),
        Vendor::LlamaCpp if status == 503 => {
            json!({"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}})
        }
        Vendor::Tgi => json!({"error": message, "error_type": "validation"}),
        _ => body,
    }
}

fn timings() -> Value {
    json!({"prompt_n": 8, "prompt_ms": 30.5, "predicted_n": 2, "predicted_per_second": 52.9})
}

//! Mistral's answers: thoughts are chunks of the content, ids have nine letters and digits, calls come whole, and the last
//! chunk has the usage.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value has null where it has no such key, and what is changed was made here"
)]

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::{Value, json};

use super::choice;

/// An answer in one piece.
pub(super) fn whole(answer: &mut Value) {
    let Some(message) = answer
        .pointer_mut("/choices/0/message")
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    message.remove("annotations");
    // No words of its own for it.
    if let Some(refusal) = message.remove("refusal").filter(Value::is_string) {
        message.insert("content".to_owned(), refusal);
    }
    if let Some(thought) = message.remove("reasoning_content") {
        let text = message.remove("content").unwrap_or_default();
        message.insert(
            "content".to_owned(),
            json!([thinking(&thought), {"type": "text", "text": text.as_str().unwrap_or_default()}]),
        );
    }
    for call in message
        .get_mut("tool_calls")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        call["id"] = nine(&call["id"]).into();
    }
    rename_cached(answer);
}

/// The events of a stream.
pub(super) fn events(events: &[String]) -> Vec<String> {
    let mut chunks: Vec<Value> = Vec::new();
    for mut chunk in events
        .iter()
        .filter_map(|data| serde_json::from_str::<Value>(data).ok())
    {
        if let Some(fields) = chunk.as_object_mut() {
            fields.retain(|name, value| name != "usage" || !value.is_null());
        }
        let Some(own) = choice(&mut chunk) else {
            // The usage stands alone at OpenAI.
            rename_cached(&mut chunk);
            if let Some(last) = chunks.last_mut() {
                last["usage"] = chunk["usage"].take();
            }
            continue;
        };
        if let Some(refusal) = own["delta"].get("refusal").filter(|refusal| refusal.is_string()) {
            own["delta"] = json!({"content": refusal});
        }
        if let Some(thought) = own["delta"].get("reasoning_content") {
            own["delta"] = json!({"content": [thinking(thought)]});
        }
        if let Some(call) = own["delta"].pointer("/tool_calls/0").cloned()
            && let Some(begun) = begun(&mut chunks, &call["index"])
        {
            let piece = call["function"]["arguments"].as_str().unwrap_or_default();
            let so_far = begun["function"]["arguments"].as_str().unwrap_or_default();
            begun["function"]["arguments"] = format!("{so_far}{piece}").into();
            continue;
        }
        if let Some(call) = own["delta"].pointer_mut("/tool_calls/0") {
            call["id"] = nine(&call["id"]).into();
        }
        chunks.push(chunk);
    }
    let mut events: Vec<String> = chunks.iter().map(Value::to_string).collect();
    events.push("[DONE]".to_owned());
    events
}

/// The call of this index, if it has begun.
fn begun<'c>(chunks: &'c mut [Value], index: &Value) -> Option<&'c mut Value> {
    chunks
        .iter_mut()
        .filter_map(|chunk| chunk.pointer_mut("/choices/0/delta/tool_calls/0"))
        .find(|call| call["index"] == *index)
}

/// An error.
pub(super) fn error(status: u16, body: &Value) -> Value {
    let error = &body["error"];
    if status == 422 {
        return json!({"detail": [{"type": "extra_forbidden", "loc": ["body"], "msg": error["message"]}]});
    }
    json!({
        "object": "error", "message": error["message"], "type": error["type"], "param": error["param"],
        "code": error["code"], "raw_status_code": status,
    })
}

fn thinking(thought: &Value) -> Value {
    json!({"type": "thinking", "thinking": [{"type": "text", "text": thought}]})
}

fn nine(id: &Value) -> String {
    let mut hasher = DefaultHasher::new();
    id.as_str().unwrap_or_default().hash(&mut hasher);
    format!("{:0>16x}", hasher.finish()).chars().take(9).collect()
}

fn rename_cached(answer: &mut Value) {
    if let Some(usage) = answer.get_mut("usage").and_then(Value::as_object_mut) {
        let cached = usage
            .remove("prompt_tokens_details")
            .map(|details| details["cached_tokens"].clone());
        usage.insert("num_cached_tokens".to_owned(), cached.unwrap_or_default());
    }
}

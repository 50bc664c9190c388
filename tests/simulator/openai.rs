//! Answers as `OpenAI` chat completions gives them.

use serde_json::{Value, json};

use crate::behaviour::Finish;
use crate::plan::{Content, Told};
use crate::usage::Usage;

/// A fixed time, so that the same call has the same answer.
const CREATED: u64 = 1_790_000_000;

/// The whole answer.
pub(crate) fn whole(told: &Told<'_>) -> Value {
    let message = match &told.content {
        Content::Text { text, .. } => {
            json!({"role": "assistant", "content": text, "refusal": null, "annotations": []})
        }
        Content::Tool { name, arguments } => {
            json!({"role": "assistant", "content": null, "refusal": null, "tool_calls": [
                {"id": call_id(told), "type": "function", "function": {"name": name, "arguments": arguments.concat()}},
            ]})
        }
    };
    let mut answer = json!({
        "id": format!("chatcmpl-{}", told.id),
        "object": "chat.completion",
        "created": CREATED,
        "model": told.model,
        "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": finish_reason(told)}],
        "service_tier": "default",
        "system_fingerprint": null,
    });
    if let (Some(usage), Some(fields)) = (told.usage, answer.as_object_mut()) {
        fields.insert("usage".to_owned(), usage_json(usage));
    }
    answer
}

/// The data of each event of a streamed answer; the last is `[DONE]`.
pub(crate) fn events(told: &Told<'_>, include_usage: bool) -> Vec<String> {
    let reported = told.usage.filter(|_| include_usage);
    let event = |choices: Value, usage: Value| {
        let mut chunk = json!({
            "id": format!("chatcmpl-{}", told.id),
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": told.model,
            "service_tier": "default",
            "system_fingerprint": null,
            "choices": choices,
        });
        if let (true, Some(fields)) = (reported.is_some(), chunk.as_object_mut()) {
            fields.insert("usage".to_owned(), usage);
        }
        chunk.to_string()
    };
    let delta = |delta: Value, finish: Value| {
        event(
            json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}]),
            Value::Null,
        )
    };

    let mut events = Vec::new();
    match &told.content {
        Content::Text { chunks, .. } => {
            events.push(delta(
                json!({"role": "assistant", "content": "", "refusal": null}),
                Value::Null,
            ));
            events.extend(
                chunks
                    .iter()
                    .map(|chunk| delta(json!({"content": chunk}), Value::Null)),
            );
        }
        Content::Tool { name, arguments } => {
            let first = json!({"index": 0, "id": call_id(told), "type": "function", "function": {"name": name, "arguments": ""}});
            events.push(delta(
                json!({"role": "assistant", "content": null, "refusal": null, "tool_calls": [first]}),
                Value::Null,
            ));
            events.extend(arguments.iter().map(|piece| {
                delta(
                    json!({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}),
                    Value::Null,
                )
            }));
        }
    }
    events.push(delta(json!({}), finish_reason(told).into()));
    if let Some(usage) = reported {
        events.push(event(json!([]), usage_json(usage)));
    }
    events.push("[DONE]".to_owned());
    events
}

fn call_id(told: &Told<'_>) -> String {
    format!("call_{}", told.id)
}

fn finish_reason(told: &Told<'_>) -> &'static str {
    match (&told.content, told.finish) {
        (Content::Tool { .. }, _) => "tool_calls",
        (Content::Text { .. }, Finish::Stop) => "stop",
        (Content::Text { .. }, Finish::Length) => "length",
        (Content::Text { .. }, Finish::Filtered) => "content_filter",
    }
}

fn usage_json(usage: Usage) -> Value {
    json!({
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.total(),
        "prompt_tokens_details": {
            "cached_tokens": usage.cached,
            "cache_write_tokens": usage.cache_write,
            "audio_tokens": 0,
        },
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    })
}

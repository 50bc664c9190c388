//! Answers as `OpenAI` chat completions gives them.

use serde_json::{Map, Value, json};

use crate::plan::{Block, Told};
use crate::reply::{End, Said};
use crate::usage::Usage;
use crate::vendor::Vendor;

/// A fixed time, so that the same call has the same answer.
const CREATED: u64 = 1_790_000_000;

/// The whole answer.
pub(crate) fn whole(told: &Told<'_>) -> Value {
    let said = |wanted: fn(&Said) -> Option<&str>| {
        let texts: Vec<&str> = told
            .blocks
            .iter()
            .filter_map(|block| wanted(&block.said))
            .collect();
        (!texts.is_empty()).then(|| texts.concat())
    };
    let mut message = Map::new();
    message.insert("role".to_owned(), "assistant".into());
    message.insert("content".to_owned(), said(text_of).into());
    message.insert("refusal".to_owned(), said(refusal_of).into());
    if let (Some(thought), true) = (said(thought_of), told.vendor.tells_thoughts()) {
        message.insert(told.reasoning_field.to_owned(), thought.into());
    }
    let calls: Vec<Value> = told
        .calls()
        .map(|(position, name, block)| {
            let function = json!({"name": name, "arguments": block.chunks.concat()});
            json!({"id": told.call_id("call", position), "type": "function", "function": function})
        })
        .collect();
    if calls.is_empty() {
        message.insert("annotations".to_owned(), json!([]));
    } else {
        message.insert("tool_calls".to_owned(), calls.into());
    }
    let mut answer = json!({
        "id": format!("chatcmpl-{}", told.id),
        "object": "chat.completion",
        "created": CREATED,
        "model": told.model,
        "choices": [choice(told, "message", &message.into(), &finish_reason(told).into())],
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
    let delta =
        |delta: Value, finish: &Value| event(json!([choice(told, "delta", &delta, finish)]), Value::Null);

    let mut steps = deltas(told);
    let role = json!({"role": "assistant", "content": "", "refusal": null});
    match steps.first_mut().and_then(Value::as_object_mut) {
        // A call of a tool comes with the role.
        Some(first) if first.contains_key("tool_calls") => {
            first.extend(role.as_object().cloned().unwrap_or_default());
            first.insert("content".to_owned(), Value::Null);
        }
        _ => steps.insert(0, role),
    }
    let mut events: Vec<String> = steps.into_iter().map(|step| delta(step, &Value::Null)).collect();
    events.push(delta(json!({}), &finish_reason(told).into()));
    if let Some(usage) = reported {
        events.push(event(json!([]), usage_json(usage)));
    }
    events.push("[DONE]".to_owned());
    events
}

/// What a stream says, step by step.
fn deltas(told: &Told<'_>) -> Vec<Value> {
    let mut deltas = Vec::new();
    for block in &told.blocks {
        let field = match &block.said {
            Said::Text(_) => "content",
            Said::Refusal(_) => "refusal",
            Said::Thought(_) if told.vendor.tells_thoughts() => told.reasoning_field,
            Said::Thought(_) | Said::Sealed(_) | Said::Tool { .. } => continue,
        };
        deltas.extend(block.chunks.iter().map(|chunk| json!({field: chunk})));
    }
    let begin = |position: usize, name: &str| {
        let function = json!({"name": name, "arguments": ""});
        json!({"tool_calls": [
            {"index": position, "id": told.call_id("call", position), "type": "function", "function": function},
        ]})
    };
    let go_on = |position: usize, piece: &str| json!({"tool_calls": [{"index": position, "function": {"arguments": piece}}]});
    if told.interleave {
        deltas.extend(told.calls().map(|(position, name, _)| begin(position, name)));
        let longest = told
            .calls()
            .map(|(_, _, block)| block.chunks.len())
            .max()
            .unwrap_or(0);
        for turn in 0..longest {
            deltas.extend(
                told.calls()
                    .filter_map(|(position, _, block)| Some(go_on(position, block.chunks.get(turn)?))),
            );
        }
        return deltas;
    }
    for (position, name, Block { chunks, .. }) in told.calls() {
        deltas.push(begin(position, name));
        deltas.extend(chunks.iter().map(|piece| go_on(position, piece)));
    }
    deltas
}

fn choice(told: &Told<'_>, name: &str, content: &Value, finish: &Value) -> Value {
    let mut choice = json!({"index": 0, name: content, "logprobs": null});
    if let Some(fields) = choice.as_object_mut() {
        // vLLM says which sequence it was.
        if let (Vendor::Compatible | Vendor::Vllm, End::Sequence(sequence), false) =
            (told.vendor, &told.end, finish.is_null())
        {
            fields.insert("stop_reason".to_owned(), sequence.as_str().into());
        }
        fields.insert("finish_reason".to_owned(), finish.clone());
    }
    choice
}

fn text_of(said: &Said) -> Option<&str> {
    match said {
        Said::Text(text) => Some(text),
        _ => None,
    }
}

fn refusal_of(said: &Said) -> Option<&str> {
    match said {
        Said::Refusal(text) => Some(text),
        _ => None,
    }
}

fn thought_of(said: &Said) -> Option<&str> {
    match said {
        Said::Thought(text) => Some(text),
        _ => None,
    }
}

fn finish_reason(told: &Told<'_>) -> &'static str {
    match told.end {
        End::Tools => "tool_calls",
        End::Stop | End::Sequence(_) => "stop",
        End::Length => "length",
        // A refusal in words is an answer like any other here.
        End::Filtered if told.blocks.iter().any(|block| refusal_of(&block.said).is_some()) => "stop",
        End::Filtered => "content_filter",
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
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    })
}

//! Answers as Anthropic's messages API gives them.

use serde_json::{Value, json};

use crate::plan::{Block, Told};
use crate::reply::{End, Said};
use crate::seal;
use crate::usage::Usage;

/// The whole answer.
pub(crate) fn whole(told: &Told<'_>) -> Value {
    let mut calls = 0;
    let blocks: Vec<Value> = told
        .blocks
        .iter()
        .filter_map(|Block { said, .. }| match said {
            Said::Text(text) => Some(json!({"type": "text", "text": text, "citations": null})),
            Said::Thought(text) => {
                Some(json!({"type": "thinking", "thinking": text, "signature": seal::of(text)}))
            }
            Said::Sealed(text) => Some(json!({"type": "redacted_thinking", "data": seal::closed(text)})),
            Said::Refusal(_) => None,
            Said::Tool { name, arguments } => {
                let input: Value = serde_json::from_str(arguments).unwrap_or(Value::Null);
                calls += 1;
                let id = told.call_id("toolu", calls - 1);
                Some(json!({"type": "tool_use", "id": id, "name": name, "input": input}))
            }
        })
        .collect();
    let mut message = message(told, &blocks.into());
    if let Some(fields) = message.as_object_mut() {
        if let Value::Object(ending) = ending(told) {
            fields.extend(ending);
        }
        if let Some(usage) = told.usage {
            fields.insert("usage".to_owned(), start_usage(usage, usage.output));
        }
    }
    message
}

/// The name and the data of each event of a streamed answer.
///
/// Without usage `message_start` still has the object, as clients need it, with zeros, and `message_delta` has none.
pub(crate) fn events(told: &Told<'_>) -> Vec<(&'static str, String)> {
    let usage = told.usage.unwrap_or_default();
    let mut start = message(told, &json!([]));
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
    let mut calls = 0;
    let shown = told
        .blocks
        .iter()
        .filter(|block| !matches!(block.said, Said::Refusal(_)));
    for (index, block) in shown.enumerate() {
        if let Said::Tool { .. } = block.said {
            calls += 1;
        }
        events.extend(block_events(told, index, calls, block));
    }
    let mut last = json!({"type": "message_delta", "delta": ending(told)});
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

fn block_events(told: &Told<'_>, index: usize, calls: usize, block: &Block) -> Vec<(&'static str, Value)> {
    let (start, kind, field) = match &block.said {
        Said::Text(_) | Said::Refusal(_) => (json!({"type": "text", "text": ""}), "text_delta", "text"),
        Said::Thought(_) => (
            json!({"type": "thinking", "thinking": "", "signature": ""}),
            "thinking_delta",
            "thinking",
        ),
        Said::Sealed(text) => (
            json!({"type": "redacted_thinking", "data": seal::closed(text)}),
            "",
            "",
        ),
        Said::Tool { name, .. } => (
            json!({"type": "tool_use", "id": told.call_id("toolu", calls.saturating_sub(1)), "name": name, "input": {}}),
            "input_json_delta",
            "partial_json",
        ),
    };
    let delta = |delta: Value| {
        (
            "content_block_delta",
            json!({"type": "content_block_delta", "index": index, "delta": delta}),
        )
    };
    let mut events = vec![(
        "content_block_start",
        json!({"type": "content_block_start", "index": index, "content_block": start}),
    )];
    match &block.said {
        Said::Sealed(_) => {}
        // A tool without arguments is given an empty piece.
        Said::Tool { arguments, .. } if arguments == "{}" => {
            events.push(delta(json!({"type": kind, field: ""})));
        }
        _ => events.extend(
            block
                .chunks
                .iter()
                .map(|piece| delta(json!({"type": kind, field: piece}))),
        ),
    }
    if let Said::Thought(text) = &block.said {
        events.push(delta(
            json!({"type": "signature_delta", "signature": seal::of(text)}),
        ));
    }
    events.push((
        "content_block_stop",
        json!({"type": "content_block_stop", "index": index}),
    ));
    events
}

fn message(told: &Told<'_>, content: &Value) -> Value {
    json!({
        "id": format!("msg_{}", told.id),
        "type": "message",
        "role": "assistant",
        "model": told.model,
        "content": content,
        "stop_reason": null,
        "stop_sequence": null,
    })
}

/// Why the answer ended.
fn ending(told: &Told<'_>) -> Value {
    let refusal = told.blocks.iter().find_map(|block| match &block.said {
        Said::Refusal(text) => Some(text),
        _ => None,
    });
    match &told.end {
        End::Stop => json!({"stop_reason": "end_turn", "stop_sequence": null}),
        End::Sequence(sequence) => json!({"stop_reason": "stop_sequence", "stop_sequence": sequence}),
        End::Length => json!({"stop_reason": "max_tokens", "stop_sequence": null}),
        End::Tools => json!({"stop_reason": "tool_use", "stop_sequence": null}),
        End::Filtered => match refusal {
            Some(text) => json!({
                "stop_reason": "refusal",
                "stop_sequence": null,
                "stop_details": {"type": "refusal", "category": null, "explanation": text},
            }),
            None => json!({"stop_reason": "refusal", "stop_sequence": null}),
        },
    }
}

/// The usage of a message: `input_tokens` leaves the prompt cache out.
fn start_usage(usage: Usage, output: u64) -> Value {
    json!({
        "input_tokens": usage.uncached(),
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cached,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_write.saturating_sub(usage.cache_write_1h),
            "ephemeral_1h_input_tokens": usage.cache_write_1h,
        },
        "output_tokens": output,
        "output_tokens_details": {"thinking_tokens": if output == usage.output { usage.reasoning } else { 0 }},
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
        "output_tokens_details": {"thinking_tokens": usage.reasoning},
    })
}

//! Answers as Bedrock gives them.

#![expect(
    clippy::indexing_slicing,
    reason = "a member that a JSON value has not is null, and none of these values is anything but an object"
)]

use serde_json::{Value, json};

use super::encoding::base64;
use super::{Words, frames};
use crate::anthropic;
use crate::plan::{Block, Told};
use crate::reply::{End, Said};
use crate::seal;

/// The whole answer.
pub(crate) fn whole(words: Words, told: &Told<'_>) -> Value {
    if words == Words::Invoke {
        return anthropic::whole(told);
    }
    let mut calls = 0;
    let content: Vec<Value> = told
        .blocks
        .iter()
        .map(|Block { said, .. }| match said {
            Said::Text(text) | Said::Refusal(text) => json!({"text": text}),
            Said::Thought(text) => {
                json!({"reasoningContent": {"reasoningText": {"text": text, "signature": seal::of(text)}}})
            }
            Said::Sealed(text) => json!({"reasoningContent": {"redactedContent": seal::closed(text)}}),
            Said::Tool { name, arguments } => {
                let input: Value = serde_json::from_str(arguments).unwrap_or(Value::Null);
                calls += 1;
                let id = told.call_id("tooluse", calls - 1);
                json!({"toolUse": {"toolUseId": id, "name": name, "input": input}})
            }
        })
        .collect();
    let mut answer = json!({
        "metrics": {"latencyMs": 7},
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": stop_reason(&told.end),
    });
    if let Some(usage) = usage(told) {
        answer["usage"] = usage;
    }
    answer
}

/// The frames of a streamed answer.
pub(crate) fn events(words: Words, told: &Told<'_>) -> Vec<Vec<u8>> {
    match words {
        Words::Converse => converse(told)
            .into_iter()
            .enumerate()
            .map(|(index, (name, mut payload))| {
                // Of another length each time, so that nobody learns lengths from the outside.
                let padding: String = "abcdefghijklmnopqrstuvwxyz"
                    .chars()
                    .take(index * 7 % 26)
                    .collect();
                payload["p"] = padding.into();
                frames::event(name, &payload.to_string())
            })
            .collect(),
        Words::Invoke => anthropic::events(told)
            .into_iter()
            .filter(|(name, _)| *name != "ping")
            .map(|(name, data)| {
                let mut data: Value = serde_json::from_str(&data).unwrap_or_default();
                if name == "message_stop" {
                    data["amazon-bedrock-invocationMetrics"] =
                        json!({"inputTokenCount": 1, "invocationLatency": 2});
                }
                let payload = json!({"bytes": base64(data.to_string().as_bytes()), "p": "abcd"});
                frames::event("chunk", &payload.to_string())
            })
            .collect(),
    }
}

fn converse(told: &Told<'_>) -> Vec<(&'static str, Value)> {
    let mut events = vec![("messageStart", json!({"role": "assistant"}))];
    let mut calls = 0;
    for (index, block) in told.blocks.iter().enumerate() {
        let mut delta = |delta: Value| {
            events.push((
                "contentBlockDelta",
                json!({"contentBlockIndex": index, "delta": delta}),
            ));
        };
        match &block.said {
            Said::Text(_) | Said::Refusal(_) => {
                block
                    .chunks
                    .iter()
                    .for_each(|piece| delta(json!({"text": piece})));
            }
            Said::Thought(text) => {
                let thoughts = block.chunks.iter().map(|piece| json!({"text": piece}));
                thoughts
                    .chain([json!({"signature": seal::of(text)})])
                    .for_each(|thought| delta(json!({"reasoningContent": thought})));
            }
            Said::Sealed(text) => delta(json!({"reasoningContent": {"redactedContent": seal::closed(text)}})),
            Said::Tool { name, arguments } => {
                calls += 1;
                let call = json!({"toolUseId": told.call_id("tooluse", calls - 1), "name": name});
                events.push((
                    "contentBlockStart",
                    json!({"contentBlockIndex": index, "start": {"toolUse": call}}),
                ));
                // A tool without arguments is given nothing at all.
                for piece in block.chunks.iter().filter(|_| arguments != "{}") {
                    let delta = json!({"toolUse": {"input": piece}});
                    events.push((
                        "contentBlockDelta",
                        json!({"contentBlockIndex": index, "delta": delta}),
                    ));
                }
            }
        }
        events.push(("contentBlockStop", json!({"contentBlockIndex": index})));
    }
    events.push(("messageStop", json!({"stopReason": stop_reason(&told.end)})));
    if let Some(usage) = usage(told) {
        events.push(("metadata", json!({"usage": usage, "metrics": {"latencyMs": 7}})));
    }
    events
}

fn stop_reason(end: &End) -> &'static str {
    match end {
        End::Stop => "end_turn",
        End::Sequence(_) => "stop_sequence",
        End::Length => "max_tokens",
        End::Tools => "tool_use",
        End::Filtered => "guardrail_intervened",
    }
}

/// The usage: `inputTokens` leaves the cache out.
fn usage(told: &Told<'_>) -> Option<Value> {
    let usage = told.usage?;
    Some(json!({
        "inputTokens": usage.uncached(), "outputTokens": usage.output,
        "totalTokens": usage.uncached() + usage.output,
        "cacheReadInputTokens": usage.cached, "cacheWriteInputTokens": usage.cache_write,
    }))
}

//! Answers as Cohere's chat gives them.

use serde_json::{Value, json};

use crate::plan::Told;
use crate::reply::{End, Said};
use crate::usage::Usage;

/// The whole answer.
pub(crate) fn whole(told: &Told<'_>) -> Value {
    let content: Vec<Value> = told
        .blocks
        .iter()
        .filter_map(|block| content(&block.said))
        .collect();
    let calls: Vec<Value> = told
        .calls()
        .map(|(position, name, block)| call(told, position, name, &block.chunks.concat()))
        .collect();
    let mut message = json!({"role": "assistant"});
    if let Some(fields) = message.as_object_mut() {
        if !content.is_empty() {
            fields.insert("content".to_owned(), content.into());
        }
        if !calls.is_empty() {
            fields.insert("tool_plan".to_owned(), PLAN.into());
            fields.insert("tool_calls".to_owned(), calls.into());
        }
    }
    json!({
        "id": told.id, "finish_reason": finish_reason(told), "message": message, "usage": usage(told.usage),
    })
}

/// The name and the data of each event of a streamed answer.
pub(crate) fn events(told: &Told<'_>) -> Vec<(&'static str, String)> {
    let mut events = Vec::new();
    let mut tell = |name: &'static str, index: Option<usize>, delta: Value| {
        let mut event = json!({"type": name, "delta": delta});
        if let (Some(index), Some(fields)) = (index, event.as_object_mut()) {
            fields.insert("index".to_owned(), index.into());
        }
        events.push((name, event.to_string()));
    };
    tell(
        "message-start",
        None,
        json!({"message": {"role": "assistant", "content": []}}),
    );
    let spoken = told
        .blocks
        .iter()
        .filter_map(|block| Some((kind(&block.said)?, block)));
    for (index, (kind, block)) in spoken.enumerate() {
        let index = Some(index);
        tell(
            "content-start",
            index,
            json!({"message": {"content": {"type": kind, kind: ""}}}),
        );
        for chunk in &block.chunks {
            tell(
                "content-delta",
                index,
                json!({"message": {"content": {kind: chunk}}}),
            );
        }
        tell("content-end", index, json!({}));
    }
    if told.calls().next().is_some() {
        tell("tool-plan-delta", None, json!({"message": {"tool_plan": PLAN}}));
    }
    for (position, name, block) in told.calls() {
        let index = Some(position);
        let begun = call(told, position, name, "");
        tell(
            "tool-call-start",
            index,
            json!({"message": {"tool_calls": begun}}),
        );
        for piece in &block.chunks {
            let function = json!({"function": {"arguments": piece}});
            tell(
                "tool-call-delta",
                index,
                json!({"message": {"tool_calls": function}}),
            );
        }
        tell("tool-call-end", index, json!({}));
    }
    let end = json!({"finish_reason": finish_reason(told), "usage": usage(told.usage)});
    tell("message-end", None, end);
    events
}

const PLAN: &str = "I will call a tool.";

/// What a block of this kind is called.
fn kind(said: &Said) -> Option<&'static str> {
    match said {
        Said::Text(_) | Said::Refusal(_) => Some("text"),
        Said::Thought(_) => Some("thinking"),
        Said::Sealed(_) | Said::Tool { .. } => None,
    }
}

fn content(said: &Said) -> Option<Value> {
    let kind = kind(said)?;
    match said {
        Said::Text(text) | Said::Refusal(text) | Said::Thought(text) => {
            Some(json!({"type": kind, kind: text}))
        }
        Said::Sealed(_) | Said::Tool { .. } => None,
    }
}

fn call(told: &Told<'_>, position: usize, name: &str, arguments: &str) -> Value {
    let function = json!({"name": name, "arguments": arguments});
    json!({"id": told.call_id(name, position), "type": "function", "function": function})
}

fn finish_reason(told: &Told<'_>) -> &'static str {
    match told.end {
        End::Tools => "TOOL_CALL",
        End::Stop | End::Filtered => "COMPLETE",
        End::Sequence(_) => "STOP_SEQUENCE",
        End::Length => "MAX_TOKENS",
    }
}

fn usage(usage: Option<Usage>) -> Value {
    let Some(usage) = usage else { return Value::Null };
    let tokens = |input: u64| {
        let fraction =
            |number: u64| serde_json::from_str::<Value>(&format!("{number}.0")).unwrap_or_default();
        json!({"input_tokens": fraction(input), "output_tokens": fraction(usage.output)})
    };
    json!({
        "billed_units": tokens(usage.input / 2), "tokens": tokens(usage.input), "cached_tokens": usage.cached,
    })
}

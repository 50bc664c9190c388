//! Answers as Gemini gives them.

use serde_json::{Value, json};

use crate::behaviour::StatusError;
use crate::plan::{Block, Told};
use crate::reply::{End, Said};
use crate::seal;
use crate::usage::Usage;
use crate::vendor::Vendor;

use super::Family;

/// The whole answer.
pub(crate) fn whole(told: &Told<'_>) -> Value {
    let mut calls = 0;
    let parts: Vec<Value> = told
        .blocks
        .iter()
        .filter_map(|block| part(told, block, &mut calls))
        .collect();
    let mut answer = answer(told, &parts.into());
    finish(told, &mut answer);
    answer
}

/// The data of each event of a streamed answer: the last has no words and says why it ends.
pub(crate) fn events(told: &Told<'_>) -> Vec<String> {
    let mut calls = 0;
    let mut events = Vec::new();
    for block in &told.blocks {
        match &block.said {
            Said::Text(_) | Said::Thought(_) => {
                let is_thought = matches!(block.said, Said::Thought(_));
                events.extend(block.chunks.iter().map(|piece| {
                    let part = if is_thought {
                        json!({"text": piece, "thought": true})
                    } else {
                        json!({"text": piece})
                    };
                    answer(told, &json!([part]))
                }));
            }
            _ => events.extend(part(told, block, &mut calls).map(|part| answer(told, &json!([part])))),
        }
    }
    let last = if calls == 0 && Family::of(told.model).seals() {
        json!({"text": "", "thoughtSignature": seal::of("the whole")})
    } else {
        json!({"text": ""})
    };
    let mut last = answer(told, &json!([last]));
    finish(told, &mut last);
    events.push(last);
    events.iter().map(Value::to_string).collect()
}

fn part(told: &Told<'_>, block: &Block, calls: &mut usize) -> Option<Value> {
    match &block.said {
        Said::Text(text) => Some(json!({"text": text})),
        Said::Thought(text) => Some(json!({"text": text, "thought": true})),
        Said::Sealed(_) | Said::Refusal(_) => None,
        Said::Tool { name, arguments } => {
            let arguments: Value = serde_json::from_str(arguments).unwrap_or(Value::Null);
            let mut part = json!({"functionCall": {"name": name, "args": arguments}});
            let family = Family::of(told.model);
            // Only newer models give ids, and only at the Gemini API; of calls at once only the first is sealed.
            if family.seals() && told.vendor == Vendor::Gemini {
                set(&mut part, "/functionCall", "id", told.call_id("call", *calls));
            }
            if family.seals() && *calls == 0 {
                set(&mut part, "", "thoughtSignature", seal::of(name));
            }
            *calls += 1;
            Some(part)
        }
    }
}

fn answer(told: &Told<'_>, parts: &Value) -> Value {
    json!({
        "candidates": [{"content": {"parts": parts, "role": "model"}, "index": 0}],
        "modelVersion": told.model,
        "responseId": told.id,
    })
}

/// Says why it ends, and what it took. A refusal is a prompt that was blocked: there are no candidates.
fn finish(told: &Told<'_>, answer: &mut Value) {
    let is_refused = told
        .blocks
        .iter()
        .any(|block| matches!(block.said, Said::Refusal(_)));
    let reason = match told.end {
        End::Stop | End::Sequence(_) | End::Tools => "STOP",
        End::Length => "MAX_TOKENS",
        End::Filtered => "SAFETY",
    };
    if let Some(fields) = answer.as_object_mut().filter(|_| is_refused) {
        fields.remove("candidates");
        fields.insert(
            "promptFeedback".to_owned(),
            json!({"blockReason": "PROHIBITED_CONTENT"}),
        );
    } else {
        set(answer, "/candidates/0", "finishReason", reason);
    }
    if let Some(usage) = told.usage {
        set(answer, "", "usageMetadata", usage_json(usage));
    }
}

/// What was thought stands beside what was said.
fn usage_json(usage: Usage) -> Value {
    json!({
        "promptTokenCount": usage.input,
        "cachedContentTokenCount": usage.cached,
        "candidatesTokenCount": usage.output.saturating_sub(usage.reasoning),
        "thoughtsTokenCount": usage.reasoning,
        "totalTokenCount": usage.total(),
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": usage.input}],
    })
}

/// The body of an error. How long to wait stands in it, and in no header.
pub(crate) fn error(error: &StatusError, message: &str) -> Value {
    let name = match error.status {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => "INTERNAL",
    };
    let mut body = json!({"error": {"code": error.status, "message": message, "status": name}});
    if let Some(seconds) = error.retry_after {
        let details = json!([{
            "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": format!("{seconds}s"),
        }]);
        set(&mut body, "/error", "details", details);
    }
    body
}

/// Sets a field of an object within.
fn set(value: &mut Value, place: &str, field: &str, to: impl Into<Value>) {
    if let Some(object) = value.pointer_mut(place).and_then(Value::as_object_mut) {
        object.insert(field.to_owned(), to.into());
    }
}

//! What may come in: nearly what the formats say, and what they never would.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::*;
use crate::ledger::Usage;
use crate::wire::ir::{Finish, ToolIndex};
use json::Text;

/// Every key and word that the formats have a use for.
const WORDS: [&str; 56] = [
    "id",
    "model",
    "choices",
    "usage",
    "error",
    "index",
    "delta",
    "finish_reason",
    "stop_reason",
    "role",
    "content",
    "refusal",
    "reasoning",
    "reasoning_content",
    "tool_calls",
    "function",
    "name",
    "arguments",
    "type",
    "text",
    "thinking",
    "signature",
    "partial_json",
    "data",
    "message",
    "content_block",
    "stop_sequence",
    "stop_details",
    "explanation",
    "input",
    "stop",
    "length",
    "prompt_tokens",
    "completion_tokens",
    "input_tokens",
    "output_tokens",
    "message_start",
    "message_delta",
    "message_stop",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "ping",
    "text_delta",
    "thinking_delta",
    "signature_delta",
    "input_json_delta",
    "tool_use",
    "redacted_thinking",
    "refused",
    "code",
    "param",
    "detail",
    "object",
    "{}",
    "{\"a\":1}",
];

fn word() -> impl Strategy<Value = String> {
    prop_oneof![8 => prop::sample::select(&WORDS[..]).prop_map(str::to_owned), 1 => ".{0,6}"]
}

pub fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        (0..4u32).prop_map(Into::into),
        word().prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            3 => prop::collection::hash_map(word(), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// An event that is nearly one of OpenAI's or Anthropic's.
pub fn event() -> impl Strategy<Value = Value> {
    let call = (prop::option::of(0..3u32), prop::option::of("[ab]"), prop::option::of("[fg]"), "[{}\":a]{0,4}")
        .prop_map(|(index, id, name, arguments)| json!({"index": index, "id": id, "function": {"name": name, "arguments": arguments}}));
    let calls = prop::collection::vec(call, 0..3);
    let said = prop::option::of("[ a]{0,2}");
    let delta = (said.clone(), said.clone(), calls)
        .prop_map(|(content, reasoning, calls)| json!({"content": content, "reasoning": reasoning, "tool_calls": calls}));
    let reason = prop::option::weighted(0.1, Just("stop"));
    let chunk = (delta, reason)
        .prop_map(|(delta, reason)| json!({"choices": [{"delta": delta, "finish_reason": reason}]}));
    let kind = prop::sample::select(&WORDS[36..44]);
    let block = prop::sample::select(
        &[
            "text",
            "thinking",
            "tool_use",
            "redacted_thinking",
            "server_tool_use",
        ][..],
    );
    let piece = prop::sample::select(
        &[
            "text_delta",
            "thinking_delta",
            "signature_delta",
            "input_json_delta",
        ][..],
    );
    let anthropic = (kind, block, piece, 0..3u32, word()).prop_map(|(kind, block, piece, index, word)| {
        json!({
            "type": kind, "index": index, "message": {"id": word},
            "content_block": {"type": block, "text": "", "name": word, "data": word},
            "delta": {"type": piece, "text": word, "thinking": word, "signature": word, "partial_json": word},
        })
    });
    prop_oneof![3 => chunk, 3 => anthropic, 1 => tree()]
}

/// A text cut at these places.
pub fn pieces<'a>(bytes: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

pub fn events() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        12 => event().prop_map(|event| format!("data: {event}\n\n")),
        1 => Just(": comment\n\n".to_owned()),
        1 => Just("data: [DONE]\r\n\r\n".to_owned()),
        1 => ".{0,20}\n\n".prop_map(String::from),
    ];
    prop::collection::vec(line, 0..20).prop_map(|lines| lines.concat())
}

pub fn delta() -> impl Strategy<Value = Delta<'static>> {
    let text =
        || prop::sample::select(&["a", " ", "\n", "{", "}", "{}", "\"", "é"][..]).prop_map(Text::of_plain);
    let index = || (0..6usize).prop_map(ToolIndex);
    prop_oneof![
        1 => (prop::option::of(text())).prop_map(|id| Delta::Start { id, model: None }),
        4 => text().prop_map(Delta::Text),
        2 => text().prop_map(Delta::Thinking),
        1 => text().prop_map(Delta::Refusal),
        1 => text().prop_map(Delta::Signature),
        1 => text().prop_map(Delta::SealedThinking),
        1 => Just(Delta::BlockEnd),
        4 => (index(), prop::option::of(text()), text()).prop_map(|(index, id, name)| Delta::ToolCall { index, id, name }),
        8 => (index(), text()).prop_map(|(index, fragment)| Delta::Arguments { index, fragment }),
        1 => Just(Delta::Usage(Usage::default())),
        1 => Just(Delta::Finish(Finish::Stop)),
        1 => Just(Delta::Ping),
        1 => Just(Delta::End),
        1 => Just(Delta::Error(ProviderError::of(ErrorKind::Internal, "m"))),
    ]
}

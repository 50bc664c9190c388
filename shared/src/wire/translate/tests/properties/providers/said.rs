//! Answers of Mistral and Cohere that say something, and what agents are told of them.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::wire::UpstreamFormat;
use crate::wire::UpstreamFormat::CohereChat;

/// A part of an answer, in the pieces in which it comes.
#[derive(Clone, Debug)]
pub enum Part {
    Text(Vec<String>),
    Thought(Vec<String>),
    Call { name: String, arguments: Vec<String> },
}

pub fn parts() -> impl Strategy<Value = Vec<Part>> {
    let words = || prop::collection::vec("[a-z \"\\\\\n\u{e9}\u{65e5}]{1,6}", 1..4);
    // Arguments are a JSON object with one string, cut anywhere.
    let arguments = words().prop_map(|words| {
        let whole: Vec<char> = json!({"a": words.concat()}).to_string().chars().collect();
        whole.chunks(5).map(String::from_iter).collect()
    });
    let part = prop_oneof![
        3 => words().prop_map(Part::Text),
        2 => words().prop_map(Part::Thought),
        2 => ("[a-z]{1,4}", arguments).prop_map(|(name, arguments)| Part::Call { name, arguments }),
    ];
    prop::collection::vec(part, 1..6)
}

/// The stream that says this.
pub fn streamed(format: UpstreamFormat, parts: &[Part]) -> String {
    sse(match format {
        CohereChat => cohere_events(parts),
        _ => mistral_chunks(parts),
    })
}

/// A stream of these events.
pub fn sse(events: impl IntoIterator<Item = Value>) -> String {
    let lines = events
        .into_iter()
        .flat_map(|event| ["data: ".to_owned(), event.to_string(), "\n\n".to_owned()]);
    lines.collect()
}

fn mistral_chunks(parts: &[Part]) -> Vec<Value> {
    let mut calls = 0;
    let mut deltas = vec![json!({"role": "assistant", "content": ""})];
    for part in parts {
        match part {
            Part::Text(words) => deltas.extend(words.iter().map(|word| json!({"content": word}))),
            Part::Thought(words) => {
                deltas.extend(
                    words
                        .iter()
                        .map(|word| json!({"content": [mistral_thought(word)]})),
                );
            }
            // Whole, as Mistral tells calls.
            Part::Call { name, arguments } => {
                deltas.push(json!({"tool_calls": [call(calls, name, &arguments.concat())]}));
                calls += 1;
            }
        }
    }
    let chunk = |delta: Value, reason: Option<&str>| json!({"id": "i", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]});
    let mut chunks: Vec<Value> = deltas.into_iter().map(|delta| chunk(delta, None)).collect();
    let mut last = chunk(json!({"content": ""}), Some(mistral_reason(calls > 0)));
    last["usage"] = mistral_usage();
    chunks.push(last);
    chunks
}

fn cohere_events(parts: &[Part]) -> Vec<Value> {
    let begin = json!({"id": "i", "type": "message-start", "delta": {"message": {"role": "assistant"}}});
    let mut events = vec![begin];
    let mut calls = 0;
    for (index, part) in parts.iter().enumerate() {
        let mut tell = |kind: &str, message: Value| {
            events.push(json!({"type": kind, "index": index, "delta": {"message": message}}));
        };
        let (key, words) = match part {
            Part::Text(words) => ("text", words),
            Part::Thought(words) => ("thinking", words),
            Part::Call { name, arguments } => {
                tell("tool-call-start", json!({"tool_calls": call(calls, name, "")}));
                for piece in arguments {
                    tell(
                        "tool-call-delta",
                        json!({"tool_calls": {"function": {"arguments": piece}}}),
                    );
                }
                tell("tool-call-end", json!({}));
                calls += 1;
                continue;
            }
        };
        tell("content-start", json!({"content": {"type": key, key: ""}}));
        for word in words {
            tell("content-delta", json!({"content": {key: word}}));
        }
        tell("content-end", json!({}));
    }
    let end = json!({"finish_reason": cohere_reason(calls > 0), "usage": cohere_usage()});
    events.push(json!({"type": "message-end", "delta": end}));
    events
}

/// The answer in one piece.
pub fn whole(format: UpstreamFormat, parts: &[Part]) -> String {
    let (mut content, mut calls) = (Vec::new(), Vec::new());
    for part in parts {
        match (part, format) {
            (Part::Text(words), _) => content.push(json!({"type": "text", "text": words.concat()})),
            (Part::Thought(words), CohereChat) => {
                content.push(json!({"type": "thinking", "thinking": words.concat()}));
            }
            (Part::Thought(words), _) => content.push(mistral_thought(&words.concat())),
            (Part::Call { name, arguments }, _) => calls.push(call(calls.len(), name, &arguments.concat())),
        }
    }
    let has_calls = !calls.is_empty();
    let message = json!({"role": "assistant", "content": content, "tool_calls": calls});
    let answer = if format == CohereChat {
        json!({"id": "i", "message": message, "finish_reason": cohere_reason(has_calls), "usage": cohere_usage()})
    } else {
        let choice = json!({"index": 0, "message": message, "finish_reason": mistral_reason(has_calls)});
        json!({"id": "i", "model": "m", "choices": [choice], "usage": mistral_usage()})
    };
    answer.to_string()
}

fn mistral_thought(words: &str) -> Value {
    json!({"type": "thinking", "thinking": [{"type": "text", "text": words}]})
}

fn call(index: usize, name: &str, arguments: &str) -> Value {
    let function = json!({"name": name, "arguments": arguments});
    json!({"id": format!("call{index:05}"), "type": "function", "index": index, "function": function})
}

fn mistral_reason(has_calls: bool) -> &'static str {
    if has_calls { "tool_calls" } else { "stop" }
}

fn cohere_reason(has_calls: bool) -> &'static str {
    if has_calls { "TOOL_CALL" } else { "COMPLETE" }
}

fn mistral_usage() -> Value {
    json!({"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12})
}

fn cohere_usage() -> Value {
    json!({"tokens": {"input_tokens": 7.0, "output_tokens": 5.0}})
}

/// What an agent was told: the text, the thoughts, each call's name and arguments.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Told {
    text: String,
    thoughts: String,
    calls: Vec<(String, String)>,
}

impl Told {
    pub fn of(parts: &[Part]) -> Self {
        let mut told = Self::default();
        for part in parts {
            match part {
                Part::Text(words) => told.text += &words.concat(),
                Part::Thought(words) => told.thoughts += &words.concat(),
                Part::Call { name, arguments } => told.calls.push((name.clone(), arguments.concat())),
            }
        }
        told
    }

    /// From messages of OpenAI's chat, or the deltas of them.
    pub fn by_openai<'a>(messages: impl Iterator<Item = &'a Value>) -> Self {
        let mut told = Self::default();
        for message in messages {
            told.text += message["content"].as_str().unwrap_or_default();
            told.thoughts += message["reasoning_content"].as_str().unwrap_or_default();
            let calls = message["tool_calls"].as_array().into_iter().flatten();
            for (place, call) in calls.enumerate() {
                let index = call["index"].as_u64().map(usize::try_from);
                let index = index.map_or(place, Result::unwrap);
                if index == told.calls.len() {
                    told.calls.push(<(String, String)>::default());
                }
                let (name, arguments) = &mut told.calls[index];
                *name += call["function"]["name"].as_str().unwrap_or_default();
                *arguments += call["function"]["arguments"].as_str().unwrap_or_default();
            }
        }
        told
    }
}

//! What an agent reads in an answer, whole or streamed, in either API.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::harness::{Answer, CHAT, Event};

/// A call of a tool.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolCall {
    pub id: String,
    pub name: String,
    pub arguments: Value,
}

/// The calls of tools, in order.
pub fn tool_calls(path: &str, answer: &Answer) -> Vec<ToolCall> {
    let is_stream = !answer.body.starts_with(b"{");
    match (path == CHAT, is_stream) {
        (true, false) => list(&answer.json()["choices"][0]["message"]["tool_calls"])
            .iter()
            .map(|call| {
                of(
                    &call["id"],
                    &call["function"]["name"],
                    &text(&call["function"]["arguments"]),
                )
            })
            .collect(),
        (false, false) => list(&answer.json()["content"])
            .iter()
            .filter(|block| block["type"] == "tool_use")
            .map(|block| of(&block["id"], &block["name"], &block["input"].to_string()))
            .collect(),
        (true, true) => {
            let chunks: Vec<Value> = answer.events().iter().map(Event::json).collect();
            let fragments = chunks
                .iter()
                .flat_map(|chunk| list(&chunk["choices"][0]["delta"]["tool_calls"]));
            joined(fragments.map(|call| {
                let function = &call["function"];
                (
                    &call["index"],
                    &call["id"],
                    &function["name"],
                    &function["arguments"],
                )
            }))
        }
        (false, true) => {
            let events: Vec<Value> = answer.events().iter().map(Event::json).collect();
            joined(events.iter().filter_map(|event| {
                let block = &event["content_block"];
                match (event["type"].as_str()?, block["type"].as_str()) {
                    ("content_block_start", Some("tool_use")) => {
                        Some((&event["index"], &block["id"], &block["name"], &Value::Null))
                    }
                    ("content_block_delta", _) => {
                        let piece = event["delta"].get("partial_json")?;
                        Some((&event["index"], &Value::Null, &Value::Null, piece))
                    }
                    _ => None,
                }
            }))
        }
    }
}

/// What the model thought, as far as it is told.
pub fn thought(path: &str, answer: &Answer) -> String {
    let is_stream = !answer.body.starts_with(b"{");
    match (path == CHAT, is_stream) {
        (true, false) => text(&answer.json()["choices"][0]["message"]["reasoning_content"]),
        (false, false) => list(&answer.json()["content"])
            .iter()
            .map(|block| text(&block["thinking"]))
            .collect(),
        (true, true) => pieces(answer, "/choices/0/delta/reasoning_content"),
        (false, true) => pieces(answer, "/delta/thinking"),
    }
}

/// The text of an answer, of all its blocks.
pub fn said(answer: &Answer) -> String {
    if !answer.body.starts_with(b"{") {
        return answer.said();
    }
    let json = answer.json();
    match json.get("choices") {
        Some(choices) => text(&choices[0]["message"]["content"]),
        None => list(&json["content"])
            .iter()
            .map(|block| text(&block["text"]))
            .collect(),
    }
}

fn pieces(answer: &Answer, place: &str) -> String {
    let events = answer.events();
    let texts = events
        .iter()
        .filter_map(|event| Some(text(event.json().pointer(place)?)));
    texts.collect()
}

fn joined<'v>(
    fragments: impl Iterator<Item = (&'v Value, &'v Value, &'v Value, &'v Value)>,
) -> Vec<ToolCall> {
    let mut calls = BTreeMap::<u64, (String, String, String)>::new();
    for (index, id, name, piece) in fragments {
        let call = calls.entry(index.as_u64().expect("an index")).or_default();
        call.0 += &text(id);
        call.1 += &text(name);
        call.2 += &text(piece);
    }
    let whole = calls.into_values().map(|(id, name, arguments)| ToolCall {
        id,
        name,
        arguments: serde_json::from_str(if arguments.is_empty() { "{}" } else { &arguments })
            .unwrap_or_else(|error| panic!("{error}: {arguments}")),
    });
    whole.collect()
}

fn of(id: &Value, name: &Value, arguments: &str) -> ToolCall {
    ToolCall {
        id: text(id),
        name: text(name),
        arguments: serde_json::from_str(arguments).unwrap_or_else(|error| panic!("{error}: {arguments}")),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

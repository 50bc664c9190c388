//! What translation costs, natively: `cargo test --release -p model-broker-shared timing -- --ignored --nocapture`.
//! The bound is 0.15 ms for 100 kB, which is some 0.5 ms in Envoy's wasm.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use serde_json::{Value, json};

use super::{read, target, write};
use crate::config::ProviderKind;
use crate::wire::codec::Dropped;
use crate::wire::{Format, Target};

fn prose(length: usize) -> String {
    let sentence =
        "The broker reads a call once, \"translates\" it and\nsends it on; what it cannot say it records. ";
    sentence.chars().cycle().take(length).collect()
}

fn chat(openai: bool) -> Value {
    let messages: Vec<Value> = (0..40)
        .map(
            |turn| json!({"role": if turn % 2 == 0 { "user" } else { "assistant" }, "content": prose(2_450)}),
        )
        .collect();
    envelope(openai, &messages)
}

fn envelope(openai: bool, messages: &[Value]) -> Value {
    if openai {
        json!({"model": "m", "messages": messages, "stream": true})
    } else {
        json!({"model": "m", "messages": messages, "stream": true, "max_tokens": 1000})
    }
}

fn agent(openai: bool) -> Value {
    let mut messages = vec![json!({"role": "user", "content": "Fix the bug."})];
    for turn in 0..75 {
        let input = json!({"path": format!("src/file_{turn}.rs"), "range": [turn, turn + 40], "options": {"depth": 3.5, "follow": true, "names": ["a", "b", "c"]}, "pattern": "fn \"main\"\\s+"});
        let mut result = String::new();
        for line in 0..16 {
            let _written = writeln!(result, "{line:4}  let x = call(\"{turn}\", {line}); // text");
        }
        let id = format!("call_{turn:04}");
        if openai {
            messages.push(json!({"role": "assistant", "content": null, "tool_calls": [{"id": id, "type": "function", "function": {"name": "read_file", "arguments": input.to_string()}}]}));
            messages.push(json!({"role": "tool", "tool_call_id": id, "content": result}));
        } else {
            messages.push(json!({"role": "assistant", "content": [{"type": "text", "text": "I look."}, {"type": "tool_use", "id": id, "name": "read_file", "input": input}]}));
            messages.push(json!({"role": "user", "content": [{"type": "tool_result", "tool_use_id": id, "content": [{"type": "text", "text": result}]}]}));
        }
    }
    let mut body = envelope(openai, &messages);
    let schema = json!({"type": "object", "properties": {"path": {"type": "string", "description": prose(200)}, "range": {"type": "array", "items": {"type": "integer"}}, "pattern": {"type": "string"}}, "required": ["path"]});
    let tools = (0..10).map(|tool| {
        let (name, description) = (format!("tool_{tool}"), prose(600));
        if openai {
            json!({"type": "function", "function": {"name": name, "description": description, "parameters": schema}})
        } else {
            json!({"name": name, "description": description, "input_schema": schema})
        }
    });
    body["tools"] = tools.collect();
    body
}

fn picture(openai: bool) -> Value {
    let data = format!("iVBORw0KGgo{}", "ABCDefgh0123+/zz".repeat(25_000));
    let image = if openai {
        json!({"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{data}")}})
    } else {
        json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}})
    };
    envelope(
        openai,
        &[json!({"role": "user", "content": [{"type": "text", "text": "What is this?"}, image]})],
    )
}

/// The same in every format of agents to every kind of provider.
#[test]
#[ignore = "a measurement, of use only in a release build"]
fn translation_to_every_kind_is_timed() {
    let defaults = crate::config::Defaults::default();
    let kinds = [
        (ProviderKind::OpenAi, "gpt-5.6"),
        (ProviderKind::Anthropic, "claude-sonnet-4-6"),
        (ProviderKind::Gemini, "gemini-3-flash"),
        (ProviderKind::Bedrock, "amazon.nova-pro-v1:0"),
        (ProviderKind::Bedrock, "anthropic.claude-sonnet-4-6"),
        (ProviderKind::Mistral, "mistral-large-latest"),
        (ProviderKind::Cohere, "command-a-03-2025"),
    ];
    for (name, make) in [
        ("prose", chat as fn(bool) -> Value),
        ("agent", agent),
        ("image", picture),
    ] {
        for from in [
            Format::OpenAiChat,
            Format::AnthropicMessages,
            Format::OpenAiResponses,
        ] {
            let body = match from {
                Format::OpenAiResponses => response(&make(true)),
                _ => make(from == Format::OpenAiChat),
            };
            let body = body.to_string();
            for (kind, model) in kinds {
                let target = Target {
                    kind,
                    model,
                    defaults: &defaults,
                };
                let to = target.format(from);
                let request = read(from, body.as_bytes()).unwrap();
                if to.is(from) || to.check_chat(&request, &target).is_err() {
                    continue;
                }
                let mut best = [u128::MAX; 2];
                for _ in 0..200 {
                    let start = Instant::now();
                    let request = read(from, black_box(body.as_bytes())).unwrap();
                    let middle = Instant::now();
                    black_box(to.write_chat(&request, &target, &mut Dropped::default()));
                    let spent = [(middle - start).as_nanos(), middle.elapsed().as_nanos()];
                    best.iter_mut()
                        .zip(spent)
                        .for_each(|(best, spent)| *best = spent.min(*best));
                }
                let [read, write] = best;
                let size = body.len() as u128;
                println!(
                    "{name:6} {from:?} -> {to:?}: {size:7} B: read {:4} + write {:4} ns/kB, {:6} ns for 100 kB",
                    read * 1_000 / size,
                    write * 1_000 / size,
                    (read + write) * 100_000 / size
                );
            }
        }
    }
}

/// A call of responses that says what a chat completion does.
fn response(chat: &Value) -> Value {
    let mut input = Vec::new();
    for message in chat["messages"].as_array().unwrap() {
        let role = &message["role"];
        if role == "tool" {
            input.push(json!({"type": "function_call_output", "call_id": message["tool_call_id"], "output": message["content"]}));
        } else if let Some(call) = message.pointer("/tool_calls/0") {
            let function = &call["function"];
            input.push(json!({"type": "function_call", "call_id": call["id"], "name": function["name"], "arguments": function["arguments"]}));
        } else if let Some(url) = message.pointer("/content/1/image_url/url") {
            let parts = json!([{"type": "input_text", "text": "What is this?"}, {"type": "input_image", "image_url": url}]);
            input.push(json!({"role": role, "content": parts}));
        } else {
            input.push(message.clone());
        }
    }
    let mut body = json!({"model": "m", "input": input, "stream": true});
    if let Some(tools) = chat["tools"].as_array() {
        let flat = tools.iter().map(|tool| {
            let mut flat = tool["function"].clone();
            flat["type"] = json!("function");
            flat
        });
        body["tools"] = flat.collect();
    }
    body
}

#[test]
#[ignore = "a measurement, of use only in a release build"]
fn translation_is_timed() {
    for (name, make) in [
        ("prose", chat as fn(bool) -> Value),
        ("agent", agent),
        ("image", picture),
    ] {
        for (model, openai) in [("claude-sonnet-4-6", true), ("gpt-5.6", false)] {
            let body = make(openai).to_string();
            let target = target(model);
            let mut best = [u128::MAX; 2];
            for _ in 0..400 {
                let start = Instant::now();
                let request = read(super::other(&target), black_box(body.as_bytes())).unwrap();
                let middle = Instant::now();
                black_box(write(&request, &target, &mut Dropped::default()));
                let spent = [(middle - start).as_nanos(), middle.elapsed().as_nanos()];
                best.iter_mut()
                    .zip(spent)
                    .for_each(|(best, spent)| *best = spent.min(*best));
            }
            let [read, write] = best;
            let size = body.len() as u128;
            println!(
                "{name:6} -> {model:18} {size:7} B: read {:4} + write {:4} ns/kB, {:6} ns for 100 kB",
                read * 1_000 / size,
                write * 1_000 / size,
                (read + write) * 100_000 / size
            );
        }
    }
}

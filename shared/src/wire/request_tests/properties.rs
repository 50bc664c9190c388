use proptest::prelude::*;
use serde_json::{Value, json};

use super::{check, other, own, read, target, write};
use crate::wire::Format;
use crate::wire::codec::{Dropped, Target};
use crate::wire::ir::{Arguments, ChatRequest, Content, Part};

const MODELS: [&str; 8] = [
    "claude-3-haiku-20240307",
    "claude-sonnet-4-5",
    "claude-opus-4-8",
    "claude-opus-5-5",
    "gpt-4o",
    "gpt-5.6",
    "o3",
    "qwen3",
];

/// Bodies that use nearly every key of both formats.
const BODIES: [&str; 7] = [
    include_str!("../../../testdata/requests/agent.openai.json"),
    include_str!("../../../testdata/requests/old.openai.json"),
    include_str!("../../../testdata/requests/thinking.openai.json"),
    include_str!("../../../testdata/requests/agent.anthropic.json"),
    include_str!("../../../testdata/requests/plain.anthropic.json"),
    include_str!("../../../testdata/requests/agent.responses.json"),
    include_str!("../../../testdata/requests/codex.responses.json"),
];

fn words() -> Vec<String> {
    fn gather(value: &Value, words: &mut Vec<String>) {
        match value {
            Value::String(text) => words.push(text.clone()),
            Value::Array(elements) => elements.iter().for_each(|element| gather(element, words)),
            Value::Object(members) => members.iter().for_each(|(key, member)| {
                words.push(key.clone());
                gather(member, words);
            }),
            _ => {}
        }
    }
    let mut words = Vec::new();
    for body in BODIES {
        gather(&serde_json::from_str(body).unwrap(), &mut words);
    }
    words.sort();
    words.dedup();
    words
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![6 => "[a-z \n\"\\\\é]{0,12}", 1 => ".{0,12}"]
}

fn tree() -> impl Strategy<Value = Value> {
    let word = || prop_oneof![8 => prop::sample::select(words()), 1 => text()];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        word().prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::hash_map(word(), inner, 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// One of the bodies with a value somewhere replaced.
fn changed() -> impl Strategy<Value = Value> {
    let change = (any::<prop::sample::Index>(), tree());
    (
        prop::sample::select(&BODIES[..]),
        prop::collection::vec(change, 1..4),
    )
        .prop_map(|(body, changes)| {
            let mut body: Value = serde_json::from_str(body).unwrap();
            for (index, value) in changes {
                let mut places = Vec::new();
                pointers(&body, "", &mut places);
                if let Some(place) = body.pointer_mut(index.get(places.as_slice()).as_str()) {
                    *place = value;
                }
            }
            body
        })
}

fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                pointers(element, &format!("{at}/{index}"), found);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                let key = key.replace('~', "~0").replace('/', "~1");
                pointers(member, &format!("{at}/{key}"), found);
            }
        }
        _ => {}
    }
}

/// A conversation in OpenAI's format.
fn conversation() -> impl Strategy<Value = Value> {
    let arguments = prop_oneof![
        Just(String::new()),
        text(),
        tree().prop_map(|tree| tree.to_string())
    ];
    let call = (text(), arguments).prop_map(
        |(id, arguments)| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": arguments}}),
    );
    let message = prop_oneof![
        text().prop_map(|text| json!({"role": "system", "content": text})),
        text().prop_map(|text| json!({"role": "user", "content": text})),
        prop::collection::vec(text(), 0..3).prop_map(|texts| {
            let part = |text: &String| json!({"type": "text", "text": text});
            json!({"role": "user", "content": texts.iter().map(part).collect::<Vec<_>>()})
        }),
        (prop::option::of(text()), prop::collection::vec(call, 0..3))
            .prop_map(|(text, calls)| json!({"role": "assistant", "content": text, "tool_calls": calls})),
        (text(), text()).prop_map(|(id, text)| json!({"role": "tool", "tool_call_id": id, "content": text})),
    ];
    prop::collection::vec(message, 0..8).prop_map(|messages| json!({"model": "m", "messages": messages}))
}

/// All that is said, and all calls with what they are given.
fn said(request: &ChatRequest<'_>) -> (Vec<String>, Vec<(String, Value)>) {
    fn gather(parts: &[Part<'_>], texts: &mut Vec<String>, calls: &mut Vec<(String, Value)>) {
        for part in parts {
            match &part.content {
                Content::Text(text) | Content::Refusal(text) if !text.is_blank() => {
                    texts.push(text.plain().unwrap().trim_end().to_owned());
                }
                Content::ToolCall { name, arguments, .. } => {
                    let given = serde_json::from_slice(&arguments.to_object()).unwrap_or(Value::Null);
                    calls.push((name.plain().unwrap().into_owned(), given));
                }
                Content::ToolResult { content, .. } => gather(content, texts, calls),
                _ => {}
            }
        }
    }
    let (mut texts, mut calls) = Default::default();
    for message in &request.messages {
        gather(&message.parts, &mut texts, &mut calls);
    }
    (texts, calls)
}

/// What is taken is written as JSON that the other format's reader takes, and nothing that was said is lost.
fn is_translated_or_refused(body: &Value, target: &Target<'_>) -> Result<(), TestCaseError> {
    is_translated_from(other(target), body, target)
}

fn is_translated_from(from: Format, body: &Value, target: &Target<'_>) -> Result<(), TestCaseError> {
    let body = body.to_string();
    let Ok(request) = read(from, body.as_bytes()) else {
        return Ok(());
    };
    if check(&request, target).is_err() {
        return Ok(());
    }
    let out = write(&request, target, &mut Dropped::default());
    let parsed = serde_json::from_slice::<Value>(&out);
    prop_assert!(parsed.is_ok(), "{:?}: {}", parsed, String::from_utf8_lossy(&out));
    let again = read(own(target), &out).map_err(|reason| TestCaseError::fail(reason.to_string()))?;
    let (texts, calls) = said(&request);
    let (texts_again, calls_again) = said(&again);
    let all = texts_again.join("\n");
    for text in texts {
        prop_assert!(all.contains(&text), "{text:?} is lost in {all:?}");
    }
    prop_assert_eq!(calls, calls_again);
    Ok(())
}

proptest! {
    #[test]
    fn any_tree_is_translated_or_refused(body in tree(), model in prop::sample::select(&MODELS[..])) {
        is_translated_or_refused(&body, &target(model))?;
    }

    #[test]
    fn any_change_of_a_request_is_translated_or_refused(body in changed(), model in prop::sample::select(&MODELS[..])) {
        is_translated_or_refused(&body, &target(model))?;
    }

    #[test]
    fn any_call_for_a_response_is_translated_or_refused(body in changed(), tree in tree(), model in prop::sample::select(&[MODELS[0], MODELS[1], MODELS[2], MODELS[3], MODELS[7]][..])) {
        is_translated_from(Format::OpenAiResponses, &body, &target(model))?;
        is_translated_from(Format::OpenAiResponses, &json!({"model": "m", "input": tree, "tools": tree}), &target(model))?;
        let text = serde_json::to_string_pretty(&body).unwrap();
        if Format::OpenAiResponses.read_request(text.as_bytes()).is_ok() {
            let repeated = Format::OpenAiResponses.repeats(text.as_bytes());
            let mut out = Vec::new();
            json::write::object(&mut out, |object| object.members(&repeated.members));
            prop_assert!(serde_json::from_slice::<Value>(&out).is_ok() && !out.contains(&b'\n'));
        }
    }

    #[test]
    fn any_conversation_keeps_what_was_said(body in conversation(), model in prop::sample::select(&MODELS[..4])) {
        is_translated_or_refused(&body, &target(model))?;
    }

    #[test]
    fn any_conversation_comes_back_as_it_was(body in conversation()) {
        let there = super::translated(&body.to_string(), &target("claude-sonnet-4-6")).0;
        let there = serde_json::from_slice::<Value>(&there).unwrap();
        is_translated_or_refused(&there, &target("gpt-4o"))?;
    }

    #[test]
    fn any_arguments_become_an_object(text in ".{0,40}") {
        let text = json::Text::of_plain(&text);
        let object: Value = serde_json::from_slice(&Arguments::Encoded(text).to_object()).unwrap();
        prop_assert!(object.is_object());
    }
}

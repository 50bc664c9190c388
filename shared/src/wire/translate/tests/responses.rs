//! Answers of every provider for callers that asked for a response.

use serde_json::{Value, json};

use super::*;
use crate::wire::Namespaced;
use crate::wire::blessing::bless;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

pub(super) mod grammar;
#[cfg(not(target_arch = "wasm32"))]
mod properties;

use grammar::Seen;

macro_rules! pairs {
    ($folder:literal, $in:literal, $out:literal, $($name:literal)*) => {
        &[$((
            $name,
            include_str!(concat!("../../../../testdata/", $folder, "/", $name, $in)),
            include_str!(concat!("../../../../testdata/", $folder, "/", $name, $out)),
        )),*]
    };
}

type Pairs = &'static [(&'static str, &'static str, &'static str)];

const ANSWERS: Pairs = pairs!("answers", ".in.json", ".responses.json",
    "openai-text" "openai-tools" "openai-refusal"
    "anthropic-thinking" "anthropic-tools" "anthropic-refusal");

const STREAMS: Pairs = pairs!("streams", ".in.sse", ".responses.sse",
    "openai-text" "openai-tools" "openai-tools-interleaved" "openai-refusal" "openai-error" "openai-cut"
    "vllm-reasoning" "azure" "openai-empty"
    "anthropic-text" "anthropic-tools" "anthropic-thinking" "anthropic-server-tool" "anthropic-refusal"
    "anthropic-paused" "anthropic-error" "anthropic-cut");

/// What a request said that answers repeat.
const REQUEST: &[u8] =
    br#"{"model":"m","temperature":0.5,"metadata":{"a":"b"},"tools":[{"type":"function","name":"f"},
{"type":"namespace","name":"weather","tools":[{"type":"function","name":"today"}]}]}"#;

fn caller() -> Caller {
    Caller {
        repeated: OpenAiResponses.repeats(REQUEST),
        ..super::caller(true)
    }
}

fn from(name: &str) -> Format {
    if name.starts_with("anthropic") {
        AnthropicMessages
    } else {
        OpenAiChat
    }
}

fn of_stream(from: Format) -> AnswerTranslator {
    AnswerTranslator::of_stream(from.into(), OpenAiResponses, caller())
}

fn of_answer(from: Format, body: &str) -> Value {
    let translator = AnswerTranslator::of_answer(from.into(), OpenAiResponses, caller());
    serde_json::from_str(&feed(translator, &[body.as_bytes()]).0).unwrap()
}

/// A stream that obeys the grammar, taken apart.
fn seen(from: Format, text: &str) -> Seen {
    let (text, ..) = feed(of_stream(from), &[text.as_bytes()]);
    Seen::of(&text).unwrap_or_else(|problem| panic!("{problem}\n{text}"))
}

#[test]
fn golden_streams_become_responses() {
    for (name, input, expected) in STREAMS {
        let (out, ..) = feed(of_stream(from(name)), &[input.as_bytes()]);
        Seen::of(&out).unwrap_or_else(|problem| panic!("{name}: {problem}\n{out}"));
        if !bless(&format!("streams/{name}.responses.sse"), &out) {
            assert_eq!(&out, expected, "{name}");
        }
    }
}

#[test]
fn golden_streams_become_the_same_wherever_they_are_cut() {
    for (name, input, _) in STREAMS {
        let whole = feed(of_stream(from(name)), &[input.as_bytes()]);
        let single: Vec<&[u8]> = input.as_bytes().chunks(1).collect();
        assert_eq!(feed(of_stream(from(name)), &single), whole, "{name} byte by byte");
        let some: Vec<&[u8]> = input.as_bytes().chunks(7).collect();
        assert_eq!(feed(of_stream(from(name)), &some), whole, "{name} by seven bytes");
    }
}

#[test]
fn golden_answers_become_responses() {
    for (name, input, expected) in ANSWERS {
        let translator = AnswerTranslator::of_answer(from(name).into(), OpenAiResponses, caller());
        let (out, noted, progress) = feed(translator, &[input.as_bytes()]);
        assert!(noted.model().is_some() && progress == Progress::Content, "{name}");
        let out = out + "\n";
        if !bless(&format!("answers/{name}.responses.json"), &out) {
            assert_eq!(&out, expected, "{name}");
        }
    }
}

#[test]
fn an_end_has_its_event_and_its_status() {
    for (reason, status, details) in [
        ("end_turn", "completed", Value::Null),
        ("stop_sequence", "completed", Value::Null),
        ("pause_turn", "completed", Value::Null),
        ("max_tokens", "incomplete", json!({"reason": "max_output_tokens"})),
        ("refusal", "incomplete", json!({"reason": "content_filter"})),
    ] {
        let text = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"x"}}"#;
        let stop = json!({"type": "message_delta", "delta": {"stop_reason": reason}}).to_string();
        let seen = seen(
            AnthropicMessages,
            &anthropic(&[text, &stop, r#"{"type":"message_stop"}"#]),
        );
        assert_eq!(seen.response["status"], status);
        assert_eq!(seen.response["incomplete_details"], details);
        assert_eq!(
            seen.response["output"][0]["status"],
            if status == "completed" {
                status
            } else {
                "incomplete"
            }
        );
        let whole = of_answer(
            AnthropicMessages,
            &json!({"id": "msg_1", "content": [{"type": "text", "text": "x"}], "stop_reason": reason})
                .to_string(),
        );
        assert_eq!(
            (&whole["status"], &whole["incomplete_details"]),
            (&json!(status), &details)
        );
    }
}

/// Natively such an answer is complete, and its refusal a part of it.
#[test]
fn a_refusal_in_words_is_a_whole_answer() {
    let choices = [
        r#"{"delta":{"refusal":"No."}}"#,
        r#"{"delta":{},"finish_reason":"stop"}"#,
    ];
    let seen = seen(OpenAiChat, &openai(&choices));
    assert_eq!(seen.response["status"], "completed");
    assert_eq!(
        seen.response["output"][0]["content"][0],
        json!({"type": "refusal", "refusal": "No."})
    );
}

#[test]
fn a_thought_is_sealed_for_its_way_home() {
    let thinking = |signature: &str| {
        json!({"id": "msg_1", "stop_reason": "end_turn", "content": [
            {"type": "thinking", "thinking": "hm", "signature": signature},
            {"type": "redacted_thinking", "data": "secret"},
            {"type": "text", "text": "a"},
        ]})
        .to_string()
    };
    let output = of_answer(AnthropicMessages, &thinking("sig"))["output"].clone();
    let body = json!({"model": "m", "input": [output[0], output[1], output[2]]}).to_string();
    let request = OpenAiResponses.read_chat(body.as_bytes()).unwrap();
    let target = crate::wire::Target {
        kind: crate::config::ProviderKind::Anthropic,
        model: "claude-sonnet-4-6",
        defaults: &crate::config::NO_DEFAULTS,
    };
    let sent =
        UpstreamFormat::AnthropicMessages.write_chat(&request, &target, &mut crate::wire::Dropped::default());
    let sent: Value = serde_json::from_slice(&sent).unwrap();
    assert_eq!(
        sent["messages"][1]["content"],
        json!([
            {"type": "thinking", "thinking": "hm", "signature": "sig"},
            {"type": "redacted_thinking", "data": "secret"},
            {"type": "text", "text": "a"},
        ])
    );
    let unsealed = of_answer(AnthropicMessages, &thinking(""))["output"][0].clone();
    assert!(unsealed.get("encrypted_content").is_none(), "{unsealed}");
    assert!(unsealed["id"].as_str().unwrap().starts_with("rs_broker_"));
}

#[test]
fn a_call_of_a_tool_in_a_namespace_has_both_names() {
    let call = r#"{"delta":{"tool_calls":[{"index":0,"id":"c1","function":{"name":"weather__today","arguments":"{}"}}]}}"#;
    let seen = seen(OpenAiChat, &openai(&[call]));
    let item = &seen.response["output"][0];
    assert_eq!(
        (&item["namespace"], &item["name"]),
        (&json!("weather"), &json!("today"))
    );
    assert_eq!(item["call_id"], "c1");
    let unknown = Namespaced {
        alias: json::Text::of_plain("x"),
        namespace: json::Text::of_plain("x"),
        name: json::Text::of_plain("x"),
    };
    assert!(!caller().repeated.namespaced.contains(&unknown));
}

#[test]
fn a_response_repeats_what_was_asked() {
    let response = of_answer(
        OpenAiChat,
        r#"{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}"#,
    );
    assert_eq!(response["temperature"], 0.5);
    assert_eq!(response["metadata"], json!({"a": "b"}));
    assert_eq!(response["tools"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&response["store"], &response["tool_choice"]),
        (&json!(false), &json!("auto"))
    );
    assert_eq!(response["usage"], Value::Null, "what is not known is not told");
    let long =
        json!({"model": "m", "instructions": "x".repeat(crate::limits::MAX_REPEATED_REQUEST), "user": "u"});
    let repeated = OpenAiResponses.repeats(long.to_string().as_bytes());
    let mut out = Vec::new();
    json::write::object(&mut out, |object| object.members(&repeated.members));
    let repeated: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(
        (&repeated["instructions"], &repeated["user"]),
        (&Value::Null, &json!("u"))
    );
}

#[test]
fn more_than_can_be_repeated_breaks_off() {
    let piece = "x".repeat(64 << 10);
    let chunk = json!({"choices": [{"delta": {"content": piece}}]}).to_string();
    let mut translator = of_stream(OpenAiChat);
    let mut noted = Observation::default();
    let mut out = Vec::new();
    for _ in 0..=crate::limits::MAX_REPEATED_OUTPUT / piece.len() {
        out.extend(translator.push(format!("data: {chunk}\n\n").as_bytes(), false, &mut noted));
    }
    let seen = Seen::of(&String::from_utf8(out).unwrap()).unwrap();
    assert_eq!(seen.response["status"], "failed");
    assert_eq!(noted.broke_off(), Some(Flaw::TooLong));
}

#[test]
fn an_error_within_a_stream_fails_the_response() {
    let text = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"x"}}"#;
    for (kind, code) in [
        ("rate_limit_error", "rate_limit_exceeded"),
        ("overloaded_error", "server_error"),
        ("invalid_request_error", "invalid_prompt"),
    ] {
        let error = json!({"type": "error", "error": {"type": kind, "message": "in its words"}}).to_string();
        let seen = seen(AnthropicMessages, &anthropic(&[text, &error]));
        assert_eq!(
            seen.response["error"],
            json!({"code": code, "message": "in its words"})
        );
        assert_eq!(seen.text, "x");
    }
}

/// What a cascade judges, and what the record has, when the provider itself speaks this format.
#[test]
fn a_native_stream_is_read_like_any_other() {
    let (native, ..) = feed(
        of_stream(AnthropicMessages),
        &[include_str!("../../../../testdata/streams/anthropic-tools.in.sse").as_bytes()],
    );
    let mut expected = Vec::new();
    let note = |deltas: &mut Vec<String>, delta: Delta<'_>| match delta {
        Delta::Text(text) | Delta::Thinking(text) => deltas.push(text.plain().unwrap().into_owned()),
        Delta::ToolCall { name, .. } => deltas.push(name.plain().unwrap().into_owned()),
        Delta::Arguments { fragment, .. } => deltas.push(fragment.plain().unwrap().into_owned()),
        Delta::Finish(finish) => deltas.push(format!("{finish:?}")),
        Delta::Usage(usage) => deltas.push(usage.output.0.to_string()),
        _ => {}
    };
    for (format, text) in [
        (
            AnthropicMessages,
            include_str!("../../../../testdata/streams/anthropic-tools.in.sse"),
        ),
        (OpenAiResponses, native.as_str()),
    ] {
        let mut reader = UpstreamFormat::from(format).stream_reader();
        let mut deltas = Vec::new();
        for event in data(text) {
            reader.read(event.to_string().as_bytes(), &mut |delta| {
                note(&mut deltas, delta);
            });
        }
        // Usage comes once and last.
        deltas.retain(|delta| delta.parse::<u64>().is_err());
        if expected.is_empty() {
            expected = deltas;
        } else {
            assert_eq!(deltas, expected);
        }
    }
}

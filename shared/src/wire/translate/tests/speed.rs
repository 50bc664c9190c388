//! What a chunk costs, natively; run in release: `cargo test --release -p model-broker-shared speed -- --ignored
//! --nocapture`.

use std::time::{Duration, Instant};

use super::*;
use crate::eventstream::write::event as frame;
use crate::wire::{EventClass, Unframer, UpstreamFormat};

const BATCHES: u32 = 200;
const ROUNDS: u32 = 2_000;

/// The mean of the quickest batch: other work on the machine only ever adds.
fn best_of(mut each: impl FnMut()) -> Duration {
    let batches = (0..BATCHES).map(|_| {
        let began = Instant::now();
        (0..ROUNDS).for_each(|_| each());
        began.elapsed() / ROUNDS
    });
    batches.min().unwrap()
}

fn measure(name: &str, from: Format, start: &str, event: &str) {
    let mut translator = AnswerTranslator::of_stream(from.into(), other(from), caller(false));
    let mut noted = Observation::default();
    translator.push(start.as_bytes(), false, &mut noted);
    let mut written = 0;
    let translated = best_of(|| written += translator.push(event.as_bytes(), false, &mut noted).len());
    let data = event.split_once("data: ").unwrap().1.trim_end();
    let passed = best_of(|| {
        let class = (from.codec().same.observe_event)(data.as_bytes(), &mut noted);
        assert_eq!(class, EventClass::Content);
    });
    assert!(written > 0 && !has_failed(&noted));
    println!(
        "{name}: {} bytes, {translated:?} translated, {passed:?} passed",
        event.len()
    );
}

#[test]
#[ignore = "a measurement"]
fn speed_of_a_chunk() {
    let openai = |delta: &str| {
        format!(
            "data: {{\"id\":\"chatcmpl-AbC123\",\"object\":\"chat.completion.chunk\",\"created\":1764000000,\"model\":\"gpt-5.1-2026-08-07\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_1\",\"choices\":[{{\"index\":0,\"delta\":{delta},\"logprobs\":null,\"finish_reason\":null}}],\"usage\":null,\"obfuscation\":\"x8Jd0\"}}\n\n"
        )
    };
    let call = r#"{"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"f","arguments":""}}]}"#;
    let fragment = r#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"city"}}]}"#;
    measure(
        "openai text",
        OpenAiChat,
        &openai(r#"{"role":"assistant","content":""}"#),
        &openai(r#"{"content":" hello"}"#),
    );
    measure("openai arguments", OpenAiChat, &openai(call), &openai(fragment));
    let start = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"c\",\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\n";
    let text = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" hello\"}}\n\n";
    measure("anthropic text", AnthropicMessages, start, text);
}

/// The quickest chunk of a provider's stream on its way to an agent that calls in another format.
fn translated(name: &str, from: UpstreamFormat, to: Format, start: &str, event: &str) {
    let mut noted = Observation::default();
    let mut written = 0;
    let mut translator = AnswerTranslator::of_stream(from, to, caller(false));
    translator.push(start.as_bytes(), false, &mut noted);
    let spent = best_of(|| {
        // A writer that repeats all at the end keeps it: begun anew before there is too much of it.
        if written > 1 << 20 {
            translator = AnswerTranslator::of_stream(from, to, caller(false));
            translator.push(start.as_bytes(), false, &mut noted);
            written = 1;
        }
        written += translator.push(event.as_bytes(), false, &mut noted).len();
    });
    assert!(written > 0 && !has_failed(&noted));
    println!("{name} to {to:?}: {} bytes, {spent:?}", event.len());
}

fn sse(data: &str) -> String {
    format!("data: {data}\n\n")
}

#[test]
#[ignore = "a measurement"]
fn speed_of_a_chunk_of_every_format() {
    let chat = |delta: &str| {
        sse(&format!(
            r#"{{"id":"e5cc70bb28c444948073e77776eb30ef","object":"chat.completion.chunk","created":1764000000,"model":"m","choices":[{{"index":0,"delta":{delta},"finish_reason":null}}],"p":"ab"}}"#
        ))
    };
    let gemini = sse(
        r#"{"candidates":[{"content":{"parts":[{"text":" hello"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":2,"totalTokenCount":9},"modelVersion":"gemini-3.8-flash","responseId":"aB1-x_Y"}"#,
    );
    let cohere_start = [
        r#"{"id":"i","type":"message-start","delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}}}"#,
        r#"{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}}"#,
    ]
    .map(sse)
    .concat();
    let cohere =
        sse(r#"{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":" hello"}}}}"#);
    let claude_start = [
        r#"{"type":"message_start","message":{"id":"msg_1","model":"c","usage":{"input_tokens":1,"output_tokens":1}}}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
    ]
    .map(sse)
    .concat();
    let claude_data =
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" hello"}}"#;
    let claude = sse(claude_data);
    let converse_data = r#"{"contentBlockIndex":0,"delta":{"text":" hello"},"p":"abcdefghijkl"}"#;
    let mut frames = Unframer::new(UpstreamFormat::BedrockConverse);
    let mut events = Vec::new();
    frames
        .push(&frame("messageStart", r#"{"role":"assistant"}"#), &mut events)
        .unwrap();
    let converse_start = String::from_utf8(std::mem::take(&mut events)).unwrap();
    frames
        .push(&frame("contentBlockDelta", converse_data), &mut events)
        .unwrap();
    let converse = String::from_utf8(std::mem::take(&mut events)).unwrap();

    let (role, text) = (
        chat(r#"{"role":"assistant","content":""}"#),
        chat(r#"{"content":" hello"}"#),
    );
    for to in [OpenAiChat, AnthropicMessages, OpenAiResponses] {
        for (name, from, start, event) in [
            ("openai", UpstreamFormat::OpenAiChat, &role, &text),
            (
                "anthropic",
                UpstreamFormat::AnthropicMessages,
                &claude_start,
                &claude,
            ),
            ("gemini", UpstreamFormat::Gemini, &gemini, &gemini),
            (
                "converse",
                UpstreamFormat::BedrockConverse,
                &converse_start,
                &converse,
            ),
            ("mistral", UpstreamFormat::MistralChat, &role, &text),
            ("cohere", UpstreamFormat::CohereChat, &cohere_start, &cohere),
        ] {
            if !from.is(to) {
                translated(name, from, to, start, event);
            }
        }
    }
    let bytes = crate::wire::base64(claude_data.as_bytes());
    for (name, format, framed) in [
        (
            "converse",
            UpstreamFormat::BedrockConverse,
            frame("contentBlockDelta", converse_data),
        ),
        (
            "claude on bedrock",
            UpstreamFormat::AnthropicMessages,
            frame("chunk", &format!(r#"{{"bytes":"{bytes}","p":"abcdefgh"}}"#)),
        ),
    ] {
        let mut unframer = Unframer::new(format);
        let spent = best_of(|| {
            events.clear();
            unframer.push(&framed, &mut events).unwrap();
        });
        assert!(!events.is_empty());
        println!("{name}, out of its frame: {} bytes, {spent:?}", framed.len());
    }
}

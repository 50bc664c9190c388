//! What a chunk costs, natively; run in release: `cargo test --release -p model-broker-shared speed -- --ignored
//! --nocapture`.

use std::time::{Duration, Instant};

use super::*;

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

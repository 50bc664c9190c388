//! Whole calls to Bedrock and what comes of its answers, in `testdata/bedrock/`. `BLESS=1 cargo test -p
//! model-broker-shared bedrock` writes down what the code does now; the difference is then to be read.

#[cfg(not(target_family = "wasm"))]
mod properties;
mod requests;
mod streams;

use crate::wire::{AnswerTranslator, Caller, Format, Observation, Progress, UpstreamFormat};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const FORMATS: [(Format, &str); 2] = [
    (Format::OpenAiChat, "openai"),
    (Format::AnthropicMessages, "anthropic"),
];

fn caller() -> Caller {
    Caller {
        model: "house-model".to_owned(),
        created: 1_764_000_001,
        request_id: "req-1".to_owned(),
        stream_usage: true,
        ..Caller::default()
    }
}

/// What stands in a file of `testdata/bedrock/`, or what is to stand there.
#[cfg(not(target_arch = "wasm32"))]
fn same_as(file: &str, now: &str) {
    let path = format!("{}/testdata/bedrock/{file}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, now).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(now, expected, "{file}");
}

/// There are no files in a browser's engine; the native run compares.
#[cfg(target_arch = "wasm32")]
fn same_as(file: &str, now: &str) {
    assert!(!now.is_empty(), "{file}");
}

#[test]
fn whole_answers_are_translated() {
    for (name, body) in [
        ("text", include_str!("../../../testdata/bedrock/text.in.json")),
        ("tools", include_str!("../../../testdata/bedrock/tools.in.json")),
        (
            "guardrail",
            include_str!("../../../testdata/bedrock/guardrail.in.json"),
        ),
    ] {
        for (to, of) in FORMATS {
            let mut translator = AnswerTranslator::of_answer(UpstreamFormat::BedrockConverse, to, caller());
            let mut noted = Observation::default();
            let out = translator.push(body.as_bytes(), true, &mut noted);
            assert_eq!(noted.progress(), Progress::Content, "{name}");
            let out = String::from_utf8(out).unwrap() + "\n";
            same_as(&format!("{name}.{of}.json"), &out);
        }
    }
}

#[test]
fn what_is_no_answer_makes_room_for_another_provider() {
    for body in [
        "",
        "<html>Bad Gateway</html>",
        r#"{"message":"The service is overloaded"}"#,
        r#"{"output":{}}"#,
        r#"{"output":{"message":{"role":"assistant","content":{}}},"stopReason":"end_turn"}"#,
        r#"{"output":{"message":{"role":"assistant","content":[]}},"stopReason":"malformed_model_output"}"#,
    ] {
        let mut noted = Observation::default();
        let mut translator =
            AnswerTranslator::of_answer(UpstreamFormat::BedrockConverse, Format::OpenAiChat, caller());
        let out = translator.push(body.as_bytes(), true, &mut noted);
        assert!(matches!(noted.progress(), Progress::Failed(_)), "{body}");
        let error: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert!(error["error"]["message"].is_string(), "{body}");
    }
}

//! Recorded answers, as providers send them, and what becomes of them. `BLESS=1 cargo test -p model-broker-shared
//! golden` writes down what the code does now; the difference is then to be read.

use super::*;
use crate::wire::blessing::bless;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// The beginnings of these names are formats.
fn format(name: &str) -> Format {
    if name.starts_with("anthropic") {
        AnthropicMessages
    } else {
        OpenAiChat
    }
}

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

const ERRORS: Pairs = pairs!("errors", ".in", ".out.json",
    "openai-rate-limit.429" "openai-parameter.400" "openai-quota.429" "vllm-flat.400" "vllm-number.400" "llamacpp.503"
    "gemini-array.429" "fastapi.422" "tgi.422" "html.502" "text.503" "unknown-json.500"
    "azure-content-filter.400" "azure-deployment.404" "azure-rate-limit.429"
    "anthropic-overloaded.529" "anthropic-large.413" "anthropic-text.500");

const ANSWERS: Pairs = pairs!("answers", ".in.json", ".out.json",
    "openai-text" "openai-tools" "openai-refusal"
    "azure-filtered"
    "anthropic-thinking" "anthropic-tools" "anthropic-refusal");

pub const STREAMS: Pairs = pairs!("streams", ".in.sse", ".out.sse",
    "openai-text" "openai-tools" "openai-tools-interleaved" "openai-refusal" "openai-error" "openai-cut"
    "openai-crlf-comments" "openai-cr" "openai-two-data-lines" "openai-empty" "openai-not-json"
    "llamacpp-timings" "vllm-error" "ollama-tools" "vllm-reasoning" "vllm-tools-repeated-ids" "azure"
    "anthropic-text" "anthropic-tools" "anthropic-thinking" "anthropic-server-tool" "anthropic-refusal"
    "anthropic-paused" "anthropic-error" "anthropic-cut" "anthropic-error-first");

/// The translator of a recorded stream. All callers want usage but that of the tools, whose chunks then have none.
pub fn translator(name: &str) -> AnswerTranslator {
    let from = format(name);
    AnswerTranslator::of_stream(from.into(), other(from), caller(!name.ends_with("tools")))
}

#[test]
fn golden_streams_are_translated() {
    for (name, input, expected) in STREAMS {
        let (out, ..) = feed(translator(name), &[input.as_bytes()]);
        if !bless(&format!("streams/{name}.out.sse"), &out) {
            assert_eq!(&out, expected, "{name}");
        }
    }
}

#[test]
fn golden_streams_give_the_same_bytes_wherever_they_are_cut() {
    for (name, input, _) in STREAMS {
        let bytes = input.as_bytes();
        let whole = feed(translator(name), &[bytes]);
        for cut in 0..=bytes.len() {
            let (head, tail) = bytes.split_at(cut);
            assert_eq!(
                feed(translator(name), &[head, tail]),
                whole,
                "{name} cut at {cut}"
            );
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(feed(translator(name), &single), whole, "{name} byte by byte");
    }
}

#[test]
fn golden_answers_are_translated() {
    for (name, input, expected) in ANSWERS {
        let from = format(name);
        let translator = AnswerTranslator::of_answer(from.into(), other(from), caller(false));
        let (out, noted, progress) = feed(translator, &[input.as_bytes()]);
        assert!(noted.model().is_some() && progress == Progress::Content, "{name}");
        let out = out + "\n";
        if !bless(&format!("answers/{name}.out.json"), &out) {
            assert_eq!(&out, expected, "{name}");
        }
    }
}

#[test]
fn golden_errors_are_translated() {
    for (name, input, expected) in ERRORS {
        let from = format(name);
        let status = name.rsplit_once('.').unwrap().1.parse().unwrap();
        let translator = AnswerTranslator::of_error(from.into(), other(from), caller(false), status);
        let (out, noted, progress) = feed(translator, &[input.as_bytes()]);
        assert_eq!(
            (noted, progress),
            (Observation::default(), Progress::Nothing),
            "{name}"
        );
        let out = out + "\n";
        if !bless(&format!("errors/{name}.out.json"), &out) {
            assert_eq!(&out, expected, "{name}");
        }
    }
}

//! Recorded answers of providers whose formats no agent speaks, and what agents of both APIs get for them. Blessed as the
//! other golden files are.

use super::*;
use crate::wire::UpstreamFormat;
use crate::wire::blessing::bless;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// What was recorded, and what an agent of each API gets.
struct Pair {
    name: &'static str,
    input: &'static str,
    openai: &'static str,
    anthropic: &'static str,
}

macro_rules! pairs {
    ($folder:literal, $in:literal, $end:literal, $($name:literal)*) => {
        &[$(Pair {
            name: $name,
            input: include_str!(concat!("../../../../testdata/", $folder, "/", $name, $in)),
            openai: include_str!(concat!("../../../../testdata/", $folder, "/", $name, ".to-openai", $end)),
            anthropic: include_str!(concat!("../../../../testdata/", $folder, "/", $name, ".to-anthropic", $end)),
        }),*]
    };
}

const STREAMS: &[Pair] = pairs!("streams", ".in.sse", ".sse",
    "mistral-text" "mistral-thinking" "mistral-tools" "mistral-failed"
    "cohere-text" "cohere-tools" "cohere-failed" "cohere-cut");

const ANSWERS: &[Pair] = pairs!("answers", ".in.json", ".json", "mistral-thinking" "mistral-tools"
    "cohere-thinking" "cohere-tools");

const ERRORS: &[Pair] = pairs!("errors", ".in", ".json",
    "mistral-order.400" "mistral-rate.429" "mistral-detail.422" "mistral-capacity.429"
    "cohere-token.498" "cohere-closed.499" "cohere-tokens.400" "cohere-trial.429");

impl Pair {
    /// The beginnings of the names are formats.
    fn format(&self) -> UpstreamFormat {
        match self.name.split('-').next() {
            Some("mistral") => UpstreamFormat::MistralChat,
            Some("cohere") => UpstreamFormat::CohereChat,
            other => panic!("{other:?} is no format"),
        }
    }

    fn agents(&self) -> [(Format, &'static str, &'static str); 2] {
        [
            (OpenAiChat, "openai", self.openai),
            (AnthropicMessages, "anthropic", self.anthropic),
        ]
    }
}

#[test]
fn golden_streams_of_other_formats_are_translated_wherever_they_are_cut() {
    for pair in STREAMS {
        for (to, agent, expected) in pair.agents() {
            let translator = || AnswerTranslator::of_stream(pair.format(), to, caller(true));
            let bytes = pair.input.as_bytes();
            let whole = feed(translator(), &[bytes]);
            if !bless(&format!("streams/{}.to-{agent}.sse", pair.name), &whole.0) {
                assert_eq!(whole.0, expected, "{} to {agent}", pair.name);
            }
            for cut in 0..=bytes.len() {
                let (head, tail) = bytes.split_at(cut);
                assert_eq!(
                    feed(translator(), &[head, tail]),
                    whole,
                    "{} cut at {cut}",
                    pair.name
                );
            }
        }
    }
}

#[test]
fn golden_answers_of_other_formats_are_translated() {
    for pair in ANSWERS {
        for (to, agent, expected) in pair.agents() {
            let translator = AnswerTranslator::of_answer(pair.format(), to, caller(false));
            let (out, noted, progress) = feed(translator, &[pair.input.as_bytes()]);
            assert!(
                noted.usage().is_some() && progress == Progress::Content,
                "{}",
                pair.name
            );
            let out = out + "\n";
            if !bless(&format!("answers/{}.to-{agent}.json", pair.name), &out) {
                assert_eq!(out, expected, "{} to {agent}", pair.name);
            }
        }
    }
}

#[test]
fn golden_errors_of_other_formats_are_translated() {
    for pair in ERRORS {
        let status = pair.name.rsplit_once('.').unwrap().1.parse().unwrap();
        for (to, agent, expected) in pair.agents() {
            let translator = AnswerTranslator::of_error(pair.format(), to, caller(false), status);
            let (out, ..) = feed(translator, &[pair.input.as_bytes()]);
            let out = out + "\n";
            if !bless(&format!("errors/{}.to-{agent}.json", pair.name), &out) {
                assert_eq!(out, expected, "{} to {agent}", pair.name);
            }
        }
    }
}

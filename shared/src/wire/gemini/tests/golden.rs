//! Recorded answers, as the provider sends them, and what becomes of them for each format of agents:
//! `shared/testdata/gemini/`. `BLESS=1 cargo test -p model-broker-shared golden` writes down what the code does now; the
//! difference is then to be read.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::wire::blessing::bless;

/// The name, what the provider sent, and what an agent gets: OpenAI's format first, then Anthropic's.
type Case = (&'static str, &'static str, [&'static str; 2]);

macro_rules! cases {
    ($in:literal, $out:literal, $($name:literal)*) => {
        &[$((
            $name,
            include_str!(concat!("../../../../testdata/gemini/", $name, $in)),
            [
                include_str!(concat!("../../../../testdata/gemini/", $name, ".to-openai", $out)),
                include_str!(concat!("../../../../testdata/gemini/", $name, ".to-anthropic", $out)),
            ],
        )),*]
    };
}

pub const STREAMS: &[Case] = cases!(".in.sse", ".sse",
    "text" "tools" "thinking" "safety" "blocked" "malformed-call" "malformed-call-late" "error" "cut" "traffic-only");

const ANSWERS: &[Case] = cases!(".in.json", ".json", "text" "tools" "blocked" "recitation" "no-parts");

const ERRORS: &[Case] = cases!(".in", ".json", "array.429" "invalid.400" "html.502" "no-code.404");

fn compare(cases: &[Case], ending: &str, translator: impl Fn(&str, Format) -> AnswerTranslator) {
    for (name, input, expected) in cases {
        for ((to, agent), expected) in AGENTS.into_iter().zip(expected) {
            let (mut out, ..) = feed(translator(name, to), &[input.as_bytes()]);
            if ending == "json" {
                out.push('\n');
            }
            if !bless(&format!("gemini/{name}.to-{agent}.{ending}"), &out) {
                assert_eq!(&out, expected, "{name} for {agent}");
            }
        }
    }
}

#[test]
fn golden_streams_are_translated() {
    compare(STREAMS, "sse", |_, to| stream(to));
}

#[test]
fn golden_answers_are_translated() {
    compare(ANSWERS, "json", |_, to| answer(to));
}

#[test]
fn golden_errors_are_translated() {
    compare(ERRORS, "json", |name, to| {
        let (_, status) = name.rsplit_once('.').unwrap();
        error(to, status.parse().unwrap())
    });
}

#[test]
fn golden_streams_give_the_same_bytes_wherever_they_are_cut() {
    for (name, input, _) in STREAMS {
        for (to, agent) in AGENTS {
            let bytes = input.as_bytes();
            let whole = feed(stream(to), &[bytes]);
            for cut in 0..=bytes.len() {
                let (head, tail) = bytes.split_at(cut);
                assert_eq!(
                    feed(stream(to), &[head, tail]),
                    whole,
                    "{name} for {agent} cut at {cut}"
                );
            }
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            assert_eq!(
                feed(stream(to), &single),
                whole,
                "{name} for {agent} byte by byte"
            );
        }
    }
}

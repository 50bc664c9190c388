//! Each provider's requests and answers, as they are written down; `BLESS=1 cargo test -p model-broker-shared golden`
//! writes down what the code does now.

use super::*;
use crate::config::NO_DEFAULTS;
use crate::wire::blessing::bless;
use crate::wire::{Flaw, Observation, Progress};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const ASKED: &str = include_str!("../../../testdata/embeddings/asked.in.json");

macro_rules! golden {
    ($($name:literal $embedder:ident $model:literal)*) => {
        [$((
            $name,
            Embedder::$embedder,
            $model,
            include_str!(concat!("../../../testdata/embeddings/", $name, ".in.json")),
            [
                include_str!(concat!("../../../testdata/embeddings/", $name, ".sent.json")),
                include_str!(concat!("../../../testdata/embeddings/", $name, ".floats.json")),
                include_str!(concat!("../../../testdata/embeddings/", $name, ".base64.json")),
            ],
        )),*]
    };
}

type Golden = (
    &'static str,
    Embedder,
    &'static str,
    &'static str,
    [&'static str; 3],
);

const GOLDEN: [Golden; 6] = golden![
    "mistral" Mistral "mistral-embed"
    "cohere" Cohere "embed-v4.0"
    "gemini" Gemini "gemini-embedding-001"
    "vertex" Vertex "text-embedding-005"
    "titan" Titan "amazon.titan-embed-text-v2:0"
    "cohere-bedrock" CohereBedrock "cohere.embed-english-v3"
];

/// How many texts the golden request has for a model: Titan takes one.
fn inputs(embedder: Embedder) -> usize {
    if embedder == Embedder::Titan { 1 } else { 2 }
}

fn translated(embedder: Embedder, encoding: Encoding, chunks: &[&[u8]]) -> (String, Observation) {
    translated_for(inputs(embedder), embedder, encoding, chunks)
}

fn translated_for(
    inputs: usize,
    embedder: Embedder,
    encoding: Encoding,
    chunks: &[&[u8]],
) -> (String, Observation) {
    let mut translator = EmbeddingTranslator::new(embedder, encoding, "vectors".to_owned(), inputs);
    let mut observation = Observation::default();
    let mut out = Vec::new();
    for chunk in chunks {
        out.extend(translator.push(chunk, false, &mut observation));
    }
    out.extend(translator.push(b"", true, &mut observation));
    (String::from_utf8(out).unwrap(), observation)
}

/// What is asked of a model; of Titan only the first text.
fn sent(embedder: Embedder, model: &str) -> String {
    let one = ASKED.replace(", \"Gr\\u00fc\\u00dfe, \\u6771\\u4eac\"", "");
    let asked = if embedder == Embedder::Titan { &one } else { ASKED };
    let body = embedder.write(asked.as_bytes(), model).unwrap();
    String::from_utf8(body).unwrap()
}

#[test]
fn golden_requests_are_written() {
    for (name, embedder, model, _, [expected, ..]) in GOLDEN {
        let sent = sent(embedder, model) + "\n";
        if !bless(&format!("embeddings/{name}.sent.json"), &sent) {
            assert_eq!(sent, expected, "{name}");
        }
    }
}

#[test]
fn golden_answers_are_written_as_floats_and_as_base64() {
    for (name, embedder, _, answer, [_, floats, base64]) in GOLDEN {
        for (encoding, kind, expected) in [
            (Encoding::Float, "floats", floats),
            (Encoding::Base64, "base64", base64),
        ] {
            let (out, observation) = translated(embedder, encoding, &[answer.as_bytes()]);
            assert_eq!(observation.progress(), Progress::Content, "{name}");
            let out = out + "\n";
            if !bless(&format!("embeddings/{name}.{kind}.json"), &out) {
                assert_eq!(out, expected, "{name}");
            }
        }
    }
}

#[test]
fn an_answer_may_come_in_pieces() {
    for (name, embedder, _, answer, _) in GOLDEN {
        let whole = translated(embedder, Encoding::Float, &[answer.as_bytes()]);
        let single: Vec<&[u8]> = answer.as_bytes().chunks(1).collect();
        assert_eq!(translated(embedder, Encoding::Float, &single), whole, "{name}");
    }
}

#[test]
fn tokens_are_noted_where_the_provider_tells_them() {
    let tokens = GOLDEN.map(|(_, embedder, _, answer, _)| {
        let (_, observation) = translated(embedder, Encoding::Float, &[answer.as_bytes()]);
        observation.usage().map(|usage| usage.input.0)
    });
    assert_eq!(tokens, [Some(9), Some(2), None, Some(9), Some(3), None]);
}

#[test]
fn what_is_no_answer_is_a_flaw_of_the_provider() {
    for (_, embedder, ..) in GOLDEN {
        for (body, flaw) in [
            ("", Flaw::Empty),
            ("<html>", Flaw::Unreadable),
            ("{}", Flaw::Unreadable),
            (
                r#"{"data":[],"embeddings":[],"predictions":[],"embedding":[]}"#,
                Flaw::Unreadable,
            ),
            (
                r#"{"data":[{"embedding":["a"]}],"embeddings":[{"values":[null]}],"predictions":[{}],"embedding":[{}]}"#,
                Flaw::Unreadable,
            ),
            (r#"{"data":[{"embedding":[1"#, Flaw::Unreadable),
        ] {
            let (out, observation) = translated(embedder, Encoding::Base64, &[body.as_bytes()]);
            assert_eq!(out, "", "{embedder:?} {body}");
            assert_eq!(
                observation.progress(),
                Progress::Failed(flaw),
                "{embedder:?} {body}"
            );
        }
    }
}

/// Vectors are told apart by their order alone: one too few would give every later text that of another.
#[test]
fn an_answer_with_another_number_of_vectors_than_texts_is_a_flaw() {
    for (name, embedder, _, answer, _) in GOLDEN {
        for wrong in [inputs(embedder) - 1, inputs(embedder) + 1] {
            let (out, observation) = translated_for(wrong, embedder, Encoding::Float, &[answer.as_bytes()]);
            assert_eq!(out, "", "{name}");
            let flawed = Progress::Failed(Flaw::Unreadable);
            assert_eq!(observation.progress(), flawed, "{name}");
        }
    }
}

#[test]
fn what_a_provider_cannot_embed_is_refused_with_its_place() {
    let target = |model| Target {
        kind: ProviderKind::OpenAi,
        model,
        defaults: &NO_DEFAULTS,
    };
    let refused = |embedder: Embedder, body: &str| {
        let checked = embedder.check(body.as_bytes(), &target("m"));
        checked.unwrap_err().to_string()
    };
    for (embedder, body, expected) in [
        (
            Embedder::Cohere,
            r#"{"input":[1,2]}"#,
            "`input` cannot be served by the providers of this model",
        ),
        (
            Embedder::Gemini,
            r#"{"input":[[1],[2]]}"#,
            "`input` cannot be served by the providers of this model",
        ),
        (
            Embedder::Titan,
            r#"{"input":["a","b"]}"#,
            "`input` cannot be served by the providers of this model",
        ),
        (
            Embedder::Mistral,
            r#"{"input":[]}"#,
            "`input` must be a text, or a list with something in it",
        ),
        (
            Embedder::Mistral,
            r#"{"input":["a",1]}"#,
            "`input[1]` must be a text",
        ),
        (
            Embedder::Mistral,
            r#"{"input":[1,"a"]}"#,
            "`input` must be a list of one kind",
        ),
        (Embedder::Vertex, "{}", "`input` is missing"),
        (
            Embedder::Cohere,
            r#"{"input":"a","dimensions":-1}"#,
            "`dimensions` must be a whole number above 0",
        ),
        (
            Embedder::Cohere,
            r#"{"input":"a","encoding_format":"int8"}"#,
            "`encoding_format` must be `float` or `base64`",
        ),
        (Embedder::Cohere, "{\"input\":\"a", "`body` must be valid JSON"),
    ] {
        assert_eq!(refused(embedder, body), expected);
    }
    let two = br#"{"input":["a","b"]}"#;
    assert!(
        Embedder::Vertex
            .check(two, &target("gemini-embedding-001"))
            .is_err()
    );
    assert_eq!(Embedder::Vertex.check(two, &target("text-embedding-005")), Ok(()));
    assert_eq!(
        Embedder::OpenAi.check(br#"{"input":[1,2]}"#, &target("m")),
        Ok(())
    );
}

#[test]
fn models_are_asked_at_their_providers_paths() {
    let paths = GOLDEN.map(|(_, embedder, model, ..)| embedder.path(model));
    assert_eq!(
        paths,
        [
            "/v1/embeddings",
            "/v2/embed",
            "/v1beta/models/gemini-embedding-001:batchEmbedContents",
            "/publishers/google/models/text-embedding-005:predict",
            "/model/amazon.titan-embed-text-v2%3A0/invoke",
            "/model/cohere.embed-english-v3/invoke",
        ]
    );
    assert_eq!(
        Embedder::of_bedrock("us.cohere.embed-v4:0"),
        Some(Embedder::CohereBedrock)
    );
    assert_eq!(
        Embedder::of_bedrock("amazon.titan-embed-text-v2:0"),
        Some(Embedder::Titan)
    );
    assert_eq!(Embedder::of_bedrock("anthropic.claude-opus-4-7"), None);
}

#[test]
fn a_model_never_leaves_its_segment() {
    let name = "a/../b?x=1#y";
    for embedder in [
        Embedder::Gemini,
        Embedder::Vertex,
        Embedder::Titan,
        Embedder::CohereBedrock,
    ] {
        let path = embedder.path(name);
        assert!(path.contains("a%2F..%2Fb%3Fx%3D1%23y"), "{path}");
    }
}

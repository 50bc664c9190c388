//! Each provider's requests and answers, as they are written down; `BLESS=1 cargo test -p model-broker-shared golden`
//! writes down what the code does now.

use serde_json::json;

use super::*;
use crate::ledger::Usage;
use crate::wire::blessing::bless;
use crate::wire::{Flaw, Format, Observation, Progress};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const ASKED: &str = include_str!("../../../testdata/counts/asked.in.json");

macro_rules! golden {
    ($($name:literal $kind:ident $model:literal)*) => {
        [$((
            $name,
            ProviderKind::$kind,
            $model,
            include_str!(concat!("../../../testdata/counts/", $name, ".in.json")),
            include_str!(concat!("../../../testdata/counts/", $name, ".sent.json")),
            include_str!(concat!("../../../testdata/counts/", $name, ".told.json")),
        )),*]
    };
}

type Golden = (
    &'static str,
    ProviderKind,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const GOLDEN: [Golden; 5] = golden![
    "vertex-claude" Vertex "claude-sonnet-4-5@20250929"
    "bedrock-claude" Bedrock "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
    "gemini" Gemini "gemini-3.8-flash"
    "vertex" Vertex "gemini-2.5-pro"
    "openai" OpenAi "gpt-5-mini"
];

fn write(kind: ProviderKind, model: &str, body: &str) -> Result<String, Untranslatable> {
    let request = Format::AnthropicMessages.read_request(body.as_bytes()).unwrap();
    let counted = Counted {
        body: body.as_bytes(),
        request: &request,
        features: Some(b"one-2026"),
    };
    let written = kind.counter(model).unwrap().write(counted, model)?;
    Ok(String::from_utf8(written.unwrap()).unwrap())
}

fn told(counter: Counter, chunks: &[&[u8]]) -> (String, Observation) {
    let mut translator = CountTranslator::new(counter);
    let mut observation = Observation::default();
    let mut out = Vec::new();
    for chunk in chunks {
        out.extend(translator.push(chunk, false, &mut observation));
    }
    out.extend(translator.push(b"", true, &mut observation));
    (String::from_utf8(out).unwrap(), observation)
}

/// What a call to Bedrock holds in base64.
fn within(sent: &str) -> String {
    let sent: serde_json::Value = serde_json::from_str(sent).unwrap();
    let body = sent["input"]["invokeModel"]["body"].as_str().unwrap();
    String::from_utf8(crate::wire::media::decode(&json::Text::of_plain(body)).unwrap()).unwrap()
}

#[test]
fn golden_requests_are_written() {
    for (name, kind, model, _, expected, _) in GOLDEN {
        let sent = write(kind, model, ASKED.trim_end()).unwrap() + "\n";
        serde_json::from_str::<serde_json::Value>(&sent).unwrap();
        if !bless(&format!("counts/{name}.sent.json"), &sent) {
            assert_eq!(sent, expected, "{name}");
        }
    }
}

#[test]
fn golden_answers_are_told_in_the_callers_format_and_cost_nothing() {
    for (name, kind, model, answer, _, expected) in GOLDEN {
        let counter = kind.counter(model).unwrap();
        let (out, observation) = told(counter, &[answer.as_bytes()]);
        assert_eq!(observation.progress(), Progress::Content, "{name}");
        assert_eq!(observation.usage(), Some(Usage::default()), "{name}");
        let single: Vec<&[u8]> = answer.as_bytes().chunks(1).collect();
        assert_eq!(told(counter, &single).0, out, "{name} in pieces");
        let out = out + "\n";
        if !bless(&format!("counts/{name}.told.json"), &out) {
            assert_eq!(out, expected, "{name}");
        }
    }
}

#[test]
fn what_is_no_count_is_a_flaw_of_the_provider() {
    for (_, kind, model, ..) in GOLDEN {
        let counter = kind.counter(model).unwrap();
        for (body, flaw) in [
            ("", Flaw::Empty),
            ("<html>", Flaw::Unreadable),
            ("{}", Flaw::Unreadable),
            (
                r#"{"totalTokens":"1","inputTokens":-1,"input_tokens":1.5}"#,
                Flaw::Unreadable,
            ),
            (
                r#"{"totalTokens":1,"inputTokens":1,"input_tokens":1"#,
                Flaw::Unreadable,
            ),
        ] {
            let (out, observation) = told(counter, &[body.as_bytes()]);
            assert_eq!(out, "", "{counter:?} {body}");
            assert_eq!(
                observation.progress(),
                Progress::Failed(flaw),
                "{counter:?} {body}"
            );
        }
    }
}

#[test]
fn bedrock_is_asked_for_a_call_that_could_be_made() {
    let sent = |body: &str| within(&write(ProviderKind::Bedrock, "anthropic.claude-x", body).unwrap());
    assert_eq!(
        sent(r#"{"model":"c","messages":[]}"#),
        concat!(
            r#"{"max_tokens":1,"anthropic_version":"bedrock-2023-05-31","#,
            r#""anthropic_beta":["one-2026"],"messages":[]}"#
        )
    );
    assert_eq!(
        sent(r#"{"max_tokens":9,"model":"c"}"#),
        r#"{"max_tokens":9,"anthropic_version":"bedrock-2023-05-31","anthropic_beta":["one-2026"]}"#
    );
    let thinks = sent(r#"{"model":"c","thinking":{"type":"enabled","budget_tokens":4096}}"#);
    assert!(thinks.starts_with(r#"{"max_tokens":4097,"#), "{thinks}");
}

#[test]
fn what_a_provider_cannot_be_told_is_not_counted_there() {
    let searches = r#"{"model":"c","messages":[{"role":"user","content":"a"}],
        "tools":[{"type":"web_search_20250305","name":"web_search"}]}"#;
    for kind in [ProviderKind::Gemini, ProviderKind::Vertex, ProviderKind::OpenAi] {
        assert!(write(kind, "gemini-2.5-pro", searches).is_err(), "{kind:?}");
    }
    assert!(write(ProviderKind::Vertex, "claude-opus-4", searches).is_ok());
}

#[test]
fn openai_is_asked_in_the_words_of_its_responses() {
    let asked = r#"{"model":"c","system":[{"type":"text","text":"Be brief."}],
        "output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}},
        "tools":[{"name":"f","input_schema":{"type":"object"}},{"name":"g","input_schema":{"type":"object"}}],
        "tool_choice":{"type":"tool","name":"f","disable_parallel_tool_use":true},
        "messages":[{"role":"user","content":[{"type":"text","text":"a"},
                {"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="}},
                {"type":"image","source":{"type":"url","url":"https://example.com/a.png"}}]},
            {"role":"assistant","content":[{"type":"text","text":"b"},
                {"type":"tool_use","id":"t1","name":"f","input":{}},{"type":"tool_use","id":"t2","name":"g","input":{"x":1}}]},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"1"},
                {"type":"tool_result","tool_use_id":"t2","content":[{"type":"text","text":"2"}]},
                {"type":"text","text":"c"}]}]}"#;
    let sent = write(ProviderKind::OpenAi, "gpt-5-mini", asked).unwrap();
    let sent: serde_json::Value = serde_json::from_str(&sent).unwrap();
    let tool = |name: &str| json!({"type": "function", "name": name, "parameters": {"type": "object", "properties": {}}, "strict": false});
    let call = |id: &str, name: &str, arguments: &str| json!({"type": "function_call", "call_id": id, "name": name, "arguments": arguments});
    let result =
        |id: &str, output: &str| json!({"type": "function_call_output", "call_id": id, "output": output});
    assert_eq!(
        sent,
        json!({
            "model": "gpt-5-mini",
            "input": [
                {"role": "developer", "content": "Be brief."},
                {"role": "user", "content": [
                    {"type": "input_text", "text": "a"},
                    {"type": "input_file", "filename": "document.pdf", "file_data": "data:application/pdf;base64,JVBERi0="},
                    {"type": "input_image", "detail": "auto", "image_url": "https://example.com/a.png"},
                ]},
                {"role": "assistant", "content": "b"},
                call("t1", "f", "{}"), call("t2", "g", r#"{"x":1}"#),
                result("t1", "1"), result("t2", "2"),
                {"role": "user", "content": "c"},
            ],
            "tools": [tool("f"), tool("g")],
            "tool_choice": {"type": "function", "name": "f"},
            "parallel_tool_calls": false,
            "text": {"format": {"type": "json_schema", "name": "output", "schema": {"type": "object"}, "strict": true}},
        })
    );
}

#[test]
fn models_are_asked_at_their_providers_paths() {
    let paths = GOLDEN.map(|(_, kind, model, ..)| kind.counter(model).unwrap().path(model));
    assert_eq!(
        paths,
        [
            "/publishers/anthropic/models/count-tokens:rawPredict",
            "/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/count-tokens",
            "/v1beta/models/gemini-3.8-flash:countTokens",
            "/publishers/google/models/gemini-2.5-pro:countTokens",
            "/v1/responses/input_tokens",
        ]
    );
    let escapes = Counter::Gemini.path("../x?a");
    assert_eq!(escapes, "/v1beta/models/..%2Fx%3Fa:countTokens");
}

#[test]
fn bedrock_counts_for_claude_under_its_own_name() {
    for (model, name) in [
        (
            "anthropic.claude-haiku-4-5-v1:0",
            Some("anthropic.claude-haiku-4-5-v1:0"),
        ),
        (
            "global.anthropic.claude-opus-4-8",
            Some("anthropic.claude-opus-4-8"),
        ),
        (
            "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.anthropic.claude-sonnet-4-6",
            Some("anthropic.claude-sonnet-4-6"),
        ),
        ("eu.amazon.nova-pro-v1:0", None),
        ("my-anthropic.claude", None),
        (
            "arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/x1",
            None,
        ),
    ] {
        assert_eq!(claude::of_bedrock(model), name, "{model}");
        let counter = ProviderKind::Bedrock.counter(model);
        assert_eq!(counter.is_some(), name.is_some(), "{model}");
    }
}

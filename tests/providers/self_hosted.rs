//! Servers with OpenAI's API that operators run themselves, each with its ways.

use provider_simulator::{Answer as Told, Behaviour, Vendor};
use serde_json::{Value, json};

use super::conformance::CASES;
use super::reading::{said, thought};
use super::{Trio, WAYS, call};
use crate::harness::{CHAT, MESSAGES};

const MAKES: [(&str, Vendor); 4] = [
    ("vllm", Vendor::Vllm),
    ("ollama", Vendor::Ollama),
    ("llama.cpp", Vendor::LlamaCpp),
    ("tgi", Vendor::Tgi),
];

async fn start(dialect: &str, vendor: Vendor, cases: usize) -> Trio {
    let dialect = json!({"dialect": dialect});
    Trio::start("openai-compatible", vendor, "qwen3", dialect, cases).await
}

#[tokio::test]
async fn every_make_answers_both_apis() {
    for (dialect, vendor) in MAKES {
        let server = start(dialect, vendor, 0).await;
        server.answers("authorization", "Bearer ").await;
        server.tells_errors().await;
    }
}

/// Calls under one number, without a number, with an id in each fragment, and a stop after them.
#[tokio::test]
async fn every_make_calls_tools() {
    for (dialect, vendor) in MAKES {
        let server = start(dialect, vendor, 0).await;
        server.calls_tools_of(&[MESSAGES]).await;
        if vendor == Vendor::Tgi {
            server.calls_tools_of(&[CHAT]).await;
        }
    }
}

#[tokio::test]
async fn a_make_stands_in_and_is_stood_in_for() {
    start("tgi", Vendor::Tgi, CASES).await.fails_over().await;
}

#[tokio::test]
async fn a_model_that_loads_is_not_waited_for() {
    let server = start("llama.cpp", Vendor::LlamaCpp, 4).await;
    for (number, (path, stream)) in WAYS.into_iter().enumerate() {
        server.own.then(vec![Behaviour::status(503)]);
        let body = call(&format!("to-openai-{number}"), "say: here", stream);
        assert_eq!(said(&server.ask(path, &body).await), "here", "{path} {stream}");
    }
}

/// `reasoning` and `reasoning_content` are the same.
#[tokio::test]
async fn thoughts_are_told_under_either_name() {
    for (dialect, vendor) in MAKES.into_iter().take(3) {
        let server = start(dialect, vendor, 0).await;
        for stream in [false, true] {
            let mut body = call("own", "say: hello", stream);
            body["max_tokens"] = 4_000.into();
            body["thinking"] = json!({"type": "enabled", "budget_tokens": 2_000});
            let answer = server.ask(MESSAGES, &body).await;
            assert_eq!(
                thought(MESSAGES, &answer),
                "Let me think about it.",
                "{dialect} {stream}"
            );
        }
    }
}

#[tokio::test]
async fn thinking_is_switched_off_as_the_make_wants_it() {
    for (dialect, vendor, key, expected) in [
        (
            "vllm",
            Vendor::Vllm,
            "chat_template_kwargs",
            json!({"enable_thinking": false}),
        ),
        (
            "llama.cpp",
            Vendor::LlamaCpp,
            "chat_template_kwargs",
            json!({"enable_thinking": false}),
        ),
        ("ollama", Vendor::Ollama, "reasoning_effort", json!("none")),
        ("tgi", Vendor::Tgi, "reasoning_effort", Value::Null),
    ] {
        let server = start(dialect, vendor, 0).await;
        let mut body = call("own", "say: hello", false);
        body["thinking"] = json!({"type": "disabled"});
        server.ask(MESSAGES, &body).await;
        assert_eq!(server.received().json()[key], expected, "{dialect}");
    }
}

#[tokio::test]
async fn a_stop_sequence_is_told_where_the_server_tells_it() {
    let vllm = start("vllm", Vendor::Vllm, 0).await;
    let mut body = call("own", "say: one END two", false);
    body["stop_sequences"] = json!(["END"]);
    let answer = vllm.ask(MESSAGES, &body).await.json();
    assert_eq!(
        (&answer["stop_reason"], &answer["stop_sequence"]),
        (&json!("stop_sequence"), &json!("END"))
    );
}

/// Servers that pass over the newer name would answer without a bound.
#[tokio::test]
async fn the_bound_on_tokens_is_kept_by_servers_that_know_its_older_name_only() {
    for (dialect, vendor, expected) in [
        ("ollama", Vendor::Ollama, json!(7)),
        ("llama.cpp", Vendor::LlamaCpp, json!(7)),
        ("vllm", Vendor::Vllm, Value::Null),
    ] {
        let server = start(dialect, vendor, 0).await;
        let mut body = call("own", "hi", false);
        body.as_object_mut().unwrap().remove("max_tokens");
        body["max_completion_tokens"] = 7.into();
        server.ask(CHAT, &body).await;
        assert_eq!(server.received().json()["max_tokens"], expected, "{dialect}");
    }
}

/// What text-generation-inference does not know is left out and recorded, for callers of its own API too.
#[tokio::test]
async fn a_strict_server_gets_no_more_than_it_knows() {
    let tgi = start("tgi", Vendor::Tgi, 0).await;
    tgi.own.behave(Told::default());
    let mut body = call("own", "a number", true);
    let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}}});
    for (key, value) in [
        ("parallel_tool_calls", json!(true)),
        ("user", json!("u-1")),
        ("reasoning_effort", json!("high")),
        ("store", json!(true)),
        (
            "response_format",
            json!({"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}),
        ),
    ] {
        body[key] = value;
    }
    tgi.ask(CHAT, &body).await;
    let sent = tgi.received().json();
    assert_eq!(
        sent["response_format"],
        json!({"type": "json_object", "value": schema})
    );
    let record = tgi.record(1).await;
    let dropped = record.value("llm.dropped").to_string();
    for place in ["user", "store", "reasoning_effort"] {
        assert!(dropped.contains(place), "{dropped}");
    }
}

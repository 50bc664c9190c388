//! Mistral: OpenAI's format with keys, ids and an order of its own.

use provider_simulator::{Answer as Told, Vendor};
use serde_json::json;

use super::conformance::CASES;
use super::reading::{said, thought};
use super::{Trio, WAYS, call, tool};
use crate::harness::{CHAT, MESSAGES};

async fn start(model: &str, cases: usize) -> Trio {
    Trio::start("mistral", Vendor::Mistral, model, json!({}), cases).await
}

#[tokio::test]
async fn mistral_answers_both_apis() {
    let mistral = start("mistral-large-2512", 0).await;
    mistral.answers("authorization", "Bearer ").await;
    mistral.calls_tools().await;
    mistral.tells_errors().await;
}

#[tokio::test]
async fn mistral_stands_in_and_is_stood_in_for() {
    start("mistral-large-2512", CASES).await.fails_over().await;
}

/// Whatever an agent says in its own API arrives in Mistral's words: the simulator refuses all others.
#[tokio::test]
async fn what_an_agent_asks_for_has_mistrals_names() {
    let mistral = start("mistral-medium-3.5", 0).await;
    let mut body = call("own", "see", false);
    body["messages"] = json!([
        {"role": "developer", "content": "Be kind."},
        {"role": "user", "content": [
            {"type": "text", "text": "see"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
        ]},
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}},
        ]},
        {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
        {"role": "user", "content": "say: hello"},
    ]);
    for (key, value) in [
        ("seed", json!(7)),
        ("user", json!("u-1")),
        ("temperature", json!(1.9)),
        ("store", json!(false)),
        ("logit_bias", json!({})),
        ("tools", json!([tool(CHAT, "weather")])),
        ("tool_choice", json!("none")),
        ("reasoning_effort", json!("low")),
        ("stream_options", json!({"include_usage": true})),
    ] {
        body[key] = value;
    }
    body["stream"] = true.into();
    let answer = mistral.ask(CHAT, &body).await;
    assert_eq!(said(&answer), "Results: sunny");
    let sent = mistral.received().json();
    let id = sent["messages"][2]["tool_calls"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(id.len(), 9);
    assert_eq!(sent["messages"][3]["tool_call_id"], id.as_str());
    assert_eq!(
        sent["messages"][4],
        json!({"role": "assistant", "content": "OK."})
    );
    assert_eq!(
        sent["messages"][0],
        json!({"role": "system", "content": "Be kind."})
    );
    assert_eq!(
        (
            &sent["random_seed"],
            &sent["temperature"],
            &sent["reasoning_effort"]
        ),
        (&json!(7), &json!(1.5), &json!("high"))
    );
    let record = mistral.record(1).await;
    let dropped = record.value("llm.dropped").to_string();
    for place in ["user", "logit_bias"] {
        assert!(dropped.contains(place), "{dropped}");
    }
}

#[tokio::test]
async fn thoughts_and_cached_tokens_are_told() {
    let mistral = start("mistral-medium-3.5", 0).await;
    mistral.own.behave(Told {
        cached_tokens: 11,
        ..Told::default()
    });
    for (n, (path, stream)) in WAYS.into_iter().enumerate() {
        let mut body = call("own", "say: hello", stream);
        if path == CHAT {
            body["reasoning_effort"] = "high".into();
        } else {
            body["max_tokens"] = 4_000.into();
            body["thinking"] = json!({"type": "enabled", "budget_tokens": 2_000});
        }
        let answer = mistral.ask(path, &body).await;
        assert_eq!(
            thought(path, &answer),
            "Let me think about it.",
            "{path} {stream}"
        );
        assert_eq!(said(&answer), "hello", "{path} {stream}");
        assert_eq!(mistral.record(n + 1).await.count("llm.tokens.cached"), 11);
    }
}

#[tokio::test]
async fn an_answer_that_an_agent_began_goes_on() {
    let mistral = start("mistral-large-2512", 0).await;
    let mut body = call("own", "hi", false);
    let began = json!({"role": "assistant", "content": "So"});
    body["messages"].as_array_mut().unwrap().push(began);
    let answer = mistral.ask(MESSAGES, &body).await;
    assert_eq!(said(&answer), " and so on after So");
    assert_eq!(mistral.received().json()["messages"][1]["prefix"], true);
}

#[tokio::test]
async fn a_schema_is_kept_to() {
    let mistral = start("mistral-large-2512", 0).await;
    let schema = json!({
        "type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": false,
    });
    for path in [CHAT, MESSAGES] {
        let mut body = call("own", "a number", false);
        if path == CHAT {
            let named = json!({"name": "n", "schema": schema, "strict": true});
            body["response_format"] = json!({"type": "json_schema", "json_schema": named});
        } else {
            body["output_config"] = json!({"format": {"type": "json_schema", "schema": schema}});
        }
        assert_eq!(said(&mistral.ask(path, &body).await), r#"{"n":7}"#);
        mistral.own.clear();
    }
}

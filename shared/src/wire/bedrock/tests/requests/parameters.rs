//! Caches, schemas, thinking and parameters, and what cannot be said.

use serde_json::{Value, json};

use super::{GPT, LLAMA, MISTRAL, NOVA, NOVA_2, anthropic, openai, user, write};
use crate::config::{Defaults, NO_DEFAULTS};
use crate::wire::Format;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn cache_points_are_blocks_of_their_own_where_the_model_knows_them() {
    let mark = json!({"type": "ephemeral", "ttl": "1h"});
    let body = json!({"max_tokens": 9,
        "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "a", "cache_control": mark}]}]});
    let point = json!({"cachePoint": {"type": "default"}});
    let (cached, dropped) = anthropic(&body, NOVA);
    assert_eq!(cached["system"], json!([{"text": "s"}, point]));
    assert_eq!(cached["messages"][0]["content"], json!([{"text": "a"}, point]));
    assert_eq!(
        dropped,
        ["cache_control"],
        "an hour is more than the model keeps it"
    );
    let (uncached, dropped) = anthropic(&body, LLAMA);
    assert_eq!(uncached["system"], json!([{"text": "s"}]));
    assert_eq!(dropped, ["cache_control"]);
}

#[test]
fn a_schema_is_a_string_or_an_instruction() {
    let body = json!({"messages": [user("a")], "response_format": {"type": "json_schema", "json_schema": {
        "name": "person", "schema": {"type": "object", "properties": {"a \"b\"": {"type": "string"}}}}}});
    let (structured, _) = openai(&body, GPT);
    let schema = &structured["outputConfig"]["textFormat"];
    assert_eq!(schema["type"], "json_schema");
    let schema = &schema["structure"]["jsonSchema"];
    assert_eq!(schema["name"], "person");
    let inner: Value = serde_json::from_str(schema["schema"].as_str().unwrap()).unwrap();
    assert_eq!(inner, body["response_format"]["json_schema"]["schema"]);
    let (told, _) = openai(&body, NOVA);
    assert_eq!(told.get("outputConfig"), None);
    assert!(
        told["system"][0]["text"]
            .as_str()
            .unwrap()
            .contains(r#"{"a \"b\"":"#)
    );
}

#[test]
fn thinking_is_asked_for_in_each_models_words() {
    let with = |effort: &str, model, most: Option<u64>| {
        let mut body =
            json!({"messages": [user("a")], "reasoning_effort": effort, "temperature": 1.5, "top_p": 0.5});
        if let Some(most) = most {
            body["max_completion_tokens"] = most.into();
        }
        let (body, dropped) = openai(&body, model);
        (
            body["additionalModelRequestFields"].clone(),
            body["inferenceConfig"].clone(),
            dropped,
        )
    };
    let nova = |effort: &str| json!({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": effort}});
    let (fields, inference, dropped) = with("high", NOVA_2, None);
    assert_eq!(
        (fields, inference),
        (nova("high"), Value::Null),
        "as hard as it can means without bounds"
    );
    assert_eq!(dropped, ["temperature", "top_p"]);
    let (fields, inference, dropped) = with("high", NOVA_2, Some(500));
    assert_eq!(fields, nova("medium"));
    assert_eq!(
        inference,
        json!({"maxTokens": 500, "temperature": 1, "topP": 0.5})
    );
    assert_eq!(dropped, ["reasoning_effort"]);
    assert_eq!(with("low", GPT, None).0, json!({"reasoning_effort": "low"}));
    assert_eq!(with("none", NOVA_2, None).0, Value::Null);
    let (fields, _, dropped) = with("low", LLAMA, None);
    assert_eq!(
        (fields, dropped),
        (Value::Null, vec!["reasoning_effort".to_owned()])
    );
}

#[test]
fn parameters_go_where_each_model_takes_them() {
    let body = json!({"max_tokens": 9, "messages": [user("a")], "top_k": 5, "temperature": 0.25,
        "stop_sequences": ["END"], "service_tier": "auto"});
    assert_eq!(
        anthropic(&body, NOVA).0["additionalModelRequestFields"],
        json!({"inferenceConfig": {"topK": 5}})
    );
    assert_eq!(
        anthropic(&body, MISTRAL).0["additionalModelRequestFields"],
        json!({"top_k": 5})
    );
    let (plain, dropped) = anthropic(&body, LLAMA);
    assert_eq!(
        plain["inferenceConfig"],
        json!({"maxTokens": 9, "temperature": 0.25, "stopSequences": ["END"]})
    );
    assert_eq!(dropped, ["top_k"]);
    let flex = json!({"messages": [user("a")], "service_tier": "flex", "seed": 1});
    let (flex, dropped) = openai(&flex, NOVA);
    assert_eq!(
        (&flex["serviceTier"], dropped),
        (&json!({"type": "flex"}), vec!["seed".to_owned()])
    );
}

#[test]
fn defaults_fill_gaps() {
    let defaults = Defaults {
        temperature: Some(1.5),
        top_p: Some(0.5),
        max_tokens: Some(7),
        stop: vec!["S".to_owned()],
    };
    let body = json!({"messages": [user("a")]}).to_string();
    let (body, _) = write(Format::OpenAiChat, &body, LLAMA, &defaults).unwrap();
    assert_eq!(
        body["inferenceConfig"],
        json!({"maxTokens": 7, "temperature": 1.0, "topP": 0.5, "stopSequences": ["S"]})
    );
}

#[test]
fn what_cannot_be_said_is_refused() {
    for (body, place) in [
        (json!({"messages": [user("a")], "n": 2}), "n"),
        (
            json!({"messages": [user("a")], "tools": [{"type": "function", "function": {"name": "a.b"}}]}),
            "tools[0]",
        ),
    ] {
        let refusal = write(Format::OpenAiChat, &body.to_string(), NOVA, &NO_DEFAULTS).unwrap_err();
        assert_eq!(refusal.place(), place);
    }
}

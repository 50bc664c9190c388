//! The rules for chat completions requests that go to Anthropic, one by one.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::{Value, json};

use super::{sent, sent_to, with_defaults};
use crate::config::Defaults;

fn body(members: Value) -> Value {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "a"}]});
    let Value::Object(members) = members else {
        return body;
    };
    for (key, value) in members {
        body[key] = value;
    }
    body
}

fn tools() -> Value {
    json!([{"type": "function", "function": {"name": "f"}}, {"type": "function", "function": {"name": "g"}}])
}

fn messages(messages: &Value) -> Value {
    sent(&body(json!({"messages": messages})), "claude-sonnet-4-6").0["messages"].take()
}

#[test]
fn max_tokens_is_the_callers_else_the_default_else_the_models_within_reason() {
    let defaults = Defaults {
        max_tokens: Some(77),
        ..Defaults::default()
    };
    let of = |members: Value, model: &str, defaults: &Defaults| {
        sent_to(&body(members), &with_defaults(model, defaults)).0["max_tokens"].take()
    };
    assert_eq!(of(json!({"max_tokens": 5}), "claude-opus-4-6", &defaults), 5);
    assert_eq!(
        of(
            json!({"max_tokens": 5, "max_completion_tokens": 6}),
            "claude-opus-4-6",
            &defaults
        ),
        6
    );
    assert_eq!(of(json!({}), "claude-opus-4-6", &defaults), 77);
    for (model, most) in [
        ("claude-opus-4-6", 32_000),
        ("claude-3-haiku-20240307", 4_096),
        ("claude", 8_192),
    ] {
        assert_eq!(of(json!({}), model, &Defaults::default()), most, "{model}");
    }
    assert_eq!(
        of(json!({"max_tokens": 1_000_000}), "claude-opus-4-1", &defaults),
        32_000
    );
}

#[test]
fn a_prefill_stays_without_white_space_at_its_end_and_a_blank_one_goes() {
    let user = json!({"role": "user", "content": "a"});
    let last = |content: &str| messages(&json!([user, {"role": "assistant", "content": content}]));
    assert_eq!(last("{\n ")[1], json!({"role": "assistant", "content": "{"}));
    assert_eq!(last(" \n").as_array().map(Vec::len), Some(1));
}

#[test]
fn there_is_always_a_first_word_of_the_user() {
    let nothing = json!({"role": "user", "content": "(empty)"});
    assert_eq!(messages(&json!([])), json!([nothing]));
    assert_eq!(
        messages(&json!([{"role": "system", "content": "s"}])),
        json!([nothing])
    );
    assert_eq!(
        messages(&json!([{"role": "assistant", "content": "x"}]))[0],
        nothing
    );
}

#[test]
fn calls_that_share_an_id_are_told_apart_with_their_results() {
    let call = json!({"role": "assistant", "tool_calls": [{"id": "0", "function": {"name": "f", "arguments": "{}"}}]});
    let result = |content: &str| json!({"role": "tool", "tool_call_id": "0", "content": content});
    let sent = messages(&json!([{"role": "user", "content": "a"}, call, result("x"), call, result("y")]));
    let (first, second) = (&sent[1]["content"][0]["id"], &sent[3]["content"][0]["id"]);
    assert_ne!(first, second);
    assert_eq!(&sent[2]["content"][0]["tool_use_id"], first);
    assert_eq!(&sent[4]["content"][0]["tool_use_id"], second);
}

#[test]
fn some_tools_of_many_are_offered_alone() {
    let allowed = json!({"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [{"type": "function", "function": {"name": "g"}}]}});
    let (sent, _) = sent(
        &body(json!({"tools": tools(), "tool_choice": allowed})),
        "claude-sonnet-4-6",
    );
    assert_eq!(sent["tools"].as_array().map(Vec::len), Some(1));
    assert_eq!(sent["tools"][0]["name"], "g");
    assert_eq!(sent["tool_choice"], json!({"type": "any"}));
}

#[test]
fn a_choice_needs_tools_and_a_model_that_can_be_forced() {
    let named = json!({"type": "function", "function": {"name": "g"}});
    assert_eq!(
        sent(&body(json!({"tool_choice": "required"})), "claude-sonnet-4-6").0["tool_choice"],
        Value::Null
    );
    let forced = body(json!({"tools": tools(), "tool_choice": named}));
    assert_eq!(
        sent(&forced, "claude-opus-5").0["tool_choice"],
        json!({"type": "tool", "name": "g"})
    );
    let (told, dropped) = sent(&forced, "claude-opus-5-5");
    assert_eq!(told["tool_choice"], json!({"type": "auto"}));
    assert_eq!(told["system"], "Answer by calling the tool `g`.");
    assert_eq!(dropped, ["tool_choice"]);
    let none = body(json!({"tools": tools(), "tool_choice": "none", "parallel_tool_calls": false}));
    assert_eq!(
        sent(&none, "claude-opus-5").0["tool_choice"],
        json!({"type": "none"})
    );
}

#[test]
fn thinking_follows_the_models_gates() {
    let of = |effort: &str, model: &str| {
        let (mut sent, dropped) = sent(&body(json!({"reasoning_effort": effort})), model);
        (
            sent["thinking"].take(),
            sent["output_config"]["effort"].take(),
            !dropped.is_empty(),
        )
    };
    let adaptive = json!({"type": "adaptive"});
    assert_eq!(of("none", "claude-sonnet-4-5"), (Value::Null, Value::Null, false));
    assert_eq!(
        of("none", "claude-sonnet-5"),
        (json!({"type": "disabled"}), Value::Null, false)
    );
    assert_eq!(
        of("none", "claude-fable-5"),
        (adaptive.clone(), json!("low"), true)
    );
    assert_eq!(of("high", "claude-opus-4-6"), (adaptive, json!("high"), false));
    let budget = json!({"type": "enabled", "budget_tokens": 2_048});
    assert_eq!(of("low", "claude-haiku-4-5"), (budget, Value::Null, false));
    assert_eq!(
        of("low", "claude-3-haiku-20240307"),
        (Value::Null, Value::Null, true)
    );
}

#[test]
fn a_budget_is_not_asked_for_where_the_api_would_refuse_it() {
    let user = json!({"role": "user", "content": "a"});
    let call = json!({"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f"}}]});
    let result = json!({"role": "tool", "tool_call_id": "c", "content": "x"});
    let prefill = json!({"role": "assistant", "content": "x"});
    for members in [
        json!({"tools": tools(), "messages": [user, call, result]}),
        json!({"messages": [user, prefill]}),
        json!({"tools": tools(), "tool_choice": "required"}),
    ] {
        let mut body = body(members);
        body["reasoning_effort"] = json!("high");
        let (old, dropped) = sent(&body, "claude-sonnet-4-5");
        assert_eq!(old["thinking"], Value::Null, "{body}");
        assert_eq!(dropped, ["reasoning_effort"]);
        assert_eq!(sent(&body, "claude-sonnet-4-6").0["thinking"]["type"], "adaptive");
    }
}

#[test]
fn sampling_follows_the_models_gates() {
    let defaults = Defaults {
        temperature: Some(1.5),
        top_p: Some(0.5),
        ..Defaults::default()
    };
    let of = |members: Value, model: &str, defaults: &Defaults| {
        let (mut sent, dropped) = sent_to(&body(members), &with_defaults(model, defaults));
        (sent["temperature"].take(), sent["top_p"].take(), dropped)
    };
    let none = Defaults::default();
    let both = json!({"temperature": 0.5, "top_p": 0.5});
    assert_eq!(
        of(both.clone(), "claude-3-haiku", &none),
        (json!(0.5), json!(0.5), vec![])
    );
    assert_eq!(
        of(both.clone(), "claude-sonnet-4", &none),
        (json!(0.5), Value::Null, vec!["top_p".into()])
    );
    let all = vec!["temperature".to_owned(), "top_p".to_owned()];
    assert_eq!(
        of(both, "claude-opus-4-7", &none),
        (Value::Null, Value::Null, all)
    );
    assert_eq!(
        of(json!({}), "claude-sonnet-4", &defaults),
        (json!(1.0), Value::Null, vec![])
    );
    assert_eq!(
        of(json!({"top_p": 0.1}), "claude-sonnet-4", &defaults),
        (Value::Null, json!(0.1), vec![])
    );
    assert_eq!(
        of(json!({}), "claude-opus-5", &defaults),
        (Value::Null, Value::Null, vec![])
    );
}

#[test]
fn a_schema_is_a_parameter_where_there_is_one_and_an_instruction_elsewhere() {
    let format = json!({"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}});
    let body = body(json!({"response_format": format}));
    let (new, _) = sent(&body, "claude-haiku-4-5");
    assert_eq!(
        new["output_config"]["format"],
        json!({"type": "json_schema", "schema": {"type": "object", "additionalProperties": false}})
    );
    let (old, _) = sent(&body, "claude-3-haiku-20240307");
    assert_eq!(old["output_config"], Value::Null);
    assert!(old["system"].as_str().unwrap().ends_with(r#"{"type":"object"}"#));
}

#[test]
fn of_too_many_marks_the_last_count() {
    let part = json!({"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}});
    let (sent, dropped) = sent(
        &body(json!({"messages": [{"role": "user", "content": [part, part, part, part, part]}]})),
        "claude-sonnet-4-6",
    );
    let parts = sent["messages"][0]["content"].as_array().unwrap();
    let marked: Vec<bool> = parts
        .iter()
        .map(|part| part.get("cache_control").is_some())
        .collect();
    assert_eq!(marked, [false, true, true, true, true]);
    assert_eq!(dropped, ["prompt_cache_breakpoint"]);
}

#[test]
fn a_tools_schema_is_one_of_objects() {
    for (given, expected) in [
        (json!({}), json!({"type": "object", "properties": {}})),
        (
            json!({"properties": {"a": {}}}),
            json!({"type": "object", "properties": {"a": {}}}),
        ),
    ] {
        let tools = json!([{"type": "function", "function": {"name": "f", "parameters": given}}]);
        assert_eq!(
            sent(&body(json!({"tools": tools})), "claude-opus-5").0["tools"][0]["input_schema"],
            expected
        );
    }
}

#[test]
fn stops_by_default_apply_where_the_caller_said_nothing() {
    let defaults = Defaults {
        stop: vec!["END".to_owned(), " ".to_owned()],
        ..Defaults::default()
    };
    let of = |members: Value| {
        sent_to(&body(members), &with_defaults("claude-opus-5", &defaults)).0["stop_sequences"].take()
    };
    assert_eq!(of(json!({})), json!(["END"]));
    assert_eq!(of(json!({"stop": "x"})), json!(["x"]));
    assert_eq!(of(json!({"stop": "\n"})), Value::Null);
}

#[test]
fn the_agents_own_bound_holds_for_thoughts_too() {
    for (bound, budget) in [(8_000, Some(6_000)), (1_400, Some(1_050)), (1_300, None)] {
        let body = body(json!({"reasoning_effort": "high", "max_completion_tokens": bound}));
        let (sent, dropped) = sent(&body, "claude-sonnet-4-5");
        assert_eq!(sent["max_tokens"], json!(bound));
        assert_eq!(sent["thinking"]["budget_tokens"].as_u64(), budget, "{bound}");
        assert_eq!(dropped.contains(&"reasoning_effort".to_owned()), budget.is_none());
    }
}

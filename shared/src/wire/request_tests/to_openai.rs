//! The rules for messages requests that go to a provider with OpenAI's format, one by one.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::{Value, json};

use super::{sent, sent_to, with_defaults};
use crate::config::Defaults;

fn body(members: Value) -> Value {
    let mut body = json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "a"}]});
    let Value::Object(members) = members else {
        return body;
    };
    for (key, value) in members {
        body[key] = value;
    }
    body
}

#[test]
fn the_bound_has_the_name_that_the_server_knows() {
    assert_eq!(sent(&body(json!({})), "gpt-4o").0["max_completion_tokens"], 9);
    assert_eq!(sent(&body(json!({})), "llama").0["max_tokens"], 9);
}

#[test]
fn streams_always_tell_their_usage() {
    let (sent, _) = sent(&body(json!({"stream": true})), "gpt-4o");
    assert_eq!(sent["stream_options"], json!({"include_usage": true}));
}

#[test]
fn no_instructions_are_no_message() {
    for system in [Value::Null, json!(""), json!([])] {
        let (sent, _) = sent(&body(json!({"system": system})), "gpt-4o");
        assert_eq!(sent["messages"], json!([{"role": "user", "content": "a"}]));
    }
}

#[test]
fn thinking_becomes_an_effort_by_thresholds() {
    let of = |members: Value, model: &str| {
        let (mut sent, dropped) = sent(&body(members), model);
        (sent["reasoning_effort"].take(), dropped)
    };
    let thinking = |thinking: Value| json!({"thinking": thinking});
    for (budget, effort) in [(1_024, "low"), (2_048, "low"), (8_192, "medium"), (8_193, "high")] {
        let budget = thinking(json!({"type": "enabled", "budget_tokens": budget}));
        assert_eq!(of(budget, "gpt-5.2"), (json!(effort), vec![]));
    }
    let adaptive = thinking(json!({"type": "adaptive"}));
    assert_eq!(of(adaptive.clone(), "gpt-5"), (json!("high"), vec![]));
    assert_eq!(of(adaptive.clone(), "llama"), (Value::Null, vec![]));
    assert_eq!(of(adaptive, "gpt-4o"), (Value::Null, vec!["thinking".to_owned()]));
    let off = thinking(json!({"type": "disabled"}));
    assert_eq!(of(off.clone(), "gpt-5.1"), (json!("none"), vec![]));
    assert_eq!(
        of(off.clone(), "gpt-5"),
        (json!("minimal"), vec!["thinking".to_owned()])
    );
    assert_eq!(of(off, "gpt-4o"), (Value::Null, vec![]));
    let max = json!({"output_config": {"effort": "max"}});
    assert_eq!(of(max, "gpt-5"), (json!("high"), vec![]));
}

#[test]
fn newer_models_do_not_reason_where_there_are_tools() {
    let tools = json!([{"name": "f", "input_schema": {"type": "object"}}]);
    let asked = body(json!({"tools": tools, "output_config": {"effort": "low"}}));
    let (new, dropped) = sent(&asked, "gpt-5.6");
    assert_eq!(
        (&new["reasoning_effort"], dropped),
        (&json!("none"), vec!["thinking".to_owned()])
    );
    let (old, dropped) = sent(&asked, "gpt-5");
    assert_eq!((&old["reasoning_effort"], dropped), (&json!("low"), vec![]));
    assert_eq!(
        old["tools"][0]["function"]["parameters"],
        json!({"type": "object", "properties": {}})
    );
}

#[test]
fn models_that_reason_are_not_given_what_they_refuse() {
    let asked = body(json!({"temperature": 0.5, "top_p": 0.5, "stop_sequences": ["x"], "system": "s"}));
    let (sent_o3, dropped) = sent(&asked, "o3");
    assert_eq!(dropped, ["stop_sequences", "temperature", "top_p"]);
    assert_eq!(sent_o3["messages"][0]["role"], "developer");
    let defaults = Defaults {
        temperature: Some(0.1),
        stop: vec!["y".to_owned()],
        ..Defaults::default()
    };
    let (by_default, dropped) = sent_to(&body(json!({})), &with_defaults("o3", &defaults));
    assert_eq!(
        (by_default.get("temperature"), by_default.get("stop"), dropped),
        (None, None, vec![])
    );
    let (plain, _) = sent_to(&body(json!({})), &with_defaults("gpt-4o", &defaults));
    assert_eq!(
        (&plain["temperature"], &plain["stop"]),
        (&json!(0.1), &json!(["y"]))
    );
}

#[test]
fn a_user_whose_name_is_short_enough_keeps_it() {
    let of =
        |id: &str| sent(&body(json!({"metadata": {"user_id": id}})), "gpt-4o").0["safety_identifier"].take();
    assert_eq!(of(&"x".repeat(64)), "x".repeat(64));
    assert_eq!(of(&"x".repeat(65)).as_str().map(str::len), Some(64));
}

#[test]
fn a_choice_keeps_its_meaning() {
    let tools = json!([{"name": "f", "input_schema": {"type": "object"}}]);
    for (choice, expected) in [
        (json!({"type": "auto"}), json!("auto")),
        (json!({"type": "none"}), json!("none")),
        (json!({"type": "any"}), json!("required")),
        (
            json!({"type": "tool", "name": "f"}),
            json!({"type": "function", "function": {"name": "f"}}),
        ),
    ] {
        let (sent, _) = sent(&body(json!({"tools": tools, "tool_choice": choice})), "gpt-4o");
        assert_eq!(sent["tool_choice"], expected);
    }
}

#[test]
fn a_tool_is_strict_only_where_openai_takes_its_schema_so() {
    let tool = |required: Value| {
        json!({"name": "f", "strict": true, "input_schema": {
            "type": "object", "properties": {"a": {"type": "string"}}, "required": required,
            "additionalProperties": false,
        }})
    };
    let body = body(json!({"tools": [tool(json!(["a"])), tool(json!([]))]}));
    let (sent, _) = sent(&body, "gpt-4.1");
    let strict = |index: usize| sent["tools"][index]["function"]["strict"].clone();
    assert_eq!((strict(0), strict(1)), (json!(true), json!(false)));
}

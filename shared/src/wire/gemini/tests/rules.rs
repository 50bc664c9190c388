//! The rules for calls that go to Gemini, one by one.

use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

pub(super) const NEWEST: &str = "gemini-3.8-flash";

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

pub(super) fn sent_to(from: Format, body: &Value, target: &Target<'_>) -> (Value, Vec<String>) {
    let (sent, dropped) = translated(from, &body.to_string(), target).unwrap();
    (serde_json::from_slice(&sent).unwrap(), dropped.places().to_vec())
}

pub(super) fn sent(members: Value, model: &str) -> (Value, Vec<String>) {
    sent_to(Format::OpenAiChat, &body(members), &gemini(model))
}

fn refused(members: Value) -> String {
    let body = body(members).to_string();
    let reason = translated(Format::OpenAiChat, &body, &gemini(NEWEST)).unwrap_err();
    reason.place().to_owned()
}

fn tool(schema: &Value) -> Value {
    json!([{"type": "function", "function": {"name": "f", "parameters": schema}}])
}

#[test]
fn a_plain_call_says_no_more_than_it_must() {
    let plain = json!({"contents": [{"role": "user", "parts": [{"text": "a"}]}]});
    assert_eq!(sent(json!({}), NEWEST), (plain, vec![]));
}

#[test]
fn effort_is_a_level_from_the_third_generation_on_and_a_budget_before() {
    let of = |effort: &str, model| {
        let (mut sent, dropped) = sent(json!({"reasoning_effort": effort}), model);
        (sent["generationConfig"]["thinkingConfig"].take(), dropped)
    };
    let level = |level| json!({"thinkingLevel": level, "includeThoughts": true});
    let budget = |tokens: u64| json!({"thinkingBudget": tokens, "includeThoughts": true});
    let lost = vec!["reasoning_effort".to_owned()];
    for (effort, model, config, dropped) in [
        ("minimal", "gemini-3-flash-preview", level("MINIMAL"), vec![]),
        ("minimal", NEWEST, level("LOW"), vec![]),
        ("medium", "gemini-3-pro-preview", level("HIGH"), vec![]),
        ("xhigh", NEWEST, level("HIGH"), vec![]),
        ("none", NEWEST, level("LOW"), lost.clone()),
        ("none", "gemini-2.5-flash", json!({"thinkingBudget": 0}), vec![]),
        ("none", "gemini-2.5-pro", budget(128), lost.clone()),
        ("low", "gemini-2.5-flash-lite", budget(1_024), vec![]),
        ("high", "gemini-2.5-pro", budget(24_576), vec![]),
        ("high", "gemini-2.0-flash", Value::Null, lost),
    ] {
        assert_eq!(of(effort, model), (config, dropped), "{effort} at {model}");
    }
}

#[test]
fn a_budget_of_anthropics_is_kept_or_becomes_a_level() {
    let of = |thinking: Value, model: &str| {
        let body = json!({"model": "m", "max_tokens": 9_999, "thinking": thinking,
            "messages": [{"role": "user", "content": "a"}]});
        let (mut sent, _) = sent_to(Format::AnthropicMessages, &body, &gemini(model));
        sent["generationConfig"]["thinkingConfig"].take()
    };
    let budget = json!({"type": "enabled", "budget_tokens": 2_048});
    assert_eq!(of(budget.clone(), "gemini-2.5-pro")["thinkingBudget"], 2_048);
    assert_eq!(of(budget, NEWEST)["thinkingLevel"], "MEDIUM");
    let adaptive = json!({"type": "adaptive"});
    assert_eq!(of(adaptive.clone(), NEWEST), json!({"includeThoughts": true}));
    assert_eq!(of(adaptive, "gemini-2.5-pro"), json!({"includeThoughts": true}));
}

#[test]
fn a_shape_is_a_parameter_where_it_goes_with_tools_and_an_instruction_elsewhere() {
    let schema =
        json!({"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": false});
    let format =
        json!({"type": "json_schema", "json_schema": {"name": "s", "schema": schema, "strict": true}});
    let tools = tool(&json!({"type": "object", "properties": {"x": {"type": "string"}}}));
    for (members, model) in [
        (json!({"response_format": format}), "gemini-2.5-flash"),
        (json!({"response_format": format, "tools": tools}), NEWEST),
    ] {
        let (sent, dropped) = sent(members, model);
        assert_eq!(sent["generationConfig"]["responseMimeType"], "application/json");
        assert_eq!(sent["generationConfig"]["responseJsonSchema"], schema);
        assert_eq!((sent.get("systemInstruction"), dropped), (None, vec![]));
    }
    let (told, _) = sent(
        json!({"response_format": format, "tools": tools}),
        "gemini-2.5-flash",
    );
    assert_eq!(told.get("generationConfig"), None);
    let instruction = told["systemInstruction"]["parts"][0]["text"].as_str().unwrap();
    assert!(instruction.ends_with(&schema.to_string()), "{instruction}");
    let (object, _) = sent(json!({"response_format": {"type": "json_object"}}), NEWEST);
    assert_eq!(
        object["generationConfig"],
        json!({"responseMimeType": "application/json"})
    );
}

#[test]
fn the_choice_among_tools_is_said_in_geminis_words() {
    let tools = tool(&json!({"type": "object", "properties": {}}));
    let of = |choice: Value| {
        let (mut sent, _) = sent(json!({"tools": tools, "tool_choice": choice}), NEWEST);
        sent["toolConfig"]["functionCallingConfig"].take()
    };
    assert_eq!(of(json!("auto")), json!({"mode": "AUTO"}));
    assert_eq!(of(json!("none")), json!({"mode": "NONE"}));
    assert_eq!(of(json!("required")), json!({"mode": "ANY"}));
    let named = json!({"type": "function", "function": {"name": "f"}});
    assert_eq!(of(named), json!({"mode": "ANY", "allowedFunctionNames": ["f"]}));
}

#[test]
fn a_schema_goes_as_it_is_and_one_of_nothing_not_at_all() {
    let declared = |schema: Value| {
        let (mut sent, _) = sent(json!({"tools": tool(&schema)}), NEWEST);
        sent["tools"][0]["functionDeclarations"][0].take()
    };
    let schema =
        json!({"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"const": 1}}});
    assert_eq!(
        declared(schema.clone()),
        json!({"name": "f", "parametersJsonSchema": schema})
    );
    for nothing in [
        json!({}),
        json!({"type": "object", "properties": {}, "required": []}),
    ] {
        assert_eq!(declared(nothing), json!({"name": "f"}));
    }
}

#[test]
fn what_only_some_models_take_is_left_out_for_the_others() {
    let members =
        json!({"presence_penalty": 0.5, "frequency_penalty": 0, "seed": 7, "top_p": 0.9, "temperature": 1.5});
    let (old, dropped) = sent(members.clone(), "gemini-2.0-flash");
    let config =
        json!({"presencePenalty": 0.5, "frequencyPenalty": 0, "seed": 7, "topP": 0.9, "temperature": 1.5});
    assert_eq!((&old["generationConfig"], dropped), (&config, vec![]));
    let (new, dropped) = sent(members, NEWEST);
    let config = json!({"seed": 7, "topP": 0.9, "temperature": 1.5});
    assert_eq!(
        (&new["generationConfig"], dropped),
        (&config, vec!["presence_penalty".to_owned()])
    );
    let (large, dropped) = sent(json!({"seed": 1u64 << 40, "user": "u"}), NEWEST);
    assert_eq!(
        (large.get("generationConfig"), dropped),
        (None, vec!["seed".to_owned(), "user".to_owned()])
    );
}

#[test]
fn defaults_fill_gaps_and_the_agents_words_come_first() {
    let defaults = crate::config::Defaults {
        temperature: Some(0.25),
        max_tokens: Some(64),
        stop: vec!["END".to_owned()],
        ..crate::config::Defaults::default()
    };
    let target = Target {
        defaults: &defaults,
        ..gemini(NEWEST)
    };
    let (filled, _) = sent_to(Format::OpenAiChat, &body(json!({})), &target);
    let config = json!({"maxOutputTokens": 64, "stopSequences": ["END"], "temperature": 0.25});
    assert_eq!(filled["generationConfig"], config);
    let own = body(json!({"temperature": 1, "max_completion_tokens": 5, "stop": "x"}));
    let config = json!({"maxOutputTokens": 5, "stopSequences": ["x"], "temperature": 1});
    assert_eq!(
        sent_to(Format::OpenAiChat, &own, &target).0["generationConfig"],
        config
    );
}

#[test]
fn pictures_go_inline_or_by_their_address() {
    let image = |url: &str| json!({"type": "image_url", "image_url": {"url": url}});
    let of = |url: &str, kind| {
        let body = body(json!({"messages": [{"role": "user", "content": [image(url)]}]}));
        let target = Target {
            kind,
            ..gemini(NEWEST)
        };
        let (mut sent, _) = sent_to(Format::OpenAiChat, &body, &target);
        sent["contents"][0]["parts"][0].take()
    };
    let inline = "data:image/jpeg;base64,iVBORw0KGgoAAAANSUhEUg==";
    assert_eq!(
        of(inline, ProviderKind::Gemini),
        json!({"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgoAAAANSUhEUg=="}})
    );
    let by_address = |mime: Option<&str>, uri: &str| match mime {
        Some(mime) => json!({"fileData": {"mimeType": mime, "fileUri": uri}}),
        None => json!({"fileData": {"fileUri": uri}}),
    };
    let plain = "https://example.com/picture?id=1.png";
    assert_eq!(of(plain, ProviderKind::Gemini), by_address(None, plain));
    assert_eq!(
        of(plain, ProviderKind::Vertex),
        by_address(Some("image/jpeg"), plain)
    );
    let ending = "https://example.com/a.WEBP?x";
    assert_eq!(
        of(ending, ProviderKind::Gemini),
        by_address(Some("image/webp"), ending)
    );
}

#[test]
fn at_vertex_calls_have_no_ids_and_results_stand_in_the_order_of_their_calls() {
    let call = |id: &str, name: &str| json!({"id": id, "type": "function", "function": {"name": name, "arguments": "{}"}});
    let messages = json!([
        {"role": "user", "content": "go"},
        {"role": "assistant", "tool_calls": [call("a", "first"), call("b", "second")]},
        {"role": "tool", "tool_call_id": "b", "content": "two"},
        {"role": "tool", "tool_call_id": "a", "content": "one"},
    ]);
    let target = Target {
        kind: ProviderKind::Vertex,
        ..gemini("gemini-2.5-pro")
    };
    let (sent, _) = sent_to(Format::OpenAiChat, &body(json!({"messages": messages})), &target);
    let response = |name: &str, output: &str| json!({"functionResponse": {"name": name, "response": {"output": output}}});
    assert_eq!(
        sent["contents"][1]["parts"],
        json!([{"functionCall": {"name": "first", "args": {}}}, {"functionCall": {"name": "second", "args": {}}}])
    );
    assert_eq!(
        sent["contents"][2]["parts"],
        json!([response("first", "one"), response("second", "two")])
    );
}

#[test]
fn what_gemini_cannot_do_is_refused_with_its_place() {
    let gif = json!([{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": "data:image/gif;base64,R0lGODlhAQABAIAAAA=="}}]}]);
    assert_eq!(refused(json!({"messages": gif})), "messages[0].content");
    assert_eq!(refused(json!({"n": 2})), "n");
    let named = json!([{"type": "function", "function": {"name": "2nd"}}]);
    assert_eq!(refused(json!({"tools": named})), "tools[0]");
    assert_eq!(
        refused(json!({"tools": tool(&json!({"type": "string"}))})),
        "tools[0]"
    );
}

#[test]
fn an_answer_without_candidates_is_none() {
    for body in [
        r"{}",
        r#"{"candidates":[]}"#,
        r#"{"candidates":[{"index":1}],"usageMetadata":{}}"#,
    ] {
        for (to, _) in AGENTS {
            let (_, _, progress) = feed(answer(to), &[body.as_bytes()]);
            assert!(matches!(progress, Progress::Failed(_)), "{body}");
        }
    }
}

#[test]
fn ids_that_are_used_again_pair_the_calls_and_results_of_their_own_turn() {
    let call = |id: &str, name: &str| json!({"id": id, "type": "function", "function": {"name": name, "arguments": "{}"}});
    let messages = json!([
        {"role": "user", "content": "go"},
        {"role": "assistant", "tool_calls": [call("c", "first"), call("c", "second")]},
        {"role": "tool", "tool_call_id": "c", "content": "one"},
        {"role": "tool", "tool_call_id": "c", "content": "two"},
        {"role": "tool", "tool_call_id": "c", "content": "one too many"},
        {"role": "assistant", "tool_calls": [call("c", "third")]},
        {"role": "tool", "tool_call_id": "c", "content": "three"},
    ]);
    let (sent, _) = sent(json!({"messages": messages}), "gemini-2.5-pro");
    let contents = sent["contents"].as_array().unwrap();
    let told = |index: usize| -> Vec<(Value, Value)> {
        let parts = contents[index]["parts"].as_array().unwrap().iter();
        parts
            .map(|part| part.get("functionCall").or(part.get("functionResponse")).unwrap())
            .map(|told| (told["name"].clone(), told["id"].clone()))
            .collect()
    };
    assert_eq!(told(1), told(2));
    assert_eq!(contents[3]["parts"], json!([{"text": "one too many"}]));
    assert_eq!(told(4), told(5));
    assert_eq!(
        (&told(1)[1].0, &told(5)[0].0),
        (&json!("second"), &json!("third"))
    );
    assert_ne!(told(1)[0].1, told(1)[1].1);
}

#[test]
fn a_mark_of_the_cache_is_noted_wherever_it_stands() {
    let mark = json!({"type": "ephemeral"});
    let said = |content: Value| {
        json!({"model": "m", "max_tokens": 9, "messages": [
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "f", "input": {}}]},
            {"role": "user", "content": content},
        ]})
    };
    let text = json!({"type": "text", "text": "one", "cache_control": mark});
    for content in [
        json!([{"type": "tool_result", "tool_use_id": "a", "content": [text]}]),
        json!([{"type": "tool_result", "tool_use_id": "a", "content": "one", "cache_control": mark}]),
        json!([{"type": "tool_result", "tool_use_id": "a", "content": "one"}, text]),
    ] {
        let (_, dropped) = sent_to(Format::AnthropicMessages, &said(content), &gemini(NEWEST));
        assert_eq!(dropped, ["cache_control"]);
    }
}

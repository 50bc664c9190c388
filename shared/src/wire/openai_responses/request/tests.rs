use super::*;
use crate::config::{Defaults, ProviderKind};
use crate::request::content::Content;
use crate::units::Tokens;
use crate::wire::Format;
use json::splice::splice;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn edited_for(model: &str, body: &str, defaults: &Defaults) -> String {
    let request = read_facts(body.as_bytes()).unwrap();
    let target = Target {
        kind: ProviderKind::OpenAi,
        model,
        defaults,
    };
    let mut edits = edits(&request, &target);
    String::from_utf8(splice(body.as_bytes(), &mut edits).concat()).unwrap()
}

#[test]
fn only_the_model_changes_and_defaults_fill_gaps() {
    let body = "{ \"input\" : [ {\"content\":\"\\u00e9 \\\"model\\\"\"} ],\n\t\"model\"  :  \"m\" , \"stream\":true}";
    assert_eq!(
        edited_for("gpt-4.1", body, &Defaults::default()),
        body.replace("\"m\"", "\"gpt-4.1\"")
    );
    let defaults = Defaults {
        temperature: Some(0.2),
        top_p: None,
        max_tokens: Some(100),
        stop: vec!["END".into()],
    };
    assert_eq!(
        edited_for("gpt-4.1", r#"{"model":"m","input":"a"}"#, &defaults),
        r#"{"temperature":0.2,"max_output_tokens":100,"model":"gpt-4.1","input":"a"}"#
    );
    assert_eq!(
        edited_for(
            "o3",
            r#"{"model":"m","max_output_tokens":7,"input":"a"}"#,
            &defaults
        ),
        r#"{"model":"o3","max_output_tokens":7,"input":"a"}"#,
        "a default that the model refuses does not apply"
    );
}

/// It would be paid for and never heard of again: what it used is told to whoever fetches it, which nobody can.
#[test]
fn an_answer_that_is_to_come_later_is_refused() {
    for later in ["true", "1", "\"true\""] {
        let body = format!(r#"{{"model":"m","input":"a","background":{later}}}"#);
        assert_eq!(
            read_facts(body.as_bytes()),
            Err(RequestError::Background),
            "{later}"
        );
    }
    for now in ["false", "null"] {
        let body = format!(r#"{{"model":"m","input":"a","background":{now}}}"#);
        assert!(read_facts(body.as_bytes()).is_ok(), "{now}");
    }
}

#[test]
fn thoughts_of_other_providers_are_taken_out_for_those_who_look_for_their_own() {
    let body = r#"{"model":"m","input":[ {"role":"user","content":"broker"},
        {"type":"reasoning","id":"rs_broker_a_0","summary":[]} , {"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAA"},
        {"type":"function_call","call_id":"c","name":"f","arguments":"{}"},{"type":"reasoning","summary":[],"encrypted_content":"broker.1.anthropic..x"}], "store":false}"#;
    let expected = r#"{"model":"m","input":[{"role":"user","content":"broker"},{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAA"},{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}], "store":false}"#;
    assert_eq!(edited_for("m", body, &Defaults::default()), expected);
    let request = read_facts(body.as_bytes()).unwrap();
    let places: Vec<_> = request.left_out.iter().map(|left| left.place.as_str()).collect();
    assert_eq!(places, ["input[1]", "input[4]"]);
    for body in [
        r#"{"model":"m","input":"of the broker"}"#,
        r#"{"model":"m","input":[{"role":"user","content":"rs_broker_"}]}"#,
        r#"{"model":"m","instructions":"broker"}"#,
    ] {
        assert_eq!(edited_for("m", body, &Defaults::default()), body);
    }
}

#[test]
fn the_facts_are_those_of_the_other_formats() {
    let body = r#"{"model":"m","stream":true,"instructions":"Be kind.","max_output_tokens":300,
        "text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object"}}},
        "tools":[{"type":"function","name":"f"}],"metadata":{"step":"extraction","user_id":"x"},"safety_identifier":"u-1",
        "input":[{"role":"user","content":[{"type":"input_text","text":"see"},{"type":"input_image","image_url":"data:image/png;base64,iVBORw0KGgo="}]}]}"#;
    let request = Format::OpenAiResponses.read_request(body.as_bytes()).unwrap();
    for capability in Capability::ALL {
        let is_asked = capability != Capability::Embeddings;
        assert_eq!(request.needs.has(capability), is_asked, "{capability:?}");
    }
    assert_eq!(request.max_output, Some(Tokens(300)));
    assert_eq!(request.metadata.step.as_deref(), Some("extraction"));
    assert_eq!(request.metadata.user.as_deref(), Some("u-1"));
    assert_eq!(request.content.media, 1);
    assert_eq!(
        request.beginning.system.map(|span| span.of(body.as_bytes())),
        Some(br#""Be kind.""#.as_slice())
    );
    assert_eq!(
        Format::OpenAiResponses.wanted_schema(body.as_bytes()),
        Some(br#"{"type":"object"}"#.as_slice())
    );
}

#[test]
fn a_plain_call_needs_nothing() {
    let body = r#"{"model":"m","input":"a","text":{"format":{"type":"text"}},"tools":[]}"#;
    let request = read_facts(body.as_bytes()).unwrap();
    assert_eq!(request.needs, crate::provider::Capabilities::NONE);
    assert_ne!(request.content, Content::default());
    assert!(
        request.beginning.messages.is_some(),
        "a text begins a conversation, too"
    );
}

#[test]
fn a_response_that_is_named_is_named_once() {
    let read = |body: &str| read_facts(body.as_bytes()).map(|request| request.keeping);
    let named = |body: &str| read(body).unwrap().named.map(|named| named.id);
    assert_eq!(
        named(r#"{"model":"m","input":"a","previous_response\u005fid":"resp\u005f1"}"#).as_deref(),
        Some("resp_1"),
        "however it is written"
    );
    assert_eq!(named(r#"{"model":"m","previous_response_id":null}"#), None);
    assert_eq!(
        named(r#"{"model":"m","input":[{"previous_response_id":"resp_1"}]}"#),
        None
    );
    let unreadable = r#"{"model":"m","previous_response_id":"\ud800"}"#;
    assert_eq!(
        named(unreadable).as_deref(),
        Some(r#""\ud800""#),
        "never passed on"
    );
    for key in ["previous_response_id", "store"] {
        let twice = format!(r#"{{"model":"m","{key}":null,"{key}":null}}"#);
        assert_eq!(read(&twice), Err(RequestError::Repeated(key)));
    }
    for (body, is_wanted) in [
        (r#"{"model":"m"}"#, true),
        (r#"{"model":"m","store":null}"#, true),
        (r#"{"model":"m","store":true}"#, true),
        (r#"{"model":"m","store":false}"#, false),
    ] {
        assert_eq!(read(body).unwrap().is_wanted, is_wanted, "{body}");
    }
}

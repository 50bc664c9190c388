use serde_json::json;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Driver, Host, JSON, START, account, chat, messages};
use crate::call::SharedCall;
use crate::config::Scheme;
use crate::egress::{Config, Egress, Event, NotStarted};

const BODY: &str =
    r#"{ "messages": [{"role":"user","content":"h\u00e9 \"model\""}], "model" : "gpt", "x": 1.0e5 }"#;

/// The body as an account is sent it: only the name of the model and a default differ.
fn sent(model: &str, max_tokens: &str) -> String {
    BODY.replace("\"gpt\"", &format!("{model:?}"))
        .replacen('{', &format!("{{\"{max_tokens}\":100,"), 1)
}

fn start(call: &SharedCall, name: &str) -> Result<Egress, NotStarted> {
    Egress::start(call.clone(), &account(name), START, &mut Host::default())
}

#[test]
fn an_attempt_is_sent_its_own_headers_and_nothing_of_the_agents() {
    let attempt = Driver::start(&chat(BODY), "a");
    assert_eq!(
        attempt.host.request_headers,
        [
            ":method: POST",
            ":scheme: https",
            ":authority: a.example.com",
            ":path: /base/v1/chat/completions",
            "content-type: application/json",
            &format!("content-length: {}", sent("gpt-a", "max_completion_tokens").len()),
            "accept: application/json",
            "accept-encoding: identity",
            concat!("user-agent: model-broker/", env!("CARGO_PKG_VERSION")),
        ]
    );
}

#[test]
fn a_stream_is_asked_for_as_one() {
    let attempt = Driver::start(&chat(r#"{"model":"gpt","stream":true}"#), "a");
    assert!(
        attempt
            .host
            .request_headers
            .contains(&"accept: text/event-stream".to_owned())
    );
    let attempt = Driver::start(&messages(r#"{"model":"claude","max_tokens":5}"#), "anthropic");
    assert!(
        attempt
            .host
            .request_headers
            .contains(&"anthropic-version: 2023-06-01".to_owned())
    );
}

#[test]
fn the_first_part_of_the_body_carries_all_and_the_others_nothing() {
    let mut attempt = Driver::start(&chat(BODY), "a");
    assert!(attempt.machine().is_open());
    for _ in 0..3 {
        attempt.handle(Event::RequestBody);
    }
    assert_eq!(
        attempt.host.request_bodies,
        [&sent("gpt-a", "max_completion_tokens"), "", ""]
    );
    assert!(attempt.machine().is_open() && !attempt.machine().watches());
}

#[test]
fn each_attempt_is_made_of_the_agents_own_body_and_names_the_next_account() {
    let call = chat(BODY);
    for (name, model, max_tokens, next) in [
        ("a", "gpt-a", "max_completion_tokens", &["b"][..]),
        ("b", "a-longer-name", "max_tokens", &["c"]),
        ("c", "gpt-c", "max_completion_tokens", &[]),
    ] {
        let mut attempt = Driver::start(&call, name);
        assert_eq!(attempt.send(), sent(model, max_tokens));
        assert!(attempt.host.next.is_empty());
        let length = format!("content-length: {}", attempt.host.request_bodies[0].len());
        assert!(attempt.host.request_headers.contains(&length));
        attempt.answer(503, JSON, &[]);
        assert_eq!(attempt.host.next, next);
    }
    let asked = call
        .borrow()
        .attempts
        .iter()
        .map(|attempt| attempt.model.to_string())
        .collect::<Vec<_>>();
    assert_eq!(asked, ["gpt-a", "a-longer-name", "gpt-c"]);
}

#[test]
fn an_attempt_is_made_only_by_the_account_whose_turn_it_is() {
    let call = chat(BODY);
    for wrong in ["b", "c", "anthropic", "unknown"] {
        assert_eq!(start(&call, wrong).err(), Some(NotStarted::NotPlanned), "{wrong}");
    }
    assert!(call.borrow().attempts.is_empty());
    drop(Driver::start(&call, "a"));
    assert_eq!(
        start(&call, "a").err(),
        Some(NotStarted::NotPlanned),
        "no account is asked twice in a row"
    );
    assert_eq!(call.borrow().attempts.len(), 1);
}

#[test]
fn no_more_attempts_are_made_than_were_planned() {
    let call = chat(BODY);
    for name in ["a", "b", "c"] {
        Driver::start(&call, name).answer(503, JSON, &[]);
    }
    for name in ["a", "b", "c"] {
        assert_eq!(start(&call, name).err(), Some(NotStarted::NobodyLeft), "{name}");
    }
    assert!(
        call.borrow()
            .attempts
            .iter()
            .all(|attempt| !attempt.is_deliverable)
    );
}

#[test]
fn nothing_of_the_agents_own_body_follows_once_the_answer_has_begun() {
    for status in [200, 503] {
        let mut first = Driver::start(&chat(BODY), "a");
        first.answer(status, "application/json", &[]);
        assert_eq!(first.send(), "", "{status}");
        assert_eq!(first.host.request_bodies.len(), 1, "{status}");
    }
}

#[test]
fn a_refused_start_asks_nothing_of_the_host() {
    let mut host = Host::default();
    assert!(Egress::start(chat(BODY), &account("b"), START, &mut host).is_err());
    assert!(host.request_headers.is_empty() && host.next.is_empty() && host.request_bodies.is_empty());
}

#[test]
fn an_accounts_configuration_is_read_or_refused_whole() {
    let whole = json!({
        "provider": "a", "scheme": "https", "authority": "a.example.com", "base_path": "/base", "hop": true,
    });
    assert_eq!(Config::read(&whole), Some(account("a")));
    let mut plain = whole.clone();
    plain["scheme"] = json!("http");
    plain.as_object_mut().unwrap().remove("base_path");
    plain.as_object_mut().unwrap().remove("hop");
    let read = Config::read(&plain).unwrap();
    assert_eq!(
        (read.address.scheme, read.address.base_path.as_str(), read.has_hop),
        (Scheme::Http, "", false)
    );
    for key in ["provider", "scheme", "authority"] {
        let mut part = whole.clone();
        part.as_object_mut().unwrap().remove(key);
        assert_eq!(Config::read(&part), None, "{key}");
    }
    let mut wrong = whole;
    wrong["scheme"] = json!("ftp");
    assert_eq!(Config::read(&wrong), None);
    assert_eq!(Config::read(&json!("a")), None);
}

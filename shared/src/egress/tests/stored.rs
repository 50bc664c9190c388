//! Answers that their provider keeps.

use super::*;
use crate::budget::Counter;
use crate::call::Leash;
use crate::ledger::{Ceiling, Period, Unit, Zone};
use crate::stored::Tag;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// The agent's id of the response that account `a` calls by this name.
fn id(name: &str) -> String {
    let snapshot = load(&document(), Audience::Filter)
        .unwrap_or_else(|mistakes| panic!("{mistakes}"))
        .snapshot;
    let tag = Tag::new(&"a".into(), &snapshot.agents["bot"], "gpt");
    format!("resp_{}{name}", tag.text())
}

fn respond(more: &Value) -> SharedCall {
    let mut body = json!({"model": "gpt", "input": "hi"});
    let members = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(members);
    call_to("/v1/responses", &body.to_string())
}

fn about(method: &str, path: &str) -> Driver {
    let call = call_with(&[(":method", method), (":path", path)], "");
    Driver::start(&call, "a")
}

const DONE: [&str; 3] = [
    r#"{"id":"re"#,
    r#"sp_2","object":"response","status":"completed","output":[{"id":"msg_1","type":"message","#,
    r#""content":[]}],"previous_response_id":"resp_1","usage":{"input_tokens":5,"output_tokens":7}}"#,
];

#[test]
fn the_provider_is_told_its_own_id_and_the_agent_its_own() {
    let previous = id("1");
    let mut attempt = Driver::start(&respond(&json!({"previous_response_id": previous})), "a");
    let sent = attempt.send();
    assert!(sent.contains(r#""previous_response_id":"resp_1""#), "{sent}");
    assert!(!sent.contains("broker_"), "{sent}");
    attempt.answer(200, JSON, &[("content-length", "200"), ("openai-version", "1")]);
    let passed = attempt.pass(&DONE);
    let expected = DONE
        .concat()
        .replace("resp_2", &id("2"))
        .replace("resp_1", &previous);
    assert_eq!(passed, expected);
    let headers = &attempt.host.response_headers;
    assert!(
        !headers.iter().any(|header| header.starts_with("content-length")),
        "{headers:?}"
    );
    assert!(
        headers.contains(&"content-type: application/json".to_owned()),
        "{headers:?}"
    );
}

#[test]
fn what_is_not_to_be_kept_passes_byte_for_byte() {
    let mut attempt = Driver::start(&respond(&json!({"store": false})), "a");
    attempt.send();
    attempt.answer(200, JSON, &[("content-length", "200")]);
    assert_eq!(attempt.pass(&DONE), DONE.concat());
    assert!(attempt.host.chunks.is_empty());
    let headers = &attempt.host.response_headers;
    assert!(headers.contains(&"content-length: 200".to_owned()), "{headers:?}");
}

#[test]
fn errors_and_what_others_answer_get_no_tags() {
    let mut attempt = Driver::start(&respond(&json!({})), "a");
    attempt.send();
    attempt.answer(400, JSON, &[]);
    assert_eq!(
        attempt.pass(&[r#"{"id":"resp_2","error":{}}"#]),
        r#"{"id":"resp_2","error":{}}"#
    );
    let body = json!({"model": "claude", "input": "hi"}).to_string();
    let mut attempt = Driver::start(&call_to("/v1/responses", &body), "anthropic");
    attempt.send();
    attempt.answer(200, JSON, &[]);
    let answer = r#"{"id":"msg_1","type":"message","role":"assistant","model":"c","content":[],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}"#;
    let passed = attempt.pass(&[answer]);
    assert!(passed.contains(r#""id":"resp_1""#), "{passed}");
}

fn event(kind: &str, rest: &str) -> String {
    format!("event: {kind}\ndata: {{\"type\":\"{kind}\",{rest}}}\n\n")
}

/// A stream's events, with deltas of sixteen tokens.
fn events() -> [String; 4] {
    let response = |status: &str| {
        format!(
            r#""response":{{"id":"resp_2","object":"response","status":"{status}","model":"m","output":[],"previous_response_id":null,"usage":null}}"#
        )
    };
    let item = r#""output_index":0,"item":{"id":"msg_1","type":"message","status":"in_progress","role":"assistant","content":[]}"#;
    let part = r#""item_id":"msg_1","output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[]}"#;
    let words = "four letter words make this text, now and ever, and then again. ";
    [
        event("response.created", &response("in_progress")),
        event("response.output_item.added", item) + &event("response.content_part.added", part),
        event(
            "response.output_text.delta",
            &format!(r#""item_id":"msg_1","output_index":0,"content_index":0,"delta":"{words}""#),
        ),
        event("response.completed", &response("completed")),
    ]
}

#[test]
fn events_of_a_stream_tell_the_agents_id() {
    // Whoever leaves the type out is judged by the body.
    for content_type in [STREAM, ""] {
        let mut attempt = Driver::start(&respond(&json!({"stream": true})), "a");
        attempt.send();
        attempt.answer(200, content_type, &[]);
        let events = events();
        let chunks = events.each_ref().map(String::as_str);
        let passed = attempt.pass(&chunks);
        assert_eq!(passed, events.concat().replace("resp_2", &id("2")));
        assert_eq!(attempt.host.chunks.len(), 2, "others pass untouched");
    }
}

#[test]
fn a_stream_that_is_stopped_ends_with_the_agents_id() {
    let call = respond(&json!({"stream": true}));
    let ceiling = Ceiling {
        unit: Unit::Tokens,
        most: 10,
        period: Period::Day,
        zone: Zone::default(),
    };
    let counter = Counter::of_account(&"any".into(), ceiling, Vec::new());
    call.borrow_mut().leash = Leash::new([("day".into(), counter, 10)].into_iter(), Vec::new());
    let mut attempt = Driver::start(&call, "a");
    attempt.send();
    attempt.answer(200, STREAM, &[]);
    let [created, added, delta, _] = events();
    let mut passed = String::new();
    // Chunks end within an event.
    let all = [created, added, delta.repeat(50)].concat();
    let (mut rest, mut replaced) = (all.as_str(), 0);
    while !rest.is_empty() && !call.borrow().is_complete {
        let (chunk, after) = rest.split_at(rest.len().min(97));
        attempt.chunk(chunk, false);
        passed.push_str(attempt.host.chunks.get(replaced).map_or(chunk, String::as_str));
        (rest, replaced) = (after, attempt.host.chunks.len());
    }
    assert!(call.borrow().is_complete, "{passed}");
    assert!(passed.contains("event: response.incomplete\n"), "{passed}");
    assert!(!passed.contains("resp_2"), "{passed}");
    assert_eq!(passed.matches(&id("2")).count(), 2, "{passed}");
}

#[test]
fn a_call_about_a_response_names_it_as_the_provider_does() {
    let id = id("2");
    for (method, path, expected) in [
        (
            "GET",
            format!("/v1/responses/{id}?stream=true&starting_after=3"),
            "resp_2?stream=true&starting_after=3",
        ),
        ("DELETE", format!("/v1/responses/{id}"), "resp_2"),
        ("POST", format!("/v1/responses/{id}/cancel"), "resp_2/cancel"),
        (
            "GET",
            format!("/v1/v1/responses/{id}/input_items/"),
            "resp_2/input_items",
        ),
    ] {
        let attempt = about(method, &path);
        let headers = &attempt.host.request_headers;
        for header in [
            format!(":path: /base/v1/responses/{expected}"),
            format!(":method: {method}"),
        ] {
            assert!(headers.contains(&header), "{headers:?}");
        }
        assert!(
            !headers.iter().any(|header| header.contains("resp_broker")),
            "{headers:?}"
        );
    }
}

#[test]
fn a_response_that_is_read_again_is_not_counted_again() {
    for (kind, chunks) in [
        (JSON, DONE.map(str::to_owned).to_vec()),
        (STREAM, events().to_vec()),
    ] {
        let call = call_with(
            &[
                (":method", "GET"),
                (":path", &format!("/v1/responses/{}", id("2"))),
            ],
            "",
        );
        let mut attempt = Driver::start(&call, "a");
        attempt.answer(200, kind, &[("content-length", "200")]);
        assert!(!attempt.machine().holds());
        let chunks: Vec<&str> = chunks.iter().map(String::as_str).collect();
        let expected = chunks
            .concat()
            .replace("resp_2", &id("2"))
            .replace("resp_1", &id("1"));
        assert_eq!(attempt.pass(&chunks), expected);
        assert_eq!(call.borrow().observation.usage(), None);
        let headers = &attempt.host.response_headers;
        assert!(
            !headers.iter().any(|header| header.starts_with("content-length")),
            "{headers:?}"
        );
    }
}

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Driver, JSON, STREAM, call_to};
use crate::egress::Event;

fn text(path: &str, body: &str) -> (Driver, String) {
    let mut attempt = Driver::start(&call_to(path, body), "a");
    let sent = attempt.send();
    (attempt, sent)
}

#[test]
fn a_request_for_embeddings_differs_in_its_model_only() {
    let body = r#"{"input":[[1,2],[3]], "model" : "gpt","encoding_format":"base64", "x":1.0e5}"#;
    let (attempt, sent) = text("/v1/embeddings", body);
    assert_eq!(sent, body.replace("\"gpt\"", "\"gpt-a\""));
    let headers = &attempt.host.request_headers;
    assert!(
        headers.contains(&":path: /base/v1/embeddings".to_owned()),
        "{headers:?}"
    );
    assert!(
        headers.contains(&"accept: application/json".to_owned()),
        "{headers:?}"
    );
}

#[test]
fn vectors_pass_as_they_are_once_they_are_whole() {
    let (mut attempt, _) = text("/v1/embeddings", r#"{"model":"gpt","input":"a"}"#);
    attempt.answer(200, JSON, &[]);
    let vectors = [
        r#"{"data":[{"embedding":"AACA"#,
        r#"Pw=="}],"usage":{"prompt_tokens":5}}"#,
    ];
    assert!(attempt.machine().holds());
    assert_eq!(attempt.pass(&vectors), vectors.concat());
    assert!(attempt.host.chunks.is_empty() && !attempt.host.failed);
}

#[test]
fn a_count_is_asked_without_what_is_no_part_of_it() {
    let body = r#"{"model":"claude","messages":[]}"#;
    let mut attempt = Driver::start(&call_to("/v1/messages/count_tokens?beta=true", body), "anthropic");
    assert_eq!(attempt.send(), body.replace("claude", "claude-a"));
    let headers = &attempt.host.request_headers;
    assert!(
        headers.contains(&":path: /base/v1/messages/count_tokens".to_owned()),
        "{headers:?}"
    );
    assert!(
        headers.contains(&"anthropic-version: 2023-06-01".to_owned()),
        "{headers:?}"
    );
}

#[test]
fn a_completion_has_no_defaults_of_conversations_but_its_usage_is_asked_for() {
    let (_, sent) = text("/v1/completions", r#"{"model":"gpt","prompt":"a"}"#);
    assert_eq!(sent, r#"{"model":"gpt-a","prompt":"a"}"#);
    let (mut attempt, sent) = text("/v1/completions", r#"{"model":"gpt","prompt":"a","stream":true}"#);
    assert_eq!(
        sent,
        r#"{"stream_options":{"include_usage":true},"model":"gpt-a","prompt":"a","stream":true}"#
    );
    attempt.answer(200, STREAM, &[]);
    let chunk = "data: {\"choices\":[{\"text\":\"Hi\",\"finish_reason\":null}]}\n\n";
    let usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}\n\n";
    let passed = attempt.pass(&[chunk, usage, "data: [DONE]\n\n"]);
    assert_eq!(passed, [chunk, "data: [DONE]\n\n"].concat());
}

#[test]
fn a_model_that_a_call_leaves_out_is_put_in() {
    let pairs = [
        (":method", "POST"),
        (":path", "/v1/moderations"),
        ("x-broker-model", "gpt"),
    ];
    let call = super::call_with(&pairs, r#"{"input":"a"}"#);
    assert_eq!(
        Driver::start(&call, "a").send(),
        r#"{"model":"gpt-a","input":"a"}"#
    );
}

#[test]
fn sound_is_held_back_for_nothing() {
    let (mut attempt, _) = text("/v1/audio/speech", r#"{"model":"gpt","input":"a","voice":"b"}"#);
    attempt.answer(
        200,
        "audio/mpeg",
        &[("content-disposition", "attachment"), ("set-cookie", "s")],
    );
    assert!(!attempt.machine().holds());
    let headers = &attempt.host.response_headers;
    assert!(
        headers.contains(&"content-type: audio/mpeg".to_owned()),
        "{headers:?}"
    );
    assert!(
        headers.iter().all(|header| !header.starts_with("set-cookie")),
        "{headers:?}"
    );
    assert_eq!(attempt.pass(&["ID3", "\u{0}"]), "ID3\u{0}");
}

#[test]
fn an_answer_without_a_body_is_one_here() {
    let (mut attempt, _) = text("/v1/audio/speech", r#"{"model":"gpt","input":"a","voice":"b"}"#);
    attempt.handle(Event::ResponseHeaders {
        headers: vec![(":status".to_owned(), b"200".to_vec())],
        is_end: true,
        now: super::START,
    });
    assert!(!attempt.machine().holds() && !attempt.host.failed);
}

#[test]
fn a_stream_of_sound_that_breaks_off_ends_with_an_error() {
    let body = r#"{"model":"gpt","input":"a","voice":"b","stream_format":"sse"}"#;
    let piece = "data: {\"type\":\"speech.audio.delta\",\"audio\":\"AA==\"}\n\n";
    let (mut attempt, _) = text("/v1/audio/speech", body);
    attempt.answer(200, STREAM, &[]);
    let passed = attempt.pass(&[piece, ""]);
    assert!(
        passed.starts_with(piece) && passed.contains("answer_broke_off"),
        "{passed}"
    );
    let (mut attempt, _) = text("/v1/audio/speech", body);
    attempt.answer(200, STREAM, &[]);
    let done =
        "data: {\"type\":\"speech.audio.done\",\"usage\":{\"input_tokens\":1,\"output_tokens\":2}}\n\n";
    assert_eq!(attempt.pass(&[piece, done]), [piece, done].concat());
}

//! Calls that go on with a response that is kept, or are about one.

use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Driver, JSON, closed, headers_with, last, snapshot, status};
use crate::broker::Event;
use crate::headers::Headers;
use crate::stored::Tag;
use crate::wire::Dialect;

/// The id of what an account keeps of an answer of `model` to an agent.
fn kept(account: &str, agent: &str, model: &str) -> String {
    let snapshot = snapshot();
    let tag = Tag::new(&account.into(), &snapshot.agents[agent], model);
    format!("resp_{}0123", tag.text())
}

/// A turn of an agent's conversation.
fn turn(agent: &str, model: &str, previous: &Value) -> Driver {
    let token = format!("Bearer {agent}-token");
    let changes = [(":path", "/v1/responses"), ("authorization", token.as_str())];
    let mut call = Driver::arrived(headers_with(Dialect::OpenAi, &changes));
    let input = "Tell me more of that, and of what you said before. ".repeat(9);
    let body = json!({"model": model, "input": input, "previous_response_id": previous});
    call.complete(body.to_string());
    call
}

/// A call about a response.
fn about(agent: &str, method: &str, path: &str) -> Driver {
    let token = format!("Bearer {agent}-token");
    let changes = [
        (":method", method),
        (":path", path),
        ("authorization", token.as_str()),
    ];
    let mut call = Driver::new();
    call.handle(Event::RequestHeaders {
        headers: Headers::new(headers_with(Dialect::OpenAi, &changes)),
        is_end: true,
    });
    call
}

fn refused(call: &Driver) -> (u16, String, Value) {
    let (reply, body) = call.reply();
    let code = body["error"]["code"].as_str().unwrap().to_owned();
    (reply.status, code, body["error"]["param"].clone())
}

fn not_found() -> (u16, String, Value) {
    (
        400,
        "previous_response_not_found".to_owned(),
        json!("previous_response_id"),
    )
}

const DONE: &str = r#"{"id":"resp_4567","model":"gpt-b","status":"completed","output":[],"previous_response_id":"resp_0123","usage":{"input_tokens":5,"output_tokens":7}}"#;

#[test]
fn a_conversation_goes_on_where_it_is_kept() {
    for account in ["openai-a", "openai-b"] {
        let id = kept(account, "bot", "gpt");
        let mut call = turn("bot", "gpt", &json!(id));
        let forwarded = &call.host.forwards[0];
        assert_eq!((forwarded.cluster.as_str(), forwarded.retries), (account, 0));
        let unseen = call.attempt(account, [(1, status(200, JSON)), (1, last(DONE))]);
        let next = kept(account, "bot", "gpt").replace("0123", "4567");
        let expected = DONE.replace("resp_4567", &next).replace("resp_0123", &id);
        assert_eq!(unseen.chunks, [expected]);
        call.answered();
        call.finish();
        let record = call.record();
        assert_eq!(record["llm.api"], "openai.responses");
        assert_eq!(record["llm.tokens.output"], 7);
        let excluded = record["llm.excluded"].as_array().unwrap();
        assert_eq!(
            (excluded.len(), &excluded[0]["reason"]),
            (1, &json!("kept_elsewhere"))
        );
    }
}

#[test]
fn what_an_account_remembers_teaches_nothing_of_how_a_model_counts() {
    let id = kept("openai-a", "bot", "gpt");
    let learned = [json!(id), Value::Null].map(|previous| {
        let mut call = turn("bot", "gpt", &previous);
        let answer = DONE.replace("\"input_tokens\":5", "\"input_tokens\":50000");
        call.attempt("openai-a", [(1, status(200, JSON)), (1, last(&answer))]);
        call.answered();
        call.finish();
        let content = call.call().borrow().request.content;
        let estimators = &call.host.worker.estimators;
        estimators.estimate(&"gpt-a".into(), &content, call.host.store.as_ref())
    });
    assert!(learned[0] < learned[1], "{learned:?}");
}

#[test]
fn another_model_may_go_on_where_its_pool_has_the_account() {
    let call = turn("bot", "either", &json!(kept("openai-a", "bot", "gpt")));
    assert_eq!(call.host.forwards[0].cluster, "openai-a");
}

#[test]
fn a_first_turn_goes_anywhere() {
    let call = turn("bot", "gpt", &Value::Null);
    assert_eq!(call.host.forwards[0].retries, 1);
}

#[test]
fn what_is_kept_for_others_or_nowhere_is_not_found() {
    let foreign = kept("openai-a", "resident", "gpt");
    let elsewhere = kept("metered", "bot", "few");
    for id in [foreign.as_str(), "resp_0123", "", &elsewhere] {
        let call = turn("bot", "gpt", &json!(id));
        assert_eq!(refused(&call), not_found(), "{id}");
        assert!(call.host.forwards.is_empty());
    }
    // What Anthropic answered is no better known to OpenAI.
    assert_eq!(refused(&turn("bot", "either", &json!("resp_0123"))), not_found());
    let (status, code, param) = refused(&turn("bot", "claude", &json!("resp_0123")));
    assert_eq!((status, code.as_str()), (400, "unsupported_by_provider"));
    assert_eq!(param, "previous_response_id");
}

#[test]
fn agents_without_a_workspace_have_their_own() {
    let call = turn("boss", "gpt", &json!(kept("openai-b", "boss", "gpt")));
    assert_eq!(call.host.forwards[0].cluster, "openai-b");
    let call = turn("boss", "gpt", &json!(kept("openai-b", "bot", "gpt")));
    assert_eq!(refused(&call), not_found());
}

#[test]
fn an_account_that_may_not_be_asked_is_named_as_the_reason() {
    let kept_abroad = kept("openai-a", "resident", "either");
    for call in [
        turn("resident", "gpt", &json!(kept_abroad)),
        turn("resident", "either", &json!(kept_abroad)),
        about("resident", "GET", &format!("/v1/responses/{kept_abroad}")),
    ] {
        let (status, code, _) = refused(&call);
        assert_eq!((status, code.as_str()), (403, "region_not_allowed"));
    }
}

#[test]
fn an_account_that_fails_has_nobody_to_stand_in() {
    let mut call = turn("bot", "gpt", &json!(kept("openai-a", "bot", "gpt")));
    call.attempt("openai-a", [(1, closed(true))]);
    call.answered();
    let (status, code, _) = refused(&call);
    assert_eq!((status, code.as_str()), (503, "upstream_unavailable"));
}

#[test]
fn a_response_is_looked_at_where_it_is_kept_and_costs_nothing() {
    let id = kept("openai-b", "bot", "gpt");
    for (method, path) in [
        (
            "GET",
            format!("/v1/responses/{id}?include=reasoning.encrypted_content"),
        ),
        ("DELETE", format!("/v1/responses/{id}")),
        ("POST", format!("/v1/responses/{id}/cancel")),
        ("GET", format!("/v1/responses/{id}/input_items")),
    ] {
        let mut call = about("bot", method, &path);
        let forwarded = &call.host.forwards[0];
        assert_eq!(
            (forwarded.cluster.as_str(), forwarded.retries),
            ("openai-b", 0),
            "{path}"
        );
        let answer = DONE
            .replace("4567", "0123")
            .replace("\"resp_0123\",\"usage\"", "null,\"usage\"");
        let unseen = call.attempt("openai-b", [(1, status(200, JSON)), (1, last(&answer))]);
        assert_eq!(unseen.chunks, [answer.replace("resp_0123", &id)]);
        call.answered();
        call.finish();
        let record = call.record();
        assert_eq!(record["llm.api"], "openai.stored_responses");
        assert_eq!(
            (&record["llm.model.requested"], &record["llm.provider"]),
            (&json!("gpt"), &json!("openai-b"))
        );
        assert_eq!(record["llm.outcome"], "ok");
        assert_eq!(record["llm.cost.usd"], 0.0);
        for nothing in ["llm.tokens.input", "llm.tokens.output"] {
            assert_eq!(record.get(nothing), None, "{nothing}");
        }
        let metrics = call.host.metrics.join(" ");
        assert!(!metrics.contains("unpriced"), "{metrics}");
    }
}

#[test]
fn whether_another_workspace_has_a_response_is_not_told() {
    let ids = [
        kept("openai-b", "resident", "gpt"),
        kept("metered", "bot", "gpt"),
        kept("openai-b", "bot", "gone"),
        "resp_0123".to_owned(),
    ];
    let told = ids.map(|id| {
        let call = about("bot", "GET", &format!("/v1/responses/{id}"));
        let (reply, body) = call.reply();
        assert_eq!(reply.status, 404);
        body.to_string().replace(&id, "")
    });
    assert!(told[0].contains("Response with id '' not found."), "{told:?}");
    assert!(told.iter().all(|one| *one == told[0]), "{told:?}");
}

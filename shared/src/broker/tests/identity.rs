//! Who calls, as the host has verified it.

use serde_json::Value;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::identity::testing::Facts;

/// The document of the other tests, with JWTs and certificates.
fn with_identities(record_user: &Value) -> Arc<Snapshot> {
    let token = TokenDigest::of(b"bot-token").to_string();
    let document = json!({
        "providers": [{"name": "openai-a", "kind": "openai"}],
        "models": [{"name": "gpt", "targets": [{"provider": "openai-a", "model": "gpt-a"}]}],
        "identity": {
            "record_user": record_user,
            "jwt": {"workspace": "ws", "attributes": ["tier"]},
            "spiffe": {"agent": "spiffe://mesh/ns/{workspace}/sa/{agent}"},
        },
        "workspaces": [{"name": "lab"}],
        "agents": [{"name": "bot", "workspace": "lab", "token_sha256": token}],
    });
    load(&document, Audience::Filter)
        .unwrap_or_else(|mistakes| panic!("{mistakes}"))
        .snapshot
}

/// A call to its end, without an answer of a provider.
fn call(snapshot: &Arc<Snapshot>, headers: Pairs, body: &str, verified: Facts) -> Host {
    let mut host = Host {
        verified,
        ..Host::default()
    };
    let headers = Event::RequestHeaders {
        headers: Headers::new(headers),
        is_end: false,
    };
    let body = Event::RequestBodyComplete {
        body: body.as_bytes().to_vec(),
        now: START,
    };
    let _over = Broker::new(snapshot.clone(), START, 0)
        .handle(headers, &mut host)
        .handle(body, &mut host)
        .handle(Event::Finished { now: START }, &mut host);
    host
}

fn without_token(dialect: Dialect) -> Pairs {
    headers_with(dialect, &[("authorization", ""), ("x-api-key", "")])
}

#[test]
fn an_agent_of_somebody_elses_word_is_in_the_record_and_in_no_label() {
    let snapshot = with_identities(&json!(true));
    let claims = Facts::jwt(&[("sub", "auth0|7"), ("ws", "lab"), ("tier", "gold")]);
    let host = call(&snapshot, without_token(Dialect::OpenAi), &body("gpt"), claims);
    let record = &host.records[0];
    assert_eq!(
        (
            &record["llm.agent"],
            &record["llm.workspace"],
            &record["llm.identity"]
        ),
        (&json!("auth0|7"), &json!("lab"), &json!("jwt"))
    );
    assert_eq!(record["llm.tier"], "gold");
    assert_eq!(host.forwards.len(), 1);
    assert!(
        host.metrics.iter().all(|metric| !metric.contains("auth0")),
        "{:?}",
        host.metrics
    );
    assert!(host.metrics[0].contains("agent=other"), "{:?}", host.metrics);

    let bot = Facts::certificate("spiffe://mesh/ns/lab/sa/bot");
    let host = call(&snapshot, headers(Dialect::OpenAi), &body("gpt"), bot);
    assert_eq!(host.records[0]["llm.identity"], "spiffe");
    assert!(host.metrics[0].contains("agent=bot"), "{:?}", host.metrics);
}

#[test]
fn identities_that_disagree_are_refused_in_the_callers_dialect() {
    let snapshot = with_identities(&json!(true));
    for (dialect, path) in [
        (Dialect::OpenAi, "/error/code"),
        (Dialect::Anthropic, "/error/details/error_code"),
    ] {
        let other = Facts::certificate("spiffe://mesh/ns/lab/sa/other");
        let host = call(&snapshot, headers(dialect), &body("gpt"), other);
        let reply: Value = serde_json::from_slice(&host.replies[0].body).unwrap();
        assert_eq!(host.replies[0].status, 401);
        assert_eq!(
            reply.pointer(path),
            Some(&json!("identities_disagree")),
            "{reply}"
        );
        let record = &host.records[0];
        assert_eq!(record["llm.error"], "identities_disagree");
        assert_eq!(
            (record.get("llm.agent"), record.get("llm.identity")),
            (None, None)
        );
    }
}

#[test]
fn a_configuration_with_tokens_alone_asks_the_host_for_nothing() {
    let host = call(
        &snapshot(),
        headers(Dialect::OpenAi),
        &body("gpt"),
        Facts::default(),
    );
    assert_eq!(host.records[0]["llm.identity"], "token");
    assert_eq!(host.verified.questions.get(), 0);
}

#[test]
fn the_person_behind_an_agent_is_recorded_in_part_if_the_name_is_long() {
    let user = |record_user: Value, further: Value| {
        let mut body: Value = serde_json::from_str(&body("gpt")).unwrap();
        body.as_object_mut()
            .unwrap()
            .extend(further.as_object().unwrap().clone());
        let snapshot = with_identities(&record_user);
        let host = call(
            &snapshot,
            headers(Dialect::OpenAi),
            &body.to_string(),
            Facts::default(),
        );
        host.records[0].get("llm.user").cloned()
    };
    let given = json!({"user": "u-1", "metadata": {"user_id": "m-1"}});
    assert_eq!(user(json!(true), given.clone()), Some(json!("u-1")));
    assert_eq!(user(json!(false), given.clone()), None);
    assert_eq!(user(json!("hash"), given), Some(json!("a24a7f55f278dd49")));
    let long = user(json!(true), json!({"safety_identifier": "é".repeat(250)})).unwrap();
    assert_eq!(long.as_str().map(|text| text.chars().count()), Some(203));
    assert_eq!(user(json!(true), json!({"user": "x".repeat(600)})), None);
}

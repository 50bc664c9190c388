use std::sync::Arc;

use serde_json::json;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::config::{Audience, load};
use crate::endpoint::{Operation, Passed};
use crate::identity::TokenDigest;

fn snapshot() -> Arc<Snapshot> {
    let document = json!({
        "providers": [
            {"name": "openai-eu", "kind": "openai", "region": "eu"},
            {"name": "openai-us", "kind": "openai", "region": "us"},
            {"name": "anthropic-eu", "kind": "anthropic", "region": "eu"},
        ],
        "pools": [
            {"name": "main", "failover": 1, "members": [
                {"provider": "openai-eu", "model": "gpt-a", "weight": 75},
                {"provider": "openai-us", "model": "gpt-a"},
                {"provider": "openai-eu", "model": "gpt-b", "weight": 25},
                {"provider": "anthropic-eu", "model": "claude-a", "priority": 1},
            ]},
            {"name": "other", "match_when": {"request.model": "small"},
             "members": [{"provider": "openai-us", "model": "gpt-a"}]},
        ],
        "models": [{"name": "primary", "pool": "main"}],
        "rules": [
            {"name": "vip", "priority": 5, "match": {"tier": ["gold", "platinum"]}, "pool": "other"},
            {"name": "long", "match": {"context.tokens": ">100k"}, "pool": "other"},
            {"name": "tools", "match": {"tools": true, "header.x-team": "blue"}, "pool": "main"},
        ],
        "workspaces": [{"name": "lab", "regions": ["eu"]}],
        "agents": [{
            "name": "bot", "workspace": "lab", "attributes": {"tier": "standard"},
            "token_sha256": TokenDigest::of(b"bot").to_string(),
        }],
        "prices": {"gpt-a": {"input": 1_000, "output": 1}},
    });
    load(&document, Audience::Filter)
        .unwrap_or_else(|mistakes| panic!("{mistakes}"))
        .snapshot
}

fn explained(body: &Value, headers: &[(&str, &str)]) -> Explanation {
    let snapshot = snapshot();
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), value.as_bytes().to_vec());
    let body = body.to_string();
    let question = Question {
        agent: snapshot.agents.values().next().unwrap(),
        format: Format::OpenAiChat,
        endpoint: Endpoint::Answer,
        headers: &Headers::new(headers.iter().map(owned).collect()),
        body: body.as_bytes(),
        input: None,
        random: 0,
        now: Timestamp(0),
        conditions: &[],
    };
    explain(&snapshot, question).unwrap()
}

fn body() -> Value {
    json!({
        "model": "primary", "max_tokens": 5, "seed": 7, "tools": [{"type": "function", "function": {"name": "f"}}],
        "messages": [{"role": "user", "content": "hi"}],
    })
}

fn unmet(explanation: &Explanation) -> Vec<(&str, Option<&str>)> {
    explanation
        .rules
        .iter()
        .map(|rule| (rule.name.as_str(), rule.unmet.as_deref()))
        .collect()
}

#[test]
fn rules_are_told_until_one_matches_each_with_what_it_lacked() {
    let by_rule = explained(&body(), &[("x-team", "blue"), ("x-broker-tier", "gold")]);
    assert_eq!(
        unmet(&by_rule),
        [
            ("vip", Some("tier is standard, not gold or platinum")),
            (
                "long",
                Some(format!("context.tokens is {}, not >100000", by_rule.input_tokens.0).as_str())
            ),
            ("tools", None),
        ]
    );
    assert_eq!(by_rule.rule.as_ref().map(RuleName::as_str), Some("tools"));
    let own = explained(&body(), &[]);
    assert_eq!(
        unmet(&own)[2..],
        [
            ("tools", Some("header.x-team is not given, must be blue")),
            ("match_when of other", Some("request.model is primary, not small")),
        ]
    );
    assert_eq!(
        (own.rule, own.pool.as_ref().map(PoolName::as_str)),
        (None, Some("main"))
    );
}

#[test]
fn every_member_is_told_with_its_place_or_the_reason_it_has_none() {
    let explanation = explained(&body(), &[]);
    let members = serde_json::to_value(&explanation.members).unwrap();
    let place = |index: usize| members[index]["place"].as_str().unwrap();
    assert_eq!((place(0), &members[0]["attempt"]), ("attempt", &json!(1)));
    assert_eq!((place(1), &members[1]["reason"]), ("excluded", &json!("region")));
    assert_eq!((place(2), &members[2]["attempt"]), ("attempt", &json!(2)));
    assert_eq!(place(3), "beyond_failover");
    assert_eq!(explanation.failover, Some(1));
    let shares = [0, 1, 2, 3].map(|index| members[index]["first_of_hundred"].clone());
    assert_eq!(shares, [75.0, 0.0, 25.0, 0.0]);
    let tokens = f64::from(u32::try_from(explanation.input_tokens.0).unwrap());
    assert_eq!(members[0]["input_usd"], json!(tokens / 1_000.0));
    assert!(members[1].get("input_usd").is_none() && members[2].get("input_usd").is_none());
    assert_eq!(members[3]["dropped"], json!(["seed"]));
    assert!(members[0].get("dropped").is_none());
    assert_eq!(explanation.needs, ["tools"]);
}

#[test]
fn a_call_that_would_be_refused_is_told_what_the_agent_would_get() {
    let mut unknown = body();
    unknown["model"] = json!("nonsense");
    let explanation = explained(&unknown, &[]);
    let refusal = explanation.refusal.unwrap();
    assert_eq!((refusal.status, refusal.code), (404, "model_not_found"));
    assert_eq!(refusal.body["error"]["param"], "model");
    assert_eq!((explanation.rules, explanation.pool), (vec![], None));

    let mut abroad = body();
    abroad["model"] = json!("small");
    let explanation = explained(&abroad, &[]);
    assert_eq!(explanation.refusal.unwrap().code, "region_not_allowed");
    assert_eq!(explanation.pool.unwrap().as_str(), "other");

    let mut nowhere = body();
    nowhere["model"] = json!("gpt-a");
    let explanation = explained(&nowhere, &[]);
    assert_eq!(explanation.refusal.unwrap().code, "model_not_found");
    assert_eq!(explanation.rules.len(), 4);
}

/// What would become of a call of a further endpoint.
fn asked_for(endpoint: Endpoint, body: &Value) -> Explanation {
    let snapshot = snapshot();
    let body = body.to_string();
    let format = match endpoint {
        Endpoint::CountTokens => Format::AnthropicMessages,
        _ => Format::OpenAiChat,
    };
    let question = Question {
        agent: snapshot.agents.values().next().unwrap(),
        format,
        endpoint,
        headers: &Headers::default(),
        body: body.as_bytes(),
        input: None,
        random: 0,
        now: Timestamp(0),
        conditions: &[],
    };
    explain(&snapshot, question).unwrap()
}

fn passed(operation: Operation) -> Endpoint {
    let method = "POST";
    Endpoint::Passed(Passed { operation, method })
}

#[test]
fn what_passes_through_goes_only_to_accounts_of_the_same_api() {
    let explanation = asked_for(
        passed(Operation::Moderations),
        &json!({"model": "primary", "input": "hi"}),
    );
    assert_eq!(explanation.api, "openai.moderations");
    let places: Vec<bool> = explanation
        .members
        .iter()
        .map(|member| matches!(member.place, Place::Excluded { .. }))
        .collect();
    // Another region, and another API.
    assert_eq!(places, [false, true, false, true]);
    assert!(explanation.members.iter().all(|member| member.dropped.is_empty()));
}

#[test]
fn calls_about_objects_go_where_a_logical_model_says() {
    let explanation = asked_for(passed(Operation::Batches), &Value::Null);
    assert_eq!(
        (explanation.api, explanation.model.as_str()),
        ("openai.batches", "openai-files")
    );
    let refusal = explanation.refusal.unwrap();
    assert_eq!(refusal.code, "model_not_found");
}

#[test]
fn embeddings_need_a_model_that_embeds() {
    let explanation = asked_for(Endpoint::Embeddings, &json!({"model": "primary", "input": "hi"}));
    assert_eq!(
        (explanation.api, explanation.needs.as_slice()),
        ("openai.embeddings", &["embeddings"][..])
    );
}

#[test]
fn to_count_costs_nothing() {
    let messages = json!([{"role": "user", "content": "hi"}]);
    let explanation = asked_for(
        Endpoint::CountTokens,
        &json!({"model": "primary", "messages": messages}),
    );
    assert_eq!(explanation.api, "anthropic.count_tokens");
    assert!(explanation.input_tokens > Tokens(0));
    assert_eq!(explanation.members[0].input_usd, Some(0.0));
}

#[test]
fn what_is_no_request_is_not_explained() {
    let snapshot = snapshot();
    let question = Question {
        agent: snapshot.agents.values().next().unwrap(),
        format: Format::AnthropicMessages,
        endpoint: Endpoint::Answer,
        headers: &Headers::default(),
        body: b"{}",
        input: None,
        random: 0,
        now: Timestamp(0),
        conditions: &[],
    };
    assert!(matches!(explain(&snapshot, question), Err(Refusal::Request(_))));
}

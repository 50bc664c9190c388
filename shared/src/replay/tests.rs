use std::sync::Arc;

use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::config::{Audience, load};
use crate::explain::{Question, explain};
use crate::identity::TokenDigest;
use crate::policy::{Mode, bundle};
use crate::units::{Timestamp, Tokens};
use crate::wire::Format;

const ALL: &str = r#"@id("all") permit(principal, action, resource);"#;

fn snapshot(policies: &str, mode: Mode) -> Arc<Snapshot> {
    let document = json!({
        "providers": [
            {"name": "us", "kind": "openai", "region": "us"},
            {"name": "eu", "kind": "openai", "region": "eu"},
        ],
        "pools": [
            {"name": "main", "members": [
                {"provider": "us", "model": "gpt-a", "context_tokens": 900},
                {"provider": "eu", "model": "gpt-b", "context_tokens": 1_000, "capabilities": ["streaming"]},
            ]},
            {"name": "vip", "members": [{"provider": "us", "model": "gpt-v"}]},
        ],
        "models": [{"name": "primary", "pool": "main"}],
        "rules": [{"match": {"tier": "gold"}, "pool": "vip"}],
        "workspaces": [{"name": "lab"}, {"name": "vault", "regions": ["eu"]}],
        "agents": [
            {"name": "bot", "workspace": "lab", "token_sha256": TokenDigest::of(b"bot").to_string()},
            {
                "name": "boss", "workspace": "vault", "token_sha256": TokenDigest::of(b"boss").to_string(),
                "attributes": {"tier": "silver", "purpose": "review", "classification": "restricted"},
            },
        ],
        "policies": policies,
        "policy_mode": mode.as_str(),
    });
    let bundle = bundle(&document, |_| Err("no files here".to_owned()));
    assert!(bundle.mistakes.is_empty(), "{:?}", bundle.mistakes);
    load(&bundle.document, Audience::Filter)
        .unwrap_or_else(|mistakes| panic!("{mistakes}"))
        .snapshot
}

/// A call as a record has it, with some fields set anew.
fn call(fields: &[(&str, Value)]) -> RecordedCall {
    let mut record = json!({
        "time": "2026-11-21T16:30:59.008Z", "llm.config": "5ee312aa4f44", "llm.agent": "bot",
        "llm.stream": false, "llm.needs": [], "llm.model.requested": "primary", "llm.context.tokens": 23,
    });
    for (field, value) in fields {
        record[*field] = value.clone();
    }
    RecordedCall::read(record.to_string().as_bytes()).unwrap()
}

/// The pool, and of each member why it is left out.
fn told(snapshot: &Snapshot, call: &RecordedCall) -> Vec<String> {
    let agent = snapshot
        .agents
        .values()
        .find(|agent| agent.name.as_str() == call.agent);
    let Ok(replay) = replay(snapshot, agent.unwrap(), call) else {
        return vec!["unresolved".to_owned()];
    };
    let reason = |member: &MemberReplay| match &member.exclusion {
        None => member.provider.to_string(),
        Some(ExclusionReason::Denied { policies, .. }) => format!("denied {policies:?}"),
        Some(reason) => serde_json::to_value(reason).unwrap()["reason"]
            .as_str()
            .unwrap()
            .to_owned(),
    };
    std::iter::once(replay.resolution.pool.name.to_string())
        .chain(replay.members.iter().map(reason))
        .collect()
}

#[test]
fn a_recorded_call_goes_where_rules_send_it_to_members_that_can_and_may_serve_it() {
    let snapshot = snapshot(ALL, Mode::Enforce);
    let of = |fields: &[(&str, Value)]| told(&snapshot, &call(fields));
    assert_eq!(of(&[]), ["main", "us", "eu"]);
    assert_eq!(of(&[("llm.tier", json!("gold"))]), ["vip", "us"]);
    assert_eq!(
        of(&[("llm.needs", json!(["tools"]))]),
        ["main", "us", "lacks_tools"]
    );
    assert_eq!(of(&[("llm.agent", json!("boss"))]), ["main", "region", "eu"]);
    assert_eq!(of(&[("llm.model.requested", json!("other"))]), ["unresolved"]);
}

#[test]
fn an_input_that_no_context_holds_is_in_doubt_before_it_is_left_out() {
    let snapshot = snapshot(ALL, Mode::Enforce);
    let of = |tokens: u64| told(&snapshot, &call(&[("llm.context.tokens", json!(tokens))]));
    assert_eq!(of(950), ["main", "context_too_long", "eu"]);
    assert_eq!(of(1_200), ["main", "us", "eu"]);
    assert_eq!(of(1_400), ["main", "context_too_long", "eu"]);
    assert_eq!(of(1_600), ["main", "context_too_long", "context_too_long"]);
}

#[test]
fn policies_see_what_the_record_and_the_agents_attributes_say() {
    let facts = [
        ("context.step == \"plan\"", "llm.step", json!("plan")),
        ("context.purpose == \"batch\"", "llm.purpose", json!("batch")),
        ("context.tier == \"gold\"", "llm.tier", json!("gold")),
        ("context.estimated_tokens > 800", "llm.context.tokens", json!(801)),
        ("context.stream", "llm.stream", json!(true)),
        ("context.tools", "llm.needs", json!(["tools"])),
        ("context.images", "llm.needs", json!(["vision"])),
        ("context.json", "llm.needs", json!(["json"])),
        ("context.hour == 7", "time", json!("2026-11-21T07:00:00Z")),
        (
            "context.classification == \"restricted\"",
            "llm.agent",
            json!("boss"),
        ),
    ];
    for (condition, field, value) in facts {
        let forbid = format!("{ALL} @id(\"no\") forbid(principal, action, resource) when {{ {condition} }};");
        let snapshot = snapshot(&forbid, Mode::Enforce);
        let denied =
            |call: &RecordedCall| told(&snapshot, call).contains(&r#"denied [PolicyId("no")]"#.to_owned());
        assert!(!denied(&call(&[])), "{condition}");
        assert!(denied(&call(&[(field, value)])), "{condition}");
    }
}

#[test]
fn a_tier_is_the_agents_and_a_purpose_is_the_calls() {
    let snapshot = snapshot(ALL, Mode::Enforce);
    let boss = snapshot
        .agents
        .values()
        .find(|agent| agent.name.as_str() == "boss")
        .unwrap();
    let said = call(&[("llm.tier", json!("gold")), ("llm.purpose", json!("batch"))]);
    let stated = said.stated(boss);
    assert_eq!((stated.tier, stated.purpose), (Some("silver"), Some("batch")));
    assert_eq!(call(&[]).stated(boss).purpose, Some("review"));
}

#[test]
fn in_audit_mode_a_denied_member_stays_and_its_verdict_is_told() {
    let snapshot = snapshot("", Mode::Audit);
    let call = call(&[]);
    assert_eq!(told(&snapshot, &call), ["main", "us", "eu"]);
    let agent = snapshot
        .agents
        .values()
        .find(|agent| agent.name.as_str() == "bot")
        .unwrap();
    let replay = replay(&snapshot, agent, &call).unwrap();
    let verdict = replay.members[0].verdict.as_ref().unwrap();
    assert!(!verdict.is_allowed());
}

/// What is decided of a call on its way, and what a replay of its record decides.
fn decided_and_replayed(
    snapshot: &Snapshot,
    agent: &str,
    body: &Value,
    headers: &[(&str, &str)],
) -> [Value; 2] {
    let found = snapshot
        .agents
        .values()
        .find(|known| known.name.as_str() == agent);
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), value.as_bytes().to_vec());
    let body = body.to_string();
    let question = Question {
        agent: found.unwrap(),
        format: Format::OpenAiChat,
        endpoint: crate::endpoint::Endpoint::Answer,
        headers: &Headers::new(headers.iter().map(owned).collect()),
        body: body.as_bytes(),
        input: None,
        random: 0,
        now: Timestamp(1_795_278_659_008_000_000),
        conditions: &[],
    };
    let explained = serde_json::to_value(explain(snapshot, question).unwrap()).unwrap();
    let mut fields = vec![
        ("llm.agent", json!(agent)),
        ("llm.context.tokens", explained["input_tokens"].clone()),
    ];
    let recorded = [
        ("llm.model.requested", "model"),
        ("llm.needs", "needs"),
        ("llm.step", "step"),
        ("llm.purpose", "purpose"),
        ("llm.tier", "tier"),
    ];
    fields.extend(recorded.map(|(field, key)| (field, explained[key].clone())));
    let replay = replay(snapshot, found.unwrap(), &call(&fields)).unwrap();
    let reasons = replay.members.iter().map(|member| {
        let reason = member.exclusion.as_ref();
        let policies = member.verdict.as_ref().map(|verdict| &verdict.determining);
        json!([reason.map(ExclusionReason::as_str), policies])
    });
    let members = explained["members"].as_array().unwrap().iter();
    let explained_reasons = members.map(|member| json!([member["reason"], member["policy"]["policies"]]));
    [
        json!([explained["pool"], explained_reasons.collect::<Vec<_>>()]),
        json!([replay.resolution.pool.name, reasons.collect::<Vec<_>>()]),
    ]
}

#[test]
fn a_replay_decides_what_was_decided() {
    let policies = format!(
        "{ALL} @id(\"plan\") forbid(principal, action, resource in Provider::\"us\") when {{ context.step == \"plan\" }};
        @id(\"review\") forbid(principal, action, resource) when {{ context.purpose == \"review\" && context.tools }};
        @id(\"hour\") forbid(principal, action, resource) when {{ context.json && context.minute == 30 }};"
    );
    let snapshot = snapshot(&policies, Mode::Enforce);
    let mut seen = std::collections::BTreeSet::new();
    for agent in ["bot", "boss"] {
        for words in [10, 2_000, 3_700, 4_500, 9_000] {
            for extra in [
                json!({}),
                json!({"stream": true}),
                json!({"tools": [{}]}),
                json!({"response_format": {"type": "json_object"}}),
                json!({"metadata": {"purpose": "other", "tier": "gold"}}),
            ] {
                for headers in [
                    &[][..],
                    &[("x-broker-step", "plan")],
                    &[("x-broker-tier", "gold")],
                ] {
                    let content = "x".repeat(words);
                    let mut body =
                        json!({"model": "primary", "messages": [{"role": "user", "content": content}]});
                    body.as_object_mut()
                        .unwrap()
                        .extend(extra.as_object().unwrap().clone());
                    let [decided, replayed] = decided_and_replayed(&snapshot, agent, &body, headers);
                    assert_eq!(decided, replayed, "{agent} {words} {extra} {headers:?}");
                    seen.insert(decided.to_string());
                }
            }
        }
    }
    assert!(seen.len() > 12, "{seen:#?}");
}

#[test]
fn a_line_that_is_no_record_of_a_call_is_told_from_one() {
    let read = |line: &str| RecordedCall::read(line.as_bytes());
    let envoys = "[2026-11-21 11:09:23.008][1][info][main] starting";
    for line in [
        envoys,
        "",
        "{}",
        "7",
        r#"{"time": "2026-11-21T11:09:23.008Z", "llm.con"#,
    ] {
        assert_eq!(read(line), Err(NoCall::NotARecord), "{line}");
    }
    let refused =
        r#"{"time": "2026-11-21T11:09:23.008Z", "llm.config": "5ee312aa4f44", "llm.decision": "deny"}"#;
    assert_eq!(read(refused), Err(NoCall::NoModel));
}

#[test]
fn an_older_record_tells_of_needs_only_whether_it_was_a_stream() {
    let line = r#"{"time": "2026-11-21T11:09:23.008Z", "llm.config": "5ee312aa4f44", "llm.agent": "bot",
        "llm.model.requested": "primary", "llm.stream": true, "llm.context.tokens": 23}"#;
    let call = RecordedCall::read(line.as_bytes()).unwrap();
    assert!(!call.has_needs);
    let needs: Vec<_> = call
        .needs
        .iter()
        .map(crate::provider::Capability::as_str)
        .collect();
    assert_eq!((needs, call.input), (vec!["streaming"], Tokens(23)));
}

#[test]
fn times_that_policies_cannot_tell_apart_are_one() {
    let of = |condition: &str| {
        let forbid = format!("{ALL} forbid(principal, action, resource) when {{ {condition} }};");
        Grain::of(&snapshot(&forbid, Mode::Enforce)).round(Timestamp(1_795_278_659_008_000_000))
    };
    assert_eq!(of("context.tools"), Timestamp(0));
    assert_eq!(of("!(context.hour < 7)"), Timestamp(1_795_278_600_000_000_000));
    let exact = of("context.now < datetime(\"2027-01-01\") || context.minute == 1");
    assert_eq!(exact, Timestamp(1_795_278_659_008_000_000));
}

use serde_json::json;

use super::*;
use crate::config::{Audience, load};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn snapshot() -> Arc<Snapshot> {
    let pool = |name: &str, match_when: Option<serde_json::Value>| {
        let mut pool = json!({"name": name, "members": [{"provider": "p", "model": "upstream"}]});
        if let Some(condition) = match_when {
            pool["match_when"] = condition;
        }
        pool
    };
    let document = json!({
        "providers": [{"name": "p", "kind": "openai"}],
        "pools": [
            pool("standard", None), pool("long", None), pool("own", None), pool("batch", None),
            pool("cheap", Some(json!({"request.model": ["small", "tiny"]}))),
        ],
        "models": [{"name": "primary", "pool": "own"}],
        "rules": [
            {"match": {"tier": "standard", "workspace": "sales"}, "pool": "standard"},
            {"name": "long", "priority": 10, "match": {"tier": "standard", "context.tokens": ">100k"}, "pool": "long"},
            {"match": {"step": "extraction", "header.X-Team": ["a", "b"]}, "pool": "batch"},
        ],
        "workspaces": [{"name": "sales"}],
    });
    load(&document, Audience::Filter).unwrap().snapshot
}

fn agent(attributes: &[(&str, &str)], workspace: Option<&str>) -> Agent {
    Agent {
        name: "bot".into(),
        workspace: workspace.map(|name| {
            Arc::new(crate::config::Workspace {
                name: name.into(),
                tenant: None,
                regions: None,
            })
        }),
        allowances: Vec::new(),
        attributes: attributes
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect(),
    }
}

fn pool(
    agent: &Agent,
    model: &str,
    input: u64,
    headers: &[(&str, &str)],
) -> Option<(Option<String>, String)> {
    let headers = Headers::new(
        headers
            .iter()
            .map(|(k, v)| ((*k).to_owned(), v.as_bytes().to_vec()))
            .collect(),
    );
    let facts = Facts {
        input: Tokens(input),
        ..Facts::of_model(agent, &headers, model)
    };
    let found = resolve(&snapshot(), facts).ok()?;
    Some((
        found.rule.map(|rule| rule.to_string()),
        found.pool.name.to_string(),
    ))
}

#[test]
fn all_conditions_of_a_rule_must_hold_and_the_highest_priority_wins() {
    let standard = agent(&[("tier", "standard")], Some("sales"));
    let found = |rule: Option<&str>, pool: &str| Some((rule.map(str::to_owned), pool.to_owned()));
    assert_eq!(
        pool(&standard, "primary", 10, &[]),
        found(Some("rules[0]"), "standard")
    );
    assert_eq!(
        pool(&standard, "primary", 100_001, &[]),
        found(Some("long"), "long")
    );
    let elsewhere = agent(&[("tier", "standard")], None);
    assert_eq!(pool(&elsewhere, "primary", 10, &[]), found(None, "own"));
    let plain = agent(&[], None);
    let headers = [("x-broker-step", "extraction"), ("x-team", "b")];
    assert_eq!(
        pool(&plain, "primary", 10, &headers),
        found(Some("rules[2]"), "batch")
    );
    assert_eq!(pool(&plain, "primary", 10, &headers[..1]), found(None, "own"));
    assert_eq!(pool(&plain, "tiny", 10, &[]), found(Some("match_when"), "cheap"));
}

#[test]
fn a_rule_may_ask_what_a_call_needs() {
    use Capability::{Json, Streaming, Tools, Vision};

    let rule =
        |name: &str, condition: serde_json::Value| json!({"name": name, "match": condition, "pool": "p"});
    let document = json!({
        "providers": [{"name": "p", "kind": "openai"}],
        "pools": [{"name": "p", "members": [{"provider": "p", "model": "upstream"}]}],
        "models": [{"name": "primary", "pool": "p"}],
        "rules": [
            rule("sees", json!({"images": true})),
            rule("acts", json!({"tools": true, "stream": false})),
            rule("acts-live", json!({"tools": true})),
            rule("live", json!({"stream": true, "tools": false})),
        ],
    });
    let snapshot = load(&document, Audience::Filter).unwrap().snapshot;
    let (plain, headers) = (agent(&[], None), Headers::default());
    let rule = |needs: &[Capability]| {
        let facts = Facts {
            needs: needs.iter().copied().collect(),
            ..Facts::of_model(&plain, &headers, "primary")
        };
        resolve(&snapshot, facts)
            .unwrap()
            .rule
            .map(|name| name.to_string())
    };
    for (needs, expected) in [
        (&[][..], None),
        (&[Json], None),
        (&[Vision, Tools, Streaming], Some("sees")),
        (&[Tools], Some("acts")),
        (&[Tools, Streaming], Some("acts-live")),
        (&[Streaming], Some("live")),
    ] {
        assert_eq!(rule(needs).as_deref(), expected, "{needs:?}");
    }
}

#[test]
fn a_model_that_nothing_takes_is_unknown() {
    let plain = agent(&[], None);
    assert_eq!(pool(&plain, "nonsense", 10, &[]), None);
    assert_eq!(pool(&plain, "upstream", 10, &[]), None);
    let standard = agent(&[("tier", "standard")], Some("sales"));
    assert!(
        pool(&standard, "upstream", 10, &[]).is_some(),
        "a rule without a condition on the model takes it"
    );
    assert_eq!(pool(&standard, "nonsense", 10, &[]), None);
}

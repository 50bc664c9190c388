use std::sync::Arc;

use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::config::{Audience, Snapshot, load};
use crate::identity::TokenDigest;
use crate::policy::bundle;

const POLICIES: &str = r#"
@id("lab-invokes") permit(principal in Workspace::"lab", action == Action::"invoke", resource in Pool::"main");
@id("lab-sees") permit(principal in Workspace::"lab", action == Action::"list", resource in Model::"primary");
@id("restricted-in-eu") forbid(principal, action, resource)
when { context.classification == "restricted" && resource.provider.region != "eu" };
@id("no-tools") forbid(principal, action, resource) when { context.tools };
@id("by-day") forbid(principal, action, resource) when { context.hour >= 18 };
@id("short") forbid(principal, action, resource) when { context.estimated_tokens > 5000 };
"#;

fn snapshot() -> Arc<Snapshot> {
    let document = json!({
        "providers": [
            {"name": "us", "kind": "openai", "region": "us"},
            {"name": "eu", "kind": "anthropic", "region": "eu"},
        ],
        "pools": [{"name": "main", "members": [
            {"provider": "us", "model": "gpt-a"}, {"provider": "eu", "model": "claude-a"},
        ]}],
        "models": [{"name": "primary", "pool": "main"}, {"name": "other", "pool": "main"}],
        "workspaces": [{"name": "lab"}, {"name": "vault", "regions": ["eu"]}],
        "agents": [
            {"name": "bot", "workspace": "lab", "token_sha256": TokenDigest::of(b"bot").to_string()},
            {"name": "guard", "workspace": "vault", "token_sha256": TokenDigest::of(b"guard").to_string()},
        ],
        "policies": POLICIES,
    });
    let bundle = bundle(&document, |_| Err("no files here".to_owned()));
    assert!(bundle.mistakes.is_empty(), "{:?}", bundle.mistakes);
    load(&bundle.document, Audience::Filter)
        .unwrap_or_else(|mistakes| panic!("{mistakes}"))
        .snapshot
}

fn read_case(case: &Value, snapshot: &Snapshot) -> Result<Vec<Case>, String> {
    let file = |name: &str| match name {
        "call.json" => Ok(br#"{"model": "primary", "messages": [], "tools": [{}]}"#.to_vec()),
        _ => Err("no such file".to_owned()),
    };
    read(&json!([case]), snapshot, file).map_err(|mistakes| mistakes.to_string())
}

/// What is otherwise than a case expects.
fn failures(case: &Value) -> Vec<String> {
    let snapshot = snapshot();
    let cases = read_case(case, &snapshot).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    // 21 November 2026, 16:30 UTC.
    let decided = cases[0].decide(&snapshot, Timestamp(1_795_278_600_000_000_000), &[]);
    let failures = cases[0].expected.failures(&decided);
    failures.iter().map(ToString::to_string).collect()
}

fn mistake(case: &Value) -> String {
    read_case(case, &snapshot()).unwrap_err()
}

#[test]
fn a_case_holds_if_the_filter_would_decide_as_expected() {
    let cases = [
        json!({"agent": "bot", "model": "primary", "expect": "allow"}),
        json!({"agent": "bot", "model": "primary", "api": "anthropic", "expect": "allow"}),
        json!({"agent": "bot", "model": "primary", "at": "2026-11-21T18:00:00Z", "expect": "deny"}),
        json!({"agent": "bot", "model": "primary", "estimated_tokens": 5001, "expect": "deny"}),
        json!({"agent": "bot", "request_file": "call.json", "expect": {"decision": "deny", "policies": ["no-tools"]}}),
        json!({"agent": "bot", "request": {"model": "primary", "tools": [{}]}, "expect": "deny"}),
        json!({"agent": "bot", "model": "primary", "action": "list", "expect": "allow"}),
        json!({"agent": "bot", "model": "other", "action": "list", "expect": "deny"}),
        json!({"agent": "guard", "model": "primary", "expect": "deny"}),
        json!({"agent": "bot", "model": "nothing", "expect": {"decision": "deny", "code": "model_not_found"}}),
        json!({
            "agent": "bot", "model": "nothing", "action": "list",
            "expect": {"decision": "deny", "code": "model_not_found"},
        }),
        json!({
            "agent": "bot", "attributes": {"classification": "restricted"}, "model": "primary",
            "expect": {
                "decision": "allow", "policies": ["lab-invokes"],
                "members": {"us/gpt-a": "deny", "eu/claude-a": "allow"},
            },
        }),
    ];
    for case in cases {
        assert_eq!(failures(&case), Vec::<String>::new(), "{case}");
    }
}

#[test]
fn a_case_that_does_not_hold_tells_everything_that_is_otherwise() {
    let case = json!({
        "agent": "bot", "model": "primary",
        "expect": {"decision": "deny", "policies": ["no-tools"], "members": {"us/gpt-a": "deny", "eu/claude-a": "allow"}},
    });
    assert_eq!(
        failures(&case),
        [
            "expected deny, decided allow",
            "policy `no-tools` does not determine it",
            "expected us/gpt-a: deny, decided allow",
        ]
    );
}

#[test]
fn a_call_that_something_else_keeps_back_is_not_one_that_policies_deny() {
    let unknown = json!({"agent": "bot", "model": "primry", "expect": "deny"});
    assert_eq!(
        failures(&unknown),
        ["expected deny, decided deny, but not by policies: model_not_found"]
    );
    let no_request = json!({"agent": "bot", "request": {"model": 7}, "expect": "allow"});
    assert_eq!(
        failures(&no_request),
        ["expected allow, decided deny, but not by policies: invalid_request"]
    );
}

#[test]
fn a_mistake_is_told_with_its_place_and_the_nearest_name() {
    let cases = [
        (json!({"agnt": "bot"}), "[0].agnt: is not a key here"),
        (json!({"agnt": "bot"}), "did you mean `agent`?"),
        (
            json!({"agent": "bt"}),
            "[0].agent: `bt` is no agent of the configuration; did you mean `bot`?",
        ),
        (
            json!({"agent": "bot"}),
            "[0].request: is missing; or give `model` or `request_file`",
        ),
        (json!({"agent": "bot"}), "[0].expect: is missing"),
        (
            json!({"expect": "alow"}),
            "[0].expect: `alow` must be one of allow, deny; did you mean `allow`?",
        ),
        (
            json!({"expect": {"decision": "deny", "polices": []}}),
            "[0].expect.polices: is not a key here",
        ),
        (
            json!({"expect": {"decision": "deny", "policies": ["no-tool"]}}),
            "[0].expect.policies[0]: `no-tool` is no policy of the configuration; did you mean `no-tools`?",
        ),
        (
            json!({"expect": {"decision": "deny", "members": {"us/gpt-b": "deny"}}}),
            "is no member of any pool, as `provider/model`; did you mean `us/gpt-a`?",
        ),
        (
            json!({"expect": {"decision": "allow", "code": "x"}}),
            "[0].expect.code: `x` is the code of a refusal",
        ),
        (
            json!({"at": "noon"}),
            "[0].at: `noon` must be a time such as 2026-12-24T18:00:00Z",
        ),
        (
            json!({"action": "lst"}),
            "[0].action: `lst` must be one of invoke, list; did you mean `list`?",
        ),
        (json!({"action": "list"}), "[0].model: is missing"),
        (
            json!({"action": "list", "request": {}}),
            "[0].request: `{}` has no meaning for `action: list`",
        ),
        (
            json!({"model": "a", "request": {}}),
            "[0].model: is one of `model`, `request` and `request_file`",
        ),
        (
            json!({"request_file": "gone"}),
            "[0].request_file: `gone` cannot be read: no such file",
        ),
        (json!(7), "[0]: must be a mapping"),
    ];
    for (case, expected) in cases {
        let mistakes = mistake(&case);
        assert!(mistakes.contains(expected), "{mistakes}");
    }
}

#[test]
fn a_document_without_cases_is_a_mistake() {
    let snapshot = snapshot();
    let of = |document: &Value| {
        let read = read(document, &snapshot, |_| Ok(Vec::new()));
        read.unwrap_err().to_string()
    };
    assert!(of(&json!([])).contains("has no cases"));
    assert!(of(&json!(null)).contains("must be a list"));
}

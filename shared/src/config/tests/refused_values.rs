use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::config::{ProviderKind, Server};

use super::{expect, loaded, mistakes, put, with, without};

#[test]
fn what_a_pool_may_not_hold_says_what_would_be_right() {
    expect(&[
        (
            "/pools/0/members/0/weight",
            json!(0.5),
            "pools[0].members[0].weight: `0.5` must be a whole number from 0 to 1000000",
        ),
        (
            "/pools/0/members/0/weight",
            json!(1_000_001),
            "pools[0].members[0].weight: `1000001` must be",
        ),
        (
            "/pools/0/members/0/weight",
            json!("70"),
            "pools[0].members[0].weight: `70` must be",
        ),
        (
            "/pools/0/members/0/priority",
            json!(-1),
            "pools[0].members[0].priority: `-1` must be",
        ),
        (
            "/pools/0/members/0/model",
            json!("gpt 5"),
            "pools[0].members[0].model: `gpt 5` must be a model's name",
        ),
        (
            "/pools/0/members/2/capabilities/0",
            json!("sight"),
            "pools[0].members[2].capabilities[0]: `sight` is no capability (known: streaming, tools, vision, json, embeddings)",
        ),
        (
            "/pools/0/members/0/context_tokens",
            json!("long"),
            "pools[0].members[0].context_tokens: `long` must be a number of tokens such as `131072`, `128k` or `1m`",
        ),
        (
            "/pools/0/members/0/context_tokens",
            json!(0),
            "pools[0].members[0].context_tokens: `0` must be a whole number from 1 to",
        ),
        (
            "/pools/0/members/0/context_tokens",
            json!("0k"),
            "pools[0].members[0].context_tokens: `0k` must be a number of tokens",
        ),
        (
            "/models/1/targets/0/context_tokens",
            json!([128]),
            "models[1].targets[0].context_tokens: `[...]` must be a number of tokens",
        ),
    ]);
}

#[test]
fn what_a_tenant_a_model_a_rule_or_an_agent_may_not_hold_says_what_would_be_right() {
    expect(&[
        (
            "/tenants/1",
            json!({"name": "a b"}),
            "tenants[1].name: `a b` must be a name of letters, digits",
        ),
        (
            "/models/0/defaults/temperature",
            json!(2.5),
            "models[0].defaults.temperature: `2.5` must be a number from 0 to 2",
        ),
        (
            "/models/0/defaults/top_p",
            json!(1.5),
            "models[0].defaults.top_p: `1.5` must be a number from 0 to 1",
        ),
        (
            "/models/0/defaults/max_tokens",
            json!(0),
            "models[0].defaults.max_tokens: `0` must be",
        ),
        (
            "/models/0/defaults/stop",
            json!("END"),
            "models[0].defaults.stop: must be a list",
        ),
        (
            "/models/0/capabilities/0",
            json!("audio"),
            "models[0].capabilities[0]: `audio` is no capability (known: ",
        ),
        (
            "/rules/0/match/tools",
            json!("yes"),
            "rules[0].match.tools: `yes` must be `true` or `false`",
        ),
        (
            "/rules/0/match/images",
            json!([true]),
            "rules[0].match.images: `[...]` must be `true` or `false`",
        ),
        (
            "/rules/0/match/context.tokens",
            json!("100k"),
            "rules[0].match[\"context.tokens\"]: `100k` must be a comparison",
        ),
        (
            "/rules/0/match/context.tokens",
            json!(100),
            "rules[0].match[\"context.tokens\"]: `100` must be a comparison",
        ),
        (
            "/rules/0/match/agent",
            json!([]),
            "rules[0].match.agent: `[]` must have at least one value",
        ),
        (
            "/rules/0/match/agent",
            json!([7]),
            "rules[0].match.agent[0]: `7` must be text",
        ),
        (
            "/rules/0/match",
            json!({}),
            "rules[0].match: `{}` must have at least one condition",
        ),
        (
            "/rules/0/match",
            json!("all"),
            "rules[0].match: `all` must be a mapping",
        ),
        (
            "/rules/0/priority",
            json!(1.5),
            "rules[0].priority: `1.5` must be a whole number",
        ),
        (
            "/identity/tokens",
            json!(1),
            "identity.tokens: `1` must be `true` or `false`",
        ),
        (
            "/agents/0/attributes/tier",
            json!(1),
            "agents[0].attributes.tier: `1` must be text",
        ),
    ]);
}

#[test]
fn a_duration_has_a_unit_and_an_end() {
    let mistake = |idle: Value| {
        let provider =
            json!({"name": "new", "kind": "openai", "endpoint": "http://new", "timeout": {"idle": idle}});
        let found = mistakes(&with("/providers/4", provider));
        assert_eq!(found.len(), 1, "{found:#?}");
        found[0].clone()
    };
    for text in [
        json!("20"),
        json!(20),
        json!("s"),
        json!(""),
        json!("1d"),
        json!("1.5s"),
        json!("99999999999999999999h"),
    ] {
        assert!(mistake(text).contains("must be a duration such as `500ms`, `20s`, `10m` or `1h`"));
    }
    for text in ["0s", "25h", "86401s"] {
        assert_eq!(
            mistake(json!(text)),
            format!("providers[4].timeout.idle: `{text}` must be between `1ms` and `24h`")
        );
    }
}

#[test]
fn how_envoy_reaches_an_account_is_checked() {
    expect(&[
        (
            "/providers/0/endpoint",
            json!("ftp://x"),
            "providers[0].endpoint: `ftp://x` must begin with",
        ),
        (
            "/providers/0/endpoint",
            json!("https://"),
            "providers[0].endpoint: `https://` must name a host",
        ),
        (
            "/providers/0/credential",
            json!({}),
            "providers[0].credential: must have exactly one of",
        ),
        (
            "/providers/0/credential/file",
            json!("key"),
            "providers[0].credential: must have exactly one of",
        ),
        (
            "/providers/0/credential/env",
            json!("MY-KEY"),
            "providers[0].credential.env: ",
        ),
    ]);
    assert_eq!(
        mistakes(&without("/providers/0/endpoint")),
        ["providers[0].endpoint: is missing"]
    );
}

#[test]
fn failover_is_a_number_of_attempts_after_the_first() {
    for value in [
        json!("up to many"),
        json!("up to 99"),
        json!("up to -1"),
        json!("up to +3"),
        json!("up to 3 times"),
        json!("up to"),
        json!("upto 3"),
        json!("Up To 3"),
        json!("3.0"),
        json!("0x3"),
        json!("up to 99999999999999999999"),
        json!([3]),
        json!(null),
        json!(""),
        json!("all"),
        json!(true),
    ] {
        let found = mistakes(&with("/pools/1/failover", value));
        assert!(
            found[0].contains("must be `up to N` or N attempts after the first, N from 0 to 10"),
            "{found:#?}"
        );
    }
    for value in [json!(99), json!(-1), json!(1.5)] {
        let found = mistakes(&with("/pools/1/failover", value));
        assert!(
            found[0].contains("must be a whole number from 0 to 10"),
            "{found:#?}"
        );
    }
}

#[test]
fn a_misspelt_kind_or_strategy_is_told_with_those_that_there_are() {
    let kind = |kind: &str| mistakes(&with("/providers/2/kind", json!(kind))).remove(0);
    assert!(kind("replicate").contains("is no provider kind (supported: openai, "));
    assert!(kind("opnai").ends_with("did you mean `openai`?"));
    expect(&[(
        "/pools/0/routing",
        json!("casacde"),
        "pools[0].routing: `casacde` is no routing strategy (supported: ",
    )]);
}

#[test]
fn a_version_of_the_api_is_one_that_azure_has() {
    let mut azure = with("/providers/2/kind", json!("azure-openai"));
    for (version, problem) in [
        (json!("2024-10"), "must be a version of Azure's API such as"),
        (
            json!("2024-10-21&x=y"),
            "must be a version of Azure's API such as",
        ),
        (
            json!("2024-10-21-beta"),
            "must be a version of Azure's API such as",
        ),
        (json!("2024/10/21"), "must be a version of Azure's API such as"),
        (json!("preview"), "must be a version of Azure's API such as"),
        (json!(7), "must be"),
        (json!("2024-06-01"), "is too old: before `2024-09-01-preview`"),
    ] {
        put(&mut azure, "/providers/2/api_version", version);
        let found = mistakes(&azure);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].contains(problem), "{found:#?}");
    }
    for version in ["2024-09-01-preview", "2024-10-21", "2025-04-01-preview"] {
        put(&mut azure, "/providers/2/api_version", json!(version));
        let connection = &loaded(&azure).connections[2];
        assert_eq!(connection.api_version.as_deref(), Some(version));
    }
    expect(&[(
        "/providers/0/api_version",
        json!("2024-10-21"),
        "providers[0].api_version: `2024-10-21` belongs to accounts of the kind `azure-openai` only",
    )]);
}

#[test]
fn a_dialect_is_the_make_of_a_compatible_server() {
    let mut document = with("/providers/2/kind", json!("openai-compatible"));
    for server in Server::ALL {
        put(&mut document, "/providers/2/dialect", json!(server.as_str()));
        let kind = loaded(&document).snapshot.providers[2].kind;
        assert_eq!(kind, ProviderKind::SelfHosted(*server));
        assert_eq!(kind.as_str(), "openai-compatible");
    }
    put(&mut document, "/providers/2/dialect", json!("vlm"));
    assert!(mistakes(&document)[0].ends_with("did you mean `vllm`?"));
    expect(&[(
        "/providers/0/dialect",
        json!("vllm"),
        "providers[0].dialect: `vllm` belongs to accounts of the kind `openai-compatible` only",
    )]);
}

#[test]
fn policies_come_compiled_and_their_mode_is_one_of_two() {
    expect(&[
        (
            "/policies",
            json!("permit(principal, action, resource);"),
            "policies: must be compiled, which `broker render` and `broker up` do",
        ),
        (
            "/policies",
            json!({"schema": 99, "policies": []}),
            "policies: the policies were rendered for version 99 of the entity model",
        ),
        (
            "/policies",
            json!({"schema": 1, "policies": [{"id": "a", "effect": "allow"}]}),
            "policies: are no compiled policies: ",
        ),
        (
            "/policy_mode",
            json!("audti"),
            "policy_mode: `audti` is no mode (supported: enforce, audit); did you mean `audit`?",
        ),
    ]);
    let document = with("/policy_mode", json!("audit"));
    assert_eq!(loaded(&document).snapshot.policy_mode, crate::policy::Mode::Audit);
}

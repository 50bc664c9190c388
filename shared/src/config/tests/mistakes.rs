use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{OTHER_TOKEN, TOKEN, expect, mistakes, put, valid, with, without};
use crate::config::{Audience, load};

#[test]
fn all_mistakes_are_reported_at_once_each_with_its_place_value_and_nearest_name() {
    let mut document = valid();
    for (pointer, value) in [
        ("/provders", json!([])),
        ("/providers/3/endpoint", json!("127.0.0.1:8000")),
        ("/providers/1/credential/env", json!("OPENAI_KEY")),
        ("/pools/0/members/0/provider", json!("opnai-a")),
        ("/pools/0/members/1/weight", json!(-1)),
        ("/rules/1/pool", json!("standrad")),
        ("/rules/1/match/teir", json!("standard")),
        ("/workspaces/2", json!({"name": "other", "tenant": "acne"})),
        ("/agents/1/workspace", json!("suport")),
        ("/agents/2", json!({"name": "bot", "token_sha256": TOKEN})),
        ("/agents/3", json!({"name": "last", "token_sha256": "x"})),
    ] {
        put(&mut document, pointer, value);
    }
    let expected = [
        "agents[1].workspace: `suport` is no workspace of this configuration; did you mean `support`?",
        "agents[2].name: `bot` is the name of another agent too",
        "agents[3].token_sha256: must be the SHA-256 of a token, 64 hexadecimal digits: see `broker token hash`",
        "pools[0].members[0].provider: `opnai-a` is no provider of this configuration; did you mean `openai-a`?",
        "pools[0].members[1].weight: `-1` must be a whole number from 0 to 1000000",
        "providers[1].credential: must have exactly one of `env`, `file`, `sds`, `aws`, `gcp` and `oauth2`",
        "providers[3].endpoint: `127.0.0.1:8000` must begin with `https://` or `http://`",
        "provders: is not a key here (known: ",
        "rules[1].match.teir: `standard` is no condition: use `request.model`",
        "rules[1].pool: `standrad` is no pool of this configuration; did you mean `standard`?",
        "workspaces[2].tenant: `acne` is no tenant of this configuration; did you mean `acme`?",
    ];
    let found = mistakes(&document);
    for line in expected {
        assert!(
            found.iter().any(|found| found.starts_with(line)),
            "{line}\nis not in\n{}",
            found.join("\n")
        );
    }
    assert_eq!(found.len(), expected.len(), "{}", found.join("\n"));
}

#[test]
fn an_unknown_key_is_a_mistake_wherever_it_is() {
    for place in [
        "",
        "/providers/0",
        "/providers/0/timeout",
        "/providers/0/credential",
        "/pools/0",
        "/pools/0/members/0",
        "/pools/2/accept",
        "/pools/2/accept/json",
        "/models/0",
        "/models/0/defaults",
        "/models/1/targets/0",
        "/rules/0",
        "/tenants/0",
        "/workspaces/0",
        "/agents/0",
        "/identity",
        "/prices/gpt-5-mini",
    ] {
        let found = mistakes(&with(&format!("{place}/nonsense"), json!(7)));
        assert_eq!(found.len(), 1, "{place}: {found:#?}");
        assert!(
            found[0].contains("nonsense: is not a key here (known: "),
            "{}",
            found[0]
        );
    }
}

#[test]
fn a_misspelt_key_is_told_the_right_one() {
    for (pointer, right) in [
        ("/agentz", "agents"),
        ("/pools/0/fail_over", "failover"),
        ("/pools/0/members/0/wieght", "weight"),
        ("/models/0/defaults/max_token", "max_tokens"),
        ("/providers/0/timeout/firstbyte", "first_byte"),
    ] {
        let found = mistakes(&with(pointer, json!(1)));
        assert!(
            found[0].ends_with(&format!("did you mean `{right}`?")),
            "{pointer}: {}",
            found[0]
        );
    }
}

#[test]
fn a_condition_is_told_the_nearest_one() {
    for (key, right) in [
        ("teir", "tier"),
        ("context.token", "context.tokens"),
        ("taem", "team"),
        ("Agent", "agent"),
    ] {
        let found = mistakes(&with(&format!("/rules/1/match/{key}"), json!("x")));
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(
            found[0].ends_with(&format!("did you mean `{right}`?")),
            "{}",
            found[0]
        );
    }
}

#[test]
fn a_key_that_is_not_acted_on_yet_is_refused_rather_than_passed_over() {
    for key in ["cache", "shadow", "capture"] {
        let found = mistakes(&with(&format!("/{key}"), json!({})));
        assert_eq!(found.len(), 1, "{key}: {found:#?}");
        assert!(
            found[0].ends_with("is not supported by this version of the broker; remove it"),
            "{}",
            found[0]
        );
    }
}

#[test]
fn a_name_is_given_once_and_a_token_to_one_agent() {
    expect(&[
        (
            "/providers/4",
            json!({"name": "local", "kind": "openai", "endpoint": "http://localhost"}),
            "providers[4].name: `local` is the name of another provider too",
        ),
        (
            "/pools/2",
            json!({"name": "long", "members": [{"provider": "local", "model": "m"}]}),
            "pools[2].name: `long` is the name of another pool too",
        ),
        (
            "/models/1/name",
            json!("primary"),
            "models[1].name: `primary` is the name of another model too",
        ),
        (
            "/tenants/1",
            json!({"name": "acme"}),
            "tenants[1].name: `acme` is the name of another tenant too",
        ),
        (
            "/workspaces/1/name",
            json!("research"),
            "workspaces[1].name: `research` is the name of another workspace too",
        ),
        (
            "/agents/1/name",
            json!("bot"),
            "agents[1].name: `bot` is the name of another agent too",
        ),
        (
            "/agents/1/token_sha256",
            json!([OTHER_TOKEN, TOKEN]),
            "agents[1].token_sha256[1]: is the token of another agent too",
        ),
    ]);
}

#[test]
fn what_must_not_be_empty_or_missing_is_asked_for() {
    assert_eq!(mistakes(&json!({})), ["providers: is missing"]);
    assert_eq!(
        mistakes(&json!({"providers": []})),
        ["providers: `[]` must have at least one entry"]
    );
    assert_eq!(mistakes(&json!([])), ["the document: must be a mapping"]);
    assert_eq!(mistakes(&Value::Null), ["the document: must be a mapping"]);
    expect(&[(
        "/pools/1/members",
        json!([]),
        "pools[1].members: `[]` must have at least one entry",
    )]);
    for (pointer, expected) in [
        (
            "/pools/0/members/0/model",
            "pools[0].members[0].model: is missing",
        ),
        ("/rules/0/pool", "rules[0].pool: is missing"),
        (
            "/prices/gpt-5-mini/output",
            "prices.gpt-5-mini.output: is missing",
        ),
    ] {
        assert_eq!(mistakes(&without(pointer)), [expected]);
    }
}

#[test]
fn a_model_has_either_a_pool_or_targets() {
    let both = json!({"name": "both", "pool": "standard", "targets": [{"provider": "local"}]});
    for model in [both, json!({"name": "neither"})] {
        let found = mistakes(&with("/models/2", model));
        assert_eq!(found.len(), 1);
        assert!(
            found[0].starts_with("models[2]: ") && found[0].ends_with("must have either `pool` or `targets`")
        );
    }
}

#[test]
fn a_long_value_is_shown_in_part() {
    let found = mistakes(&with("/rules/0/pool", json!("é".repeat(5_000))));
    assert!(
        found[0].starts_with("rules[0].pool: `ééé") && found[0].len() < 300,
        "{}",
        found[0]
    );
}

#[test]
fn the_filter_does_not_take_what_only_envoy_needs() {
    let found = load(&valid(), Audience::Filter).unwrap_err().to_string();
    assert!(
        found.contains("providers[0].endpoint: ") && found.contains("providers[0].credential: "),
        "{found}"
    );
}

#[test]
fn one_mistake_in_an_entry_gives_one_mistake() {
    for (pointer, value) in [
        ("/providers/1/kind", json!("opnai")),
        ("/providers/1/kind", json!(7)),
        ("/providers/1/region", json!("a b")),
        ("/providers/1/endpoint", json!("nowhere")),
        ("/providers/1/credential", json!("key")),
        ("/providers/1/credential", json!({"aws": {}})),
        ("/providers/1/timeout", json!("20s")),
        ("/providers/1/timeout", json!({"first_byte": "soon"})),
        ("/providers/1/limits", json!({})),
        ("/pools/0/failover", json!("many")),
        ("/pools/0/routing", json!("cascades")),
        ("/pools/0/members", json!([])),
        ("/pools/0/members/0", json!(7)),
        ("/pools/0/members/0/weight", json!(-1)),
        ("/pools/0/members/0/model", json!("a b")),
        ("/pools/0/match_when", json!({"teir": "x"})),
        ("/models/0/defaults", json!("warm")),
        ("/models/0/defaults/temperature", json!("warm")),
        ("/models/0/capabilities", json!("tools")),
        ("/rules/0/priority", json!("high")),
        ("/rules/0/name", json!("a b")),
        ("/tenants/0/regions", json!(["ue"])),
        ("/tenants/0/regions", json!([])),
        ("/tenants/0/regions", json!("eu")),
        ("/workspaces/0/tenant", json!("acne")),
        ("/workspaces/0/regions", json!([7])),
        ("/agents/0/workspace", json!("reserch")),
        ("/agents/0/token_sha256", json!("bot-token")),
        ("/agents/0/attributes/team", json!(7)),
    ] {
        let found = mistakes(&with(pointer, value.clone()));
        assert_eq!(found.len(), 1, "{pointer} = {value}: {found:#?}");
    }
    for pointer in ["/providers/1/kind", "/providers/1/endpoint", "/pools/0/members"] {
        let found = mistakes(&without(pointer));
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].ends_with(": is missing"), "{}", found[0]);
    }
}

#[test]
fn known_keys_are_those_that_are_acted_on() {
    for (pointer, left_out) in [("/nonsense", &["shadow", "capture"][..])] {
        let found = mistakes(&with(pointer, json!(1)));
        for key in left_out {
            assert!(!found[0].contains(key), "{}", found[0]);
        }
    }
}

#[test]
fn an_attribute_cannot_have_the_name_of_a_fact() {
    for (fact, meaning) in [
        ("agent", "the agent's name"),
        ("workspace", "the workspace's name"),
        ("tenant", "the tenant's name"),
        ("stream", "whether the answer is to be a stream"),
        ("tools", "whether the call has tools"),
        ("images", "whether the call has images"),
    ] {
        let found = mistakes(&with(&format!("/agents/0/attributes/{fact}"), json!("x")));
        let expected = format!(
            "agents[0].attributes.{fact}: `x` cannot be an attribute: in conditions `{fact}` is {meaning}"
        );
        assert_eq!(found, [expected]);
    }
}

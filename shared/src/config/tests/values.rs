use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{loaded, put, valid, with, without};
use crate::config::{
    Audience, CredentialSource, Defaults, Operator, Scheme, Subject, Test, Timeouts, filter_part, load,
};
use crate::identity::TokenDigest;
use crate::provider::{Capabilities, Capability};
use crate::units::Millis;

fn failover_of(document: &Value, pool: usize) -> u32 {
    loaded(document).snapshot.pools[pool].failover
}

#[test]
fn a_document_with_every_key_loads_without_a_warning() {
    let loaded = loaded(&valid());
    assert_eq!(loaded.warnings, []);
    let snapshot = &loaded.snapshot;
    let names: Vec<_> = snapshot
        .providers
        .iter()
        .map(|provider| provider.name.as_str())
        .collect();
    assert_eq!(names, ["anthropic-a", "openai-a", "openai-b", "local"]);
    let timeouts = Timeouts {
        connect: Millis(2_000),
        first_byte: Millis(60_000),
        idle: Millis(500),
    };
    assert_eq!(snapshot.providers[0].timeouts, timeouts);
    assert_eq!(snapshot.providers[0].region.as_deref(), Some("us"));
    assert_eq!(snapshot.providers[1].timeouts, Timeouts::default());

    let standard = &snapshot.pools[0];
    let members: Vec<_> = standard
        .members
        .iter()
        .map(|member| {
            (
                member.provider.name.as_str(),
                member.model.as_str(),
                member.weight,
                member.priority,
            )
        })
        .collect();
    assert_eq!(
        members,
        [
            ("openai-a", "gpt-5-mini", 70, 0),
            ("openai-b", "gpt-5-mini", 30, 0),
            ("local", "llama-4-70b", 1, 1),
        ]
    );

    let primary = &snapshot.models["primary"];
    assert_eq!(primary.pool.name.as_str(), "standard");
    let but_embeddings = Capabilities::ALL.without(Capability::Embeddings);
    assert_eq!(primary.capabilities, Some(but_embeddings));
    let defaults = Defaults {
        temperature: Some(0.2),
        top_p: Some(0.9),
        max_tokens: Some(1000),
        stop: vec!["END".to_owned()],
    };
    assert_eq!(primary.defaults, defaults);
    assert!(snapshot.prices.find("gpt-5-mini").is_some());
}

#[test]
fn what_a_member_can_do_is_as_written_else_as_is_known_of_the_model_else_everything() {
    let abilities = |document: &Value, member: usize| {
        let member = &loaded(document).snapshot.pools[0].members[member];
        (member.capabilities, member.context.map(|tokens| tokens.0))
    };
    let written = Capabilities::NONE
        .with(Capability::Streaming)
        .with(Capability::Tools);
    assert_eq!(abilities(&valid(), 2), (written, Some(128_000)));
    let of_chat = Capabilities::ALL.without(Capability::Embeddings);
    assert_eq!(abilities(&valid(), 0), (of_chat, Some(400_000)));
    let unknown = with("/pools/0/members/0/model", json!("house-model"));
    assert_eq!(abilities(&unknown, 0), (Capabilities::ALL, None));
    let none = with("/pools/0/members/0/capabilities", json!([]));
    assert_eq!(abilities(&none, 0), (Capabilities::NONE, Some(400_000)));
    for (value, tokens) in [
        (json!("1.5m"), 1_500_000),
        (json!("131072"), 131_072),
        (json!(131_072.0), 131_072),
    ] {
        let document = with("/pools/0/members/0/context_tokens", value);
        assert_eq!(abilities(&document, 0), (of_chat, Some(tokens)));
    }
}

#[test]
fn a_models_own_targets_are_a_pool_of_its_name_and_keep_its_name() {
    let claude = &loaded(&valid()).snapshot.models["claude"];
    assert_eq!((claude.pool.name.as_str(), claude.pool.failover), ("claude", 0));
    assert_eq!(claude.pool.members[0].model.as_str(), "claude");
    assert_eq!(claude.capabilities, None);
}

#[test]
fn an_agent_is_found_by_each_of_its_tokens_with_its_workspace_and_tenant() {
    let snapshot = loaded(&with(
        "/agents/1/token_sha256/1",
        json!(TokenDigest::of(b"second").to_string()),
    ))
    .snapshot;
    let name = |token: &[u8]| {
        let tokens = snapshot.identity.tokens.as_ref().unwrap();
        tokens
            .get(&TokenDigest::of(token))
            .map(|known| known.agent.name.as_str())
    };
    assert_eq!(
        (name(b"bot"), name(b"test"), name(b"second")),
        (None, Some("batch"), Some("batch"))
    );
    assert_eq!(snapshot.identity.tokens.as_ref().unwrap().len(), 3);
    assert_eq!(snapshot.agents.len(), 2);
    let bot = snapshot
        .agents
        .values()
        .find(|agent| agent.name.as_str() == "bot")
        .unwrap();
    let workspace = bot.workspace.as_ref().unwrap();
    assert_eq!(workspace.name.as_str(), "research");
    assert_eq!(
        workspace.tenant.as_ref().map(ToString::to_string).as_deref(),
        Some("acme")
    );
    assert_eq!(bot.attributes["team"], "blue");
}

#[test]
fn conditions_are_read_with_their_subject() {
    let rule = &loaded(&valid()).snapshot.rules[0];
    let test = |subject: &Subject| &rule.criteria.iter().find(|c| c.subject == *subject).unwrap().test;
    let one_of = |names: &[&str]| Test::OneOf(names.iter().map(|name| (*name).to_owned()).collect());
    assert_eq!(*test(&Subject::Tenant), one_of(&["acme"]));
    assert_eq!(*test(&Subject::Workspace), one_of(&["research", "support"]));
    assert_eq!(*test(&Subject::Agent), one_of(&["bot"]));
    assert_eq!(*test(&Subject::RequestModel), one_of(&["deep"]));
    assert_eq!(*test(&Subject::Attribute("team".to_owned())), one_of(&["blue"]));
    assert_eq!(*test(&Subject::Header("x-team".to_owned())), one_of(&["blue"]));
    assert_eq!(*test(&Subject::Stream), Test::Is(true));
    assert_eq!(*test(&Subject::Tools), Test::Is(true));
    assert_eq!(*test(&Subject::Images), Test::Is(false));
    let Test::Compare(comparison) = test(&Subject::ContextTokens) else {
        panic!("{rule:?}")
    };
    assert_eq!((comparison.operator, comparison.bound), (Operator::More, 1_000));
}

#[test]
fn agents_may_ask_for_logical_models_and_for_names_in_conditions() {
    let snapshot = loaded(&valid()).snapshot;
    assert_eq!(
        snapshot.offered_models.iter().collect::<Vec<_>>(),
        ["claude", "deep", "primary"]
    );
    assert!(snapshot.upstream_models.contains("llama-4-70b"));
}

#[test]
fn how_envoy_reaches_each_account_is_known_to_the_operator_only() {
    let connections = loaded(&valid()).connections;
    let (anthropic, local) = (&connections[0], &connections[3]);
    assert_eq!(anthropic.endpoint.authority(), "api.anthropic.com");
    assert_eq!(
        anthropic.credential,
        Some(CredentialSource::Environment("ANTHROPIC_KEY".to_owned()))
    );
    assert_eq!(
        connections[1].credential,
        Some(CredentialSource::File("keys/openai".to_owned()))
    );
    assert_eq!(
        connections[2].credential,
        Some(CredentialSource::Sds("openai-key".to_owned()))
    );
    assert_eq!(connections[2].endpoint.base_path, "/openai");
    assert_eq!(
        (local.endpoint.scheme, local.credential.clone()),
        (Scheme::Http, None)
    );
}

#[test]
fn the_filters_part_is_the_same_version_and_names_neither_endpoint_nor_credential() {
    let part = filter_part(&valid());
    let text = part.to_string();
    for hidden in [
        "endpoint",
        "credential",
        "api.openai.com",
        "ANTHROPIC_KEY",
        "keys/openai",
        "openai-key",
    ] {
        assert!(!text.contains(hidden), "{hidden}");
    }
    let filter = load(&part, Audience::Filter).unwrap();
    assert!(filter.connections.is_empty());
    assert_eq!(filter.snapshot.version, loaded(&valid()).snapshot.version);
}

#[test]
fn the_order_of_keys_does_not_change_the_version() {
    let version = |text: &str| super::super::version(&serde_json::from_str(text).unwrap());
    assert_eq!(
        version(r#"{"a": [{"b": 1, "c": 2}], "d": 3}"#),
        version(r#"{"d": 3, "a": [{"c": 2, "b": 1}]}"#)
    );
}

#[test]
fn a_version_is_twelve_digits_that_change_with_what_decides_and_only_with_that() {
    let version = |document: &Value| loaded(document).snapshot.version.to_string();
    let before = version(&valid());
    assert!(
        before.len() == 12 && before.chars().all(|c| c.is_ascii_hexdigit()),
        "{before}"
    );
    assert_ne!(version(&with("/pools/0/members/0/weight", json!(71))), before);
    assert_eq!(
        version(&with("/providers/0/endpoint", json!("https://example.com"))),
        before
    );
    assert_eq!(
        version(&with("/providers/0/credential/env", json!("OTHER"))),
        before
    );
}

#[test]
fn numbers_may_be_doubles_as_envoys_struct_has_them() {
    let mut document = valid();
    for (pointer, value) in [
        ("/pools/0/members/0/weight", json!(70.0)),
        ("/pools/0/members/0/priority", json!(0.0)),
        ("/pools/0/failover", json!(3.0)),
        ("/models/0/defaults/max_tokens", json!(1000.0)),
        ("/rules/0/priority", json!(-10.0)),
        ("/prices/gpt-5-mini/output", json!(2.0)),
    ] {
        put(&mut document, pointer, value);
    }
    let snapshot = loaded(&document).snapshot;
    assert_eq!(
        (snapshot.pools[0].members[0].weight, snapshot.pools[0].failover),
        (70, 3)
    );
    assert_eq!(snapshot.models["primary"].defaults.max_tokens, Some(1000));
    assert_eq!(snapshot.rules[1].priority, -10);
}

#[test]
fn failover_is_read_in_each_spelling() {
    for (value, retries) in [
        (json!("up to 3"), 3),
        (json!("up to  3 "), 3),
        (json!("3"), 3),
        (json!(3), 3),
        (json!(0), 0),
        (json!("none"), 0),
        (json!("up to 10"), 10),
    ] {
        assert_eq!(
            failover_of(&with("/pools/0/failover", value.clone()), 0),
            retries,
            "{value}"
        );
    }
}

#[test]
fn failover_that_is_not_written_is_every_other_member_but_no_more_than_three() {
    let member = json!({"provider": "local", "model": "m"});
    for (members, retries) in [(1, 0), (2, 1), (4, 3), (5, 3)] {
        let mut document = without("/pools/0/failover");
        put(
            &mut document,
            "/pools/0/members",
            vec![member.clone(); members].into(),
        );
        assert_eq!(failover_of(&document, 0), retries, "{members} members");
        let mut document = valid();
        put(
            &mut document,
            "/models/1/targets",
            vec![json!({"provider": "local"}); members].into(),
        );
        assert_eq!(loaded(&document).snapshot.models["claude"].pool.failover, retries);
    }
}

#[test]
fn rules_are_sorted_by_priority_and_stay_in_order_within_one() {
    let rule = |name: &str, priority: i64| json!({"name": name, "priority": priority, "pool": "long"});
    let rules =
        json!([rule("a", 0), rule("b", 5), {"pool": "long"}, rule("c", 5), rule("d", -1), rule("e", 0)]);
    let snapshot = loaded(&with("/rules", rules)).snapshot;
    let names: Vec<_> = snapshot.rules.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names, ["b", "c", "a", "rules[2]", "e", "d"]);
    assert!(snapshot.rules[0].criteria.is_empty());
}

#[test]
fn what_is_allowed_but_probably_not_meant_is_a_warning() {
    let warnings = |document: &Value| {
        loaded(document)
            .warnings
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        warnings(&with("/pools/0/cache", json!("short-context"))),
        ["pools[0].cache: `short-context` answers are not cached by this version of the broker"]
    );
    let mut document = without("/rules");
    put(&mut document, "/agents", json!([]));
    put(&mut document, "/identity", json!({"tokens": true}));
    assert_eq!(
        warnings(&document),
        ["agents: is empty: nobody is known, so every call will be refused"]
    );
}

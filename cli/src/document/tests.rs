use std::collections::BTreeMap;
use std::path::Path;

use shared::config::{Agent, Pool, Snapshot};
use shared::headers::Headers;
use shared::identity::TokenDigest;
use shared::routing::{self, Demand, Facts, Moment};
use shared::store::Empty;
use shared::units::{Timestamp, Tokens};
use shared::wire::Format;

use super::*;

/// Pools and rules as the product's own page shows them.
const POOLS_AND_RULES: &str = r#"
pools:
  - name: reasoning-tier
    routing: priority-weighted
    failover: up to 3
    cache: short-context
    members:
      - provider: anthropic
        model: claude-opus-4-7
        weight: 70
      - provider: openai
        model: gpt-5-thinking
        weight: 25
      - provider: bedrock
        model: claude-opus-4-7
        weight: 5 # regional capacity
rules:
  - match:
      tier: standard
    pool: standard-tier
  - match:
      tier: premium
      context.tokens: ">100k"
    pool: long-context-tier
"#;

/// The same within a document that defines what it names, its accounts being of one kind.
fn tiers(kind: &str) -> Document {
    let missing = "  - {name: standard-tier, members: [{provider: openai, model: gpt-5-mini}]}\n  \
                   - {name: long-context-tier, members: [{provider: openai, model: gpt-5-long}]}";
    let mut text = POOLS_AND_RULES.replace("rules:", &format!("{missing}\nrules:"));
    text.push_str("providers:\n");
    for name in ["anthropic", "openai", "bedrock"] {
        let endpoint = format!("https://{name}.example.com");
        text.extend([
            "  - {name: ",
            name,
            ", kind: ",
            kind,
            ", endpoint: \"",
            &endpoint,
            "\"}\n",
        ]);
    }
    text.push_str("models: [{name: reasoning, pool: reasoning-tier}]\n");
    parse(&text, Path::new("tiers.yaml")).unwrap_or_else(|error| panic!("{error:#}"))
}

fn pool<'a>(snapshot: &'a Snapshot, name: &str) -> &'a Pool {
    snapshot
        .pools
        .iter()
        .find(|pool| pool.name.as_str() == name)
        .unwrap()
}

/// The pool that takes a call for `reasoning` from an agent of a tier with so many tokens.
fn pool_for(document: &Document, tier: &str, tokens: u64) -> String {
    let attributes = BTreeMap::from([("tier".to_owned(), tier.to_owned())]);
    let agent = Agent {
        name: "bot".into(),
        workspace: None,
        allowances: Vec::new(),
        attributes,
    };
    let headers = Headers::default();
    let facts = Facts {
        input: Tokens(tokens),
        ..Facts::of_model(&agent, &headers, "reasoning")
    };
    routing::resolve(&document.loaded.snapshot, facts)
        .unwrap()
        .pool
        .name
        .to_string()
}

/// What is said of a text that does not hold.
fn error(text: &str) -> String {
    match parse(text, Path::new("some/broker.yaml")) {
        Ok(_) => panic!("{text} holds"),
        Err(error) => format!("{error:#}"),
    }
}

#[test]
fn the_pools_and_rules_of_the_products_page_are_read_as_they_stand() {
    let document = tiers("anthropic");
    let reasoning = pool(&document.loaded.snapshot, "reasoning-tier");
    assert_eq!(reasoning.failover, 3);
    let members: Vec<_> = reasoning
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
            ("anthropic", "claude-opus-4-7", 70, 0),
            ("openai", "gpt-5-thinking", 25, 0),
            ("bedrock", "claude-opus-4-7", 5, 0),
        ]
    );
    let warnings: Vec<_> = document
        .loaded
        .warnings
        .iter()
        .map(|warning| warning.path.as_str())
        .collect();
    assert_eq!(warnings, ["pools[0].cache", "agents"]);
}

#[test]
fn the_rules_of_the_products_page_choose_by_tier_and_length() {
    let document = tiers("anthropic");
    for (tier, tokens, expected) in [
        ("standard", 10, "standard-tier"),
        ("standard", 200_000, "standard-tier"),
        ("premium", 100_000, "reasoning-tier"),
        ("premium", 100_001, "long-context-tier"),
        ("basic", 200_000, "reasoning-tier"),
    ] {
        assert_eq!(pool_for(&document, tier, tokens), expected, "{tier} {tokens}");
    }
}

fn moment(random: u64) -> Moment<'static> {
    Moment {
        now: Timestamp(0),
        random,
        store: &Empty,
        worker: Box::leak(Box::default()),
    }
}

#[test]
fn first_choices_of_the_products_page_fall_seventy_to_twenty_five_to_five() {
    let document = tiers("openai-compatible");
    let reasoning = pool(&document.loaded.snapshot, "reasoning-tier");
    let body = br#"{"model":"m","messages":[]}"#;
    let request = Format::OpenAiChat.read_request(body).unwrap();
    let mut firsts = BTreeMap::new();
    for ticket in 0..1_000 {
        let moment = moment(u64::MAX / 1_000 * ticket + 1_000);
        let plan = routing::plan(reasoning, moment, Demand::of(&request, moment), None, 0, |_| {
            Ok(())
        });
        assert_eq!(plan.attempts.len(), 3);
        *firsts
            .entry(plan.attempts[0].provider.name.to_string())
            .or_insert(0) += 1;
    }
    let expected = [("anthropic", 700), ("openai", 250), ("bedrock", 50)];
    assert_eq!(
        firsts,
        expected.map(|(name, count)| (name.to_owned(), count)).into()
    );
}

#[test]
fn the_configuration_that_is_shipped_holds() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../envoy/broker.yaml");
    let loaded = load(&path).unwrap_or_else(|error| panic!("{error:#}")).loaded;
    assert_eq!(loaded.warnings, []);
    for name in ["support-bot", "research-bot"] {
        let digest = TokenDigest::of(format!("{name}-token").as_bytes());
        let tokens = loaded.snapshot.identity.tokens.as_ref().unwrap();
        let known = tokens.get(&digest);
        assert_eq!(
            known.map(|known| known.agent.name.to_string()).as_deref(),
            Some(name)
        );
    }
}

#[test]
fn a_key_that_is_given_twice_is_an_error() {
    for text in [
        "providers: []\nproviders: []\n",
        "providers:\n  - {name: a, kind: openai, endpoint: http://a, name: b}\n",
        "providers:\n  - {name: a, kind: openai, endpoint: http://a}\nprices:\n  m: {input: 1, output: 1}\n  m: {input: 2, output: 2}\n",
    ] {
        let error = error(text);
        assert!(
            error.contains("some/broker.yaml is not valid YAML") && error.contains("duplicate"),
            "{error}"
        );
    }
}

#[test]
fn a_text_that_is_no_yaml_is_an_error_that_names_the_file() {
    for text in [
        "providers: [",
        "a: b: c",
        "providers:\n\t- a",
        "providers: \"",
        "- a\nb: c",
    ] {
        let error = error(text);
        assert!(
            error.starts_with("some/broker.yaml is not valid YAML: "),
            "{text}: {error}"
        );
    }
}

#[test]
fn a_text_that_is_no_document_says_so() {
    for text in ["", "just text", "[]", "7"] {
        let error = error(text);
        assert!(error.starts_with("some/broker.yaml "), "{text}: {error}");
    }
}

#[test]
fn every_mistake_is_listed_under_the_files_name_and_counted() {
    let one = error("providers: []\n");
    assert_eq!(
        one,
        "some/broker.yaml has 1 mistake:\nproviders: `[]` must have at least one entry"
    );
    let two = error("providers: []\nmodles: []\n");
    assert!(two.starts_with("some/broker.yaml has 2 mistakes:\n"), "{two}");
    assert!(
        two.contains("modles: is not a key here") && two.ends_with("did you mean `models`?"),
        "{two}"
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let Err(error) = load(Path::new("nowhere/broker.yaml")) else {
        panic!("it is there")
    };
    assert!(
        format!("{error:#}").starts_with("cannot read nowhere/broker.yaml: "),
        "{error:#}"
    );
}

#[test]
fn only_true_and_false_are_booleans() {
    let identity = |value: &str| {
        format!(
            "providers: [{{name: a, kind: openai, endpoint: \"http://a\"}}]\nidentity: {{tokens: {value}}}\n"
        )
    };
    assert!(parse(&identity("true"), Path::new("broker.yaml")).is_ok());
    for value in ["yes", "on", "y", "\"true\"", "false"] {
        let error = error(&identity(value));
        assert!(
            error.contains("has 1 mistake:\nidentity.tokens: ") && error.contains("must be `true`"),
            "{error}"
        );
    }
}

#[test]
fn words_that_old_yaml_took_for_booleans_are_names() {
    for word in ["no", "on", "off", "y", "yes"] {
        let text = format!(
            "providers:\n  - {{name: {word}, kind: openai, endpoint: \"http://a\", region: {word}}}\n"
        );
        let document = parse(&text, Path::new("broker.yaml")).unwrap_or_else(|error| panic!("{error:#}"));
        let provider = &document.loaded.snapshot.providers[0];
        assert_eq!(
            (provider.name.as_str(), provider.region.as_deref()),
            (word, Some(word))
        );
    }
}

#[test]
fn a_text_that_is_no_yaml_is_not_shown_since_it_may_hold_secrets() {
    let account = "providers:\n  - {name: a, kind: openai, endpoint: http://a, credential: \"sk-secret\"";
    for text in [
        &format!("{account}\n"),
        &format!("{account}}}\n\tx: 1\n"),
        &format!("{account}, name: b}}\n"),
        &format!("{account}}}\nproviders: []\n"),
        "credential: *sk-secret\n",
        "credential: !sk-secret [\n",
    ] {
        let error = error(text);
        assert!(!error.contains("sk-secret"), "{text}\n{error}");
    }
}

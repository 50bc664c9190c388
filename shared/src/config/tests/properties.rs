use proptest::prelude::*;
use serde_json::Value;

use super::valid;
use crate::config::{Audience, filter_part, load};

/// Every key and every kind of value that a document may hold.
const WORDS: [&str; 96] = [
    "providers",
    "pools",
    "models",
    "rules",
    "tenants",
    "workspaces",
    "agents",
    "prices",
    "identity",
    "name",
    "kind",
    "region",
    "regions",
    "eu",
    "context_tokens",
    "128k",
    "tools",
    "images",
    "timeout",
    "connect",
    "first_byte",
    "idle",
    "endpoint",
    "credential",
    "env",
    "file",
    "sds",
    "routing",
    "failover",
    "members",
    "match_when",
    "cache",
    "provider",
    "model",
    "weight",
    "priority",
    "pool",
    "targets",
    "capabilities",
    "defaults",
    "temperature",
    "top_p",
    "max_tokens",
    "stop",
    "match",
    "tenant",
    "workspace",
    "token_sha256",
    "attributes",
    "tokens",
    "input",
    "output",
    "cache_read",
    "cache_write",
    "policies",
    "budgets",
    "context.tokens",
    "request.model",
    "header.x-team",
    "tier",
    "openai",
    "anthropic",
    "priority-weighted",
    "up to 3",
    ">100k",
    "20s",
    "https://example.com",
    "standard",
    "local",
    "streaming",
    "circuit_breaker",
    "consecutive_failures",
    "error_rate",
    "window",
    "recovery",
    "50%",
    "limits",
    "requests_per_minute",
    "tokens_per_minute",
    "listener",
    "tls",
    "certificate",
    "client_ca",
    "jwt",
    "jwks",
    "uri",
    "issuer",
    "audiences",
    "payload",
    "spiffe",
    "spiffe://mesh/{agent}",
    "agent",
    "expires",
    "2030-01-01T00:00:00Z",
    "record_user",
    "hash",
];

fn word() -> impl Strategy<Value = String> {
    prop_oneof![8 => prop::sample::select(&WORDS[..]).prop_map(str::to_owned), 1 => ".{0,12}"]
}

fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        (0..100u32).prop_map(Into::into),
        word().prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 80, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::hash_map(word(), inner, 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A change of a document: where, and what is put there; nothing: it is taken away.
fn change() -> impl Strategy<Value = (prop::sample::Index, Option<Value>)> {
    (any::<prop::sample::Index>(), prop::option::weighted(0.8, tree()))
}

fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Array(elements) => elements
            .iter()
            .enumerate()
            .map(|(index, v)| (index.to_string(), v))
            .collect(),
        Value::Object(members) => members.iter().map(|(key, v)| (key.clone(), v)).collect(),
        _ => Vec::new(),
    };
    for (key, child) in children {
        let pointer = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        pointers(child, &pointer, found);
        found.push(pointer);
    }
}

fn apply(document: &mut Value, index: prop::sample::Index, value: Option<Value>) {
    let mut found = Vec::new();
    pointers(document, "", &mut found);
    if found.is_empty() {
        return;
    }
    let pointer = index.get(&found);
    if let Some(value) = value {
        *document.pointer_mut(pointer).unwrap() = value;
        return;
    }
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(parent).unwrap() {
        Value::Array(elements) => drop(elements.remove(key.parse().unwrap())),
        Value::Object(members) => drop(members.remove(&key.replace("~1", "/").replace("~0", "~"))),
        _ => {}
    }
}

/// What the operator may write, the filter takes, as the same version; what is refused is refused with a reason.
fn holds_or_is_refused(document: &Value) -> Result<(), TestCaseError> {
    match load(document, Audience::Operator) {
        Ok(loaded) => {
            let filter = load(&filter_part(document), Audience::Filter);
            let filter = filter.map_err(|mistakes| TestCaseError::fail(mistakes.to_string()))?;
            prop_assert_eq!(&filter.snapshot.version, &loaded.snapshot.version);
            prop_assert_eq!(loaded.connections.len(), loaded.snapshot.providers.len());
        }
        Err(mistakes) => {
            prop_assert!(!mistakes.0.is_empty());
            prop_assert!(mistakes.0.iter().all(|mistake| !mistake.problem.is_empty()));
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_tree_is_read_without_a_panic(document in tree()) {
        holds_or_is_refused(&document)?;
    }

    #[test]
    fn any_change_of_a_valid_document_holds_or_is_refused(changes in prop::collection::vec(change(), 1..4)) {
        let mut document = valid();
        for (index, value) in changes {
            apply(&mut document, index, value);
        }
        holds_or_is_refused(&document)?;
    }
}

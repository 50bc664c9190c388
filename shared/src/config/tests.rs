use serde_json::{Value, json};

use super::*;

mod acceptance;
mod aws;
mod budgets;
mod care;
mod fleet;
mod health_check;
mod identity;
mod mistakes;
mod prices;
#[cfg(not(target_arch = "wasm32"))]
mod properties;
mod refused_values;
mod residency;
mod secrets;
mod values;

const TOKEN: &str = "4c26d9074c27d89ede59270c0ac14b71e071b15239519f75474b2f3ba63481f5";
const OTHER_TOKEN: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

fn prices() -> Value {
    json!({
            "gpt-5-mini": {"input": 0.25, "output": 2, "cache_read": 0.025, "cache_write": 0.5},
            "claude-opus-4-7": {"input": 15, "output": 75}, "claude": {"input": 3, "output": 15},
            "llama-4-70b": {"input": 0, "output": 0},
    })
}

fn budgets() -> Value {
    json!([
            {"name": "agent-day", "scope": "agent", "tokens": 2_000_000, "per": "day", "time_zone": "+01:00"},
            {
                "name": "research-month", "scope": "workspace", "of": "research", "usd": 500, "per": "month",
                "alert_at": ["50%", "80%", "95%"], "downgrade": {"at": "80%", "pool": "standard"},
                "mode": "audit", "status": 402, "clamp": true,
                "header": true, "shared": true,
            },
    ])
}

fn rate_limit_service() -> Value {
    json!({
            "cluster": "ratelimit", "domain": "model-broker", "endpoint": "http://ratelimit:8081",
            "when_down": "closed", "timeout": "20ms",
    })
}

/// A document without a mistake that has every key.
pub(super) fn valid() -> Value {
    json!({
        "providers": [
            {
                "name": "anthropic-a", "kind": "anthropic", "region": "us",
                "endpoint": "https://api.anthropic.com", "credential": {"env": "ANTHROPIC_KEY"},
                "timeout": {"connect": "2s", "first_byte": "1m", "idle": "500ms"},
                "limits": {"requests_per_minute": 4000, "tokens_per_minute": 2_000_000},
                "budget": {"usd": 5000.5, "per": "month", "time_zone": "-08:00", "alert_at": ["95%", "50%"]},
                "circuit_breaker": {
                    "consecutive_failures": 3, "error_rate": "25%", "window": "1m", "recovery": "10s",
                },
            },
            {
                "name": "openai-a", "kind": "openai", "region": "eu",
                "endpoint": "https://api.openai.com/v1", "credential": {"file": "keys/openai"},
            },
            {
                "name": "openai-b", "kind": "openai",
                "endpoint": "https://gateway.example.com:8443/openai", "credential": {"sds": "openai-key"},
            },
            {
                "name": "local", "kind": "openai-compatible", "endpoint": "http://127.0.0.1:8000",
                "health_check": {
                    "path": "/health?full=1", "interval": "5s", "timeout": "500ms", "unhealthy_after": 4,
                    "healthy_after": 1,
                },
            },
        ],
        "pools": [
            {
                "name": "standard", "routing": "priority-weighted", "failover": "up to 2",
                "retry_budget": {"ratio": "10%", "per_second": 2},
                "members": [
                    {"provider": "openai-a", "model": "gpt-5-mini", "weight": 70, "priority": 0},
                    {"provider": "openai-b", "model": "gpt-5-mini", "weight": 30},
                    {
                        "provider": "local", "model": "llama-4-70b", "priority": 1,
                        "capabilities": ["streaming", "tools"], "context_tokens": "128k",
                    },
                ],
            },
            {
                "name": "long", "routing": "lowest-latency", "affinity": "prompt-prefix",
                "match_when": {"context.tokens": ">= 200k"},
                "members": [{"provider": "anthropic-a", "model": "claude-opus-4-7"}],
            },
            {
                "name": "rungs", "routing": "cascade",
                "accept": {
                    "finish_reason": ["stop", "tool_calls"],
                    "json": {"schema": {"type": "object", "required": ["city"]}},
                    "min_output_tokens": 1, "min_characters": 2, "refusal_patterns": ["i (cannot|can't)"],
                },
                "members": [{"provider": "openai-a", "model": "gpt-5-mini"}],
            },
        ],
        "models": [
            {
                "name": "primary", "pool": "standard",
                "capabilities": ["streaming", "tools", "vision", "json"],
                "defaults": {"temperature": 0.2, "top_p": 0.9, "max_tokens": 1000, "stop": ["END"]},
            },
            {"name": "claude", "targets": [{"provider": "anthropic-a", "weight": 1, "priority": 0}]},
        ],
        "rules": [
            {
                "name": "research", "priority": 10, "pool": "long",
                "match": {
                    "tenant": "acme", "workspace": ["research", "support"], "agent": "bot", "team": "blue",
                    "step": "plan", "header.X-Team": "blue", "request.model": "deep", "context.tokens": ">1k",
                    "stream": true, "tools": true, "images": false,
                },
            },
            {"match": {"tier": "standard"}, "pool": "standard"},
        ],
        "tenants": [{"name": "acme", "regions": ["eu", "us"]}],
        "workspaces": [{"name": "research", "tenant": "acme", "regions": ["eu"]}, {"name": "support"}],
        "agents": [
            {
                "name": "bot", "workspace": "research", "token_sha256": TOKEN,
                "attributes": {"tier": "premium", "team": "blue"},
            },
            {"name": "batch", "token_sha256": [{"sha256": OTHER_TOKEN, "expires": "2030-01-01T00:00:00Z"}]},
        ],
        "listener": {"tls": {"certificate": "tls/server.pem", "key": "tls/server.key", "client_ca": "tls/ca.pem"}},
        "identity": identity(),
        "budgets": budgets(),
        "rate_limit_service": rate_limit_service(),
        "prices": prices(),
    })
}

fn identity() -> Value {
    json!({
        "tokens": true, "record_user": "hash",
        "jwt": {
            "issuer": "https://issuer.example.com", "audiences": ["broker"],
            "jwks": {"uri": "https://issuer.example.com/jwks.json"},
            "namespace": "envoy.filters.http.jwt_authn", "payload": "claims", "header": "Authorization",
            "agent": "sub", "workspace": ["org", "ws"], "tenant": "tid", "attributes": ["tier", "zone"],
        },
        "spiffe": {"agent": "spiffe://mesh/ns/{workspace}/sa/{agent}", "forwarded": true},
    })
}

/// Puts a value at a JSON pointer whose parent exists.
fn put(document: &mut Value, pointer: &str, value: Value) {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(parent).unwrap() {
        Value::Array(elements) => match key
            .parse::<usize>()
            .ok()
            .and_then(|index| elements.get_mut(index))
        {
            Some(element) => *element = value,
            None => elements.push(value),
        },
        parent => parent[key] = value,
    }
}

/// The valid document with one value changed.
pub(super) fn with(pointer: &str, value: Value) -> Value {
    let mut document = valid();
    put(&mut document, pointer, value);
    document
}

/// The valid document without one value.
fn without(pointer: &str) -> Value {
    let mut document = valid();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    document
        .pointer_mut(parent)
        .unwrap()
        .as_object_mut()
        .unwrap()
        .remove(key)
        .unwrap();
    document
}

fn loaded(document: &Value) -> Loaded {
    load(document, Audience::Operator).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// What is wrong in a document, in alphabetical order of the places.
pub(super) fn mistakes(document: &Value) -> Vec<String> {
    let found = load(document, Audience::Operator)
        .err()
        .map(|mistakes| mistakes.0)
        .unwrap_or_default();
    let mut lines: Vec<_> = found.iter().map(ToString::to_string).collect();
    lines.sort();
    lines
}

/// One changed value gives one mistake, which begins as expected.
fn expect(cases: &[(&str, Value, &str)]) {
    for (pointer, value, expected) in cases {
        let found = mistakes(&with(pointer, value.clone()));
        assert_eq!(found.len(), 1, "{pointer} = {value}: {found:#?}");
        assert!(
            found[0].starts_with(expected),
            "{pointer} = {value}: {}",
            found[0]
        );
    }
}

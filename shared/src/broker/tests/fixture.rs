//! A configuration with accounts of both dialects, and calls that are in order.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::config::{Audience, Snapshot, load};
use crate::identity::TokenDigest;
use crate::wire::Dialect;

/// Both dialects, each with a model that a member of its format serves.
pub const DIALECTS: [(Dialect, &str); 2] = [(Dialect::OpenAi, "gpt"), (Dialect::Anthropic, "claude")];

pub fn snapshot() -> Arc<Snapshot> {
    load(&document(), Audience::Filter)
        .unwrap_or_else(|mistakes| panic!("{mistakes}"))
        .snapshot
}

pub fn document() -> Value {
    let token = |token: &str| TokenDigest::of(token.as_bytes()).to_string();
    json!({
        "providers": [
            {"name": "openai-a", "kind": "openai", "region": "us", "timeout": {"first_byte": "20s"}},
            {"name": "openai-b", "kind": "openai", "region": "eu", "timeout": {"first_byte": "45s"}},
            {"name": "anthropic-a", "kind": "anthropic", "timeout": {"first_byte": "30s"}},
            {
                "name": "metered", "kind": "openai", "timeout": {"first_byte": "20s"},
                "limits": {"requests_per_minute": 3, "tokens_per_minute": 1_600},
            },
        ],
        "pools": [
            {"name": "pair", "members": [
                {"provider": "openai-a", "model": "gpt-a"},
                {"provider": "openai-b", "model": "gpt-b", "priority": 1},
            ]},
            {"name": "mixed", "members": [
                {"provider": "anthropic-a", "model": "claude-a"}, {"provider": "openai-a", "model": "gpt-a"},
            ]},
            {"name": "limited", "members": [
                {"provider": "openai-a", "model": "tiny-a", "capabilities": [], "context_tokens": 50},
                {"provider": "anthropic-a", "model": "tiny-b", "capabilities": [], "context_tokens": 90},
            ]},
            {"name": "cheapest", "routing": "lowest-cost", "members": [
                {"provider": "openai-a", "model": "gpt-b"}, {"provider": "openai-b", "model": "gpt-mini"},
            ]},
            {"name": "quickest", "routing": "lowest-latency", "members": [
                {"provider": "openai-a", "model": "gpt-q"}, {"provider": "openai-b", "model": "gpt-q"},
            ]},
            {"name": "sticky", "affinity": "prompt-prefix", "members": [
                {"provider": "openai-a", "model": "gpt-s"}, {"provider": "openai-b", "model": "gpt-s"},
            ]},
            {"name": "thrifty", "retry_budget": {"ratio": "50%", "per_second": 0}, "members": [
                {"provider": "openai-a", "model": "gpt-t"}, {"provider": "openai-b", "model": "gpt-t", "priority": 1},
            ]},
            {
                "name": "rungs", "routing": "cascade", "accept": {"json": "always"},
                "retry_budget": {"ratio": "0%", "per_second": 0},
                "members": [
                    {"provider": "metered", "model": "gpt-mini"},
                    {"provider": "openai-a", "model": "gpt-b"},
                    {"provider": "metered", "model": "gpt-m"},
                ],
            },
        ],
        "models": [
            {"name": "gpt", "pool": "pair"},
            {"name": "openai-files-pair", "pool": "pair"},
            {"name": "openai-files-mixed", "pool": "mixed"},
            {"name": "openai-files-sticky", "pool": "sticky"},
            {"name": "claude", "targets": [{"provider": "anthropic-a", "model": "claude-a"}]},
            {"name": "either", "pool": "mixed"},
            {"name": "tiny", "pool": "limited"},
            {"name": "cheap", "pool": "cheapest"},
            {"name": "quick", "pool": "quickest"},
            {"name": "loyal", "pool": "sticky"},
            {"name": "careful", "pool": "thrifty"},
            {"name": "climbing", "pool": "rungs"},
            {"name": "few", "targets": [{"provider": "metered", "model": "gpt-m"}]},
        ],
        "rules": [{"name": "vip", "match": {"tier": "premium", "request.model": "deep"}, "pool": "mixed"}],
        "tenants": [{"name": "acme"}],
        "workspaces": [{"name": "lab", "tenant": "acme"}, {"name": "vault", "regions": ["eu"]}],
        "agents": [
            {
                "name": "bot", "workspace": "lab", "token_sha256": token("bot-token"),
                "attributes": {"tier": "standard", "classification": "internal", "purpose": "support"},
            },
            {"name": "boss", "token_sha256": token("boss-token"), "attributes": {"tier": "premium"}},
            {"name": "resident", "workspace": "vault", "token_sha256": token("resident-token")},
        ],
        "prices": {
            "gpt-b": {"input": 2, "output": 8, "cache_read": 0.2},
            "gpt-mini": {"input": 0.2, "output": 30},
            "claude-a": {"input": 3, "output": 15},
        },
    })
}

pub type Pairs = Vec<(String, Vec<u8>)>;

/// The headers of a call that is in order.
pub fn headers(dialect: Dialect) -> Pairs {
    let pair = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
    let mut headers = vec![pair(":method", "POST"), pair("x-request-id", "req-1")];
    headers.extend(match dialect {
        Dialect::OpenAi => {
            vec![
                pair(":path", "/v1/chat/completions"),
                pair("authorization", "Bearer bot-token"),
            ]
        }
        Dialect::Anthropic => vec![
            pair(":path", "/v1/messages"),
            pair("x-api-key", "bot-token"),
            pair("anthropic-version", "2023-06-01"),
        ],
    });
    headers
}

/// The same with some headers set anew; an empty value takes one away.
pub fn headers_with(dialect: Dialect, changes: &[(&str, &str)]) -> Pairs {
    let mut headers = headers(dialect);
    for (name, value) in changes {
        headers.retain(|(given, _)| given != name);
        if !value.is_empty() {
            headers.push(((*name).to_owned(), value.as_bytes().to_vec()));
        }
    }
    headers
}

pub fn body(model: &str) -> String {
    json!({"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}).to_string()
}

use serde_json::{Value, json};

use super::testing::Facts;
use super::*;
use crate::config::{Audience, load};

mod combined;
mod tokens;

/// `2026-11-21T09:44:05Z`
const NOW: Timestamp = Timestamp(1_795_254_245_000_000_000);

const MALLORY: &str = "spiffe://mesh/ns/lab/sa/mallory";

fn snapshot(identity: &Value) -> Arc<Snapshot> {
    let digest = |token: &str| TokenDigest::of(token.as_bytes()).to_string();
    let expiring = |token: &str, expires: &str| json!({"sha256": digest(token), "expires": expires});
    let document = json!({
        "providers": [{"name": "a", "kind": "openai"}],
        "identity": identity,
        "tenants": [{"name": "acme"}],
        "workspaces": [{"name": "lab", "tenant": "acme"}, {"name": "vault"}],
        "agents": [
            {
                "name": "bot", "workspace": "lab", "attributes": {"tier": "standard"},
                "token_sha256": [
                    digest("secret"), expiring("old", "2026-11-21T09:44:05Z"), expiring("new", "2026-11-21T09:44:06Z"),
                ],
            },
            {"name": "loner", "token_sha256": digest("loner")},
        ],
    });
    load(&document, Audience::Filter)
        .unwrap_or_else(|mistakes| panic!("{mistakes}"))
        .snapshot
}

/// Tokens, JWTs and certificates, each with a workspace.
fn all() -> Value {
    json!({
        "jwt": {"workspace": "ws", "tenant": "org", "attributes": ["tier", "region"]},
        "spiffe": {"agent": "spiffe://mesh/ns/{workspace}/sa/{agent}"},
    })
}

fn headers(pairs: &[(&str, &[u8])]) -> Headers {
    let owned = |(name, value): &(&str, &[u8])| ((*name).to_owned(), value.to_vec());
    Headers::new(pairs.iter().map(owned).collect())
}

fn identify_with(
    identity: &Value,
    pairs: &[(&str, &[u8])],
    facts: &Facts,
) -> Result<Identified, IdentityError> {
    let arrival = Arrival {
        headers: &headers(pairs),
        verified: facts,
        now: NOW,
    };
    identify(arrival, &snapshot(identity))
}

/// The agent and what made it known.
fn who(identity: &Value, pairs: &[(&str, &[u8])], facts: &Facts) -> Result<String, IdentityError> {
    identify_with(identity, pairs, facts)
        .map(|known| format!("{} by {}", known.agent.name, known.source.as_str()))
}

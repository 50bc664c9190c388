//! Who calls: by token, by a JWT that Envoy verifies, by the certificate that Envoy checks; and the person behind.

use provider_simulator::Simulator;
use serde_json::{Value, json};

use crate::harness::{Answer, Config, Record, sha256_hex};

mod certificates;
mod jwt;
mod tokens;
mod users;

const CALL: &str = r#"{"model":"fast","messages":[{"role":"user","content":"hi"}]}"#;

/// The agent `bot` of the workspace `lab` of `acme`, with `TOKEN`, and `other` with a token too; the model `fast`.
fn config(provider: &Simulator, identity: Value) -> Config {
    let agent = |name: &str, token: &str| {
        json!({
            "name": name, "workspace": "lab", "token_sha256": sha256_hex(token), "attributes": {"tier": "standard"},
        })
    };
    Config::new()
        .provider("openai", provider)
        .single("fast", provider, "upstream")
        .set("tenants", json!([{"name": "acme"}]))
        .set(
            "workspaces",
            json!([{"name": "lab", "tenant": "acme"}, {"name": "vault"}]),
        )
        .set(
            "agents",
            json!([
                agent("bot", crate::harness::TOKEN),
                agent("other", "token-of-other")
            ]),
        )
        .set("identity", identity)
}

/// Asserts a 401 with this code, in `OpenAI`'s shape.
#[track_caller]
fn expect_refused(answer: &Answer, code: &str) {
    answer.expect_status(401);
    assert_eq!(answer.json()["error"]["code"], code, "{}", answer.text());
}

/// The agent, its workspace and what made it known, of a record.
fn caller(record: &Record) -> [&str; 3] {
    ["llm.agent", "llm.workspace", "llm.identity"].map(|field| record.text(field))
}

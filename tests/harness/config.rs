//! Configurations made from simulators. Keys are those of `broker.example.yaml`; JSON is YAML.

use std::fmt::Write as _;

use provider_simulator::Simulator;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::{Broker, BrokerBuilder};

/// The token of the agent that [`Config::new`] knows.
pub const TOKEN: &str = "token-of-bot";

/// A configuration and the environment it speaks of.
#[derive(Clone, Debug)]
pub struct Config {
    document: Map<String, Value>,
    env: Vec<(String, String)>,
}

impl Config {
    /// One agent, `bot` of the workspace `lab`, with [`TOKEN`]; nothing to call yet.
    pub fn new() -> Self {
        let empty = Self {
            document: Map::new(),
            env: Vec::new(),
        };
        empty
            .item("workspaces", "lab", json!({}))
            .agent("bot", "lab", TOKEN)
    }

    /// `first`, and `second` when it fails, both of one kind; the model `fast` is `<kind>-first` there, `<kind>-second` here.
    pub fn failover(kind: &str, first: &Simulator, second: &Simulator) -> Self {
        let members = json!([
            {"provider": first.name(), "model": format!("{kind}-first"), "priority": 0},
            {"provider": second.name(), "model": format!("{kind}-second"), "priority": 1},
        ]);
        Self::new()
            .provider(kind, first)
            .provider(kind, second)
            .pool("pair", json!({"members": members}))
            .model("fast", "pair")
    }

    /// An account of this kind, named as the simulator, with the key [`key_of`] its name.
    pub fn provider(self, kind: &str, simulator: &Simulator) -> Self {
        self.provider_with(kind, simulator, json!({}))
    }

    /// The same with further keys, which win.
    pub fn provider_with(mut self, kind: &str, simulator: &Simulator, further: Value) -> Self {
        let name = simulator.name();
        let variable = format!("KEY_OF_{}", name.to_uppercase().replace('-', "_"));
        self.env.push((variable.clone(), key_of(name)));
        let mut provider =
            json!({"kind": kind, "endpoint": simulator.url(), "credential": {"env": variable}});
        merge(&mut provider, further);
        self.item("providers", name, provider)
    }

    /// A pool.
    pub fn pool(self, name: &str, pool: Value) -> Self {
        self.item("pools", name, pool)
    }

    /// A pool of one member and the model of the same name.
    pub fn single(self, model: &str, provider: &Simulator, upstream_model: &str) -> Self {
        self.pool(
            model,
            json!({"members": [{"provider": provider.name(), "model": upstream_model}]}),
        )
        .model(model, model)
    }

    /// A logical model that a pool serves.
    pub fn model(self, name: &str, pool: &str) -> Self {
        self.item("models", name, json!({"pool": pool}))
    }

    /// A further agent.
    pub fn agent(self, name: &str, workspace: &str, token: &str) -> Self {
        self.item(
            "agents",
            name,
            json!({"workspace": workspace, "token_sha256": sha256_hex(token)}),
        )
    }

    /// Sets a key of the document.
    pub fn set(mut self, key: &str, value: Value) -> Self {
        self.document.insert(key.to_owned(), value);
        self
    }

    /// The document as text.
    pub fn yaml(&self) -> String {
        serde_json::to_string_pretty(&self.document).expect("a document")
    }

    /// A broker with this configuration and its environment, to be started.
    pub fn broker(&self) -> BrokerBuilder {
        self.env
            .iter()
            .fold(Broker::builder(self.yaml()), |builder, (name, value)| {
                builder.env(name, value)
            })
    }

    /// Adds an item with this name to a list of the document.
    fn item(mut self, list: &str, name: &str, mut item: Value) -> Self {
        merge(&mut item, json!({"name": name}));
        let list = self.document.entry(list).or_insert_with(|| json!([]));
        list.as_array_mut().expect("a list").push(item);
        self
    }
}

/// The key of the provider account of this name.
pub fn key_of(name: &str) -> String {
    format!("secret-key-of-{name}")
}

/// The SHA-256 of a token, in lower-case hexadecimal digits.
pub fn sha256_hex(token: &str) -> String {
    Sha256::digest(token).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a string");
        hex
    })
}

fn merge(into: &mut Value, from: Value) {
    let (Value::Object(into), Value::Object(from)) = (into, from) else {
        panic!("both must be objects")
    };
    into.extend(from);
}

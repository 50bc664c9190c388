use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;

use serde_json::{Value, json};
use shared::config::{Audience, filter_part};

use super::*;

mod clusters;
mod files;
mod health;
mod hops;
mod identity;
mod rate_limit;
mod status;
mod tokens;

const DOCUMENT: &str = r"
providers:
  - name: openai-a
    kind: openai
    endpoint: https://api.openai.com/v1
    credential: {env: OPENAI_KEY}
    timeout: {connect: 2s, first_byte: 20s, idle: 90s}
  - name: anthropic-a
    kind: anthropic
    endpoint: https://gateway.example.com:8443/anthropic
    credential: {file: keys/anthropic}
    timeout: {first_byte: 20s, idle: 90s}
  - name: delivered
    kind: openai
    endpoint: https://10.0.0.7
    credential: {sds: vault-key}
    timeout: {first_byte: 20s, idle: 90s}
  - name: local
    kind: openai-compatible
    endpoint: http://127.0.0.1:8000
    timeout: {first_byte: 20s, idle: 90s}
pools:
  - name: main
    members: [{provider: openai-a, model: gpt-5, weight: 70}, {provider: local, model: llama, weight: 30}]
models:
  - {name: primary, pool: main, defaults: {temperature: 0.2}}
agents:
  - {name: bot, token_sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08}
";

fn place() -> Place {
    Place {
        listen: "127.0.0.1:10000".to_owned(),
        admin: "[::1]:9901".to_owned(),
        status: "127.0.0.1:9902".to_owned(),
        access_log: "/dev/stdout".into(),
        module: "/opt/model_broker.wasm".into(),
        secrets: None,
        trusted_ca: "/etc/ssl/certs/ca-certificates.crt".into(),
    }
}

/// A folder that a configuration was rendered into.
struct Rendered(tempfile::TempDir);

impl Rendered {
    fn new() -> Self {
        Self::of(DOCUMENT)
    }

    /// Renders into a folder of its own.
    fn of(text: &str) -> Self {
        let rendered = Self(tempfile::tempdir().unwrap());
        rendered.again(text);
        rendered
    }

    fn again(&self, text: &str) {
        self.again_at(&place(), text);
    }

    fn again_at(&self, place: &Place, text: &str) {
        let config = Path::new("/etc/broker/broker.yaml");
        let document = document::parse(text, config).unwrap_or_else(|error| panic!("{error:#}"));
        render(&document, config, place, self.0.path()).unwrap();
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).unwrap()
    }

    fn read(&self, name: &str) -> Value {
        serde_saphyr::from_str(&self.text(name)).unwrap()
    }

    fn cluster(&self, name: &str) -> Value {
        let clusters = self.read("clusters.yaml");
        clusters["resources"]
            .as_array()
            .unwrap()
            .iter()
            .find(|c| c["name"] == name)
            .unwrap()
            .clone()
    }

    /// The filters that an attempt passes on its way to an account.
    fn upstream_filters(&self, cluster: &str) -> Vec<Value> {
        let options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
        let cluster = self.cluster(cluster);
        cluster["typed_extension_protocol_options"][options]["http_filters"]
            .as_array()
            .unwrap()
            .clone()
    }

    /// The inodes of all files, by name.
    fn inodes(&self) -> BTreeMap<String, u64> {
        let folders = [self.0.path().to_owned(), self.0.path().join("secrets")];
        let entries = folders
            .iter()
            .flat_map(|folder| fs::read_dir(folder).unwrap())
            .map(Result::unwrap);
        let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
        files
            .map(|file| {
                (
                    file.file_name().into_string().unwrap(),
                    file.metadata().unwrap().ino(),
                )
            })
            .collect()
    }

    /// The files that another text changes.
    fn changed_by(&self, text: &str) -> Vec<String> {
        let before = self.inodes();
        self.again(text);
        let after = self.inodes();
        after
            .into_iter()
            .filter(|(name, inode)| before.get(name) != Some(inode))
            .map(|(name, _)| name)
            .collect()
    }
}

/// The configuration that a Wasm filter is given, as text.
fn wasm_configuration_of(filter: &Value) -> Value {
    serde_json::from_str(filter["config"]["configuration"]["value"].as_str().unwrap()).unwrap()
}

#[test]
fn a_secret_names_the_place_of_a_key_and_holds_none() {
    let rendered = Rendered::new();
    let secret = |name: &str| rendered.read(&format!("secrets/{name}.yaml"))["resources"][0].clone();
    assert_eq!(secret("openai-a")["name"], "openai-a");
    assert_eq!(
        secret("openai-a")["generic_secret"],
        json!({"secret": {"environment_variable": "OPENAI_KEY"}})
    );
    assert_eq!(
        secret("anthropic-a")["generic_secret"],
        json!({"secret": {"filename": "/etc/broker/keys/anthropic"}})
    );
    let secrets = fs::read_dir(rendered.0.path().join("secrets")).unwrap().count();
    assert_eq!(
        secrets, 2,
        "what something else delivers is not the broker's to write"
    );
}

#[test]
fn the_broker_is_given_the_filters_part_and_nothing_of_how_accounts_are_reached() {
    let rendered = Rendered::new();
    let filter = &rendered.read("filter.yaml")["resources"][0];
    let configuration = wasm_configuration_of(&filter["typed_config"]);
    let value: Value = serde_saphyr::from_str(DOCUMENT).unwrap();
    assert_eq!(configuration, filter_part(&value));
    let text = rendered.text("filter.yaml");
    for hidden in [
        "endpoint",
        "credential",
        "OPENAI_KEY",
        "keys/anthropic",
        "vault-key",
        "api.openai.com",
    ] {
        assert!(!text.contains(hidden), "{hidden}");
    }
    let operators = shared::config::load(&value, Audience::Operator).unwrap();
    let filters = shared::config::load(&configuration, Audience::Filter).unwrap();
    assert_eq!(filters.snapshot.version, operators.snapshot.version);
}

#[test]
fn every_account_can_be_routed_to_and_only_those() {
    let rendered = Rendered::new();
    let routes = &rendered.read("routes.yaml")["resources"][0];
    let route = &routes["virtual_hosts"][0]["routes"][0]["route"];
    let plugin = &route["inline_cluster_specifier_plugin"]["extension"]["typed_config"];
    let map = plugin["cluster_matcher"]["matcher_tree"]["prefix_match_map"]["map"]
        .as_object()
        .unwrap();
    let clusters: BTreeMap<_, _> = map
        .iter()
        .map(|(name, action)| {
            (
                name.strip_suffix('/').unwrap(),
                action["action"]["typed_config"]["cluster"].as_str().unwrap(),
            )
        })
        .collect();
    let names = ["anthropic-a", "delivered", "local", "openai-a"];
    assert_eq!(clusters, names.map(|name| (name, name)).into());
    assert_eq!(
        route["retry_policy"]["num_retries"],
        shared::limits::MAX_ATTEMPTS - 1
    );
    assert_eq!(route["retry_policy"]["refresh_cluster_on_retry"], true);
}

#[test]
fn silence_is_bounded_by_the_most_patient_account() {
    let rendered = Rendered::new();
    let listener = rendered.read("listeners.yaml");
    let manager = &listener["resources"][0]["filter_chains"][0]["filters"][0]["typed_config"];
    assert_eq!(manager["stream_idle_timeout"], "95.000s");
}

#[test]
fn a_cascade_may_be_silent_for_as_long_as_all_its_rungs() {
    let members = "[{provider: openai-a, model: a}, {provider: local, model: b}, {provider: openai-a, model: c}, \
                   {provider: local, model: d}, {provider: openai-a, model: e}]";
    let cascade =
        format!("pools:\n  - {{name: rungs, routing: cascade, accept: {{json: valid}}, members: {members}}}");
    let rendered = Rendered::of(&DOCUMENT.replace("pools:", &cascade));
    let listener = rendered.read("listeners.yaml");
    let manager = &listener["resources"][0]["filter_chains"][0]["filters"][0]["typed_config"];
    assert_eq!(manager["stream_idle_timeout"], "105.000s");
}

#[test]
fn addresses_are_taken_with_a_port_only() {
    let address = |host: &str, port: u16| json!({"socket_address": {"address": host, "port_value": port}});
    assert_eq!(socket_address("0.0.0.0:80").unwrap(), address("0.0.0.0", 80));
    assert_eq!(socket_address("[::1]:9901").unwrap(), address("::1", 9901));
    for wrong in ["", "localhost", "localhost:", "localhost:http", "localhost:70000"] {
        assert!(socket_address(wrong).is_err(), "{wrong}");
    }
    assert_eq!(
        Rendered::new().read("envoy.yaml")["admin"]["address"],
        address("::1", 9901)
    );
}

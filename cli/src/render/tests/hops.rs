//! Accounts that are given less time than others are reached through a hop with their own time-outs.

use serde_json::{Value, json};

use super::{DOCUMENT, Rendered, wasm_configuration_of};

/// The document with other times for one account.
fn with_times(account: &str, times: &str) -> String {
    let (before, entry) = DOCUMENT.split_once(&format!("  - name: {account}\n")).unwrap();
    let (lines, after) = entry.split_once("    timeout: ").unwrap();
    let (_, after) = after.split_once('\n').unwrap();
    format!("{before}  - name: {account}\n{lines}    timeout: {times}\n{after}")
}

fn names(rendered: &Rendered, file: &str) -> Vec<String> {
    let file = rendered.read(file);
    let resources = file["resources"].as_array().unwrap();
    resources
        .iter()
        .map(|resource| resource["name"].as_str().unwrap().to_owned())
        .collect()
}

/// The route of an account's hop.
fn hop_route(rendered: &Rendered, account: &str) -> Value {
    hop_manager(rendered, account)["route_config"]["virtual_hosts"][0]["routes"][0]["route"].clone()
}

fn hop_manager(rendered: &Rendered, account: &str) -> Value {
    let listeners = rendered.read("listeners.yaml");
    let listeners = listeners["resources"].as_array().unwrap();
    let hop = listeners
        .iter()
        .find(|listener| listener["name"] == format!("{account}/hop"))
        .unwrap();
    assert_eq!(hop["internal_listener"], json!({}));
    assert_eq!(hop.get("address"), None, "a hop has no socket");
    hop["filter_chains"][0]["filters"][0]["typed_config"].clone()
}

#[test]
fn accounts_that_are_all_given_the_same_time_have_no_hop() {
    let rendered = Rendered::new();
    assert_eq!(
        names(&rendered, "clusters.yaml"),
        ["openai-a", "anthropic-a", "delivered", "local"]
    );
    assert_eq!(
        names(&rendered, "listeners.yaml"),
        ["model-broker", "model-broker/status"]
    );
    let connect = Rendered::of(&with_times("local", "{connect: 1s, first_byte: 20s, idle: 90s}"));
    assert_eq!(
        names(&connect, "listeners.yaml"),
        ["model-broker", "model-broker/status"],
        "a cluster has its own time to connect"
    );
}

#[test]
fn only_the_account_that_is_given_less_time_has_a_hop() {
    for times in [
        "{first_byte: 5s, idle: 90s}",
        "{first_byte: 20s, idle: 30s}",
        "{first_byte: 1ms, idle: 1ms}",
    ] {
        let rendered = Rendered::of(&with_times("anthropic-a", times));
        assert_eq!(
            names(&rendered, "clusters.yaml"),
            [
                "openai-a",
                "anthropic-a",
                "anthropic-a/direct",
                "delivered",
                "local"
            ]
        );
        assert_eq!(
            names(&rendered, "listeners.yaml"),
            ["model-broker", "anthropic-a/hop", "model-broker/status"]
        );
    }
    let rendered = Rendered::of(&with_times("local", "{first_byte: 1m, idle: 90s}"));
    assert_eq!(
        names(&rendered, "listeners.yaml"),
        [
            "model-broker",
            "openai-a/hop",
            "anthropic-a/hop",
            "delivered/hop",
            "model-broker/status"
        ],
        "all but the one that is given more"
    );
}

#[test]
fn a_hop_knows_the_accounts_own_times_and_the_route_the_longest() {
    for (times, first_byte, idle) in [
        ("{first_byte: 5s, idle: 30s}", "5.000s", "30.000s"),
        ("{first_byte: 1500ms, idle: 1s}", "1.500s", "1.500s"),
        ("{first_byte: 20s, idle: 89s}", "20.000s", "89.000s"),
    ] {
        let rendered = Rendered::of(&with_times("local", times));
        let route = hop_route(&rendered, "local");
        assert_eq!(route["cluster"], "local/direct");
        assert_eq!(route["timeout"], "0s");
        assert_eq!(
            route["retry_policy"],
            json!({"num_retries": 0, "per_try_timeout": first_byte, "per_try_idle_timeout": idle})
        );
        let routes = rendered.read("routes.yaml");
        let main = &routes["resources"][0]["virtual_hosts"][0]["routes"][0]["route"]["retry_policy"];
        assert_eq!(
            (&main["per_try_timeout"], &main["per_try_idle_timeout"]),
            (&json!("20.000s"), &json!("95.000s"))
        );
    }
}

#[test]
fn an_attempt_passes_the_brokers_filter_and_the_credential_before_the_hop() {
    let rendered = Rendered::of(&with_times("openai-a", "{connect: 2s, first_byte: 5s}"));
    let filters = rendered.upstream_filters("openai-a");
    let passed: Vec<_> = filters
        .iter()
        .map(|filter| filter["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        passed,
        [
            "model_broker.egress",
            "envoy.filters.http.credential_injector",
            "envoy.filters.http.upstream_codec"
        ]
    );
    let egress = wasm_configuration_of(&filters[0]["typed_config"]);
    assert_eq!(egress["egress"]["authority"], "api.openai.com");
    let account = rendered.cluster("openai-a");
    let endpoint = &account["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"];
    assert_eq!(
        *endpoint,
        json!({"envoy_internal_address": {"server_listener_name": "openai-a/hop"}})
    );
    assert_eq!(
        account.get("transport_socket"),
        None,
        "what does not leave Envoy needs no TLS"
    );
}

#[test]
fn the_cluster_behind_the_hop_is_connected_to_the_account() {
    let rendered = Rendered::of(&with_times("openai-a", "{connect: 2s, first_byte: 5s}"));
    let direct = rendered.cluster("openai-a/direct");
    let endpoint = &direct["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"];
    assert_eq!(
        *endpoint,
        json!({"socket_address": {"address": "api.openai.com", "port_value": 443}})
    );
    assert_eq!(direct["load_assignment"]["cluster_name"], "openai-a/direct");
    assert_eq!(
        direct["transport_socket"]["typed_config"]["sni"],
        "api.openai.com"
    );
    assert_eq!(direct["connect_timeout"], "2.000s");
    let options = &direct["typed_extension_protocol_options"];
    let options = &options["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"];
    assert_eq!(
        options.get("http_filters"),
        None,
        "the broker sees each attempt once"
    );
}

#[test]
fn the_broker_routes_to_the_account_and_never_past_its_filter() {
    let rendered = Rendered::of(&with_times("local", "{first_byte: 5s}"));
    let text = rendered.text("routes.yaml");
    assert!(
        text.contains("local") && !text.contains("direct") && !text.contains("hop"),
        "{text}"
    );
}

#[test]
fn a_hop_tells_the_broker_what_became_of_an_attempt_that_it_gave_up() {
    let rendered = Rendered::of(&with_times("local", "{first_byte: 5s}"));
    let mapper = &hop_manager(&rendered, "local")["local_reply_config"]["mappers"][0];
    assert_eq!(mapper["filter"], json!({"response_flag_filter": {}}));
    let header = json!({"key": shared::headers::X_BROKER_FAILURE, "value": "%RESPONSE_FLAGS%"});
    assert_eq!(mapper["headers_to_add"], json!([{"header": header}]));
    assert_eq!(
        rendered.read("envoy.yaml")["bootstrap_extensions"][0]["name"],
        "envoy.bootstrap.internal_listener"
    );
}

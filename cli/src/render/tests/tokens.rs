use serde_json::{Value, json};
use shared::egress;

use super::{Rendered, wasm_configuration_of};

const DOCUMENT: &str = r#"
providers:
  - {name: google, kind: gemini, endpoint: "https://generativelanguage.googleapis.com", credential: {env: GEMINI_KEY}}
  - {name: vertex-eu, kind: vertex, project: my-project-1, location: europe-west4, credential: {gcp: {}}}
  - name: behind-oauth
    kind: openai-compatible
    endpoint: https://models.example.com
    credential:
      oauth2:
        token_endpoint: https://login.example.com:8443/token
        client_id: broker
        client_secret: {env: CLIENT_SECRET}
        scopes: [models.read, models.call]
"#;

fn filter(rendered: &Rendered, cluster: &str, name: &str) -> Value {
    let filters = rendered.upstream_filters(cluster);
    let found = filters.iter().position(|filter| filter["name"] == name).unwrap();
    assert_eq!(found, 1, "after the broker's filter");
    filters[found]["typed_config"].clone()
}

fn server(rendered: &Rendered, cluster: &str) -> Value {
    let cluster = rendered.cluster(cluster);
    cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]["socket_address"]
        .clone()
}

#[test]
fn a_key_of_gemini_goes_into_its_own_header() {
    let injector = filter(
        &Rendered::of(DOCUMENT),
        "google",
        "envoy.filters.http.credential_injector",
    );
    let generic = &injector["credential"]["typed_config"];
    assert_eq!(generic["header"], "x-goog-api-key");
    assert_eq!(generic.get("header_value_prefix"), None);
}

#[test]
fn a_service_accounts_token_comes_from_the_metadata_server() {
    let rendered = Rendered::of(DOCUMENT);
    let filters = rendered.upstream_filters("vertex-eu");
    assert!(
        filters
            .iter()
            .all(|filter| filter["name"] != "envoy.filters.http.credential_injector")
    );
    let listeners = rendered.read("listeners.yaml");
    let mut listeners = listeners["resources"].as_array().unwrap().iter();
    let hop = listeners
        .find(|listener| listener["name"] == "vertex-eu/hop")
        .unwrap();
    let filters = &hop["filter_chains"][0]["filters"][0]["typed_config"]["http_filters"];
    assert_eq!(filters[0]["name"], "envoy.filters.http.gcp_authn");
    assert_eq!(filters[1]["name"], "envoy.filters.http.router");
    let authn = &filters[0]["typed_config"];
    assert_eq!(authn["cluster"], "vertex-eu/token");
    let scopes = json!({"access_token": {"scopes": ["https://www.googleapis.com/auth/cloud-platform"]}});
    assert_eq!(authn["audience"], scopes);
    let expected = json!({"address": "metadata.google.internal", "port_value": 80});
    assert_eq!(server(&rendered, "vertex-eu/token"), expected);
    assert_eq!(rendered.cluster("vertex-eu/token").get("transport_socket"), None);
}

#[test]
fn a_token_by_client_credentials_is_fetched_with_a_secret_that_is_named_only() {
    let rendered = Rendered::of(DOCUMENT);
    let injector = filter(
        &rendered,
        "behind-oauth",
        "envoy.filters.http.credential_injector",
    );
    let oauth2 = &injector["credential"]["typed_config"];
    assert_eq!(
        oauth2["token_endpoint"]["uri"],
        "https://login.example.com:8443/token"
    );
    assert_eq!(oauth2["token_endpoint"]["cluster"], "behind-oauth/token");
    assert_eq!(oauth2["scopes"], json!(["models.read", "models.call"]));
    assert_eq!(oauth2["client_credentials"]["client_id"], "broker");
    assert_eq!(
        oauth2["client_credentials"]["client_secret"]["name"],
        "behind-oauth"
    );
    let secret = &rendered.read("secrets/behind-oauth.yaml")["resources"][0];
    assert_eq!(
        secret["generic_secret"],
        json!({"secret": {"environment_variable": "CLIENT_SECRET"}})
    );
    assert_eq!(server(&rendered, "behind-oauth/token")["port_value"], 8443);
    assert_eq!(
        rendered.cluster("behind-oauth/token")["transport_socket"]["typed_config"]["sni"],
        "login.example.com"
    );
}

#[test]
fn vertex_is_reached_at_its_location_and_the_filter_is_told_the_path_and_no_more() {
    let rendered = Rendered::of(DOCUMENT);
    let filters = rendered.upstream_filters("vertex-eu");
    let configuration = wasm_configuration_of(&filters[0]["typed_config"]);
    let egress = egress::Config::read(&configuration["egress"]).unwrap();
    assert_eq!(egress.address.authority, "europe-west4-aiplatform.googleapis.com");
    assert_eq!(
        egress.address.base_path,
        "/v1/projects/my-project-1/locations/europe-west4"
    );
    let all = configuration.to_string();
    for word in ["metadata", "scopes", "gcp"] {
        assert!(!all.contains(word), "{all}");
    }
}

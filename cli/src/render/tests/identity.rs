use super::*;

/// The document with an identity and a listener.
fn document(identity: &str, listener: &str) -> String {
    format!("{DOCUMENT}\nidentity: {identity}\n{listener}")
}

const REMOTE: &str =
    "{jwt: {issuer: me, audiences: [broker], jwks: {uri: \"https://issuer.example.com/keys\"}}}";

fn manager(rendered: &Rendered) -> Value {
    let listener = rendered.read("listeners.yaml")["resources"][0].clone();
    listener["filter_chains"][0]["filters"][0]["typed_config"].clone()
}

fn filters(rendered: &Rendered) -> Vec<String> {
    let manager = manager(rendered);
    let names = manager["http_filters"].as_array().unwrap().iter();
    names
        .map(|filter| filter["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn jwts_are_verified_before_the_broker_and_let_through_either_way() {
    let rendered = Rendered::of(&document(REMOTE, ""));
    assert_eq!(
        filters(&rendered),
        [
            "model_broker.jwt",
            "model_broker.broker",
            "envoy.filters.http.router"
        ]
    );
    let filter = &rendered.read("jwt.yaml")["resources"][0]["typed_config"];
    let provider = &filter["providers"]["agents"];
    assert_eq!(provider["issuer"], "me");
    assert_eq!(provider["audiences"], json!(["broker"]));
    assert_eq!(provider["forward"], false);
    assert_eq!(provider["payload_in_metadata"], "payload");
    assert_eq!(
        provider["from_headers"],
        json!([
            {"name": "authorization", "value_prefix": "Bearer "},
            {"name": "authorization", "value_prefix": "bearer "},
        ])
    );
    assert_eq!(
        filter["rules"][0]["requires"]["requires_any"]["requirements"],
        json!([{"provider_name": "agents"}, {"allow_missing_or_failed": {}}])
    );
    let keys = rendered.cluster("identity/jwks");
    let validation = &keys["transport_socket"]["typed_config"]["common_tls_context"]["validation_context"];
    assert_eq!(
        validation["match_typed_subject_alt_names"][0]["matcher"]["exact"],
        "issuer.example.com"
    );
    assert!(!rendered.text("filter.yaml").contains("issuer.example.com"));
}

#[test]
fn without_a_key_set_nothing_verifies_jwts() {
    for identity in ["{tokens: true}", "{jwt: {agent: sub}}"] {
        let rendered = Rendered::of(&document(identity, ""));
        assert_eq!(
            filters(&rendered),
            ["model_broker.broker", "envoy.filters.http.router"]
        );
        assert!(!rendered.0.path().join("jwt.yaml").exists());
    }
}

#[test]
fn another_issuer_leaves_the_listener_alone() {
    let rendered = Rendered::of(&document(REMOTE, ""));
    let changed = rendered.changed_by(&document(&REMOTE.replace("me", "you"), ""));
    assert_eq!(changed, ["jwt.yaml"]);
}

#[test]
fn certificates_are_asked_for_and_named_not_held() {
    let tls = "listener: {tls: {certificate: server.pem, key: /keys/server.key, client_ca: ca.pem}}\n";
    let spiffe = "{spiffe: {agent: \"spiffe://mesh/{agent}\"}}";
    let rendered = Rendered::of(&document(spiffe, tls));
    let chain = rendered.read("listeners.yaml")["resources"][0]["filter_chains"][0].clone();
    let socket = &chain["transport_socket"]["typed_config"];
    assert_eq!(socket["require_client_certificate"], false);
    let context = &socket["common_tls_context"];
    assert_eq!(
        context["validation_context_sds_secret_config"]["name"],
        "client-ca"
    );
    let server = &rendered.read("tls/server.yaml")["resources"][0]["tls_certificate"];
    assert_eq!(
        *server,
        json!({
            "certificate_chain": {"filename": "/etc/broker/server.pem"}, "private_key": {"filename": "/keys/server.key"},
        })
    );
    let authority = &rendered.read("tls/client-ca.yaml")["resources"][0]["validation_context"];
    assert_eq!(authority["trusted_ca"]["filename"], "/etc/broker/ca.pem");
    assert_eq!(manager(&rendered)["forward_client_cert_details"], "SANITIZE");

    let alone = Rendered::of(&document(spiffe, &tls.replace(", client_ca: ca.pem", "")));
    let chain = alone.read("listeners.yaml")["resources"][0]["filter_chains"][0].clone();
    let context = &chain["transport_socket"]["typed_config"]["common_tls_context"];
    assert_eq!(context.get("validation_context_sds_secret_config"), None);
}

#[test]
fn what_clients_say_of_certificates_passes_only_from_a_proxy_that_is_trusted() {
    let forwarded = "{spiffe: {agent: \"spiffe://mesh/{agent}\", forwarded: true}}";
    for (identity, expected) in [(forwarded, "ALWAYS_FORWARD_ONLY"), ("{tokens: true}", "SANITIZE")] {
        let rendered = Rendered::of(&document(identity, ""));
        assert_eq!(manager(&rendered)["forward_client_cert_details"], expected);
    }
}

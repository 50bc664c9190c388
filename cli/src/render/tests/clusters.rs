use std::path::Path;

use serde_json::{Value, json};
use shared::egress;

use super::{DOCUMENT, Rendered, place, wasm_configuration_of};
use crate::render::Place;

#[test]
fn each_account_is_told_its_own_name_and_address_and_no_credential() {
    let rendered = Rendered::new();
    for (name, authority, base_path) in [
        ("openai-a", "api.openai.com", ""),
        ("anthropic-a", "gateway.example.com:8443", "/anthropic"),
        ("delivered", "10.0.0.7", ""),
        ("local", "127.0.0.1:8000", ""),
    ] {
        let filters = rendered.upstream_filters(name);
        let configuration = wasm_configuration_of(&filters[0]["typed_config"]);
        let egress = egress::Config::read(&configuration["egress"]).unwrap();
        assert_eq!(egress.provider.as_str(), name);
        assert_eq!(
            (
                egress.address.authority.as_str(),
                egress.address.base_path.as_str()
            ),
            (authority, base_path)
        );
    }
}

#[test]
fn a_credential_is_added_after_the_brokers_filter() {
    let rendered = Rendered::new();
    let names = |cluster: &str| {
        let filters = rendered.upstream_filters(cluster);
        filters
            .iter()
            .map(|filter| filter["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let with_credential = [
        "model_broker.egress",
        "envoy.filters.http.credential_injector",
        "envoy.filters.http.upstream_codec",
    ];
    for cluster in ["openai-a", "anthropic-a", "delivered"] {
        assert_eq!(names(cluster), with_credential);
    }
    assert_eq!(
        names("local"),
        ["model_broker.egress", "envoy.filters.http.upstream_codec"]
    );
}

#[test]
fn a_credential_goes_into_the_header_of_the_accounts_kind() {
    let rendered = Rendered::new();
    for (cluster, secret, header, prefix) in [
        ("openai-a", "openai-a", "authorization", json!("Bearer ")),
        ("delivered", "vault-key", "authorization", json!("Bearer ")),
        ("anthropic-a", "anthropic-a", "x-api-key", Value::Null),
    ] {
        let injector = &rendered.upstream_filters(cluster)[1]["typed_config"];
        assert_eq!(injector["overwrite"], true);
        let generic = &injector["credential"]["typed_config"];
        assert_eq!(generic["credential"]["name"], secret);
        assert_eq!(generic["header"], header);
        assert_eq!(generic["header_value_prefix"], prefix);
    }
}

#[test]
fn azures_key_has_a_header_of_its_own_and_its_version_is_told_to_the_filter_of_its_cluster() {
    let kind = "kind: openai\n    endpoint: https://10.0.0.7\n    credential: {sds: vault-key}";
    for (credential, header, prefix) in [
        ("{sds: vault-key}", "api-key", Value::Null),
        ("{sds: vault-key, as: bearer}", "authorization", json!("Bearer ")),
    ] {
        let azure = format!(
            "kind: azure-openai\n    endpoint: https://10.0.0.7\n    api_version: 2024-10-21\n    credential: {credential}"
        );
        let rendered = Rendered::of(&DOCUMENT.replace(kind, &azure));
        let filters = rendered.upstream_filters("delivered");
        let generic = &filters[1]["typed_config"]["credential"]["typed_config"];
        assert_eq!(
            (&generic["header"], &generic["header_value_prefix"]),
            (&json!(header), &prefix)
        );
        let configuration = wasm_configuration_of(&filters[0]["typed_config"]);
        let egress = egress::Config::read(&configuration["egress"]).unwrap();
        assert_eq!(egress.address.api_version.as_deref(), Some("2024-10-21"));
    }
}

#[test]
fn https_is_checked_against_the_accounts_own_name() {
    let rendered = Rendered::new();
    for (cluster, kind, host) in [
        ("openai-a", "DNS", "api.openai.com"),
        ("anthropic-a", "DNS", "gateway.example.com"),
        ("delivered", "IP_ADDRESS", "10.0.0.7"),
    ] {
        let socket = &rendered.cluster(cluster)["transport_socket"];
        assert_eq!(socket["name"], "envoy.transport_sockets.tls");
        let context = &socket["typed_config"];
        let sni = if kind == "DNS" { json!(host) } else { Value::Null };
        assert_eq!(context["sni"], sni, "an address is no server name");
        let validation = &context["common_tls_context"]["validation_context"];
        assert_eq!(
            validation["match_typed_subject_alt_names"],
            json!([{"san_type": kind, "matcher": {"exact": host}}])
        );
        assert_eq!(
            validation["trusted_ca"]["filename"],
            "/etc/ssl/certs/ca-certificates.crt"
        );
    }
    assert_eq!(rendered.cluster("local").get("transport_socket"), None);
}

#[test]
fn a_cluster_is_found_by_name_or_by_address() {
    let rendered = Rendered::new();
    for (cluster, kind, address, port) in [
        ("openai-a", "LOGICAL_DNS", "api.openai.com", 443),
        ("anthropic-a", "LOGICAL_DNS", "gateway.example.com", 8443),
        ("delivered", "STATIC", "10.0.0.7", 443),
        ("local", "STATIC", "127.0.0.1", 8000),
    ] {
        let cluster = rendered.cluster(cluster);
        let endpoint = &cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"];
        assert_eq!(cluster["type"], kind);
        assert_eq!(
            endpoint["address"]["socket_address"],
            json!({"address": address, "port_value": port})
        );
    }
    assert_eq!(rendered.cluster("openai-a")["connect_timeout"], "2.000s");
}

#[test]
fn what_something_else_delivers_is_looked_for_in_its_own_folder() {
    let rendered = Rendered::new();
    let secrets = rendered.0.path().join("secrets");
    let source = |cluster: &str| {
        let generic = &rendered.upstream_filters(cluster)[1]["typed_config"]["credential"]["typed_config"];
        generic["credential"]["sds_config"]["path_config_source"].clone()
    };
    let expected =
        |folder: &Path, name: &str| json!({"path": folder.join(name), "watched_directory": {"path": folder}});
    assert_eq!(source("delivered"), expected(&secrets, "vault-key.yaml"));
    let delivered = Path::new("/run/delivered");
    rendered.again_at(
        &Place {
            secrets: Some(delivered.to_owned()),
            ..place()
        },
        DOCUMENT,
    );
    assert_eq!(source("delivered"), expected(delivered, "vault-key.yaml"));
    assert_eq!(
        source("openai-a"),
        expected(&secrets, "openai-a.yaml"),
        "the broker's own stay where they are"
    );
}

#[test]
fn the_webhook_has_a_cluster() {
    let document = format!("{DOCUMENT}alerts: {{webhook: \"https://hooks.example.com/budgets\"}}\n");
    let document = crate::document::parse(&document, Path::new("broker.yaml")).unwrap();
    let clusters =
        super::super::clusters::of(&document, &place(), Path::new("/etc/broker"), Path::new("/out")).unwrap();
    let clusters = clusters["resources"].as_array().unwrap();
    let cluster = clusters
        .iter()
        .find(|cluster| cluster["name"] == "model-broker/alerts")
        .unwrap();
    let endpoint = &cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"];
    assert_eq!(
        endpoint["address"]["socket_address"]["address"],
        "hooks.example.com"
    );
    assert_eq!(
        cluster["transport_socket"]["typed_config"]["sni"],
        "hooks.example.com"
    );
}

#[test]
fn requests_to_aws_are_signed_after_the_brokers_filter() {
    for (aws, provider) in [
        ("{region: eu-central-1}", Value::Null),
        (
            "{region: eu-central-1, file: keys/aws, profile: b}",
            json!({"custom_credential_provider_chain": true, "credentials_file_provider": {
                "credentials_data_source": {
                    "filename": "/etc/broker/keys/aws", "watched_directory": {"path": "/etc/broker/keys"}},
                "profile": "b"}}),
        ),
        (
            "{region: eu-central-1, role: \"arn:aws:iam::1:role/r\", token_file: /var/token}",
            json!({"custom_credential_provider_chain": true, "assume_role_with_web_identity_provider": {
                "role_arn": "arn:aws:iam::1:role/r",
                "web_identity_token_data_source": {
                    "filename": "/var/token", "watched_directory": {"path": "/var"}}}}),
        ),
    ] {
        let text = format!(
            "providers:\n  - {{name: a, kind: bedrock, endpoint: \"http://a\", credential: {{aws: {aws}}}}}\n"
        );
        let document = crate::document::parse(&text, Path::new("/etc/broker/broker.yaml")).unwrap();
        let clusters =
            super::super::clusters::of(&document, &place(), Path::new("/etc/broker"), Path::new("/out"))
                .unwrap();
        let protocol = &clusters["resources"][0]["typed_extension_protocol_options"];
        let filters = &protocol["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"]["http_filters"];
        assert_eq!(filters[0]["name"], "model_broker.egress");
        assert_eq!(filters[1]["name"], "envoy.filters.http.aws_request_signing");
        let signing = &filters[1]["typed_config"];
        assert_eq!(
            (&signing["service_name"], &signing["region"]),
            (&json!("bedrock"), &json!("eu-central-1"))
        );
        assert_eq!(signing["credential_provider"], provider);
        assert_eq!(filters[2]["name"], "envoy.filters.http.upstream_codec");
    }
}

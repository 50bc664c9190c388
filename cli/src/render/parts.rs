//! Small parts of Envoy's configuration that several files have.

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};
use shared::config::{CredentialSource, Provider};
use shared::units::Millis;

use super::Place;

/// The type of Envoy's Wasm filter.
pub const WASM: &str = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";

/// Envoy's own bounds on concurrency are meant for services that break under load; what the providers bear is for
/// the broker to say.
const UNBOUNDED: u32 = 1_000_000;

/// The filter's configuration in one of its roles. Both roles name the same VM, so that they share a call in memory.
pub fn wasm_configuration(place: &Place, configuration: &Value) -> Value {
    json!({
        "@type": WASM,
        "config": {
            "name": "model_broker",
            "root_id": "model_broker",
            "failure_policy": "FAIL_RELOAD",
            "allow_on_headers_stop_iteration": true,
            "vm_config": {
                "vm_id": "model_broker",
                "runtime": "envoy.wasm.runtime.v8",
                "code": {"local": {"filename": place.module}},
            },
            // As text: Envoy hands a `Struct` to the filter in protobuf's binary form, not as JSON.
            "configuration": {
                "@type": "type.googleapis.com/google.protobuf.StringValue", "value": configuration.to_string(),
            },
        },
    })
}

/// A file that Envoy takes anew whenever another is moved over it.
pub fn watched(folder: &Path, name: &str) -> Value {
    json!({
        "path_config_source": {"path": folder.join(name), "watched_directory": {"path": folder}},
        "resource_api_version": "V3",
    })
}

/// No bound of Envoy's own on an account's concurrency.
pub fn unbounded() -> Value {
    json!({"thresholds": [{
        "max_connections": UNBOUNDED, "max_pending_requests": UNBOUNDED,
        "max_requests": UNBOUNDED, "max_retries": UNBOUNDED,
    }]})
}

/// A duration as Envoy writes it.
pub fn seconds(duration: Millis) -> String {
    format!("{}.{:03}s", duration.0 / 1000, duration.0 % 1000)
}

/// Puts a member into what is an object.
pub fn set(object: &mut Value, key: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(key.to_owned(), value);
    }
}

/// TLS with the server's own name, checked against the trusted certificates.
pub fn tls(host: &str, place: &Place) -> Result<Value> {
    let is_address = host.parse::<std::net::IpAddr>().is_ok();
    let name = json!({
        "san_type": if is_address { "IP_ADDRESS" } else { "DNS" },
        "matcher": {"exact": host},
    });
    let mut context = json!({
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        "common_tls_context": {
            "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
            "validation_context": {
                "trusted_ca": {"filename": std::path::absolute(&place.trusted_ca)?},
                "match_typed_subject_alt_names": [name],
            },
        },
    });
    if !is_address {
        set(&mut context, "sni", json!(host));
    }
    Ok(json!({"name": "envoy.transport_sockets.tls", "typed_config": context}))
}

/// Where Envoy finds a secret that is kept.
pub fn secret(provider: &Provider, source: &CredentialSource, place: &Place, out: &Path) -> Value {
    let rendered = out.join("secrets");
    let (name, folder) = match source {
        CredentialSource::Sds(name) => (name.as_str(), place.secrets.clone().unwrap_or(rendered)),
        _ => (provider.name.as_str(), rendered),
    };
    json!({"name": name, "sds_config": watched(&folder, &format!("{name}.yaml"))})
}

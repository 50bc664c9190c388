//! Small parts of Envoy's configuration that several files have.

use std::path::Path;

use serde_json::{Value, json};
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

//! The status page's listener. All that it serves is answered by the filter in its role `status`, from what the
//! brokers of all workers share.

use anyhow::Result;
use serde_json::{Value, json};

use super::parts::wasm_configuration;
use super::{Place, socket_address};

/// Where the page is; `None` if there is none.
pub fn url(place: &Place) -> Option<String> {
    (place.status != "off").then(|| format!("http://{}/status", place.status))
}

/// The listener, if there is one.
pub fn listener(place: &Place) -> Result<Option<Value>> {
    if url(place).is_none() {
        return Ok(None);
    }
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "model_broker_status",
        "request_headers_timeout": "10s",
        "stream_idle_timeout": "10s",
        "http_filters": [
            {"name": "model_broker.status", "typed_config": wasm_configuration(place, &json!({"status": {}}))},
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
            },
        ],
        // Only reached if the filter does not answer.
        "route_config": {"virtual_hosts": [{"name": "status", "domains": ["*"], "routes": [{
            "match": {"prefix": "/"}, "direct_response": {"status": 503},
        }]}]},
    });
    Ok(Some(json!({
        "@type": "type.googleapis.com/envoy.config.listener.v3.Listener",
        "name": "model-broker/status",
        "address": socket_address(&place.status)?,
        "filter_chains": [{"filters": [
            {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager},
        ]}],
    })))
}

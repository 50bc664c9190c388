//! Time-outs of an account's own. A route knows one time-out for all attempts of a call, the longest that an account is
//! given. An account that is given less is reached through a hop inside Envoy: a listener without a socket, whose
//! route knows this account's times. The hop gives up in time, and the call moves on to the next account.
//!
//! So is an account that Envoy checks: where a route's cluster has nobody who is well, Envoy ends the call without
//! another attempt. Behind a hop that is an attempt which failed. And so is one with tokens of Google's metadata server:
//! Envoy's filter for them can be a listener's, not a cluster's.

use serde_json::{Value, json};
use shared::config::{Connection, Loaded, Provider, Snapshot};

use super::parts::{seconds, unbounded};
use super::{BUFFER_BYTES, tokens};

/// Whether an account is reached through a hop.
pub fn is_needed(provider: &Provider, loaded: &Loaded) -> bool {
    let mut connections = loaded.connections.iter();
    let needs = |other: &Connection| other.health_check.is_some() || tokens::metadata(other).is_some();
    connections.any(|other| other.provider == provider.name && needs(other))
        || is_given_less(provider, &loaded.snapshot)
}

/// Whether an account is given less time than another.
fn is_given_less(provider: &Provider, snapshot: &Snapshot) -> bool {
    let times = provider.timeouts;
    let is_longest = |longest: bool, other: &Provider| {
        longest && times.first_byte >= other.timeouts.first_byte && times.idle >= other.timeouts.idle
    };
    !snapshot
        .providers
        .iter()
        .map(AsRef::as_ref)
        .fold(true, is_longest)
}

/// The cluster behind the hop, which is connected to the account. No account can have a name with a slash.
pub fn direct_cluster(provider: &Provider) -> String {
    format!("{}/direct", provider.name)
}

/// The account's cluster: it leads to the hop.
pub fn cluster(provider: &Provider, filters: &[Value]) -> Value {
    json!({
        "@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
        "name": provider.name,
        "type": "STATIC",
        "per_connection_buffer_limit_bytes": BUFFER_BYTES,
        "load_assignment": {
            "cluster_name": provider.name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": {
                "envoy_internal_address": {"server_listener_name": name(provider)},
            }}}]}],
        },
        "circuit_breakers": unbounded(),
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": {"http_protocol_options": {}},
            "http_filters": filters,
        }},
    })
}

/// The hop.
pub fn listener(provider: &Provider, loaded: &Loaded) -> Value {
    let mut connections = loaded.connections.iter();
    let connection = connections.find(|connection| connection.provider == provider.name);
    let token = connection.and_then(tokens::metadata);
    let mut filters: Vec<Value> = token
        .map(|token| tokens::gcp(provider, token))
        .into_iter()
        .collect();
    filters.push(json!({
        "name": "envoy.filters.http.router",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
            "suppress_envoy_headers": true,
        },
    }));
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name(provider),
        "generate_request_id": false,
        "server_header_transformation": "PASS_THROUGH",
        "stream_idle_timeout": "0s",
        "max_request_headers_kb": 96,
        // The broker is told what became of the attempt where no provider answered.
        "local_reply_config": {"mappers": [{
            "filter": {"response_flag_filter": {}},
            "headers_to_add": [{
                "header": {"key": shared::headers::X_BROKER_FAILURE, "value": "%RESPONSE_FLAGS%"},
            }],
        }]},
        "http_filters": filters,
        "route_config": {"virtual_hosts": [{"name": "account", "domains": ["*"], "routes": [{
            "match": {"prefix": "/"},
            "request_body_buffer_limit": BUFFER_BYTES,
            "request_headers_to_remove": ["x-forwarded-proto"],
            "route": {
                "cluster": direct_cluster(provider),
                "timeout": "0s",
                "retry_policy": {
                    "num_retries": 0,
                    "per_try_timeout": seconds(provider.timeouts.first_byte),
                    // The wait for the first byte counts as silence too.
                    "per_try_idle_timeout":
                        seconds(provider.timeouts.idle.max(provider.timeouts.first_byte)),
                },
            },
        }]}]},
    });
    json!({
        "@type": "type.googleapis.com/envoy.config.listener.v3.Listener",
        "name": name(provider),
        "internal_listener": {},
        "per_connection_buffer_limit_bytes": BUFFER_BYTES,
        "filter_chains": [{"filters": [
            {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager},
        ]}],
    })
}

/// What Envoy needs to have listeners without sockets.
pub fn bootstrap_extension() -> Value {
    json!({
        "name": "envoy.bootstrap.internal_listener",
        "typed_config": {"@type": "type.googleapis.com/envoy.extensions.bootstrap.internal_listener.v3.InternalListener"},
    })
}

fn name(provider: &Provider) -> String {
    format!("{}/hop", provider.name)
}

//! The listener, its filter and its route, each in a file of its own: a new filter configuration or route holds for
//! the next call on every connection, where a new listener would first have to drain the old one's.

use std::path::Path;

use anyhow::Result;
use serde_json::{Map, Value, json};
use shared::config::{OPENING_BALANCES, filter_part};
use shared::identity::Forwarded;
use shared::limits::MAX_ATTEMPTS;
use shared::units::Millis;

use super::parts::{WASM, seconds, set, wasm_configuration, watched};
use super::{BUFFER_BYTES, Place, agents_tls, hop, jwt, socket_address, status};
use crate::document::Document;

/// The name of the broker's filter and of its configuration.
const FILTER: &str = "model_broker.broker";

/// The name of the route configuration.
const ROUTES: &str = "model-broker";

/// The listener.
pub fn of(document: &Document, place: &Place, out: &Path) -> Result<Value> {
    let broker = json!({
        "name": FILTER,
        "config_discovery": {"config_source": watched(out, "filter.yaml"), "type_urls": [WASM]},
    });
    let router = json!({
        "name": "envoy.filters.http.router",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
            "suppress_envoy_headers": true,
        },
    });
    let filters: Vec<Value> = jwt::reference(document, out)
        .into_iter()
        .chain([broker, router])
        .collect();
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "model_broker",
        "use_remote_address": true,
        "always_set_request_id_in_response": true,
        "max_request_headers_kb": 96,
        "common_http_protocol_options": {"max_headers_count": 1000},
        "request_headers_timeout": "30s",
        "stream_idle_timeout": seconds(longest_climb(document).max(longest_silence(document))),
        "access_log": [access_log(place)],
        "local_reply_config": local_replies(),
        "forward_client_cert_details": forwarded_certificates(document),
        "http_filters": filters,
        "rds": {"route_config_name": ROUTES, "config_source": watched(out, "routes.yaml")},
    });
    let mut chain = json!({"filters": [
        {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager},
    ]});
    if let Some(tls) = &document.loaded.listener {
        set(
            &mut chain,
            "transport_socket",
            agents_tls::transport_socket(tls, out),
        );
    }
    let listener = json!({
        "@type": "type.googleapis.com/envoy.config.listener.v3.Listener",
        "name": "model-broker",
        "address": socket_address(&place.listen)?,
        "per_connection_buffer_limit_bytes": BUFFER_BYTES,
        "filter_chains": [chain],
    });
    let snapshot = &document.loaded.snapshot;
    let short_tempered = snapshot
        .providers
        .iter()
        .filter(|provider| hop::is_needed(provider, &document.loaded));
    let listeners: Vec<Value> = std::iter::once(listener)
        .chain(short_tempered.map(|provider| hop::listener(provider, &document.loaded)))
        .chain(status::listener(place)?)
        .collect();
    Ok(json!({"resources": listeners}))
}

/// What Envoy does with `x-forwarded-client-cert`, which anybody can send: only a proxy in front that is trusted to write
/// it may have it read.
fn forwarded_certificates(document: &Document) -> &'static str {
    let spiffe = document.loaded.snapshot.identity.spiffe.as_ref();
    if spiffe.is_some_and(|spiffe| spiffe.forwarded != Forwarded::Never) {
        "ALWAYS_FORWARD_ONLY"
    } else {
        "SANITIZE"
    }
}

/// The broker's filter with the filter's part of the document.
pub fn filter(document: &Document, place: &Place) -> Value {
    let mut part = filter_part(&document.value);
    if let Some(balances) = &document.opening_balances {
        set(&mut part, OPENING_BALANCES, balances.clone());
    }
    let filter = wasm_configuration(place, &part);
    json!({"resources": [{
        "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
        "name": FILTER,
        "typed_config": filter,
    }]})
}

/// The one route.
pub fn routes(document: &Document) -> Value {
    json!({"resources": [{
        "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
        "name": ROUTES,
        "virtual_hosts": [{"name": "model-broker", "domains": ["*"], "routes": [route(document)]}],
    }]})
}

/// The route asks the broker, by way of filter state, which account is next: at first, and again before each retry.
fn route(document: &Document) -> Value {
    let clusters: Map<String, Value> = document
        .loaded
        .snapshot
        .providers
        .iter()
        .map(|provider| {
            let action = json!({
                "@type": "type.googleapis.com/envoy.extensions.router.cluster_specifiers.matcher.v3.ClusterAction",
                "cluster": provider.name,
            });
            let beginning = format!("{}/", provider.name);
            (beginning, json!({"action": {"name": "cluster", "typed_config": action}}))
        })
        .collect();
    json!({
        "match": {"prefix": "/"},
        "request_body_buffer_limit": BUFFER_BYTES,
        "route": {
            "inline_cluster_specifier_plugin": {"extension": {
                "name": "next-attempt",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.router.cluster_specifiers.matcher.v3.MatcherClusterSpecifier",
                    "cluster_matcher": {"matcher_tree": {
                        "input": {
                            "name": "upstream",
                            "typed_config": {
                                "@type": "type.googleapis.com/envoy.extensions.matching.common_inputs.network.v3.FilterStateInput",
                                "key": "wasm.broker.upstream",
                            },
                        },
                        "prefix_match_map": {"map": clusters},
                    }},
                },
            }},
            // A stream may last; silence is bounded instead, below and by the broker for the first byte.
            "timeout": "0s",
            "retry_policy": {
                "retry_on": "5xx,reset,connect-failure,retriable-status-codes",
                "retriable_status_codes": [429, 529],
                // The broker says for each call how many of these it may use.
                "num_retries": MAX_ATTEMPTS - 1,
                "refresh_cluster_on_retry": true,
                // The longest that an account is given; the broker and the hops shorten it.
                "per_try_timeout": seconds(document.loaded.snapshot.longest_first_byte()),
                "per_try_idle_timeout": seconds(longest_silence(document)),
                "retry_back_off": {"base_interval": "0.001s", "max_interval": "0.002s"},
            },
        },
    })
}

/// How long a call may be silent: the route knows one such time for all accounts, so it is the longest that one is
/// given. The wait for the first byte counts as silence too.
fn longest_silence(document: &Document) -> Millis {
    let providers = &document.loaded.snapshot.providers;
    let silences = providers
        .iter()
        .map(|provider| provider.timeouts.idle.max(provider.timeouts.first_byte));
    Millis(silences.max().unwrap_or_default().0.saturating_add(5_000))
}

/// How long a call may be silent while a cascade holds one rung's answer back after the other: as long as all of them
/// together are given to their first byte.
fn longest_climb(document: &Document) -> Millis {
    let pools = document.loaded.snapshot.pools.iter();
    let cascades = pools.filter(|pool| pool.acceptance.is_some());
    let climbs = cascades.map(|pool| {
        let rungs = pool
            .members
            .iter()
            .map(|member| member.provider.timeouts.first_byte.0);
        rungs.fold(0, u64::saturating_add)
    });
    Millis(climbs.max().unwrap_or_default().saturating_add(5_000))
}

/// The record of every call, a line each.
fn access_log(place: &Place) -> Value {
    json!({
        "name": "envoy.access_loggers.file",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
            "path": place.access_log,
            "log_format": {"text_format_source": {"inline_string": "%FILTER_STATE(wasm.llm:PLAIN)%\n"}},
        },
    })
}

/// What Envoy answers before any filter runs, in OpenAI's shape: the caller's dialect is not known by then.
fn local_replies() -> Value {
    let message = "the request's headers are too many or too large";
    let body = json!({"error": {
        "message": message, "type": "invalid_request_error", "param": null, "code": "headers_too_large",
    }});
    json!({"mappers": [{
        "filter": {"status_code_filter": {"comparison": {
            "op": "EQ", "value": {"default_value": 431, "runtime_key": "model_broker.headers_too_large"},
        }}},
        "body_format_override": {
            "text_format_source": {"inline_string": body.to_string()}, "content_type": "application/json",
        },
    }]})
}

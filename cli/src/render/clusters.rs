//! One cluster for each provider account: TLS, time-outs, and the upstream filters that speak to it.

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};
use shared::config::{Connection, CredentialSource, KeyForm, Provider, ProviderKind, Scheme};

use super::parts::{seconds, secret, set, tls, unbounded, wasm_configuration};
use super::{BUFFER_BYTES, Place, alerts, aws, health, hop, jwt, rate_limit, tokens};
use crate::document::Document;

pub fn of(document: &Document, place: &Place, base: &Path, out: &Path) -> Result<Value> {
    let connections = &document.loaded.connections;
    let providers = &document.loaded.snapshot.providers;
    let mut resources = Vec::new();
    for connection in connections {
        let Some(provider) = providers
            .iter()
            .find(|provider| provider.name == connection.provider)
        else {
            continue;
        };
        let has_hop = hop::is_needed(provider, &document.loaded);
        // Before the account's own, which fetches from there at once.
        resources.extend(tokens::cluster(provider, connection, place)?);
        let filters = filters(provider, connection, has_hop, place, (base, out))?;
        if has_hop {
            resources.push(hop::cluster(provider, &filters));
            let name = hop::direct_cluster(provider);
            resources.push(cluster(&name, provider, connection, place, None)?);
        } else {
            resources.push(cluster(
                provider.name.as_str(),
                provider,
                connection,
                place,
                Some(&filters),
            )?);
        }
    }
    resources.extend(jwt::cluster(document, place)?);
    resources.extend(rate_limit::cluster(document, place)?);
    resources.extend(alerts::cluster(document, place)?);
    Ok(json!({"resources": resources}))
}

/// What every attempt passes on its way to the account: the broker's filter, then the key, then the wire.
fn filters(
    provider: &Provider,
    connection: &Connection,
    has_hop: bool,
    place: &Place,
    (base, out): (&Path, &Path),
) -> Result<Vec<Value>> {
    let egress = wasm_configuration(place, &egress_configuration(connection, has_hop));
    let mut filters = vec![json!({"name": "model_broker.egress", "typed_config": egress})];
    match &connection.credential {
        None => {}
        Some(CredentialSource::Aws(account)) => filters.push(aws::signing(account, base)?),
        Some(source) => filters.extend(credential(provider, source, connection.key_form, place, out)),
    }
    filters.push(json!({
        "name": "envoy.filters.http.upstream_codec",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec",
        },
    }));
    Ok(filters)
}

fn cluster(
    name: &str,
    provider: &Provider,
    connection: &Connection,
    place: &Place,
    filters: Option<&[Value]>,
) -> Result<Value> {
    let endpoint = &connection.endpoint;
    let is_address = endpoint.host.parse::<std::net::IpAddr>().is_ok();
    let discovery = match &connection.health_check {
        _ if is_address => "STATIC",
        // Every address that the name has is checked by itself, and none is used before it was.
        Some(_) => "STRICT_DNS",
        None => "LOGICAL_DNS",
    };
    let address = json!({"socket_address": {"address": endpoint.host, "port_value": endpoint.port}});
    let mut options = json!({
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "common_http_protocol_options": {"idle_timeout": "60s"},
    });
    if let Some(filters) = filters {
        set(&mut options, "http_filters", json!(filters));
    }
    let versions = match endpoint.scheme {
        Scheme::Http => ("explicit_http_config", json!({"http_protocol_options": {}})),
        Scheme::Https => (
            "auto_config",
            json!({"http_protocol_options": {}, "http2_protocol_options": {}}),
        ),
    };
    let mut cluster = json!({
        "@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
        "name": name,
        "type": discovery,
        "connect_timeout": seconds(provider.timeouts.connect),
        "per_connection_buffer_limit_bytes": BUFFER_BYTES,
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
        "circuit_breakers": unbounded(),
    });
    set(&mut options, versions.0, versions.1);
    let extensions = json!({"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options});
    set(&mut cluster, "typed_extension_protocol_options", extensions);
    if let Some(check) = &connection.health_check {
        health::check(&mut cluster, check, endpoint);
    }
    if !is_address {
        set(&mut cluster, "dns_lookup_family", json!("V4_PREFERRED"));
    }
    if endpoint.scheme == Scheme::Https {
        set(&mut cluster, "transport_socket", tls(&endpoint.host, place)?);
    }
    Ok(cluster)
}

fn egress_configuration(connection: &Connection, has_hop: bool) -> Value {
    let endpoint = &connection.endpoint;
    let mut egress = json!({
        "provider": connection.provider,
        "scheme": match endpoint.scheme { Scheme::Http => "http", Scheme::Https => "https" },
        "authority": endpoint.authority(),
        "base_path": endpoint.base_path,
        "hop": has_hop,
    });
    if let Some(version) = &connection.api_version {
        set(&mut egress, "api_version", json!(version));
    }
    json!({"egress": egress})
}

/// Adds the provider's key after the broker's filter, so that the key never enters it.
fn credential(
    provider: &Provider,
    source: &CredentialSource,
    form: KeyForm,
    place: &Place,
    out: &Path,
) -> Option<Value> {
    let credential = match source {
        // The hop behind adds it, or a signature takes its place.
        CredentialSource::Gcp(_) | CredentialSource::Aws(_) => return None,
        CredentialSource::OAuth2(client) => tokens::oauth2(provider, client, place, out),
        CredentialSource::Environment(_) | CredentialSource::File(_) | CredentialSource::Sds(_) => {
            generic(provider, source, form, place, out)
        }
    };
    Some(json!({
        "name": "envoy.filters.http.credential_injector",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.credential_injector.v3.CredentialInjector",
            "overwrite": true,
            "credential": credential,
        },
    }))
}

/// A key as it is kept.
fn generic(
    provider: &Provider,
    source: &CredentialSource,
    form: KeyForm,
    place: &Place,
    out: &Path,
) -> Value {
    let mut generic = json!({
        "@type": "type.googleapis.com/envoy.extensions.http.injected_credentials.generic.v3.Generic",
        "credential": secret(provider, source, place, out),
    });
    let (header, prefix) = match form {
        KeyForm::OfKind => key_header(provider.kind),
        KeyForm::Bearer => BEARER,
    };
    set(&mut generic, "header", json!(header));
    if let Some(prefix) = prefix {
        set(&mut generic, "header_value_prefix", json!(prefix));
    }
    json!({"name": "envoy.http.injected_credentials.generic", "typed_config": generic})
}

/// How most providers expect their keys.
const BEARER: (&str, Option<&str>) = ("authorization", Some("Bearer "));

/// The header in which a provider expects its key, and what stands before it.
fn key_header(kind: ProviderKind) -> (&'static str, Option<&'static str>) {
    match kind {
        ProviderKind::Anthropic => ("x-api-key", None),
        ProviderKind::Gemini => ("x-goog-api-key", None),
        ProviderKind::AzureOpenAi => ("api-key", None),
        ProviderKind::OpenAi
        | ProviderKind::OpenAiCompatible
        | ProviderKind::Mistral
        | ProviderKind::Bedrock
        | ProviderKind::Vertex
        | ProviderKind::Cohere
        | ProviderKind::SelfHosted(_) => BEARER,
    }
}

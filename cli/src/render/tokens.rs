//! Access tokens that Envoy fetches and adds after the broker's filter, so that they never enter it.

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};
use shared::config::{ClientCredentials, Connection, CredentialSource, MetadataToken, Provider};

use super::parts::{secret, set, unbounded};
use super::{Place, services};

/// How long a token may take to come.
const PATIENCE: &str = "5s";

/// How many tokens are kept: of each account one, for its cluster has a cache of its own.
const CACHED: u32 = 2;

/// The tokens of Google's metadata server, where an account has such.
pub fn metadata(connection: &Connection) -> Option<&MetadataToken> {
    match &connection.credential {
        Some(CredentialSource::Gcp(token)) => Some(token),
        _ => None,
    }
}

/// The filter that adds the token of a Google service account. A metadata server that gives none leaves the request
/// without one, and the provider refuses it.
pub fn gcp(provider: &Provider, token: &MetadataToken) -> Value {
    json!({
        "name": "envoy.filters.http.gcp_authn",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.gcp_authn.v3.GcpAuthnFilterConfig",
            "cluster": cluster_name(provider),
            "timeout": PATIENCE,
            "audience": {"access_token": {"scopes": token.scopes}},
            "cache_config": {"cache_size": CACHED},
            "retry_policy": {"num_retries": 2},
        },
    })
}

/// The credential that the injector adds: a token by client credentials.
pub fn oauth2(provider: &Provider, client: &ClientCredentials, place: &Place, out: &Path) -> Value {
    json!({
        "name": "envoy.http.injected_credentials.oauth2",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.http.injected_credentials.oauth2.v3.OAuth2",
            "token_endpoint": {
                "uri": client.token_endpoint, "cluster": cluster_name(provider), "timeout": PATIENCE,
            },
            "scopes": client.scopes,
            "client_credentials": {
                "client_id": client.client_id,
                "client_secret": secret(provider, &client.client_secret, place, out),
                "auth_type": if client.is_in_body { "URL_ENCODED_BODY" } else { "BASIC_AUTH" },
            },
        },
    })
}

/// The cluster that an account's tokens are fetched from.
pub fn cluster(provider: &Provider, connection: &Connection, place: &Place) -> Result<Option<Value>> {
    let server = match &connection.credential {
        Some(CredentialSource::Gcp(token)) => &token.server,
        Some(CredentialSource::OAuth2(client)) => &client.server,
        _ => return Ok(None),
    };
    let mut cluster = services::cluster(&cluster_name(provider), server, place)?;
    set(&mut cluster, "circuit_breakers", unbounded());
    Ok(Some(cluster))
}

/// No account can have a name with a slash.
fn cluster_name(provider: &Provider) -> String {
    format!("{}/token", provider.name)
}

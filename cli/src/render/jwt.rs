//! Envoy's filter that verifies JWTs, before the broker's. It lets everything through: what is no JWT may be a token of the
//! broker, and a JWT that does not hold leaves no claims, so that the broker refuses it in the words of the caller's API.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use shared::config::{JwtVerification, KeySet};
use shared::headers::AUTHORIZATION;

use super::parts::{set, watched};
use super::{Place, services};
use crate::document::Document;

/// The name of the filter and of its configuration.
const FILTER: &str = "model_broker.jwt";

/// The cluster of the issuer's keys. No account can have a name with a slash.
const CLUSTER: &str = "identity/jwks";

const TYPE: &str = "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication";

/// The file that the filter's configuration is in.
pub const FILE: &str = "jwt.yaml";

/// The filter as the listener names it.
pub fn reference(document: &Document, out: &Path) -> Option<Value> {
    document.loaded.jwt.as_ref()?;
    Some(json!({
        "name": FILTER,
        "config_discovery": {"config_source": watched(out, FILE), "type_urls": [TYPE]},
    }))
}

/// The filter's configuration.
pub fn filter(document: &Document, base: &Path) -> Result<Option<Value>> {
    let Some(jwt) = &document.loaded.jwt else {
        return Ok(None);
    };
    let headers = if jwt.header == AUTHORIZATION {
        // Envoy minds the case of the scheme, which HTTP does not.
        let spellings = ["Bearer ", "bearer "];
        json!(spellings.map(|prefix| json!({"name": jwt.header, "value_prefix": prefix})))
    } else {
        json!([{"name": jwt.header}])
    };
    let mut provider = json!({
        "issuer": jwt.issuer,
        "from_headers": headers,
        // A JWT that holds is taken out of the request, one that does not stays.
        "forward": false,
        "payload_in_metadata": jwt.payload,
    });
    if !jwt.audiences.is_empty() {
        set(&mut provider, "audiences", json!(jwt.audiences));
    }
    let (key, keys) = keys(jwt, base)?;
    set(&mut provider, key, keys);
    Ok(Some(json!({"resources": [{
        "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
        "name": FILTER,
        "typed_config": {
            "@type": TYPE,
            "providers": {"agents": provider},
            "rules": [{
                "match": {"prefix": "/"},
                "requires": {"requires_any": {"requirements": [
                    {"provider_name": "agents"}, {"allow_missing_or_failed": {}},
                ]}},
            }],
        },
    }]})))
}

fn keys(jwt: &JwtVerification, base: &Path) -> Result<(&'static str, Value)> {
    Ok(match &jwt.keys {
        // Written out: Envoy would read a file once, and not notice a new key; the command looks at it.
        KeySet::File(path) => (
            "local_jwks",
            json!({"inline_string": read_keys(&base.join(path))?}),
        ),
        KeySet::Remote { url, .. } => (
            "remote_jwks",
            json!({
                "http_uri": {"uri": url, "cluster": CLUSTER, "timeout": "5s"},
                "cache_duration": "600s",
                // Fetched ahead of calls; an issuer that is down keeps the broker from nothing else.
                "async_fetch": {"fast_listener": true, "failed_refetch_duration": "5s"},
            }),
        ),
    })
}

/// The key set in a file. What is none would let Envoy refuse the filter, and is not repeated: it may be a secret.
fn read_keys(path: &Path) -> Result<String> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the key set {}", path.display()))?;
    let keys = serde_json::from_str::<Value>(&text).ok();
    ensure!(
        keys.is_some_and(|keys| keys.get("keys").is_some_and(Value::is_array)),
        "{} is no JSON Web Key Set",
        path.display()
    );
    Ok(text)
}

/// The cluster that the issuer's keys are fetched from.
pub fn cluster(document: &Document, place: &Place) -> Result<Option<Value>> {
    let Some(KeySet::Remote { server, .. }) = document.loaded.jwt.as_ref().map(|jwt| &jwt.keys) else {
        return Ok(None);
    };
    services::cluster(CLUSTER, server, place).map(Some)
}

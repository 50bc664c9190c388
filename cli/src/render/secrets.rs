//! The providers' keys as SDS secrets, one file each. Where a key is in the environment or in a file, the secret
//! names that place, so that what is rendered holds no key.

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};
use shared::config::CredentialSource;

use crate::document::Document;

/// The name of a file and its content, for every secret that is the broker's to write.
pub fn of(document: &Document, base: &Path) -> Result<Vec<(String, Value)>> {
    let mut secrets = Vec::new();
    for connection in &document.loaded.connections {
        let kept = match &connection.credential {
            Some(CredentialSource::OAuth2(client)) => Some(client.client_secret.as_ref()),
            credential => credential.as_ref(),
        };
        let source = match kept {
            Some(CredentialSource::Environment(variable)) => json!({"environment_variable": variable}),
            Some(CredentialSource::File(path)) => json!({"filename": std::path::absolute(base.join(path))?}),
            // Something else delivers it, or there is none.
            Some(
                CredentialSource::Sds(_)
                | CredentialSource::Aws(_)
                | CredentialSource::Gcp(_)
                | CredentialSource::OAuth2(_),
            )
            | None => {
                continue;
            }
        };
        let name = connection.provider.as_str();
        let secret = json!({"resources": [{
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
            "name": name,
            "generic_secret": {"secret": source},
        }]});
        secrets.push((format!("{name}.yaml"), secret));
    }
    Ok(secrets)
}

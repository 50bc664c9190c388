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
        let source = match &connection.credential {
            Some(CredentialSource::Environment(variable)) => json!({"environment_variable": variable}),
            Some(CredentialSource::File(path)) => json!({"filename": std::path::absolute(base.join(path))?}),
            // Something else delivers it.
            Some(CredentialSource::Sds(_) | CredentialSource::Aws(_)) | None => continue,
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

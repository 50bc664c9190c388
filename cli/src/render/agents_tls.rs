//! TLS of the listener that agents call. Certificates are files that Envoy watches, named in files of their own: a renewed
//! one takes effect without a restart when it is moved into place.

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};
use shared::config::ListenerTls;

use super::parts::{set, watched};
use crate::document::Document;

/// The folder of the secrets.
pub const FOLDER: &str = "tls";

const SERVER: &str = "server";
const CLIENT_CA: &str = "client-ca";

/// The names of files in [`FOLDER`] and their content.
pub fn secrets(document: &Document, base: &Path) -> Result<Vec<(String, Value)>> {
    let Some(tls) = &document.loaded.listener else {
        return Ok(Vec::new());
    };
    let file =
        |path: &str| -> Result<Value> { Ok(json!({"filename": std::path::absolute(base.join(path))?})) };
    let pair = json!({"certificate_chain": file(&tls.certificate)?, "private_key": file(&tls.key)?});
    let mut secrets = vec![secret(SERVER, "tls_certificate", &pair)];
    if let Some(path) = &tls.client_ca {
        let validation = json!({"trusted_ca": file(path)?});
        secrets.push(secret(CLIENT_CA, "validation_context", &validation));
    }
    Ok(secrets)
}

fn secret(name: &str, kind: &str, content: &Value) -> (String, Value) {
    let mut secret = json!({
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret", "name": name,
    });
    set(&mut secret, kind, content.clone());
    (format!("{name}.yaml"), json!({"resources": [secret]}))
}

/// The transport socket. An agent may come without a certificate, since it may have a token; one that it shows must be of
/// the CA.
pub fn transport_socket(tls: &ListenerTls, out: &Path) -> Value {
    let folder = out.join(FOLDER);
    let reference =
        |name: &str| json!({"name": name, "sds_config": watched(&folder, &format!("{name}.yaml"))});
    let mut common = json!({
        "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
        "alpn_protocols": ["h2", "http/1.1"],
        "tls_certificate_sds_secret_configs": [reference(SERVER)],
    });
    if tls.client_ca.is_some() {
        set(
            &mut common,
            "validation_context_sds_secret_config",
            reference(CLIENT_CA),
        );
    }
    json!({
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            "require_client_certificate": false,
            "common_tls_context": common,
        },
    })
}

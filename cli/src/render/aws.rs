//! Requests to AWS are signed by Envoy, after the broker's filter: neither that nor what is rendered holds a key.
//! <https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/http/http_filters/aws_request_signing_filter>

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};
use shared::config::{AwsCredential, AwsKeys};

use super::parts::set;

/// The filter that signs, body included: AWS takes no model calls without. It keeps the body until it is whole, within the
/// cluster's buffer.
pub fn signing(account: &AwsCredential, base: &Path) -> Result<Value> {
    let mut signing = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.aws_request_signing.v3.AwsRequestSigning",
        "service_name": account.service,
        "region": account.region,
    });
    // Only the keys that are named, or a key from somewhere else could pay.
    let source = |path: &str| -> Result<Value> {
        let path = std::path::absolute(base.join(path))?;
        let folder = path.parent().unwrap_or(Path::new("/"));
        Ok(json!({"filename": path, "watched_directory": {"path": folder}}))
    };
    let keys = match &account.keys {
        AwsKeys::Found => None,
        AwsKeys::File { path, profile } => {
            let mut file = json!({"credentials_data_source": source(path)?});
            if let Some(profile) = profile {
                set(&mut file, "profile", json!(profile));
            }
            Some(("credentials_file_provider", file))
        }
        AwsKeys::Role { arn, token_file } => Some((
            "assume_role_with_web_identity_provider",
            json!({"role_arn": arn, "web_identity_token_data_source": source(token_file)?}),
        )),
    };
    if let Some((provider, keys)) = keys {
        let mut chain = json!({"custom_credential_provider_chain": true});
        set(&mut chain, provider, keys);
        set(&mut signing, "credential_provider", chain);
    }
    Ok(json!({"name": "envoy.filters.http.aws_request_signing", "typed_config": signing}))
}

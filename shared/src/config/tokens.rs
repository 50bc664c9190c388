//! Credentials that are fetched for a while rather than kept: OAuth 2 access tokens. Envoy fetches them; the filter sees
//! neither them nor the secrets that they are fetched with.

use super::connection::{CredentialSource, Endpoint, Scheme};
use super::reader::Reader;

/// What a token may be used for if nothing else is said: all of Google Cloud that the service account may use.
const CLOUD_PLATFORM: &str = "https://www.googleapis.com/auth/cloud-platform";

/// Google's metadata server, on every machine of its cloud.
const METADATA: &str = "http://metadata.google.internal";

/// Access tokens of the Google service account that Envoy's machine or pod has, from its metadata server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataToken {
    /// The server.
    pub server: Endpoint,
    /// What the tokens may be used for.
    pub scopes: Vec<String>,
}

/// Access tokens by OAuth 2's grant of client credentials, RFC 6749 section 4.4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCredentials {
    /// The whole URL that tokens are fetched from.
    pub token_endpoint: String,
    /// Its server.
    pub server: Endpoint,
    /// Who the broker is there.
    pub client_id: String,
    /// Where the secret is: in the environment, in a file, or delivered to Envoy.
    pub client_secret: Box<CredentialSource>,
    /// Whether the secret is sent in the body rather than by HTTP's basic authentication.
    pub is_in_body: bool,
    /// What the tokens may be used for.
    pub scopes: Vec<String>,
}

impl MetadataToken {
    pub(super) fn read(reader: &Reader<'_>) -> Option<Self> {
        let mut section = reader.section()?;
        let scopes = read_scopes(section.optional("scopes"));
        let server = match section.optional("metadata") {
            Some(server) => read_server(&server),
            None => Endpoint::parse(METADATA).ok(),
        };
        let is_whole = section.end();
        let scopes = match scopes? {
            scopes if scopes.is_empty() => vec![CLOUD_PLATFORM.to_owned()],
            scopes => scopes,
        };
        let server = server?;
        is_whole.then_some(Self { server, scopes })
    }
}

impl ClientCredentials {
    pub(super) fn read(reader: &Reader<'_>) -> Option<Self> {
        let mut section = reader.section()?;
        let token_endpoint = section.required("token_endpoint");
        let client_id = section.required("client_id");
        let client_secret = section.required("client_secret");
        let is_in_body = match section.optional("send_secret") {
            None => Some(false),
            Some(way) => match way.string()? {
                "basic" => Some(false),
                "body" => Some(true),
                _ => way.unknown_name("must be `basic` or `body`", ["basic", "body"]),
            },
        };
        let scopes = read_scopes(section.optional("scopes"));
        let is_whole = section.end();
        let (url, server) = token_endpoint.and_then(|url| read_token_endpoint(&url))?;
        let client_id = client_id.and_then(|id| match id.string()? {
            "" => id.mistake("must not be empty"),
            text => Some(text.to_owned()),
        });
        let client_secret = client_secret.and_then(|secret| CredentialSource::read_kept(&secret));
        let (scopes, client_id, client_secret) = (scopes?, client_id?, client_secret?);
        is_whole.then_some(Self {
            token_endpoint: url,
            server,
            client_id,
            client_secret: Box::new(client_secret),
            is_in_body: is_in_body?,
            scopes,
        })
    }
}

fn read_scopes(reader: Option<Reader<'_>>) -> Option<Vec<String>> {
    let Some(reader) = reader else {
        return Some(Vec::new());
    };
    let scopes = reader.one_or_many();
    let read = scopes.iter().map(|scope| {
        let text = scope.string()?;
        if text.is_empty() || text.contains(|c: char| c.is_whitespace() || c == ',') {
            return scope.mistake("must be a scope, without spaces or commas");
        }
        Some(text.to_owned())
    });
    read.collect()
}

/// A server without a path of its own.
fn read_server(reader: &Reader<'_>) -> Option<Endpoint> {
    match Endpoint::parse(reader.string()?) {
        Ok(server) if server.base_path.is_empty() => Some(server),
        Ok(_) => reader.mistake("must not have a path: the metadata server's own is asked for"),
        Err(error) => reader.withheld(error.to_string()),
    }
}

fn read_token_endpoint(reader: &Reader<'_>) -> Option<(String, Endpoint)> {
    let url = reader.string()?;
    match Endpoint::parse(url) {
        Ok(server) if server.scheme == Scheme::Http && !server.is_loopback() => reader.mistake(
            "must begin with `https://` unless it is on this machine: the client's secret is sent there",
        ),
        Ok(server) => Some((url.to_owned(), server)),
        Err(error) => reader.withheld(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::super::tests::{mistakes, with};
    use super::*;
    use crate::config::{Audience, load};

    fn read(credential: Value) -> CredentialSource {
        let document = with("/providers/0/credential", credential);
        let mut loaded = load(&document, Audience::Operator).unwrap();
        loaded.connections.swap_remove(0).credential.unwrap()
    }

    #[test]
    fn the_metadata_server_and_its_scope_need_not_be_said() {
        let expected = MetadataToken {
            server: Endpoint::parse("http://metadata.google.internal").unwrap(),
            scopes: vec!["https://www.googleapis.com/auth/cloud-platform".to_owned()],
        };
        assert_eq!(read(json!({"gcp": {}})), CredentialSource::Gcp(expected));
        let own = json!({"gcp": {"scopes": ["a", "b"], "metadata": "http://127.0.0.1:8080"}});
        let expected = MetadataToken {
            server: Endpoint::parse("http://127.0.0.1:8080").unwrap(),
            scopes: vec!["a".to_owned(), "b".to_owned()],
        };
        assert_eq!(read(own), CredentialSource::Gcp(expected));
    }

    #[test]
    fn client_credentials_are_read() {
        let credential = json!({"oauth2": {
            "token_endpoint": "https://login.example.com/oauth2/v2.0/token", "client_id": "broker",
            "client_secret": {"file": "keys/client"}, "scopes": "cognitive", "send_secret": "body",
        }});
        let expected = ClientCredentials {
            token_endpoint: "https://login.example.com/oauth2/v2.0/token".to_owned(),
            server: Endpoint::parse("https://login.example.com/oauth2/v2.0/token").unwrap(),
            client_id: "broker".to_owned(),
            client_secret: Box::new(CredentialSource::File("keys/client".to_owned())),
            is_in_body: true,
            scopes: vec!["cognitive".to_owned()],
        };
        assert_eq!(read(credential), CredentialSource::OAuth2(expected));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place_and_no_secret() {
        let oauth2 = |key: &str, value: Value| {
            let mut members =
                json!({"token_endpoint": "https://a/token", "client_id": "c", "client_secret": {"env": "S"}});
            members[key] = value;
            json!({"oauth2": members})
        };
        for (credential, expected) in [
            (json!({"gcp": {"scopes": ["a b"]}}), "gcp.scopes[0]"),
            (json!({"gcp": {"metadata": "http://a/path"}}), "gcp.metadata"),
            (json!({"gcp": {"key": "sk-x"}}), "gcp.key"),
            (
                json!({"gcp": {}, "env": "KEY"}),
                "credential: must have exactly one of",
            ),
            (json!({"gcp": null}), "credential: must be a mapping"),
            (
                oauth2("token_endpoint", json!("http://a.example/token")),
                "oauth2.token_endpoint",
            ),
            (
                oauth2("token_endpoint", json!("https://sk-x@a/token")),
                "oauth2.token_endpoint",
            ),
            (oauth2("client_id", json!("")), "oauth2.client_id"),
            (oauth2("client_secret", json!("sk-x")), "oauth2.client_secret"),
            (
                oauth2("client_secret", json!({"gcp": {}})),
                "oauth2.client_secret",
            ),
            (oauth2("send_secret", json!("header")), "oauth2.send_secret"),
            (
                json!({"oauth2": {"client_id": "c", "client_secret": {"env": "S"}}}),
                "oauth2.token_endpoint: is missing",
            ),
        ] {
            let found = mistakes(&with("/providers/0/credential", credential.clone()));
            assert!(
                found.iter().any(|mistake| mistake.contains(expected)),
                "{credential}: {found:?}"
            );
            assert!(found.iter().all(|mistake| !mistake.contains("sk-x")), "{found:?}");
        }
    }
}

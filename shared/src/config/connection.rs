//! How Envoy reaches a provider account: its address and where its credential comes from. The filter never sees
//! either.

use std::net::{IpAddr, Ipv6Addr};

use serde_json::{Map, Value};

use super::aws::AwsCredential;
use super::reader::{NO_NAME, Reader, is_name};
use super::tokens::{ClientCredentials, MetadataToken};
use crate::ids::ProviderName;
use crate::units::Millis;

/// The connection of one provider account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The account.
    pub provider: ProviderName,
    /// Where it is.
    pub endpoint: Endpoint,
    /// Where its key is; `None` for a server that wants none.
    pub credential: Option<CredentialSource>,
    /// How its key is sent.
    pub key_form: KeyForm,
    /// The dated version of Azure's API, where that is asked in its old way.
    pub api_version: Option<String>,
    /// How Envoy finds out whether it is well; `None`: only calls do.
    pub health_check: Option<HealthCheck>,
}

/// How a key is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyForm {
    /// In the header that the provider's kind has for keys.
    #[default]
    OfKind,
    /// As `authorization: Bearer`, which is how tokens of an identity provider are sent.
    Bearer,
}

/// A page that Envoy asks for now and then, and what follows from the answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// The page; what stands before `/v1` in other paths is not put before it.
    pub path: String,
    /// From one request to the next.
    pub interval: Millis,
    /// How long an answer may take.
    pub timeout: Millis,
    /// Failures in a row after which no call goes there.
    pub unhealthy_after: u64,
    /// Successes in a row after which calls go there again.
    pub healthy_after: u64,
}

impl Default for HealthCheck {
    fn default() -> Self {
        Self {
            path: "/health".to_owned(),
            interval: Millis(10_000),
            timeout: Millis(2_000),
            unhealthy_after: 3,
            healthy_after: 2,
        }
    }
}

/// `http` or `https`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Without TLS.
    Http,
    /// With TLS.
    Https,
}

/// A provider's base URL, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// With or without TLS.
    pub scheme: Scheme,
    /// A host name or an address, an IPv6 one without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// What stands before `/v1` in every path: empty, or `/some/prefix`.
    pub base_path: String,
}

/// Why a text is no endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Neither `http://` nor `https://`.
    #[error("must begin with `https://` or `http://`")]
    Scheme,
    /// No host, or one with characters that no host has.
    #[error("must name a host, as in `https://api.example.com`")]
    Host,
    /// The port is no number from 1 to 65535.
    #[error("must have a port from 1 to 65535 after the colon")]
    Port,
    /// A query, a fragment, or credentials in the URL.
    #[error("must not have a query, a fragment or a user")]
    Extra,
}

impl Endpoint {
    /// Takes a base URL apart. A final `/v1` is understood and left out, since SDKs want it and users copy it.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let (scheme, rest) = if let Some(rest) = text.strip_prefix("https://") {
            (Scheme::Https, rest)
        } else if let Some(rest) = text.strip_prefix("http://") {
            (Scheme::Http, rest)
        } else {
            return Err(EndpointError::Scheme);
        };
        if rest.contains(['?', '#', '@', ' ']) {
            return Err(EndpointError::Extra);
        }
        let (authority, path) = match rest.find('/') {
            Some(slash) => rest.split_at_checked(slash).unwrap_or((rest, "")),
            None => (rest, ""),
        };
        let (host, port) = if let Some(inner) = authority.strip_prefix('[') {
            let (host, after) = inner.split_once(']').ok_or(EndpointError::Host)?;
            host.parse::<Ipv6Addr>().map_err(|_| EndpointError::Host)?;
            match after.strip_prefix(':') {
                None if !after.is_empty() => return Err(EndpointError::Host),
                port => (host, port),
            }
        } else {
            let (host, port) = match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            };
            if host.is_empty()
                || !host
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
            {
                return Err(EndpointError::Host);
            }
            (host, port)
        };
        let port = match port {
            Some(port) => port
                .parse()
                .ok()
                .filter(|port| *port > 0)
                .ok_or(EndpointError::Port)?,
            None if scheme == Scheme::Https => 443,
            None => 80,
        };
        let path = path.trim_end_matches('/');
        let base_path = path.strip_suffix("/v1").unwrap_or(path).to_owned();
        Ok(Self {
            scheme,
            host: host.to_owned(),
            port,
            base_path,
        })
    }

    /// Whether it is on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost"
            || self
                .host
                .parse()
                .is_ok_and(|address: IpAddr| address.is_loopback())
    }

    /// The `:authority` of requests: the host, and the port unless it is the scheme's own.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        match (self.scheme, self.port) {
            (Scheme::Https, 443) | (Scheme::Http, 80) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }
}

/// Where a provider's key comes from. Never the key itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialSource {
    /// An environment variable of the operator's command.
    Environment(String),
    /// A file that holds the key and nothing else.
    File(String),
    /// A secret that something else delivers to Envoy, by its SDS name.
    Sds(String),
    /// None: requests are signed for an account of AWS.
    Aws(AwsCredential),
    /// Access tokens of Google's metadata server.
    Gcp(MetadataToken),
    /// Access tokens by OAuth 2.
    OAuth2(ClientCredentials),
}

impl CredentialSource {
    /// Reads where a key is, and how it is sent.
    pub(super) fn read(reader: &Reader<'_>) -> Option<(Self, KeyForm)> {
        // `{sk-1}` is YAML for a key without a value, which may be the credential itself.
        let has_values = |members: &Map<String, Value>| !members.values().any(Value::is_null);
        if !reader.value().as_object().is_some_and(has_values) {
            return reader.withheld("must be a mapping such as `{env: VARIABLE}` or `{file: PATH}`");
        }
        let mut section = reader.section()?;
        let fetched = (section.optional("gcp"), section.optional("oauth2"));
        let environment = section.optional("env");
        let file = section.optional("file");
        let sds = section.optional("sds");
        let aws = section.optional("aws");
        let form = section.optional("as");
        if !section.end() {
            return None;
        }
        let form = match form {
            None => KeyForm::OfKind,
            Some(form) if form.value() == "bearer" => KeyForm::Bearer,
            Some(form) => return form.withheld("must be `bearer`, or left out"),
        };
        let is_kept = environment.is_some() || file.is_some() || sds.is_some() || aws.is_some();
        let source = match fetched {
            (None, None) => Self::only(reader, environment, file, sds, aws)?,
            (Some(gcp), None) if !is_kept => Self::Gcp(MetadataToken::read(&gcp)?),
            (None, Some(oauth2)) if !is_kept => Self::OAuth2(ClientCredentials::read(&oauth2)?),
            _ => return reader.withheld(ONE_OF),
        };
        Some((source, form))
    }

    /// The one source that is written.
    fn only(
        reader: &Reader<'_>,
        environment: Option<Reader<'_>>,
        file: Option<Reader<'_>>,
        sds: Option<Reader<'_>>,
        aws: Option<Reader<'_>>,
    ) -> Option<Self> {
        // What is wrong is not shown: somebody may have put the key itself there.
        match (environment, file, sds, aws) {
            (Some(variable), None, None, None) => {
                let name = variable.value().as_str().unwrap_or_default();
                if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                    return variable.withheld("must be the name of an environment variable, not a key");
                }
                Some(Self::Environment(name.to_owned()))
            }
            (None, Some(path), None, None) => match path.value().as_str() {
                Some(path) => Some(Self::File(path.to_owned())),
                None => path.withheld("must be the path of a file, not a key"),
            },
            (None, None, Some(secret), None) => match secret.value().as_str().filter(|name| is_name(name)) {
                Some(name) => Some(Self::Sds(name.to_owned())),
                None => secret.withheld(NO_NAME),
            },
            (None, None, None, Some(aws)) => AwsCredential::read(&aws).map(Self::Aws),
            _ => reader.withheld(ONE_OF),
        }
    }

    /// A secret that is kept somewhere rather than fetched.
    pub(super) fn read_kept(reader: &Reader<'_>) -> Option<Self> {
        match Self::read(reader)?.0 {
            Self::Gcp(_) | Self::OAuth2(_) | Self::Aws(_) => {
                reader.withheld("must have exactly one of `env`, `file` and `sds`")
            }
            kept => Some(kept),
        }
    }
}

const ONE_OF: &str = "must have exactly one of `env`, `file`, `sds`, `aws`, `gcp` and `oauth2`";

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn base_urls_are_taken_apart() {
        for (text, authority, port, base_path) in [
            ("https://api.openai.com", "api.openai.com", 443, ""),
            ("https://api.openai.com/v1", "api.openai.com", 443, ""),
            ("https://api.openai.com/v1/", "api.openai.com", 443, ""),
            ("http://127.0.0.1:8000", "127.0.0.1:8000", 8000, ""),
            (
                "https://gateway.example.com/team/anthropic/",
                "gateway.example.com",
                443,
                "/team/anthropic",
            ),
            ("http://[::1]:8080/v1", "[::1]:8080", 8080, ""),
        ] {
            let endpoint = Endpoint::parse(text).unwrap();
            assert_eq!(
                (
                    endpoint.authority().as_str(),
                    endpoint.port,
                    endpoint.base_path.as_str()
                ),
                (authority, port, base_path),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_base_url_says_what_would_be_right() {
        for (text, error) in [
            ("api.openai.com", EndpointError::Scheme),
            ("https://", EndpointError::Host),
            ("https://ex ample.com", EndpointError::Extra),
            ("https://user:key@example.com", EndpointError::Extra),
            ("https://example.com:0", EndpointError::Port),
            ("https://example.com:http", EndpointError::Port),
            ("https://exämple.com", EndpointError::Host),
            ("http://[::1]x", EndpointError::Host),
            ("http://[abc]", EndpointError::Host),
            ("http://[::1", EndpointError::Host),
        ] {
            assert_eq!(Endpoint::parse(text), Err(error), "{text}");
        }
    }
}

//! What only Envoy needs to know who calls: how JWTs are verified, and the TLS of the listener. The filter never sees
//! either.

use super::connection::Endpoint;

/// How Envoy verifies JWTs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtVerification {
    /// Who must have issued them.
    pub issuer: String,
    /// One of these must be meant by them; empty: anybody may be.
    pub audiences: Vec<String>,
    /// The keys that sign them.
    pub keys: KeySet,
    /// The header that they come in, lower case.
    pub header: String,
    /// The namespace that Envoy writes the payload to.
    pub namespace: String,
    /// The payload's key there.
    pub payload: String,
}

/// Where a JSON Web Key Set is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySet {
    /// A file, relative to the document's folder.
    File(String),
    /// A page of the issuer's.
    Remote {
        /// The whole URL.
        url: String,
        /// Its server.
        server: Endpoint,
    },
}

/// TLS of the listener; the files are relative to the document's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerTls {
    /// The broker's certificate and those that lead to its CA, PEM.
    pub certificate: String,
    /// Its private key, PEM.
    pub key: String,
    /// The CA whose certificates agents may show; `None`: they are not asked for one.
    pub client_ca: Option<String>,
}

/// Where Envoy writes the payload if nothing else is said.
pub const JWT_NAMESPACE: &str = "envoy.filters.http.jwt_authn";
/// The payload's key if nothing else is said.
pub const JWT_PAYLOAD: &str = "payload";

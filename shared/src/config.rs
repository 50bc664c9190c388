//! The broker's configuration: one document, read once into an immutable [`Snapshot`] that everything downstream
//! trusts. All mistakes are reported together, each with its place, the offending value and what would be right.
//!
//! The document arrives as JSON: the operator's command makes it from YAML and renders the filter's part as text.

mod aws;
mod connection;
mod criteria;
mod document;
mod mistake;
mod reader;
mod resolve;
mod snapshot;
mod tokens;
mod verification;

use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest, Sha256};

pub use aws::{AwsCredential, AwsKeys};
pub use connection::{Connection, CredentialSource, Endpoint, EndpointError, HealthCheck, KeyForm, Scheme};
pub use criteria::{Comparison, Criterion, Operator, Subject, Test};
pub use mistake::{Mistake, Mistakes, nearest};
pub(crate) use reader::{Log, Reader, Section};
pub use snapshot::{
    Agent, Defaults, LogicalModel, Member, NO_DEFAULTS, Pool, Provider, ProviderKind, Rule, Server, Snapshot,
    Timeouts, Workspace,
};

pub use tokens::{ClientCredentials, MetadataToken};
pub use verification::{JwtVerification, KeySet, ListenerTls};

use crate::ids::ConfigVersion;
use crate::units::Timestamp;
use crate::units::rfc3339;

/// A valid configuration as the operator's command sees it.
#[derive(Debug)]
pub struct Loaded {
    /// What decides.
    pub snapshot: Arc<Snapshot>,
    /// How Envoy reaches each provider account; empty where the document is the filter's part.
    pub connections: Vec<Connection>,
    /// How Envoy is to verify JWTs; `None` where it need not, or a filter of the operator's does.
    pub jwt: Option<JwtVerification>,
    /// TLS of the listener.
    pub listener: Option<ListenerTls>,
    /// The places of tokens that expire, and when.
    pub expiries: Vec<(String, Timestamp)>,
    /// How Envoy reaches the rate limit service; `None` where that is not for the broker to say.
    pub rate_limit_service: Option<Endpoint>,
    /// What is allowed but probably not meant.
    pub warnings: Vec<Mistake>,
}

impl Loaded {
    /// Warnings of the tokens that have expired by now.
    #[must_use]
    pub fn expired(&self, now: Timestamp) -> Vec<Mistake> {
        let expired = self.expiries.iter().filter(|(_, expires)| *expires <= now);
        expired
            .map(|(path, expires)| Mistake {
                path: path.clone(),
                value: String::new(),
                problem: format!(
                    "expired at {}: calls with this token are refused",
                    rfc3339(*expires)
                ),
                nearest: None,
            })
            .collect()
    }
}

/// Whose part of the document is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// The operator's whole document.
    Operator,
    /// The filter's part: without what only Envoy needs, see [`filter_part`].
    Filter,
}

/// Reads and checks a document.
pub fn load(document: &Value, audience: Audience) -> Result<Loaded, Mistakes> {
    let log = reader::Log::default();
    let root = reader::Reader::root(document, &log);
    let document_parts = document::Document::read(&root, audience);
    let version = version(&filter_part(document));
    let loaded = document_parts.map(|parts| {
        let (snapshot, connections) = resolve::resolve(&parts, version, &log);
        let tokens = parts.agents.iter().flat_map(|agent| &agent.tokens);
        let expiries = tokens.filter_map(|token| Some((token.at.path().to_owned(), token.expires?)));
        Loaded {
            snapshot: Arc::new(snapshot),
            connections,
            expiries: expiries.collect(),
            jwt: parts.identity.verification,
            listener: parts.listener,
            rate_limit_service: parts.rate_limit_service.and_then(|service| service.endpoint),
            warnings: Vec::new(),
        }
    });
    let (mistakes, warnings) = log.into_parts();
    match loaded {
        Some(loaded) if mistakes.is_empty() => Ok(Loaded { warnings, ..loaded }),
        _ => Err(Mistakes(mistakes)),
    }
}

/// The part of the document that the filter reads: everything but how Envoy reaches the providers, how agents reach
/// Envoy, and how it verifies JWTs.
#[must_use]
pub fn filter_part(document: &Value) -> Value {
    let mut part = document.clone();
    let providers = part.get_mut("providers").and_then(Value::as_array_mut);
    for provider in providers.into_iter().flatten().filter_map(Value::as_object_mut) {
        provider.remove("endpoint");
        provider.remove("credential");
        provider.remove("api_version");
        provider.remove("health_check");
        provider.remove("project");
        provider.remove("location");
    }
    if let Some(root) = part.as_object_mut() {
        root.remove("listener");
    }
    if let Some(service) = part.get_mut("rate_limit_service").and_then(Value::as_object_mut) {
        service.remove("endpoint");
    }
    if let Some(jwt) = part.pointer_mut("/identity/jwt").and_then(Value::as_object_mut) {
        for key in ["issuer", "audiences", "jwks"] {
            jwt.remove(key);
        }
    }
    part
}

/// The key of the filter's part that holds what was spent before, see [`crate::budget::Carried`].
pub const OPENING_BALANCES: &str = "opening_balances";

/// The values of `time_zone` in a document, of budgets and of accounts, and their places.
pub fn time_zones(document: &mut Value) -> Vec<(String, &mut Value)> {
    let mut found = Vec::new();
    for (key, list) in document.as_object_mut().into_iter().flatten() {
        let place = match key.as_str() {
            "budgets" => "/time_zone",
            "providers" => "/budget/time_zone",
            _ => continue,
        };
        for (index, entry) in list.as_array_mut().into_iter().flatten().enumerate() {
            if let Some(zone) = entry.pointer_mut(place) {
                found.push((format!("{key}[{index}]{}", place.replace('/', ".")), zone));
            }
        }
    }
    found
}

/// The file of the key set that JWTs are checked with, where a document names one.
#[must_use]
pub fn key_set_file(document: &Value) -> Option<String> {
    let file = document.pointer("/identity/jwt/jwks/file")?;
    file.as_str().map(str::to_owned)
}

/// The first twelve hex digits of the SHA-256 of the filter's part, so that a record names what decided it.
fn version(part: &Value) -> ConfigVersion {
    // The operator's command keeps the order of the document and the filter does not; both must find the same.
    let mut part = part.clone();
    // What was spent decides nothing that a document says.
    if let Some(root) = part.as_object_mut() {
        root.remove(OPENING_BALANCES);
    }
    // A zone's changes are those of the years around the day on which it was looked up; what the document says is its name.
    for (_, zone) in time_zones(&mut part) {
        if let Some(name) = zone.get("name").cloned() {
            *zone = name;
        }
    }
    part.sort_all_objects();
    let digest = Sha256::digest(part.to_string().as_bytes());
    let digits = digest
        .iter()
        .take(6)
        .fold(0_u64, |digits, byte| digits << 8 | u64::from(*byte));
    ConfigVersion::from(format!("{digits:012x}").as_str())
}

#[cfg(test)]
mod tests;

//! The broker's configuration: one document, read once into an immutable [`Snapshot`] that everything downstream
//! trusts. All mistakes are reported together, each with its place, the offending value and what would be right.
//!
//! The document arrives as JSON: the operator's command makes it from YAML and renders the filter's part as text.

mod connection;
mod criteria;
mod document;
mod mistake;
mod reader;
mod resolve;
mod snapshot;

use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest, Sha256};

pub use connection::{Connection, CredentialSource, Endpoint, EndpointError, HealthCheck, Scheme};
pub use criteria::{Comparison, Criterion, Operator, Subject, Test};
#[cfg(feature = "cedar")]
pub(crate) use mistake::nearest;
pub use mistake::{Mistake, Mistakes};
pub use snapshot::{
    Agent, Defaults, LogicalModel, Member, NO_DEFAULTS, Pool, Provider, ProviderKind, Rule, Snapshot,
    Timeouts, Workspace,
};

use crate::ids::ConfigVersion;

/// A valid configuration as the operator's command sees it.
#[derive(Debug)]
pub struct Loaded {
    /// What decides.
    pub snapshot: Arc<Snapshot>,
    /// How Envoy reaches each provider account; empty where the document is the filter's part.
    pub connections: Vec<Connection>,
    /// What is allowed but probably not meant.
    pub warnings: Vec<Mistake>,
}

/// Whose part of the document is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// The operator's whole document.
    Operator,
    /// The filter's part: without `endpoint`, `credential` and `health_check`, which only Envoy needs.
    Filter,
}

/// Reads and checks a document.
pub fn load(document: &Value, audience: Audience) -> Result<Loaded, Mistakes> {
    let log = reader::Log::default();
    let root = reader::Reader::root(document, &log);
    let document_parts = document::Document::read(&root, audience);
    let version = version(&filter_part(document));
    let loaded = document_parts.map(|parts| resolve::resolve(&parts, version, &log));
    let (mistakes, warnings) = log.into_parts();
    match loaded {
        Some((snapshot, connections)) if mistakes.is_empty() => Ok(Loaded {
            snapshot: Arc::new(snapshot),
            connections,
            warnings,
        }),
        _ => Err(Mistakes(mistakes)),
    }
}

/// The part of the document that the filter reads: everything but how Envoy reaches the providers.
#[must_use]
pub fn filter_part(document: &Value) -> Value {
    let mut part = document.clone();
    let providers = part.get_mut("providers").and_then(Value::as_array_mut);
    for provider in providers.into_iter().flatten().filter_map(Value::as_object_mut) {
        provider.remove("endpoint");
        provider.remove("credential");
        provider.remove("health_check");
    }
    part
}

/// The first twelve hex digits of the SHA-256 of the filter's part, so that a record names what decided it.
fn version(part: &Value) -> ConfigVersion {
    // The operator's command keeps the order of the document and the filter does not; both must find the same.
    let mut part = part.clone();
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

//! The person behind an agent: recorded so that a call can be traced back, and bounded by budgets per end user. Nothing is
//! allowed because of it, since it is the agent's own word.

use super::TokenDigest;
use crate::headers::{Headers, X_BROKER_USER};
use crate::reply::quoted;
use crate::request::Metadata;

/// What is recorded of the person behind the agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UserRecord {
    /// What the call says.
    #[default]
    AsGiven,
    /// The beginning of its SHA-256: tells people apart and does not show who they are to whoever reads records only.
    Hashed,
    /// Nothing.
    Omitted,
}

/// The person as the call tells.
#[must_use]
pub fn given<'a>(headers: &'a Headers, metadata: Option<&'a Metadata>) -> Option<&'a str> {
    headers
        .text(X_BROKER_USER)
        .filter(|user| !user.is_empty())
        .or_else(|| metadata.and_then(|metadata| metadata.user.as_deref()))
}

impl UserRecord {
    /// What stands in the record of a call.
    #[must_use]
    pub fn of(self, headers: &Headers, metadata: Option<&Metadata>) -> Option<String> {
        let given = given(headers, metadata)?;
        match self {
            Self::AsGiven => Some(quoted(given).into_owned()),
            Self::Hashed => {
                let digest = TokenDigest::of(given.as_bytes()).to_string();
                Some(digest.chars().take(HASHED).collect())
            }
            Self::Omitted => None,
        }
    }
}

/// Hexadecimal digits of a hashed user: enough to tell a billion people apart.
const HASHED: usize = 16;

//! Who is calling: the agent that the call's certificate, JWT or broker token names.
//!
//! Each is read on its own, and whatever is shown must hold: a forged token is refused beside a good certificate. All that
//! are there must name the same agent. Where more than one does, the certificate comes before the JWT and the JWT
//! before the token in the record.

mod claimed;
mod error;
mod forwarded;
mod jwt;
mod spiffe;
#[cfg(test)]
pub(crate) mod testing;
mod token;
mod user;

use std::collections::HashMap;
use std::sync::Arc;

pub use error::IdentityError;
pub use jwt::{ClaimPath, Jwt};
pub use spiffe::{Forwarded, Spiffe, SpiffeTemplate, TemplateError};
pub use token::{KnownToken, TokenDigest};
pub use user::{UserRecord, given as given_user};

use crate::config::{Agent, Snapshot};
use crate::headers::{AUTHORIZATION, Headers, Lookup, X_API_KEY};
use crate::limits::MAX_TOKEN;
use crate::units::Timestamp;

/// By what agents are known.
#[derive(Debug, Default)]
pub struct Sources {
    /// Their broker tokens; `None` where no token counts.
    pub tokens: Option<HashMap<TokenDigest, KnownToken>>,
    /// Claims of a JWT.
    pub jwt: Option<Jwt>,
    /// The SPIFFE id of their certificates.
    pub spiffe: Option<Spiffe>,
    /// What is recorded of the person behind the agent.
    pub user: UserRecord,
}

/// What made an agent known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Its certificate.
    Spiffe,
    /// Its JWT.
    Jwt,
    /// Its broker token.
    Token,
}

impl Source {
    /// The source as records spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Spiffe => "spiffe",
            Self::Jwt => "jwt",
            Self::Token => "token",
        }
    }
}

/// What the host has verified of a call before the broker saw it.
pub trait Verified {
    /// A value of the call's metadata as text, where the host's filters before the broker left one there.
    fn metadata(&self, namespace: &str, path: &[String]) -> Option<Vec<u8>>;
    /// The URI in the certificate that the client showed and the host checked.
    fn certificate_uri(&self) -> Option<Vec<u8>>;
}

/// A call as it arrives.
#[derive(Clone, Copy)]
pub struct Arrival<'a> {
    /// Its headers.
    pub headers: &'a Headers,
    /// What the host knows of it.
    pub verified: &'a dyn Verified,
    /// When.
    pub now: Timestamp,
}

/// A caller who is known.
#[derive(Clone, Debug)]
pub struct Identified {
    /// Who it is.
    pub agent: Arc<Agent>,
    /// What says so.
    pub source: Source,
    /// Whether the agent stands in the configuration, or in a workspace of it by somebody else's word only.
    pub is_configured: bool,
}

impl Identified {
    fn is_same_as(&self, other: &Self) -> bool {
        let workspace = |agent: &Agent| agent.workspace.as_ref().map(|workspace| workspace.name.clone());
        self.agent.name == other.agent.name && workspace(&self.agent) == workspace(&other.agent)
    }
}

/// Finds the agent that calls.
pub fn identify(arrival: Arrival<'_>, snapshot: &Snapshot) -> Result<Identified, IdentityError> {
    let sources = &snapshot.identity;
    let by_certificate = match &sources.spiffe {
        Some(spiffe) => spiffe.read(arrival)?,
        None => None,
    };
    let by_jwt = match &sources.jwt {
        Some(jwt) => jwt.read(arrival)?,
        None => None,
    };
    let known = [(Source::Spiffe, by_certificate), (Source::Jwt, by_jwt)];
    let mut identified: Option<Identified> = None;
    for (source, claimed) in known {
        if let Some(claimed) = claimed {
            join(&mut identified, claimed.resolve(source, snapshot)?)?;
        }
    }
    if let Some(known) = by_token(arrival, sources)? {
        join(&mut identified, known)?;
    }
    identified.ok_or_else(|| missing(arrival, sources))
}

/// Adds one more identity to those before it, which it must agree with.
fn join(identified: &mut Option<Identified>, next: Identified) -> Result<(), IdentityError> {
    match identified {
        None => *identified = Some(next),
        Some(first) if !first.is_same_as(&next) => return Err(IdentityError::Disagreeing),
        // A JWT says more of an agent that is not configured than a certificate does.
        Some(first) if !first.is_configured => first.agent = next.agent,
        Some(_) => {}
    }
    Ok(())
}

fn missing(arrival: Arrival<'_>, sources: &Sources) -> IdentityError {
    if sources.jwt.as_ref().is_some_and(|jwt| jwt.has_payload(arrival)) {
        return IdentityError::BadClaim;
    }
    match sources.tokens {
        Some(_) => IdentityError::Missing,
        None => IdentityError::Unidentified,
    }
}

/// The agent whose token is in the headers.
fn by_token(arrival: Arrival<'_>, sources: &Sources) -> Result<Option<Identified>, IdentityError> {
    let Some(tokens) = &sources.tokens else {
        return Ok(None);
    };
    let headers = arrival.headers;
    let is_token = |header: &str, value: &[u8]| {
        let jwt = sources.jwt.as_ref();
        !jwt.is_some_and(|jwt| jwt.is_in(header, value))
    };
    let bearer = bearer(headers)?.filter(|value| is_token(AUTHORIZATION, value));
    let key = api_key(headers)?.filter(|value| is_token(X_API_KEY, value));
    let token = match (bearer, key) {
        (None, None) => return Ok(None),
        (Some(token), None) | (None, Some(token)) => token,
        (Some(bearer), Some(key)) if bearer == key => bearer,
        (Some(_), Some(_)) => return Err(IdentityError::TwoTokens),
    };
    if token.is_empty() || token.len() > MAX_TOKEN {
        return Err(IdentityError::Malformed);
    }
    let known = tokens
        .get(&TokenDigest::of(token))
        .filter(|known| known.is_valid(arrival.now))
        .ok_or(IdentityError::Unknown)?;
    Ok(Some(Identified {
        agent: known.agent.clone(),
        source: Source::Token,
        is_configured: true,
    }))
}

fn bearer(headers: &Headers) -> Result<Option<&[u8]>, IdentityError> {
    let value = match headers.lookup(AUTHORIZATION) {
        Lookup::Absent => return Ok(None),
        Lookup::Repeated => return Err(IdentityError::Malformed),
        Lookup::Once(value) => value,
    };
    match value.split_at_checked(7) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case(b"bearer ") => Ok(Some(token.trim_ascii())),
        _ => Err(IdentityError::Malformed),
    }
}

fn api_key(headers: &Headers) -> Result<Option<&[u8]>, IdentityError> {
    match headers.lookup(X_API_KEY) {
        Lookup::Absent => Ok(None),
        Lookup::Repeated => Err(IdentityError::Malformed),
        Lookup::Once(value) => Ok(Some(value.trim_ascii())),
    }
}

#[cfg(test)]
mod tests;

//! A JWT that the host has verified: its claims name the agent.
//!
//! The broker never checks a signature. The host's filter does, takes the JWT out of the request if it holds, and leaves
//! its claims in the call's metadata; a JWT that is still there without them is none.

use super::claimed::Claimed;
use super::{Arrival, IdentityError};
use crate::headers::{AUTHORIZATION, Lookup, X_API_KEY};
use crate::limits::MAX_CLAIM;

/// A claim's place: the payload's key, then the claim, then what is inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimPath(Vec<String>);

/// Where a JWT is and what its claims mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwt {
    /// The namespace of the metadata that the verifying filter writes.
    pub namespace: String,
    /// The payload's key there.
    pub payload: String,
    /// The header that the JWT comes in, lower case.
    pub header: String,
    /// The claim that names the agent.
    pub agent: ClaimPath,
    /// The claim that names its workspace.
    pub workspace: Option<ClaimPath>,
    /// The claim that names its tenant.
    pub tenant: Option<ClaimPath>,
    /// The claims that are attributes of an agent that is not configured, each with the attribute's name.
    pub attributes: Vec<(String, ClaimPath)>,
}

impl ClaimPath {
    /// A claim within the payload of this key.
    #[must_use]
    pub fn new<'a>(payload: &'a str, path: impl IntoIterator<Item = &'a str>) -> Self {
        let path = std::iter::once(payload).chain(path);
        Self(path.map(str::to_owned).collect())
    }
}

impl Jwt {
    /// What the call's verified JWT says; `None` if it has none.
    pub(super) fn read(&self, arrival: Arrival<'_>) -> Result<Option<Claimed>, IdentityError> {
        let claim = |path: &ClaimPath| match arrival.verified.metadata(&self.namespace, &path.0) {
            None => Ok(None),
            Some(value) => text(value).map(Some).ok_or(IdentityError::BadClaim),
        };
        let optional = |path: &Option<ClaimPath>| path.as_ref().map_or(Ok(None), claim);
        let Some(agent) = claim(&self.agent)? else {
            return if self.is_presented(arrival) {
                Err(IdentityError::Unverified)
            } else {
                Ok(None)
            };
        };
        if !agent.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(IdentityError::BadClaim);
        }
        let mut claimed = Claimed {
            agent,
            workspace: optional(&self.workspace)?,
            tenant: optional(&self.tenant)?,
            ..Claimed::default()
        };
        for (name, path) in &self.attributes {
            if let Some(value) = claim(path)? {
                claimed.attributes.insert(name.clone(), value);
            }
        }
        Ok(Some(claimed))
    }

    /// Whether a verified JWT is there at all, whatever it says.
    pub(super) fn has_payload(&self, arrival: Arrival<'_>) -> bool {
        let payload = [self.payload.clone()];
        arrival.verified.metadata(&self.namespace, &payload).is_some()
    }

    /// Whether this value of a header is a JWT, rather than a token of the broker.
    pub(super) fn is_in(&self, header: &str, value: &[u8]) -> bool {
        self.header == header && (!self.shares_header() || has_form(value))
    }

    /// Whether tokens come in the same header.
    fn shares_header(&self) -> bool {
        [AUTHORIZATION, X_API_KEY].contains(&self.header.as_str())
    }

    /// Whether the request still holds something where the JWT belongs.
    fn is_presented(&self, arrival: Arrival<'_>) -> bool {
        match arrival.headers.lookup(&self.header) {
            Lookup::Absent => false,
            // Whoever reads tokens refuses a header that is there twice.
            Lookup::Repeated => !self.shares_header(),
            Lookup::Once(value) => {
                let value = match value.split_at_checked(7) {
                    Some((scheme, rest)) if scheme.eq_ignore_ascii_case(b"bearer ") => rest.trim_ascii(),
                    _ => value.trim_ascii(),
                };
                self.is_in(&self.header, value)
            }
        }
    }
}

/// Whether a value looks like a JWT: every one begins with `{"`, and has three parts.
fn has_form(value: &[u8]) -> bool {
    value.starts_with(b"eyJ") && memchr::memchr_iter(b'.', value).count() == 2
}

/// A claim that is short text. Numbers, lists and the like come in the host's own form, which has control characters.
fn text(value: Vec<u8>) -> Option<String> {
    let text = String::from_utf8(value).ok()?;
    let is_short = (1..=MAX_CLAIM).contains(&text.len());
    (is_short && !text.chars().any(char::is_control)).then_some(text)
}

//! Who is calling: the agent whose broker token came with the call.

mod token;

use std::sync::Arc;

pub use token::TokenDigest;

use crate::config::{Agent, Snapshot};
use crate::headers::{AUTHORIZATION, Headers, Lookup, X_API_KEY};
use crate::limits::MAX_TOKEN;

/// Why nobody is known to call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Neither header.
    #[error("no token: send the agent's token as `Authorization: Bearer` or `x-api-key`")]
    Missing,
    /// Not `Bearer TOKEN`, a repeated header, too long, or empty.
    #[error("the token cannot be read: send it once, as `Authorization: Bearer` or `x-api-key`")]
    Malformed,
    /// Both headers, and they differ.
    #[error("`Authorization` and `x-api-key` hold different tokens")]
    Disagreeing,
    /// No agent has this token.
    #[error("the token is not known")]
    Unknown,
}

/// Finds the agent by the token in the headers.
pub fn identify(headers: &Headers, snapshot: &Snapshot) -> Result<Arc<Agent>, IdentityError> {
    let token = match (bearer(headers)?, api_key(headers)?) {
        (None, None) => return Err(IdentityError::Missing),
        (Some(token), None) | (None, Some(token)) => token,
        (Some(bearer), Some(key)) if bearer == key => bearer,
        (Some(_), Some(_)) => return Err(IdentityError::Disagreeing),
    };
    if token.is_empty() || token.len() > MAX_TOKEN {
        return Err(IdentityError::Malformed);
    }
    // The digest of a guess tells nothing about a token, so how long the lookup takes tells nothing either.
    snapshot
        .agents
        .get(&TokenDigest::of(token))
        .cloned()
        .ok_or(IdentityError::Unknown)
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
mod tests {
    use super::*;
    use crate::config::{Audience, load};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn who(pairs: &[(&str, &[u8])]) -> Result<String, IdentityError> {
        let document = serde_json::json!({
            "providers": [{"name": "a", "kind": "openai"}],
            "agents": [{"name": "bot", "token_sha256": TokenDigest::of(b"secret").to_string()}],
        });
        let snapshot = load(&document, Audience::Filter).unwrap().snapshot;
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.to_vec()))
            .collect();
        identify(&Headers::new(pairs), &snapshot).map(|agent| agent.name.to_string())
    }

    #[test]
    fn an_agent_is_known_by_its_token_in_either_header() {
        for pairs in [
            &[("authorization", &b"Bearer secret"[..])][..],
            &[("authorization", b"bearer  secret ")],
            &[("x-api-key", b"secret")],
            &[("x-api-key", b"secret"), ("authorization", b"Bearer secret")],
        ] {
            assert_eq!(who(pairs).as_deref(), Ok("bot"), "{pairs:?}");
        }
    }

    #[test]
    fn whatever_is_no_known_token_is_refused_with_its_reason() {
        let long = vec![b'x'; MAX_TOKEN + 1];
        for (pairs, error) in [
            (&[][..], IdentityError::Missing),
            (
                &[("authorization", &b"Bearer Secret"[..])],
                IdentityError::Unknown,
            ),
            (&[("authorization", b"Basic secret")], IdentityError::Malformed),
            (&[("authorization", b"Bearer ")], IdentityError::Malformed),
            (&[("authorization", b"\xff\xfe")], IdentityError::Malformed),
            (&[("x-api-key", b"")], IdentityError::Malformed),
            (&[("x-api-key", b"\xff")], IdentityError::Unknown),
            (&[("x-api-key", &long)], IdentityError::Malformed),
            (
                &[("x-api-key", b"secret"), ("x-api-key", b"secret")],
                IdentityError::Malformed,
            ),
            (
                &[("x-api-key", b"secret"), ("authorization", b"Bearer other")],
                IdentityError::Disagreeing,
            ),
        ] {
            assert_eq!(who(pairs), Err(error), "{pairs:?}");
        }
    }
}

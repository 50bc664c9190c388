//! `identity`: by what agents are known.

use serde_json::Value;

use super::jwt;
use crate::config::Audience;
use crate::config::reader::Reader;
use crate::config::verification::JwtVerification;
use crate::identity::{Forwarded, Jwt, Spiffe, SpiffeTemplate, UserRecord};

/// `identity`.
pub struct IdentityEntry<'v> {
    /// Whether tokens count.
    pub tokens: bool,
    pub jwt: Option<Jwt>,
    /// How Envoy is to verify JWTs; only in the operator's document, and only where Envoy's filter is the broker's to write.
    pub verification: Option<JwtVerification>,
    pub spiffe: Option<Spiffe>,
    /// Where `spiffe` is, for warnings.
    pub spiffe_at: Option<Reader<'v>>,
    pub user: UserRecord,
}

impl Default for IdentityEntry<'_> {
    fn default() -> Self {
        Self {
            tokens: true,
            jwt: None,
            verification: None,
            spiffe: None,
            spiffe_at: None,
            user: UserRecord::default(),
        }
    }
}

impl<'v> IdentityEntry<'v> {
    pub(super) fn read(reader: &Reader<'v>, audience: Audience) -> Self {
        let Some(mut section) = reader.section() else {
            return Self::default();
        };
        let tokens = section.optional("tokens");
        let jwt = section.optional("jwt");
        let spiffe_at = section.optional("spiffe");
        let user = section.optional("record_user").map(|user| read_user(&user));
        section.end();
        let is_enough = tokens.as_ref().is_none_or(|tokens| match tokens.value() {
            Value::Bool(false) if jwt.is_none() && spiffe_at.is_none() => tokens
                .mistake::<()>("must be `true` where neither `jwt` nor `spiffe` is given")
                .is_some(),
            Value::Bool(counts) => *counts,
            _ => tokens.mistake::<()>("must be `true` or `false`").is_some(),
        });
        let (jwt, verification) = jwt.and_then(|jwt| jwt::read(&jwt, audience)).unzip();
        Self {
            tokens: is_enough,
            jwt,
            verification: verification.flatten(),
            spiffe: spiffe_at.as_ref().and_then(read_spiffe),
            spiffe_at,
            user: user.unwrap_or_default(),
        }
    }

    /// Whether an agent may do without a token.
    pub fn has_other_than_tokens(&self) -> bool {
        !self.tokens || self.jwt.is_some() || self.spiffe_at.is_some()
    }

    /// Whether agents that the configuration does not name may be taken into its workspaces.
    pub fn takes_others(&self) -> bool {
        self.jwt.as_ref().is_some_and(|jwt| jwt.workspace.is_some())
            || self
                .spiffe
                .as_ref()
                .is_some_and(|spiffe| spiffe.agent.names_workspace())
    }
}

fn read_user(reader: &Reader<'_>) -> UserRecord {
    match reader.value() {
        Value::Bool(true) => UserRecord::AsGiven,
        Value::Bool(false) => UserRecord::Omitted,
        Value::String(text) if text == "hash" => UserRecord::Hashed,
        _ => reader
            .mistake("must be `true`, `false` or `hash`")
            .unwrap_or_default(),
    }
}

fn read_spiffe(reader: &Reader<'_>) -> Option<Spiffe> {
    let mut section = reader.section()?;
    let agent = section.required("agent").and_then(|agent| {
        let text = agent.string()?;
        SpiffeTemplate::parse(text).map_or_else(|error| agent.mistake(error.to_string()), Some)
    });
    let forwarded = section
        .optional("forwarded")
        .map(|forwarded| read_forwarded(&forwarded));
    section.end();
    Some(Spiffe {
        agent: agent?,
        forwarded: forwarded.unwrap_or_default(),
    })
}

/// Proxies that are believed are named by their ids; `true` is for those that nobody can go round.
fn read_forwarded(reader: &Reader<'_>) -> Forwarded {
    let problem = "must be `true`, `false`, or the SPIFFE ids of proxies";
    match reader.value() {
        Value::Bool(true) => Forwarded::Always,
        Value::Bool(false) => Forwarded::Never,
        Value::Array(ids) if !ids.is_empty() => {
            let ids = reader
                .list()
                .into_iter()
                .filter_map(|id| match id.value().as_str() {
                    Some(text) if text.starts_with("spiffe://") => Some(text.to_owned()),
                    _ => id.mistake(problem),
                });
            Forwarded::By(ids.collect())
        }
        _ => reader.mistake(problem).unwrap_or_default(),
    }
}

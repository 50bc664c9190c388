//! `providers`: the accounts.

use super::budgets::read_account_budget;
use super::care::{read_circuit_breaker, read_limits};
use super::health_check::read_health_check;
use super::vertex::read_address;
use crate::config::Audience;
use crate::config::connection::{CredentialSource, Endpoint, HealthCheck};
use crate::config::reader::Reader;
use crate::config::snapshot::{ProviderKind, Timeouts};
use crate::health::CircuitBreaker;
use crate::ledger::{Ceiling, Percent, RateLimits};
use crate::units::Millis;

/// An entry of `providers`.
pub struct ProviderEntry<'v> {
    pub name: Reader<'v>,
    pub kind: ProviderKind,
    /// Empty where it is written wrongly.
    pub region: Option<&'v str>,
    pub timeouts: Timeouts,
    pub circuit_breaker: CircuitBreaker,
    pub limits: RateLimits,
    /// The most dollars, and what of them is told of.
    pub budget: Option<(Ceiling, Vec<Percent>)>,
    /// Only in the operator's document.
    pub endpoint: Option<Endpoint>,
    pub credential: Option<CredentialSource>,
    /// Only in the operator's document.
    pub health_check: Option<HealthCheck>,
}

impl<'v> ProviderEntry<'v> {
    pub(super) fn read(entry: &Reader<'v>, audience: Audience) -> Option<Self> {
        let mut section = entry.section()?;
        let name = section.required("name").filter(|name| name.name().is_some());
        let kind = section.required("kind").and_then(|kind| read_kind(&kind));
        let region = section
            .optional("region")
            .map(|region| region.name().unwrap_or_default());
        let timeouts = section
            .optional("timeout")
            .map_or(Some(Timeouts::default()), |t| read_timeouts(&t));
        let circuit_breaker = section
            .optional("circuit_breaker")
            .map(|breaker| read_circuit_breaker(&breaker));
        let limits = section.optional("limits").map(|limits| read_limits(&limits));
        let budget = section
            .optional("budget")
            .and_then(|budget| read_account_budget(&budget));
        let (mut endpoint, mut credential, mut health_check) = (None, None, None);
        if audience == Audience::Operator {
            let given = section.optional("endpoint");
            endpoint = read_address(&mut section, kind, given, read_endpoint);
            credential = section
                .optional("credential")
                .and_then(|source| CredentialSource::read(&source));
            health_check = section
                .optional("health_check")
                .map(|check| read_health_check(&check));
        }
        section.end();
        // What has a mistake gets a stand-in, so that who names the account is not told that it does not exist.
        Some(Self {
            name: name?,
            kind: kind.unwrap_or(ProviderKind::OpenAi),
            region,
            timeouts: timeouts.unwrap_or_default(),
            circuit_breaker: circuit_breaker.unwrap_or_default(),
            limits: limits.unwrap_or_default(),
            budget,
            endpoint,
            credential,
            health_check,
        })
    }
}

fn read_kind(reader: &Reader<'_>) -> Option<ProviderKind> {
    let text = reader.string()?;
    let supported: Vec<&str> = ProviderKind::ALL.iter().map(|kind| kind.as_str()).collect();
    if let Some(kind) = ProviderKind::ALL.iter().find(|kind| kind.as_str() == text) {
        return Some(*kind);
    }
    let planned = ["azure-openai", "bedrock", "mistral", "cohere"];
    let problem = if planned.contains(&text) {
        "is not supported by this version of the broker"
    } else {
        "is no provider kind"
    };
    reader.unknown_name(
        format!("{problem} (supported: {})", supported.join(", ")),
        supported,
    )
}

fn read_endpoint(reader: &Reader<'_>) -> Option<Endpoint> {
    let text = reader.string()?;
    match Endpoint::parse(text) {
        Ok(endpoint) => Some(endpoint),
        // What is too much in a URL may be a password.
        Err(error) if text.contains(['?', '#', '@']) => reader.withheld(error.to_string()),
        Err(error) => reader.mistake(error.to_string()),
    }
}

fn read_timeouts(reader: &Reader<'_>) -> Option<Timeouts> {
    let mut section = reader.section()?;
    let default = Timeouts::default();
    let mut duration = |key, default: Millis| match section.optional(key) {
        Some(reader) => reader.duration(),
        None => Some(default),
    };
    let connect = duration("connect", default.connect);
    let first_byte = duration("first_byte", default.first_byte);
    let idle = duration("idle", default.idle);
    section.end();
    Some(Timeouts {
        connect: connect?,
        first_byte: first_byte?,
        idle: idle?,
    })
}

//! `providers`: the accounts.

use super::budgets::read_account_budget;
use super::care::{read_circuit_breaker, read_limits};
use super::health_check::read_health_check;
use super::vertex::read_address;
use crate::config::Audience;
use crate::config::connection::{CredentialSource, Endpoint, HealthCheck, KeyForm};
use crate::config::reader::Reader;
use crate::config::snapshot::{ProviderKind, Server, Timeouts};
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
    /// Where it says that a fleet counts them together.
    pub shared_limits: Option<Reader<'v>>,
    /// The most dollars, and what of them is told of.
    pub budget: Option<(Ceiling, Vec<Percent>)>,
    /// Only in the operator's document.
    pub endpoint: Option<Endpoint>,
    pub credential: Option<(CredentialSource, KeyForm)>,
    /// Only in the operator's document.
    pub api_version: Option<&'v str>,
    /// Only in the operator's document.
    pub health_check: Option<HealthCheck>,
}

impl<'v> ProviderEntry<'v> {
    pub(super) fn read(entry: &Reader<'v>, audience: Audience) -> Option<Self> {
        let mut section = entry.section()?;
        let name = section.required("name").filter(|name| name.name().is_some());
        let kind = section.required("kind").and_then(|kind| read_kind(&kind));
        let kind = match section.optional("dialect") {
            Some(dialect) => read_dialect(&dialect, kind),
            None => kind,
        };
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
        let (limits, shared_limits) = limits.unwrap_or_default();
        let budget = section
            .optional("budget")
            .and_then(|budget| read_account_budget(&budget));
        let (mut endpoint, mut credential, mut health_check) = (None, None, None);
        let mut api_version = None;
        if audience == Audience::Operator {
            let given = section.optional("endpoint");
            endpoint = read_address(&mut section, kind, given, read_endpoint);
            credential = section
                .optional("credential")
                .and_then(|source| CredentialSource::read(&source));
            api_version = section
                .optional("api_version")
                .and_then(|version| read_api_version(&version, kind));
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
            limits,
            shared_limits,
            budget,
            endpoint,
            credential,
            api_version,
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
    reader.unknown_name(
        format!("is no provider kind (supported: {})", supported.join(", ")),
        supported,
    )
}

/// The kind, with the make of its servers.
fn read_dialect(reader: &Reader<'_>, kind: Option<ProviderKind>) -> Option<ProviderKind> {
    let text = reader.string()?;
    let Some(server) = Server::ALL.iter().find(|server| server.as_str() == text) else {
        let known: Vec<&str> = Server::ALL.iter().map(|server| server.as_str()).collect();
        return reader.unknown_name(format!("is no dialect (known: {})", known.join(", ")), known);
    };
    match kind? {
        ProviderKind::OpenAiCompatible => Some(ProviderKind::SelfHosted(*server)),
        _ => reader.mistake("belongs to accounts of the kind `openai-compatible` only"),
    }
}

/// A dated version of Azure's API. Earlier ones do not take `stream_options`, without which streams tell no usage.
fn read_api_version<'v>(reader: &Reader<'v>, kind: Option<ProviderKind>) -> Option<&'v str> {
    const FIRST: &str = "2024-09-01";
    let version = reader.string()?;
    let date = version.strip_suffix("-preview").unwrap_or(version);
    let is_date = date.len() == FIRST.len()
        && date
            .bytes()
            .zip(FIRST.bytes())
            .all(|(given, model)| given == model || given.is_ascii_digit() && model != b'-');
    if kind.is_some_and(|kind| kind != ProviderKind::AzureOpenAi) {
        reader.mistake("belongs to accounts of the kind `azure-openai` only")
    } else if !is_date {
        reader.mistake("must be a version of Azure's API such as `2024-10-21` or `2025-04-01-preview`")
    } else if date < FIRST {
        reader.mistake(format!(
            "is too old: before `{FIRST}-preview` Azure does not tell the usage of streams"
        ))
    } else {
        Some(version)
    }
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

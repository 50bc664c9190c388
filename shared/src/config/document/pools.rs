//! `pools`, and the targets of models, which are members too.

use serde_json::Value;

use super::acceptance::read_acceptance;
use super::care::read_retry_budget;
use super::required_list;
use crate::acceptance::Acceptance;
use crate::config::criteria::read_count;
use crate::config::reader::Reader;
use crate::limits::MAX_ATTEMPTS;
use crate::provider::{Capabilities, Capability};
use crate::routing::{RetryLimits, Strategy};
use crate::units::Tokens;

/// An entry of `pools`.
pub struct PoolEntry<'v> {
    pub name: Reader<'v>,
    pub strategy: Strategy,
    /// What the answers of a cascade must be.
    pub acceptance: Option<Acceptance>,
    /// Whether conversations stay where they are.
    pub has_affinity: bool,
    pub retry_budget: RetryLimits,
    /// Attempts after the first; `None` where it is not written.
    pub failover: Option<u32>,
    pub members: Vec<MemberEntry<'v>>,
    pub match_when: Option<Reader<'v>>,
}

/// A member of a pool, or a target of a model.
pub struct MemberEntry<'v> {
    pub provider: Reader<'v>,
    /// `None` where a target keeps the logical model's name.
    pub model: Option<&'v str>,
    pub weight: u32,
    pub priority: u32,
    /// `None` where it is not written.
    pub capabilities: Option<Capabilities>,
    /// `None` where it is not written.
    pub context: Option<Tokens>,
}

impl<'v> PoolEntry<'v> {
    pub(super) fn read(entry: &Reader<'v>) -> Option<Self> {
        let mut section = entry.section()?;
        let name = section.required("name").filter(|name| name.name().is_some());
        let strategy = match section.optional("routing") {
            Some(routing) => read_routing(&routing),
            None => Some(Strategy::default()),
        };
        let acceptance = section
            .optional("accept")
            .and_then(|accept| read_acceptance(&accept, strategy));
        let affinity = section
            .optional("affinity")
            .and_then(|affinity| read_affinity(&affinity, strategy));
        let retry_budget = section
            .optional("retry_budget")
            .map(|budget| read_retry_budget(&budget));
        let failover = section
            .optional("failover")
            .map(|failover| read_failover(&failover));
        let members = required_list(&mut section, "members");
        let members = members
            .iter()
            .filter_map(|member| MemberEntry::read(member, true))
            .collect();
        let match_when = section.optional("match_when");
        if let Some(cache) = section.optional("cache") {
            let profile = cache.string().unwrap_or_default();
            entry.log().warn(
                cache.path(),
                profile,
                "answers are not cached by this version of the broker",
            );
        }
        section.end();
        Some(Self {
            name: name?,
            strategy: strategy.unwrap_or_default(),
            acceptance,
            has_affinity: affinity.is_some(),
            retry_budget: retry_budget.unwrap_or_default(),
            failover: failover.flatten(),
            members,
            match_when,
        })
    }
}

fn read_routing(reader: &Reader<'_>) -> Option<Strategy> {
    let text = reader.string()?;
    let strategies = Strategy::ALL.map(Strategy::as_str);
    let strategy = Strategy::ALL
        .into_iter()
        .find(|strategy| strategy.as_str() == text);
    strategy.or_else(|| {
        reader.unknown_name(
            format!("is no routing strategy (supported: {})", strategies.join(", ")),
            strategies,
        )
    })
}

fn read_affinity(reader: &Reader<'_>, strategy: Option<Strategy>) -> Option<()> {
    if strategy == Some(Strategy::Cascade) {
        return reader.mistake("is not for pools with `routing: cascade`, which begin with their first rung");
    }
    match reader.string()? {
        "prompt-prefix" => Some(()),
        _ => reader.unknown_name("is no affinity (supported: prompt-prefix)", ["prompt-prefix"]),
    }
}

/// `3`, `up to 3`, `none`.
fn read_failover(reader: &Reader<'_>) -> Option<u32> {
    let most = MAX_ATTEMPTS - 1;
    let retries = match reader.value() {
        Value::Number(_) => {
            return reader
                .integer(0..=u64::from(most))
                .and_then(|retries| retries.try_into().ok());
        }
        Value::String(text) if text == "none" => Some(0),
        Value::String(text) => {
            let digits = text.trim().strip_prefix("up to ").unwrap_or(text).trim();
            digits
                .chars()
                .all(|c| c.is_ascii_digit())
                .then(|| digits.parse().ok())
                .flatten()
        }
        _ => None,
    };
    match retries {
        Some(retries) if retries <= most => Some(retries),
        _ => reader.mistake(format!(
            "must be `up to N` or N attempts after the first, N from 0 to {most}"
        )),
    }
}

impl<'v> MemberEntry<'v> {
    pub(super) fn read(entry: &Reader<'v>, model_required: bool) -> Option<Self> {
        let mut section = entry.section()?;
        let provider = section
            .required("provider")
            .filter(|provider| provider.string().is_some());
        let model = if model_required {
            section.required("model")
        } else {
            section.optional("model")
        };
        let model = model.map(|model| model.model_name());
        let mut number = |key, default: u32| match section.optional(key) {
            Some(reader) => reader
                .integer(0..=1_000_000)
                .and_then(|number| u32::try_from(number).ok()),
            None => Some(default),
        };
        let weight = number("weight", 1);
        let priority = number("priority", 0);
        let capabilities = section
            .optional("capabilities")
            .map(|list| read_capabilities(&list));
        let context = section
            .optional("context_tokens")
            .map(|tokens| read_context(&tokens));
        section.end();
        Some(Self {
            provider: provider?,
            model: model.flatten(),
            weight: weight.unwrap_or_default(),
            priority: priority.unwrap_or_default(),
            capabilities,
            context: context.flatten(),
        })
    }
}

pub(super) fn read_capabilities(reader: &Reader<'_>) -> Capabilities {
    let known = Capability::ALL.map(Capability::as_str);
    let read = |entry: &Reader<'_>| {
        let text = entry.string()?;
        Capability::named(text)
            .or_else(|| entry.unknown_name(format!("is no capability (known: {})", known.join(", ")), known))
    };
    reader.list().iter().filter_map(read).collect()
}

/// `131072`, `128k`, `1.5m`.
pub(super) fn read_context(reader: &Reader<'_>) -> Option<Tokens> {
    let tokens = match reader.value() {
        Value::String(text) => read_count(text),
        Value::Number(_) => return reader.integer(1..=1_000_000_000).map(Tokens),
        _ => None,
    };
    match tokens {
        Some(tokens @ 1..=1_000_000_000) => Some(Tokens(tokens)),
        _ => reader.mistake("must be a number of tokens such as `131072`, `128k` or `1m`"),
    }
}

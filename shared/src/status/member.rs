//! How the members of a pool stand.

use serde::Serialize;

use crate::budget::Amounts;
use crate::config::{Member, Pool};
use crate::health::{Cause, Standing};
use crate::ids::{PoolName, ProviderName, UpstreamModelName};
use crate::routing::{health, standing};
use crate::store::Store;
use crate::units::{Millis, Timestamp};

/// A pool.
#[derive(Debug, Serialize)]
pub struct PoolStatus<'a> {
    /// Its name.
    pub pool: &'a PoolName,
    /// How its members are ordered.
    pub routing: &'static str,
    /// Its members, in the document's order.
    pub members: Vec<MemberStatus<'a>>,
}

/// A member of a pool, as the next call would find it.
#[derive(Debug, Serialize)]
pub struct MemberStatus<'a> {
    /// The account.
    pub provider: &'a ProviderName,
    /// What the provider calls the model.
    pub model: &'a UpstreamModelName,
    /// Where the account is.
    pub region: Option<&'a str>,
    /// Lower ones are tried first.
    pub priority: u32,
    /// Its share of first choices among the members of one priority.
    pub weight: u32,
    /// How it stands, in the words of a record's exclusions.
    pub standing: &'static str,
    /// Why, where that is known.
    pub cause: Option<&'static str>,
    /// For how much longer it is left out.
    pub for_ms: Option<Millis>,
    /// How long a stream takes to its first byte of late, where that is known.
    pub first_byte_ms: Option<Millis>,
}

impl<'a> PoolStatus<'a> {
    pub(super) fn of(pool: &'a Pool, store: &dyn Store, now: Timestamp) -> Self {
        let members = pool.members.iter();
        Self {
            pool: &pool.name,
            routing: pool.strategy.as_str(),
            members: members
                .map(|member| MemberStatus::of(member, store, now))
                .collect(),
        }
    }
}

impl<'a> MemberStatus<'a> {
    fn of(member: &'a Member, store: &dyn Store, now: Timestamp) -> Self {
        let provider = &member.provider;
        // The smallest call that there is.
        let standing = standing(member, Amounts::LEAST, store, now);
        let first_byte = health(member, store).latency.first_byte.micros();
        Self {
            provider: &provider.name,
            model: &member.model,
            region: provider.region.as_deref(),
            priority: member.priority,
            weight: member.weight,
            standing: word(standing),
            cause: cause(standing).map(Cause::as_str),
            for_ms: until(standing).and_then(|until| until.wait_from(now)),
            first_byte_ms: first_byte.map(|micros| Millis(micros.div_ceil(1_000))),
        }
    }
}

fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Healthy => "healthy",
        Standing::Deprioritised => "deprioritised",
        Standing::HalfOpen => "half_open",
        Standing::Open { .. } => "circuit_open",
        Standing::CoolingDown { .. } => "cooling_down",
        Standing::Limited { .. } => "limited",
        Standing::Uncounted { .. } => "uncounted",
        Standing::Spent { .. } => "budget",
    }
}

fn cause(standing: Standing) -> Option<Cause> {
    match standing {
        Standing::CoolingDown { cause, .. } => Some(cause),
        Standing::Healthy
        | Standing::Deprioritised
        | Standing::HalfOpen
        | Standing::Open { .. }
        | Standing::Limited { .. }
        | Standing::Uncounted { .. }
        | Standing::Spent { .. } => None,
    }
}

fn until(standing: Standing) -> Option<Timestamp> {
    match standing {
        Standing::Open { until }
        | Standing::CoolingDown { until, .. }
        | Standing::Limited { until }
        | Standing::Uncounted { until }
        | Standing::Spent { until } => Some(until),
        Standing::Healthy | Standing::Deprioritised | Standing::HalfOpen => None,
    }
}

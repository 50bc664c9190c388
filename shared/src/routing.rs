//! Where a call goes and in what order: rule, pool, who of it can serve, who comes first.

mod affinity;
mod arrangement;
mod eligibility;
mod entry;
mod estimator;
mod order;
mod retry_budget;
mod rules;
mod rung;
mod stated;
#[cfg(test)]
pub(crate) mod testing;

use std::sync::Arc;

pub use affinity::{PrefixKey, prefer, prefix_key};
pub use arrangement::{Arrangement, Candidate, Strategy, Wishes, arrange};
pub use eligibility::{Eligibility, Exclusion, ExclusionReason, Unfit};
pub use entry::Leave;
pub(crate) use entry::release;
pub use estimator::{Content, Estimator, Kind};
pub use order::{Placed, Speed, expected_cost};
pub use retry_budget::{RetryBudget, RetryLimits};
pub use rules::{Facts, Resolution, Unresolved, resolve, unmet};
pub use rung::{Rung, last_rung, own_retries};
pub use stated::Stated;

use crate::config::{Member, Pool, Provider};
use crate::ids::UpstreamModelName;
use crate::store::Store;
use crate::units::{Millis, Timestamp, Tokens};

/// The attempts of a call in their order, made once.
#[derive(Debug)]
pub struct Plan {
    /// At least one attempt; the others follow only if those before them fail.
    pub attempts: Vec<PlannedAttempt>,
    /// Who was left out, and why.
    pub excluded: Vec<Exclusion>,
    /// Whether all were out, and those that only failed are asked nevertheless.
    pub is_last_resort: bool,
    /// How long to wait if nobody is asked for nothing but limits.
    pub wait: Option<Millis>,
    /// The tokens that each attempt is expected to take of its account's limits.
    pub estimate: Tokens,
}

/// What a plan takes into account beside the call.
#[derive(Clone, Copy)]
pub struct Moment<'a> {
    /// The time.
    pub now: Timestamp,
    /// Decides between members that are equal.
    pub random: u64,
    /// What all workers remember of accounts.
    pub store: &'a dyn Store,
}

/// One attempt that may be made.
#[derive(Clone, Debug)]
pub struct PlannedAttempt {
    /// Which member of the pool it is.
    pub member: usize,
    /// The account that is asked.
    pub provider: Arc<Provider>,
    /// What the provider calls the model.
    pub model: UpstreamModelName,
}

/// Plans the attempts of a call over a pool, of those members that `serves` does not leave out: first the healthy
/// ones, then those that failed of late. Those that are out for now are left out, unless all are.
///
/// `estimate`: the tokens that the call is expected to take. `retries`: how often the client itself has tried before,
/// which a cascade begins higher for. The plan has no attempts if no member can serve the call.
#[must_use]
pub fn plan(
    pool: &Pool,
    moment: Moment<'_>,
    estimate: Tokens,
    retries: u32,
    mut serves: impl FnMut(&Member) -> Result<(), ExclusionReason>,
) -> Plan {
    let Moment { now, random, store } = moment;
    let mut excluded = Vec::new();
    let mut candidates = Vec::with_capacity(pool.members.len());
    for member in pool.members.iter().enumerate() {
        match serves(member.1) {
            Ok(()) => candidates.push(Candidate {
                member,
                standing: entry::standing(member.1, store, estimate, now),
                cost: None,
                speed: Speed::default(),
            }),
            Err(reason) => excluded.push(Exclusion::of(member, reason)),
        }
    }
    let wishes = Wishes {
        strategy: pool.strategy,
        random,
        ..Wishes::default()
    };
    let mut arrangement = arrange(&candidates, wishes, now);
    if pool.strategy == Strategy::Cascade {
        rung::escalate(&mut arrangement.attempts, retries);
    }
    let out = arrangement.left_out.iter();
    excluded.extend(out.filter_map(|(member, standing)| {
        ExclusionReason::of(*standing, now).map(|reason| Exclusion::of(*member, reason))
    }));
    let most = usize::try_from(pool.failover)
        .unwrap_or(usize::MAX)
        .saturating_add(1);
    let attempts = arrangement.attempts.into_iter().take(most);
    Plan {
        attempts: attempts.map(PlannedAttempt::from).collect(),
        excluded,
        is_last_resort: arrangement.is_last_resort,
        wait: arrangement.wait,
        estimate,
    }
}

impl From<Placed<'_>> for PlannedAttempt {
    fn from((index, member): Placed<'_>) -> Self {
        Self {
            member: index,
            provider: member.provider.clone(),
            model: member.model.clone(),
        }
    }
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod speed;

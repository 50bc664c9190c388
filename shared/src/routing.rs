//! Where a call goes and in what order: rule, pool, who of it can serve, who comes first.

mod affinity;
mod arrangement;
mod eligibility;
mod estimator;
mod order;
mod retry_budget;
mod rules;
mod stated;
#[cfg(test)]
pub(crate) mod testing;

use std::sync::Arc;

pub use affinity::{PrefixKey, prefer, prefix_key};
pub use arrangement::{Arrangement, Candidate, Strategy, Wishes, arrange};
pub use eligibility::{Eligibility, Exclusion, ExclusionReason, Unfit};
pub use estimator::{Content, Estimator, Kind};
pub use order::{Placed, Speed, expected_cost};
pub use retry_budget::{RetryBudget, RetryLimits};
pub use rules::{Facts, Resolution, Unresolved, resolve, unmet};
pub use stated::Stated;

use crate::config::{Member, Pool, Provider};
use crate::ids::UpstreamModelName;

/// The attempts of a call in their order, made once.
#[derive(Debug)]
pub struct Plan {
    /// At least one attempt; the others follow only if those before them fail.
    pub attempts: Vec<PlannedAttempt>,
    /// Who was left out, and why.
    pub excluded: Vec<Exclusion>,
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

/// Plans the attempts of a call over a pool, of those members that `serves` does not leave out. `random` decides
/// between members of equal priority.
///
/// The plan has no attempts if no member can serve the call.
#[must_use]
pub fn plan(
    pool: &Pool,
    random: u64,
    mut serves: impl FnMut(&Member) -> Result<(), ExclusionReason>,
) -> Plan {
    let mut excluded = Vec::new();
    let mut eligible = Vec::with_capacity(pool.members.len());
    for (index, member) in pool.members.iter().enumerate() {
        match serves(member) {
            Ok(()) => eligible.push((index, member)),
            Err(reason) => excluded.push(Exclusion {
                member: index,
                provider: member.provider.name.clone(),
                model: member.model.clone(),
                reason,
            }),
        }
    }
    let most = usize::try_from(pool.failover)
        .unwrap_or(usize::MAX)
        .saturating_add(1);
    let attempts = order::priority_weighted(eligible, random)
        .into_iter()
        .take(most)
        .map(|(index, member)| PlannedAttempt {
            member: index,
            provider: member.provider.clone(),
            model: member.model.clone(),
        })
        .collect();
    Plan { attempts, excluded }
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod speed;

//! Where a call goes and in what order: rule, pool, who of it can serve, who comes first.

mod affinity;
mod arrangement;
mod estimator;
mod order;
mod retry_budget;
mod rules;
#[cfg(test)]
pub(crate) mod testing;

use std::sync::Arc;

use serde::Serialize;

pub use affinity::{PrefixKey, prefer, prefix_key};
pub use arrangement::{Arrangement, Candidate, Strategy, Wishes, arrange};
pub use estimator::{Content, Estimator, Kind};
pub use order::{Speed, expected_cost};
pub use retry_budget::{RetryBudget, RetryLimits};
pub use rules::{Facts, Resolution, Unresolved, resolve};

use crate::config::{Member, Pool, Provider};
use crate::health::Cause;
use crate::ids::{ProviderName, UpstreamModelName};
use crate::units::Millis;

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
    /// The account that is asked.
    pub provider: Arc<Provider>,
    /// What the provider calls the model.
    pub model: UpstreamModelName,
}

/// A member that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exclusion {
    /// The account.
    pub provider: ProviderName,
    /// The model.
    pub model: UpstreamModelName,
    /// Why.
    #[serde(flatten)]
    pub reason: ExclusionReason,
}

/// Why a member was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum ExclusionReason {
    /// Its provider takes another format, in which the call cannot be said.
    Untranslatable {
        /// The place in the caller's body that has no equivalent.
        place: String,
    },
    /// It failed too often there.
    CircuitOpen {
        /// For how much longer.
        for_ms: Millis,
    },
    /// The account asked for a pause, or does not take our credential.
    CoolingDown {
        /// For how much longer.
        for_ms: Millis,
        /// Why.
        cause: Cause,
    },
    /// The account's configured limit is used up.
    Limited {
        /// For how much longer.
        for_ms: Millis,
    },
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
    let eligible: Vec<_> = pool
        .members
        .iter()
        .filter(|member| {
            let Err(reason) = serves(member) else { return true };
            excluded.push(Exclusion {
                provider: member.provider.name.clone(),
                model: member.model.clone(),
                reason,
            });
            false
        })
        .collect();
    let most = usize::try_from(pool.failover)
        .unwrap_or(usize::MAX)
        .saturating_add(1);
    let attempts = order::priority_weighted(eligible, random)
        .into_iter()
        .take(most)
        .map(|member| PlannedAttempt {
            provider: member.provider.clone(),
            model: member.model.clone(),
        })
        .collect();
    Plan { attempts, excluded }
}

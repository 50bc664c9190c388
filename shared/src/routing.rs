//! Where a call goes and in what order: rule, pool, who of it can serve, who comes first.

mod affinity;
mod arrangement;
mod conversation;
mod demand;
mod eligibility;
mod entry;
mod estimator;
mod estimators;
mod order;
mod requirements;
mod retry_budget;
mod rules;
mod rung;
mod stated;
#[cfg(test)]
pub(crate) mod testing;
mod worker;

use std::sync::Arc;

pub use affinity::{MemberIdentity, PrefixKey};
pub use arrangement::{Arrangement, Knowledge, Strategy, Wishes, arrange};
pub use conversation::{Conversation, Holder, Stay, Warmth};
pub use demand::Demand;
pub use eligibility::{Eligibility, Exclusion, ExclusionReason, Unfit, allows_region};
pub use entry::Leave;
pub(crate) use entry::{health, release, standing, take_uncounted};
pub use estimator::Estimator;
pub use estimators::Estimators;
pub use order::{Placed, Speed, expected_cost};
pub use requirements::Requirements;
pub use retry_budget::{RetryBudget, RetryLimits, note_call, take_retry};
pub use rules::{Downgraded, Facts, MATCH_WHEN, Resolution, Unresolved, resolve, unmet};
pub use rung::{Rung, last_rung, own_retries};
pub use stated::Stated;
pub use worker::{Speeds, Worker};

use crate::budget::Amounts;
use crate::config::{Member, Pool, Provider};
use crate::health::Standing;
use crate::ids::UpstreamModelName;
use crate::store::Store;
use crate::units::{MicroUsd, Millis, Timestamp};

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
    /// What this worker remembers by itself.
    pub worker: &'a Worker,
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
    /// What it is expected to take of the account's limits and of its budget, where there are some.
    pub estimate: Amounts,
    /// What it costs with an answer of the usual length, for want of anything better if nothing tells; zero without a
    /// budget.
    pub usual_cost: MicroUsd,
}

/// Plans the attempts of a call over a pool, of those members that `serves` does not leave out: first the healthy
/// ones, then those that failed of late. Those that are out for now are left out, unless all are.
///
/// `conversation`: the one that the call goes on with, where the pool keeps them. `retries`: how often the client itself
/// has tried before, for which a cascade begins higher. The plan has no attempts if no member can serve the call.
#[must_use]
pub fn plan(
    pool: &Pool,
    moment: Moment<'_>,
    demand: Demand<'_>,
    conversation: Option<Conversation>,
    retries: u32,
    mut serves: impl FnMut(Placed<'_>) -> Result<(), ExclusionReason>,
) -> Plan {
    let mut excluded = Vec::new();
    let mut members = Vec::with_capacity(pool.members.len());
    for member in pool.members.iter().enumerate() {
        match serves(member) {
            Ok(()) => members.push(member),
            Err(reason) => excluded.push(Exclusion::of(member, reason)),
        }
    }
    let most = usize::try_from(pool.failover)
        .unwrap_or(usize::MAX)
        .saturating_add(1);
    let climbs = pool.strategy == Strategy::Cascade && retries > 0;
    let wishes = Wishes {
        strategy: pool.strategy,
        conversation,
        random: moment.random,
        now: moment.now,
        most: if climbs { usize::MAX } else { most },
    };
    let mut arrangement = arrange(members, wishes, &Remembered { demand, moment });
    if climbs {
        rung::escalate(&mut arrangement.attempts, retries);
        arrangement.attempts.truncate(most);
    }
    let out = arrangement.left_out.iter();
    excluded.extend(out.filter_map(|(member, standing)| {
        ExclusionReason::of(*standing, moment.now).map(|reason| Exclusion::of(*member, reason))
    }));
    let planned = |(index, member): Placed<'_>| PlannedAttempt {
        member: index,
        provider: member.provider.clone(),
        model: member.model.clone(),
        estimate: entry::reserved(member, demand),
        usual_cost: entry::cost(member, demand, demand.output),
    };
    Plan {
        attempts: arrangement.attempts.into_iter().map(planned).collect(),
        excluded,
        is_last_resort: arrangement.is_last_resort,
        wait: arrangement.wait,
    }
}

/// What calls have taught of members.
struct Remembered<'a> {
    demand: Demand<'a>,
    moment: Moment<'a>,
}

impl Knowledge for Remembered<'_> {
    fn standing(&self, member: &Member) -> Standing {
        let takes = entry::reserved(member, self.demand);
        entry::standing(member, takes, self.moment.store, self.moment.now)
    }

    fn cost(&self, member: &Member) -> Option<MicroUsd> {
        let input = self.demand.input(&member.model);
        Some(expected_cost(&member.price?, input, self.demand.output))
    }

    fn speed(&self, member: &Member) -> Speed {
        let Moment {
            now, store, worker, ..
        } = self.moment;
        let latency = worker.speeds.of(member, store, now);
        Speed::of(&latency, self.demand.is_stream, self.demand.output)
    }
}

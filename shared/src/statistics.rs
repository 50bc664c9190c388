//! What became of the calls that each rule took: live figures for the status page, added up on each worker and merged
//! into the state that all of them share.

mod durations;
mod ending;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod properties;

pub use durations::Durations;
pub use ending::{Ended, Ending};

use crate::config::Snapshot;
use crate::ids::PoolName;
use crate::routing::MATCH_WHEN;
use crate::store::{Packed, Unpack};
use crate::units::{MicroUsd, Millis, Timestamp};

/// What is added up together: the calls that one rule sent to one pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection<'a> {
    /// What chose the pool, as records spell it; `None`: it was the model's own.
    pub rule: Option<&'a str>,
    /// The pool.
    pub pool: &'a PoolName,
}

/// The figures of one [`Selection`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleStatistics {
    /// Since when they count; zero if that is not known.
    pub since: Timestamp,
    /// Calls whose agent has its whole answer.
    pub successes: u64,
    /// Calls whose agent got an error that was not its own fault.
    pub errors: u64,
    /// Calls that were refused for what they asked, by the broker or by the provider.
    pub refusals: u64,
    /// Calls that their agent left before the end.
    pub abandoned: u64,
    /// What they cost, as far as usage and price are known.
    pub cost: MicroUsd,
    /// How long those took that went to a provider.
    pub durations: Durations,
}

impl Selection<'_> {
    /// Everything that can take a call, in the order in which it is looked at: the rules, the conditions of pools, the
    /// pools of models.
    #[must_use]
    pub fn all(snapshot: &Snapshot) -> Vec<Selection<'_>> {
        let rules = snapshot.rules.iter().map(|rule| Selection {
            rule: Some(rule.name.as_str()),
            pool: &rule.pool.name,
        });
        let conditions = snapshot.pools.iter().filter(|pool| !pool.match_when.is_empty());
        let conditions = conditions.map(|pool| Selection {
            rule: Some(MATCH_WHEN),
            pool: &pool.name,
        });
        let models = snapshot.models.values().map(|model| Selection {
            rule: None,
            pool: &model.pool.name,
        });
        let mut all: Vec<Selection<'_>> = Vec::new();
        for selection in rules.chain(conditions).chain(models) {
            if !all.contains(&selection) {
                all.push(selection);
            }
        }
        all
    }
}

impl RuleStatistics {
    /// Figures that begin now.
    #[must_use]
    pub fn beginning(now: Timestamp) -> Self {
        Self {
            since: now,
            ..Self::default()
        }
    }

    /// Adds a call that is over.
    pub fn note(&mut self, ended: Ended) {
        let count = match ended.ending {
            Ending::Success => &mut self.successes,
            Ending::Error => &mut self.errors,
            Ending::Refused => &mut self.refusals,
            Ending::Abandoned => &mut self.abandoned,
        };
        *count = count.saturating_add(1);
        self.cost = self.cost.saturating_add(ended.cost);
        if let Some(took) = ended.took {
            self.durations.note(took);
        }
    }

    /// Adds what another worker noted; in whatever order that is done, the sum is the same.
    pub fn merge(&mut self, other: &Self) {
        self.since = match (self.since, other.since) {
            (Timestamp(0), known) | (known, Timestamp(0)) => known,
            (one, another) => one.min(another),
        };
        self.successes = self.successes.saturating_add(other.successes);
        self.errors = self.errors.saturating_add(other.errors);
        self.refusals = self.refusals.saturating_add(other.refusals);
        self.abandoned = self.abandoned.saturating_add(other.abandoned);
        self.cost = self.cost.saturating_add(other.cost);
        self.durations.merge(&other.durations);
    }

    /// All calls that matched.
    #[must_use]
    pub fn matches(&self) -> u64 {
        [self.successes, self.errors, self.refusals, self.abandoned]
            .into_iter()
            .fold(0, u64::saturating_add)
    }

    /// The successes among all that matched, from 0 to 1; `None` without any.
    #[must_use]
    pub fn success_rate(&self) -> Option<f64> {
        share(self.successes, self.matches())
    }

    /// The errors among all that matched, from 0 to 1; `None` without any.
    #[must_use]
    pub fn error_rate(&self) -> Option<f64> {
        share(self.errors, self.matches())
    }

    /// The time that half of the calls stayed below.
    #[must_use]
    pub fn p50(&self) -> Option<Millis> {
        self.durations.percentile(50)
    }

    /// The time that 95 of 100 calls stayed below.
    #[must_use]
    pub fn p95(&self) -> Option<Millis> {
        self.durations.percentile(95)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "display only: counts are exact in f64 up to nine quadrillion"
)]
fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

impl Packed for RuleStatistics {
    const VERSION: u8 = 1;
    const LENGTH: usize = 1 + 6 * 8 + Durations::LENGTH;

    fn write(&self, bytes: &mut Vec<u8>) {
        let numbers = [
            self.since.0,
            self.successes,
            self.errors,
            self.refusals,
            self.abandoned,
            self.cost.0,
        ];
        bytes.extend(numbers.into_iter().flat_map(u64::to_le_bytes));
        self.durations.write(bytes);
    }

    fn read(from: &mut Unpack<'_>) -> Option<Self> {
        Some(Self {
            since: from.timestamp()?,
            successes: from.u64()?,
            errors: from.u64()?,
            refusals: from.u64()?,
            abandoned: from.u64()?,
            cost: MicroUsd(from.u64()?),
            durations: Durations::read(from)?,
        })
    }
}

#[cfg(test)]
mod tests;

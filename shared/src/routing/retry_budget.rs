//! How many attempts a pool may make beyond the first of each call: a share of its calls and a few per second, so
//! that an outage is not answered with a multiple of the load.

use crate::config::Pool;
use crate::store::{Packed, Store, Unpack, retry_budget_key, update, update_if_any};
use crate::units::Timestamp;

/// One attempt, in the budget's own unit.
const ATTEMPT: u64 = 1_000;

/// What may be saved up: this many seconds of the minimum, and as many attempts on top of them.
const SAVED: u64 = 10;

/// How much a pool may retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryLimits {
    /// Attempts after the first per hundred calls.
    pub ratio: u16,
    /// Attempts after the first that are always allowed, so that a pool with few calls fails over too.
    pub per_second: u16,
}

impl Default for RetryLimits {
    /// What Finagle and linkerd do.
    fn default() -> Self {
        Self {
            ratio: 20,
            per_second: 10,
        }
    }
}

/// What is left. It begins full.
///
/// Within any time, attempts after the first are at most `ratio` percent of the calls, plus `per_second` for each
/// second, plus what may be saved up: ten seconds of that and ten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RetryBudget {
    /// What is missing to the full, so that the default is full whatever the configuration.
    spent: u32,
    at: Timestamp,
}

/// Notes the first attempt of a call to a pool. A pool without a budget has not retried yet: its budget is full.
pub fn note_call(pool: &Pool, store: &dyn Store) {
    update_if_any(
        store,
        &retry_budget_key(&pool.name),
        |budget: &mut RetryBudget| {
            budget.note_call(&pool.retry_budget);
        },
    );
}

/// Takes one attempt after a failure from the budget of a pool; `false` if there is none left.
#[must_use]
pub fn take_retry(pool: &Pool, store: &dyn Store, now: Timestamp) -> bool {
    let take = |budget: &mut RetryBudget| budget.take(&pool.retry_budget, now);
    update(store, &retry_budget_key(&pool.name), take).result
}

impl RetryBudget {
    /// Notes a call's first attempt.
    pub fn note_call(&mut self, limits: &RetryLimits) {
        let share = u64::from(limits.ratio) * ATTEMPT / 100;
        self.give_back(share);
    }

    /// Takes one attempt; `false` if there is none left.
    #[must_use]
    pub fn take(&mut self, limits: &RetryLimits, now: Timestamp) -> bool {
        let passed = now.millis_since(self.at).0;
        // Of a remainder that is too short to give anything, nothing is lost.
        let earned = passed.saturating_mul(limits.per_second.into()) * ATTEMPT / 1_000;
        if earned > 0 || now < self.at {
            self.give_back(earned);
            self.at = now;
        }
        let spent = u64::from(self.spent).saturating_add(ATTEMPT);
        let most = (u64::from(limits.per_second) * SAVED + SAVED) * ATTEMPT;
        let is_there = spent <= most;
        if is_there {
            self.spent = u32::try_from(spent).unwrap_or(u32::MAX);
        }
        is_there
    }

    fn give_back(&mut self, part: u64) {
        self.spent = self.spent.saturating_sub(u32::try_from(part).unwrap_or(u32::MAX));
    }
}

impl Packed for RetryBudget {
    const VERSION: u8 = 1;
    const LENGTH: usize = 1 + 4 + 8;

    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.spent.to_le_bytes());
        bytes.extend(self.at.0.to_le_bytes());
    }

    fn read(from: &mut Unpack<'_>) -> Option<Self> {
        Some(Self {
            spent: from.u32()?,
            at: from.timestamp()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Millis;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn at(millis: u64) -> Timestamp {
        Timestamp(1_000_000_000_000).after(Millis(millis))
    }

    #[test]
    fn retries_are_a_share_of_the_calls_and_a_few_per_second() {
        let limits = RetryLimits::default();
        let mut budget = RetryBudget::default();
        let mut retries = 0;
        // A hundred calls a second for a minute, each of which would be retried three times.
        for call in 0..6_000 {
            budget.note_call(&limits);
            retries += (0..3).filter(|_| budget.take(&limits, at(call * 10))).count();
        }
        // A fifth of the calls, ten per second, and what was saved up.
        assert!((1_200 + 600..=1_200 + 600 + 110).contains(&retries), "{retries}");
    }

    #[test]
    fn a_pool_with_few_calls_always_fails_over() {
        let limits = RetryLimits::default();
        let mut budget = RetryBudget::default();
        for second in 0..1_000 {
            budget.note_call(&limits);
            assert!((0..3).all(|_| budget.take(&limits, at(second * 1_000))));
        }
    }

    #[test]
    fn without_a_minimum_only_calls_earn_retries() {
        let limits = RetryLimits {
            ratio: 50,
            per_second: 0,
        };
        let mut budget = RetryBudget::default();
        let take = |budget: &mut RetryBudget| budget.take(&limits, at(0));
        assert!((0..10).all(|_| take(&mut budget)));
        assert!(!take(&mut budget));
        budget.note_call(&limits);
        assert!(!take(&mut budget));
        budget.note_call(&limits);
        assert!(take(&mut budget));
        assert!(!take(&mut budget));
    }

    #[test]
    fn a_clock_that_goes_back_earns_nothing_and_stops_nothing() {
        let limits = RetryLimits {
            ratio: 0,
            per_second: 1,
        };
        let mut budget = RetryBudget::default();
        assert_eq!((0..100).filter(|_| budget.take(&limits, at(0))).count(), 20);
        assert!(!budget.take(&limits, Timestamp(0)));
        assert!(budget.take(&limits, Timestamp(1_000_000_000)));
        assert!(!budget.take(&limits, Timestamp(1_000_000_000)));
    }

    #[test]
    fn the_state_has_a_fixed_size_and_survives_as_bytes() {
        let mut budget = RetryBudget::default();
        assert!(budget.take(&RetryLimits::default(), at(0)));
        let bytes = budget.pack();
        assert_eq!((bytes.len(), RetryBudget::LENGTH), (13, 13));
        assert_eq!(RetryBudget::unpack(&bytes), Some(budget));
    }
}

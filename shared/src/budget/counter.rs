//! One counter in the state that all workers share.

use super::Budget;
use crate::ids::ProviderName;
use crate::ledger::{Ceiling, Exhausted, Hold, Percent, Spending};
use crate::store::{Packed, Store, look, update};
use crate::units::Timestamp;

/// How often an update is begun anew that too many others overtook: what was spent must not be forgotten.
const MAX_UPDATES: usize = 8;

/// What is spent of one ceiling by those who share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// Where that is kept.
    pub key: String,
    /// The most that may be spent.
    pub ceiling: Ceiling,
    /// What of it is told of once it is spent, in ascending order.
    alert_at: Vec<Percent>,
}

/// What came of a settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// What is left, without what others hold.
    pub left: u64,
    /// What is spent.
    pub spent: u64,
    /// The threshold that it crossed.
    pub alert: Option<Percent>,
    /// The first second of the window that it was charged to, in seconds since the Unix epoch.
    pub since: u64,
}

impl Counter {
    pub(super) fn of_caller(budget: &Budget, subject: &str) -> Self {
        let (name, scope) = (budget.name.as_str(), budget.scope.as_str());
        Self::new(
            &["budget/", name, "/", scope, "/", subject].concat(),
            budget.ceiling.clone(),
            budget.alert_at.clone(),
        )
    }

    /// That of a provider account.
    #[must_use]
    pub fn of_account(provider: &ProviderName, ceiling: Ceiling, alert_at: Vec<Percent>) -> Self {
        Self::new(&["account/", provider.as_str()].concat(), ceiling, alert_at)
    }

    /// Names hold no slash. With another unit or period the counter is another one: its numbers mean something else.
    fn new(whose: &str, ceiling: Ceiling, alert_at: Vec<Percent>) -> Self {
        let (unit, period) = (ceiling.unit.as_str(), ceiling.period.as_str());
        Self {
            key: [whose, "/", unit, "/", period].concat(),
            ceiling,
            alert_at,
        }
    }

    /// The state with which it begins.
    #[must_use]
    pub fn beginning() -> Vec<u8> {
        Spending::default().pack()
    }

    /// Tells whether an amount is left, for a plan.
    pub fn check(&self, amount: u64, store: &dyn Store, now: Timestamp) -> Result<(), Exhausted> {
        look::<Spending>(store, &self.key).check(&self.ceiling, amount, now)
    }

    /// Reserves an amount, if that much is left.
    pub fn reserve(&self, amount: u64, store: &dyn Store, now: Timestamp) -> Result<Hold, Exhausted> {
        self.update(store, |spending| spending.reserve(&self.ceiling, amount, now))
    }

    /// Reserves an amount although it may not be left, and tells whether it was.
    pub fn reserve_anyway(&self, amount: u64, store: &dyn Store, now: Timestamp) -> (Hold, bool) {
        self.update(store, |spending| {
            spending.reserve_anyway(&self.ceiling, amount, now)
        })
    }

    /// Puts what was used in the place of what was reserved.
    pub fn settle(&self, hold: Hold, used: u64, store: &dyn Store, now: Timestamp) -> Settled {
        self.update(store, |spending| {
            spending.settle(&self.ceiling, hold, used, now);
            Settled {
                alert: spending.alert(&self.ceiling, &self.alert_at, now),
                left: spending.left(&self.ceiling, now),
                spent: spending.spent(&self.ceiling, now),
                since: spending.start(),
            }
        })
    }

    /// Gives back what was reserved for a call that is not made.
    pub fn release(&self, hold: Hold, store: &dyn Store, now: Timestamp) {
        self.update(store, |spending| spending.settle(&self.ceiling, hold, 0, now));
    }

    /// What may still be reserved.
    #[must_use]
    pub fn left(&self, store: &dyn Store, now: Timestamp) -> u64 {
        look::<Spending>(store, &self.key).left(&self.ceiling, now)
    }

    /// What was spent in the window.
    #[must_use]
    pub fn spent(&self, store: &dyn Store, now: Timestamp) -> u64 {
        look::<Spending>(store, &self.key).spent(&self.ceiling, now)
    }

    /// Whether so much is spent.
    #[must_use]
    pub fn has_reached(&self, threshold: Percent, store: &dyn Store, now: Timestamp) -> bool {
        look::<Spending>(store, &self.key).has_reached(&self.ceiling, threshold, now)
    }

    /// Takes over what the fleet has left of it.
    pub fn learn(&self, left: u64, store: &dyn Store, now: Timestamp) {
        self.update(store, |spending| spending.learn(&self.ceiling, left, now));
    }

    fn update<T>(&self, store: &dyn Store, mut change: impl FnMut(&mut Spending) -> T) -> T {
        let mut tries = 1;
        loop {
            let updated = update(store, &self.key, &mut change);
            if updated.is_kept || tries >= MAX_UPDATES {
                return updated.result;
            }
            tries += 1;
        }
    }
}

//! What a call holds of the budgets that a fleet of Envoys counts together.

use super::{Held, Holding, Overdrawn};
use crate::budget::Amounts;
use crate::fleet::{Asked, Change, Owner, Share};
use crate::ledger::Span;
use crate::store::Store;
use crate::units::Timestamp;

/// What a call took of an account in the rate limit service, or has yet to tell it.
#[derive(Debug)]
pub(super) struct Charge {
    share: Share,
    /// Whether the service has counted what the call needs.
    is_counted: bool,
}

impl Charge {
    /// Who counted the call: `fleet`, or only this Envoy.
    pub(super) fn counted(&self) -> &'static str {
        if self.is_counted { "fleet" } else { "local" }
    }
}

impl Holding {
    /// What the call needs of each budget that the fleet counts. `random` decides where that is no whole unit.
    #[must_use]
    pub fn shares(&self, random: u64, now: Timestamp) -> Vec<Share> {
        let share = |held: &Held| {
            let (budget, counter) = (&held.allowance.budget, &held.allowance.counter);
            Share::of(
                &Owner::Budget(budget.name.clone()),
                &counter.key,
                &counter.ceiling,
                held.hold.amount,
                random,
                now,
            )
        };
        self.of_fleet().map(share).collect()
    }

    /// Whether one of them is enforced and has, as far as this Envoy knows, too little left.
    #[must_use]
    pub fn seems_overdrawn(&self) -> bool {
        self.of_fleet().any(Held::is_overdrawn)
    }

    /// Whether one of them is enforced.
    #[must_use]
    pub fn is_enforced_by_fleet(&self) -> bool {
        self.of_fleet()
            .any(|held| held.allowance.budget.mode.is_enforced())
    }

    /// The first that is enforced and has too little left, as far as this Envoy knows.
    #[must_use]
    pub fn overdrawn_here(&self, store: &dyn Store, now: Timestamp) -> Option<Overdrawn> {
        let held = self.of_fleet().find(|held| held.is_overdrawn())?;
        let counter = &held.allowance.counter;
        // What this call holds itself was never left.
        let left = counter.left(store, now);
        let until = Span::of(counter.ceiling.period, &counter.ceiling.zone, now).end;
        Some(held.overdrawn(left, until, now))
    }

    /// The first that is enforced and of which the service says that too little is left.
    #[must_use]
    pub fn overdrawn_in_fleet(&self, shares: &[Share], asked: &[Asked], now: Timestamp) -> Option<Overdrawn> {
        let mut all = self.of_fleet().zip(shares).zip(asked);
        let ((held, share), asked) = all.find(|((held, _), asked)| {
            let is_enforced = held.allowance.budget.mode.is_enforced();
            is_enforced && !asked.is_enough
        })?;
        Some(held.overdrawn(asked.left, Some(share.division.until), now))
    }

    /// Takes over what the service said is left, so that everything that asks this Envoy goes by it, also when the service
    /// cannot be asked. `is_taken`: whether what the call needs has been taken of that.
    pub fn learn(&self, asked: &[Asked], is_taken: bool, store: &dyn Store, now: Timestamp) {
        for (held, asked) in self.of_fleet().zip(asked) {
            let taken = if is_taken { held.hold.amount } else { 0 };
            held.allowance
                .counter
                .learn(asked.left.saturating_sub(taken), store, now);
        }
    }

    /// Gives everything back, and takes over what the service said is left.
    pub fn release_and_learn(self, asked: &[Asked], store: &dyn Store, now: Timestamp) {
        let of_fleet = self
            .of_fleet()
            .map(|held| held.allowance.counter.clone())
            .collect::<Vec<_>>();
        self.release(store, now);
        for (counter, asked) in of_fleet.iter().zip(asked) {
            counter.learn(asked.left, store, now);
        }
    }

    /// Notes who counts the call until it is over. `asked`: what the service said, where it did.
    pub fn charge(&mut self, shares: Vec<Share>, asked: Option<&[Asked]>) {
        let of_fleet = self.0.iter_mut().filter(|held| held.allowance.budget.shared);
        for (index, (held, share)) in of_fleet.zip(shares).enumerate() {
            if let Some(asked) = asked.and_then(|asked| asked.get(index)) {
                held.was_left = asked.is_enough;
            }
            held.charge = Some(Charge {
                share,
                is_counted: asked.is_some(),
            });
        }
    }

    /// What the service is to be told of a call that is over.
    #[must_use]
    pub fn changes(&self, used: Amounts) -> Vec<Change> {
        let change = |held: &Held| {
            let charge = held.charge.as_ref()?;
            let used = used.of(held.allowance.counter.ceiling.unit);
            Some(charge.share.change(used, charge.is_counted))
        };
        self.of_fleet().filter_map(change).collect()
    }

    fn of_fleet(&self) -> impl Iterator<Item = &Held> {
        self.0.iter().filter(|held| held.allowance.budget.shared)
    }
}

impl Held {
    fn is_overdrawn(&self) -> bool {
        self.allowance.budget.mode.is_enforced() && !self.was_left
    }

    fn overdrawn(&self, left: u64, until: Option<Timestamp>, now: Timestamp) -> Overdrawn {
        let budget = &self.allowance.budget;
        Overdrawn {
            budget: budget.name.clone(),
            user: self.allowance.user.clone(),
            unit: budget.ceiling.unit,
            status: budget.status,
            needed: self.hold.amount,
            left,
            now,
            until,
        }
    }
}

//! What the attempts of a call took of limits that a fleet of Envoys holds together.

use super::{Attempt, Call};
use crate::fleet::{Change, Known};
use crate::store::{Store, known_key, update};
use crate::units::Tokens;

impl Call {
    /// What the rate limit service is to be told of attempts that followed a failure, as soon as that can be.
    pub fn tell_taken(&mut self) -> Vec<Change> {
        let mut changes = Vec::new();
        for attempt in self.attempts.iter_mut().skip(1) {
            if let Some(taken) = attempt.leave.as_mut().and_then(|leave| leave.taken.as_mut()) {
                changes.extend(taken.tell(&attempt.provider));
            }
        }
        changes
    }

    /// What the rate limit service is to be told of a call that is over: what its attempts took of limits that a fleet holds
    /// together.
    pub fn take_changes(&mut self) -> Vec<Change> {
        let mut changes = std::mem::take(&mut self.unmade);
        for attempt in &mut self.attempts {
            let taken = attempt.leave.as_mut().and_then(|leave| leave.taken.take());
            if let Some(taken) = taken {
                changes.extend(taken.changes(&attempt.provider));
            }
        }
        changes
    }
}

impl Attempt {
    /// Puts what was used in the place of what was estimated, as far as this Envoy knows; the fleet is told at the end.
    pub(super) fn settle_taken(&mut self, used: Tokens, store: &dyn Store) {
        let taken = self.leave.as_mut().and_then(|leave| leave.taken.as_mut());
        if let Some(taken) = taken {
            taken.used = Some(used);
            let (at, tokens) = (taken.at, taken.tokens);
            update(store, &known_key(&self.provider.name), |known: &mut Known| {
                known.settle(at, tokens, used);
            });
        }
    }
}

//! Who may be asked at this moment: how members stand, and the leave to make an attempt.

use super::{Demand, Exclusion, ExclusionReason, Plan, PlannedAttempt};
use crate::config::Member;
use crate::health::{Health, Standing, Ticket};
use crate::ledger::{Reservation, Window};
use crate::store::{Store, health_key, look, update, window_key};
use crate::units::{Timestamp, Tokens};

/// The leave to make an attempt, to be given back if it is not made.
#[derive(Clone, Copy, Debug)]
pub struct Leave {
    /// Of the circuit.
    pub ticket: Ticket,
    /// What it takes of the account's limits, where it has some.
    pub reservation: Option<Reservation>,
}

/// How a member fared of late.
pub(crate) fn health(member: &Member, store: &dyn Store) -> Health {
    look(store, &health_key(&member.provider.name, &member.model))
}

/// The tokens that a call takes of a member's limits, where it has some.
pub(super) fn reserved(member: &Member, demand: Demand<'_>) -> Tokens {
    if member.provider.limits.is_empty() {
        Tokens(0)
    } else {
        demand.total(&member.model)
    }
}

/// How a member stands for a call that takes so many tokens.
pub(crate) fn standing(member: &Member, takes: Tokens, store: &dyn Store, now: Timestamp) -> Standing {
    let provider = &member.provider;
    let standing = health(member, store).standing(&provider.circuit_breaker, now);
    if provider.limits.is_empty() {
        return standing;
    }
    let window: Window = look(store, &window_key(&provider.name));
    let used_up = window.check(&provider.limits, takes, now).err();
    standing.or_limited(used_up.map(|used_up| used_up.until))
}

impl Plan {
    /// Asks for leave to make the attempt at `index`. What may not be made any more, because another call made the
    /// difference, is left out, and the one that follows is asked for.
    pub fn enter(&mut self, index: usize, store: &dyn Store, now: Timestamp) -> Option<Leave> {
        loop {
            let planned = self.attempts.get(index)?;
            match enter(planned, self.is_last_resort, store, now) {
                Ok(leave) => return Some(leave),
                Err(standing) => {
                    let planned = self.attempts.remove(index);
                    let reason = ExclusionReason::of(standing, now);
                    self.excluded.extend(reason.map(|reason| planned.exclude(reason)));
                }
            }
        }
    }

    /// Leaves out all attempts from the one at `index` on.
    pub fn end_at(&mut self, index: usize, reason: &ExclusionReason) {
        let rest = self.attempts.drain(index.min(self.attempts.len())..);
        self.excluded
            .extend(rest.map(|planned| planned.exclude(reason.clone())));
    }
}

impl PlannedAttempt {
    fn exclude(self, reason: ExclusionReason) -> Exclusion {
        Exclusion {
            member: self.member,
            provider: self.provider.name.clone(),
            model: self.model,
            reason,
        }
    }
}

fn enter(
    planned: &PlannedAttempt,
    is_last_resort: bool,
    store: &dyn Store,
    now: Timestamp,
) -> Result<Leave, Standing> {
    let provider = &planned.provider;
    let reservation = if provider.limits.is_empty() {
        None
    } else {
        let reserve = |window: &mut Window| window.reserve(&provider.limits, planned.estimate, now);
        let reserved = update(store, &window_key(&provider.name), reserve).result;
        Some(reserved.map_err(|used_up| Standing::Limited { until: used_up.until })?)
    };
    let breaker = &provider.circuit_breaker;
    let enter = |health: &mut Health| {
        let ticket = if is_last_resort {
            health.enter_as_last_resort(breaker, now)
        } else {
            health.enter(breaker, now)
        };
        ticket.ok_or_else(|| health.standing(breaker, now))
    };
    let key = health_key(&provider.name, &planned.model);
    let entered = update(store, &key, enter).result;
    if let (Err(_), Some(reservation)) = (&entered, reservation) {
        release(planned, reservation, store);
    }
    entered.map(|ticket| Leave { ticket, reservation })
}

/// Gives back what an attempt would have taken of the account's limits.
pub(crate) fn release(planned: &PlannedAttempt, reservation: Reservation, store: &dyn Store) {
    update(
        store,
        &window_key(&planned.provider.name),
        |window: &mut Window| {
            window.release(reservation);
        },
    );
}

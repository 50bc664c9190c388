//! Who may be asked at this moment: how members stand, and the leave to make an attempt.

use super::{Demand, Exclusion, ExclusionReason, Plan, PlannedAttempt, expected_cost};
use crate::budget::Amounts;
use crate::config::{Member, Provider};
use crate::fleet::{Known, Taken};
use crate::health::{Health, Standing, Ticket};
use crate::ledger::{Exhausted, Hold, Reservation, Window};
use crate::limits::MAX_COOLDOWN;
use crate::store::{Store, health_key, known_key, look, update, window_key};
use crate::units::{MicroUsd, Timestamp, Tokens};

/// The leave to make an attempt, to be given back if it is not made.
#[derive(Clone, Copy, Debug)]
pub struct Leave {
    /// Of the circuit.
    pub ticket: Ticket,
    /// What it takes of the account's limits, where it has some.
    pub reservation: Option<Reservation>,
    /// The same of those that a fleet holds together, once that is known.
    pub taken: Option<Taken>,
    /// What it holds of the account's budget, where it has one.
    pub hold: Option<Hold>,
    /// What of that it is taken to have cost if nothing tells.
    pub usual_cost: MicroUsd,
}

/// How a member fared of late.
pub(crate) fn health(member: &Member, store: &dyn Store) -> Health {
    look(store, &health_key(&member.provider.name, &member.model))
}

/// What a call takes of a member's limits and of its account's budget, where there are some.
pub(super) fn reserved(member: &Member, demand: Demand<'_>) -> Amounts {
    let provider = &member.provider;
    let mut takes = Amounts::default();
    if !provider.limits.is_empty() {
        takes.tokens = demand.total(&member.model);
    }
    takes.cost = cost(member, demand, demand.most_output);
    takes
}

/// What a call costs the account's budget with so much output; nothing where there is none, or no price.
pub(super) fn cost(member: &Member, demand: Demand<'_>, output: Tokens) -> MicroUsd {
    match (&member.provider.budget, &member.price) {
        (Some(_), Some(price)) => expected_cost(price, demand.input(&member.model), output),
        _ => MicroUsd(0),
    }
}

/// How a member stands for a call that takes so much.
pub(crate) fn standing(member: &Member, takes: Amounts, store: &dyn Store, now: Timestamp) -> Standing {
    let provider = &member.provider;
    if let Some(counter) = &provider.budget
        && let Err(exhausted) = counter.check(takes.cost.0, store, now)
    {
        return spent(exhausted, now);
    }
    let standing = health(member, store).standing(&provider.circuit_breaker, now);
    if provider.limits.is_empty() {
        return standing;
    }
    let window: Window = look(store, &window_key(&provider.name));
    let used_up = window.check(&provider.limits, takes.tokens, now).err();
    let standing = standing.or_limited(used_up.map(|used_up| used_up.until));
    if !provider.limits.shared {
        return standing;
    }
    match check_known(provider, takes.tokens, store, now) {
        Ok(()) => standing,
        Err(Standing::Limited { until }) => standing.or_limited(Some(until)),
        Err(_) if standing.limited_until().is_some() => standing,
        Err(uncounted) => uncounted,
    }
}

fn check_known(
    provider: &Provider,
    tokens: Tokens,
    store: &dyn Store,
    now: Timestamp,
) -> Result<(), Standing> {
    let known: Known = look(store, &known_key(&provider.name));
    known.check(&provider.limits, tokens, now)
}

/// A budget that never begins anew may still be raised, so it is looked at again after a while.
fn spent(exhausted: Exhausted, now: Timestamp) -> Standing {
    Standing::Spent {
        until: exhausted.until.unwrap_or(now.after(MAX_COOLDOWN)),
    }
}

impl Plan {
    /// Asks for leave to make the attempt at `index`. What may not be made any more, because another call made the
    /// difference, is left out, and the one that follows is asked for.
    pub fn enter(&mut self, index: usize, store: &dyn Store, now: Timestamp) -> Option<Leave> {
        loop {
            let planned = self.attempts.get(index)?;
            // Of the first attempt the fleet is asked next.
            let entry = Entry {
                is_last_resort: self.is_last_resort,
                is_asked_for: index == 0,
                store,
                now,
            };
            match enter(planned, entry) {
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

/// How leave is asked for.
#[derive(Clone, Copy)]
struct Entry<'a> {
    is_last_resort: bool,
    /// Whether the fleet is asked, before the attempt is made, for what it takes of limits that are held together.
    is_asked_for: bool,
    store: &'a dyn Store,
    now: Timestamp,
}

fn enter(planned: &PlannedAttempt, entry: Entry<'_>) -> Result<Leave, Standing> {
    let Entry { store, now, .. } = entry;
    let hold = match &planned.provider.budget {
        Some(counter) => {
            let reserved = counter.reserve(planned.estimate.cost.0, store, now);
            Some(reserved.map_err(|exhausted| spent(exhausted, now))?)
        }
        None => None,
    };
    let entered = enter_limits(planned, entry);
    if entered.is_err() {
        release_hold(planned, hold, store, now);
    }
    let (ticket, limited) = entered?;
    Ok(Leave {
        ticket,
        reservation: limited.reservation,
        taken: limited.taken,
        hold,
        usual_cost: planned.usual_cost,
    })
}

/// Gives back what an attempt would have taken of the account's budget.
fn release_hold(planned: &PlannedAttempt, hold: Option<Hold>, store: &dyn Store, now: Timestamp) {
    if let (Some(counter), Some(hold)) = (&planned.provider.budget, hold) {
        counter.release(hold, store, now);
    }
}

/// What an attempt takes of an account's limits: this Envoy's own, and the fleet's.
#[derive(Clone, Copy, Default)]
struct Limited {
    reservation: Option<Reservation>,
    taken: Option<Taken>,
}

/// Asks the account's limits and its circuit.
fn enter_limits(planned: &PlannedAttempt, entry: Entry<'_>) -> Result<(Ticket, Limited), Standing> {
    let Entry { store, now, .. } = entry;
    let provider = &planned.provider;
    let mut limited = Limited::default();
    if !provider.limits.is_empty() {
        let reserve = |window: &mut Window| window.reserve(&provider.limits, planned.estimate.tokens, now);
        let reserved = update(store, &window_key(&provider.name), reserve).result;
        limited.reservation = Some(reserved.map_err(|used_up| Standing::Limited { until: used_up.until })?);
    }
    if provider.limits.shared {
        match take_known(planned, entry) {
            Ok(taken) => limited.taken = taken,
            Err(standing) => {
                release_limits(planned, limited, store);
                return Err(standing);
            }
        }
    }
    let breaker = &provider.circuit_breaker;
    let enter = |health: &mut Health| {
        let ticket = if entry.is_last_resort {
            health.enter_as_last_resort(breaker, now)
        } else {
            health.enter(breaker, now)
        };
        ticket.ok_or_else(|| health.standing(breaker, now))
    };
    let key = health_key(&provider.name, &planned.model);
    let entered = update(store, &key, enter).result;
    if entered.is_err() {
        release_limits(planned, limited, store);
    }
    entered.map(|ticket| (ticket, limited))
}

/// Asks what is known of the fleet. Who is not asked for there goes by that alone.
fn take_known(planned: &PlannedAttempt, entry: Entry<'_>) -> Result<Option<Taken>, Standing> {
    let Entry { store, now, .. } = entry;
    let (provider, tokens) = (&planned.provider, planned.estimate.tokens);
    if entry.is_asked_for {
        return check_known(provider, tokens, store, now).map(|()| None);
    }
    take_uncounted(provider, tokens, store, now).map(Some)
}

/// Takes what an attempt needs of limits that a fleet holds together, where the service is only told of it later.
pub(crate) fn take_uncounted(
    provider: &Provider,
    tokens: Tokens,
    store: &dyn Store,
    now: Timestamp,
) -> Result<Taken, Standing> {
    let take = |known: &mut Known| known.take(&provider.limits, tokens, now);
    let taken = update(store, &known_key(&provider.name), take).result;
    taken.map(|()| Taken::new(tokens, false, now))
}

/// Gives back what an attempt that is not made would have taken of the account's limits and budget.
pub(crate) fn release(planned: &PlannedAttempt, leave: Leave, store: &dyn Store, now: Timestamp) {
    let limited = Limited {
        reservation: leave.reservation,
        taken: leave.taken,
    };
    release_limits(planned, limited, store);
    release_hold(planned, leave.hold, store, now);
}

fn release_limits(planned: &PlannedAttempt, limited: Limited, store: &dyn Store) {
    let provider = &planned.provider.name;
    if let Some(reservation) = limited.reservation {
        update(store, &window_key(provider), |window: &mut Window| {
            window.release(reservation);
        });
    }
    if let Some(taken) = limited.taken {
        update(store, &known_key(provider), |known: &mut Known| {
            known.release(taken.at, taken.tokens);
        });
    }
}

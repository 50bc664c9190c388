//! What the attempts of a call learn of accounts, and leave behind for other calls.

use super::{Attempt, Call, Charge, Outcome};
use crate::alert::Alert;
use crate::health::{Cause, Gate, Health, Sample, Ticket};
use crate::ledger::{Percent, Window};
use crate::metrics::{Labels, Metric};
use crate::routing::{ExclusionReason, Leave, PlannedAttempt, Strategy, release, take_retry};
use crate::store::{Store, health_key, update, window_key};
use crate::units::{MicroUsd, Millis, Timestamp, Tokens};

/// What a machine needs of its host for that.
pub trait Services {
    /// The state that all workers share.
    fn store(&self) -> &dyn Store;
    /// Counts or observes a value.
    fn measure(&mut self, metric: Metric, labels: Labels<'_>, value: u64);
    /// Tells the operator that a threshold of a budget was crossed, sooner or later: no call waits for it.
    fn alert(&mut self, alert: &Alert);
}

/// What an attempt told beside its outcome.
#[derive(Clone, Copy, Default)]
struct Told {
    /// How long it asked to wait.
    asked: Option<Millis>,
    /// How quick it was.
    sample: Option<Sample>,
}

/// What of an account's state a settled attempt changed.
#[derive(Clone, Copy)]
struct Turn {
    is_opening: bool,
    cooldown: Option<Cause>,
}

impl Call {
    /// Asks for leave to make the attempt that is next in the plan, and tells which one that is. Members that may not
    /// be asked any more are left out on the way.
    pub fn enter_next(&mut self, store: &dyn Store, now: Timestamp) -> Option<&PlannedAttempt> {
        self.give_back(store, now);
        let next = self.attempts.len();
        if next > 0 && self.plan.attempts.len() > next && !take_retry(&self.pool, store, now) {
            self.plan.end_at(next, &ExclusionReason::RetryBudget);
        }
        self.entered = self.plan.enter(next, store, now);
        self.plan.attempts.get(next)
    }

    /// As [`Call::enter_next`], where only a higher rung of the cascade will do.
    pub fn enter_higher(&mut self, store: &dyn Store, now: Timestamp) -> Option<&PlannedAttempt> {
        self.give_back(store, now);
        let next = self.attempts.len();
        self.entered = self.plan.enter(next, store, now);
        if self.entered.is_none() || !self.may_escalate() {
            self.give_back(store, now);
            return None;
        }
        self.next_planned()
    }

    /// Whether Envoy would go on to another attempt although nobody is left to be asked.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        self.next_planned().is_none() && self.attempts.len() < self.granted
    }

    /// Notes how the last attempt went; only the first word counts. `asked`: how long the answer asked to wait.
    pub fn settle_last(&mut self, asked: Option<Millis>, now: Timestamp, services: &mut dyn Services) {
        let sample = self.sample(now);
        if let Some(attempt) = self.attempts.last_mut()
            && let Some(outcome) = attempt.outcome
            && !attempt.is_settled
        {
            attempt.is_settled = true;
            note(attempt, outcome, Told { asked, sample }, now, services);
            let used = match outcome {
                // What was used is told at the end of the call.
                _ if outcome.is_success() => None,
                // Where nothing tells what was used, it stays as it was estimated.
                Outcome::NotAccepted(_) => attempt.usage.map(|usage| usage.total()),
                _ => Some(Tokens(0)),
            };
            if let Some(used) = used {
                attempt.settle_window(used, services.store());
            }
            if !outcome.is_success() {
                let price = self
                    .pool
                    .members
                    .get(attempt.member)
                    .and_then(|member| member.price);
                let is_answer = matches!(outcome, Outcome::NotAccepted(_));
                let used = attempt.usage.map(|usage| price.map(|price| price.cost(&usage)));
                // A refused attempt cost nothing; an answer that does not tell, what was expected.
                let cost = match used {
                    Some(cost) => Some(cost.unwrap_or_default()),
                    None if is_answer => None,
                    None => Some(MicroUsd(0)),
                };
                attempt.settle_account(cost, now, services);
            }
        }
    }

    /// The call is over. What was begun well and broke off is a failure after all, unless it was the agent who left:
    /// `is_providers_fault` tells. An attempt without a word says nothing of its account, unless Envoy gave it up.
    pub fn settle_end(
        &mut self,
        has_given_up: bool,
        is_providers_fault: bool,
        now: Timestamp,
        services: &mut dyn Services,
    ) {
        self.is_over = true;
        self.give_back(services.store(), now);
        let is_whole = self.is_complete;
        let rest = self.rest(now);
        let Some(attempt) = self.attempts.last_mut() else {
            return;
        };
        if attempt.is_settled {
            if attempt.is_success() && !is_whole && is_providers_fault {
                note(attempt, Outcome::Reset, Told::default(), now, services);
            }
        } else {
            attempt.is_settled = true;
            if has_given_up {
                note(attempt, Outcome::Reset, Told::default(), now, services);
            } else if let Some(leave) = attempt.leave {
                abandon(&attempt.health_key(), leave.ticket, services.store());
            }
        }
        if let Some(sample) = rest {
            update(services.store(), &attempt.health_key(), |health: &mut Health| {
                health.latency.note(sample, now);
            });
        }
        // Where nothing tells what was used, it stays as it was estimated.
        if attempt.is_success()
            && let Some(usage) = self.observation.usage()
        {
            attempt.settle_window(usage.total(), services.store());
        }
        let price = self
            .pool
            .members
            .get(attempt.member)
            .and_then(|member| member.price);
        let cost = attempt
            .usage
            .map(|usage| price.map_or(MicroUsd(0), |price| price.cost(&usage)));
        attempt.settle_account(cost, now, services);
    }

    /// What the last attempt, which has ended or begun to answer, tells of its speed.
    fn sample(&self, now: Timestamp) -> Option<Sample> {
        let attempt = self.attempts.last()?;
        let outcome = attempt.outcome?;
        if outcome == Outcome::Timeout {
            Some(Sample::Late { waited: attempt.took })
        } else if !outcome.is_success() {
            None
        } else if self.request.stream {
            let first_byte = self.first_byte_at?.millis_since(attempt.started);
            Some(Sample::FirstByte(first_byte))
        } else {
            // An answer in one piece that tells its usage is there as a whole.
            let output = self.observation.usage()?.output;
            Some(Sample::Whole {
                took: now.millis_since(attempt.started),
                output,
            })
        }
    }

    /// What the end of a stream tells of the account's speed, where the pool asks for that.
    fn rest(&self, now: Timestamp) -> Option<Sample> {
        let is_of_interest = self.pool.strategy == Strategy::LowestLatency;
        let is_whole_stream = self.request.stream && self.is_complete;
        let usage = self
            .observation
            .usage()
            .filter(|_| is_of_interest && is_whole_stream)?;
        Some(Sample::Rest {
            took: now.millis_since(self.first_byte_at?),
            output: usage.output,
        })
    }

    /// Gives the leave for an attempt back that is not made.
    pub(crate) fn give_back(&mut self, store: &dyn Store, now: Timestamp) {
        if let Some(leave) = self.entered.take()
            && let Some(planned) = self.next_planned()
        {
            let taken = leave.taken.filter(|taken| taken.is_told);
            let unmade = taken.map(|taken| taken.unmade(&planned.provider));
            let key = health_key(&planned.provider.name, &planned.model);
            abandon(&key, leave.ticket, store);
            release(planned, leave, store, now);
            self.unmade.extend(unmade.into_iter().flatten());
        }
    }
}

impl Attempt {
    fn health_key(&self) -> String {
        health_key(&self.provider.name, &self.model)
    }

    /// Puts what was used in the place of what was estimated. A refused attempt used no tokens, but was a request.
    fn settle_window(&mut self, used: Tokens, store: &dyn Store) {
        let reservation = self.leave.as_mut().and_then(|leave| leave.reservation.take());
        if let Some(reservation) = reservation {
            update(store, &window_key(&self.provider.name), |window: &mut Window| {
                window.settle(reservation, used);
            });
            self.settle_taken(used, store);
        }
    }
}

impl Attempt {
    /// Puts what it cost in the place of what it holds of the account's budget; `None`: nothing tells, so what is
    /// usual.
    fn settle_account(&mut self, cost: Option<MicroUsd>, now: Timestamp, services: &mut dyn Services) {
        let (Some(leave), Some(counter)) = (&mut self.leave, &self.provider.budget) else {
            return;
        };
        let Some(hold) = leave.hold.take() else {
            return;
        };
        let cost = cost.unwrap_or(leave.usual_cost);
        let settled = counter.settle(hold, cost.0, services.store(), now);
        self.charge = Some(Charge { cost, settled });
        let Some(Percent(percent)) = settled.alert else {
            return;
        };
        let threshold = percent.to_string();
        let labels = Labels {
            provider: Some(self.provider.name.as_str()),
            cause: Some(&threshold),
            ..Labels::default()
        };
        services.measure(Metric::BudgetAlerts, labels, 1);
        if let Some(alert) = Alert::of(counter, settled, now) {
            services.alert(&alert);
        }
    }
}

fn note(attempt: &Attempt, outcome: Outcome, told: Told, now: Timestamp, services: &mut dyn Services) {
    let Some(Leave { ticket, .. }) = attempt.leave else {
        return;
    };
    let breaker = &attempt.provider.circuit_breaker;
    let settle = |health: &mut Health| {
        let was_closed = health.circuit.gate(breaker, now) == Gate::Closed;
        let was_cooling = health.cooldown.until(now).is_some();
        health.settle(breaker, ticket, outcome, told.asked, now);
        if let Some(sample) = told.sample {
            health.latency.note(sample, now);
        }
        let cooldown = health.cooldown.until(now).map(|(_, cause)| cause);
        Turn {
            is_opening: was_closed && health.circuit.gate(breaker, now) != Gate::Closed,
            cooldown: cooldown.filter(|_| !was_cooling),
        }
    };
    let turn = update(services.store(), &attempt.health_key(), settle).result;
    let labels = Labels {
        provider: Some(attempt.provider.name.as_str()),
        model: Some(attempt.model.as_str()),
        ..Labels::default()
    };
    if turn.is_opening {
        services.measure(Metric::CircuitOpenings, labels, 1);
    }
    if let Some(cause) = turn.cooldown {
        let cause = Some(cause.as_str());
        services.measure(Metric::Cooldowns, Labels { cause, ..labels }, 1);
    }
}

/// Only a probe keeps others out until it is given back.
fn abandon(key: &str, ticket: Ticket, store: &dyn Store) {
    if ticket.is_probe() {
        update(store, key, |health: &mut Health| health.abandon(ticket));
    }
}

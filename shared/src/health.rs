//! How a model fares at a provider account: what each attempt there leaves behind for those that follow.
//!
//! One [`Health`] per account and model. Every function is pure in the state, the configuration and the time; the
//! state is a few bytes that all workers share through a [`Store`](crate::store::Store).

pub mod delay;

mod circuit;
mod cooldown;
mod latency;
mod recent;
#[cfg(test)]
mod simulation;
mod standing;
mod verdict;

pub use circuit::{Circuit, CircuitBreaker, Gate, Ticket};
pub use cooldown::{Cause, Cooldown};
pub use latency::{Gauge, Latency, Sample};
pub use standing::{Sorted, Standing, sort};
pub use verdict::Verdict;

use crate::outcome::Outcome;
use crate::store::{Packed, Unpack};
use crate::units::{Millis, Timestamp};

/// How a model fares at an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Whether it is asked at all.
    pub circuit: Circuit,
    /// Whether it asked for a pause.
    pub cooldown: Cooldown,
    /// How quick it is.
    pub latency: Latency,
}

impl Health {
    /// How it stands, for a plan.
    #[must_use]
    pub fn standing(&self, breaker: &CircuitBreaker, now: Timestamp) -> Standing {
        if let Some((until, cause)) = self.cooldown.until(now) {
            return Standing::CoolingDown { until, cause };
        }
        match self.circuit.gate(breaker, now) {
            Gate::Open { until } => Standing::Open { until },
            Gate::HalfOpen => Standing::HalfOpen,
            Gate::Closed if self.circuit.is_shaky(breaker, now) => Standing::Deprioritised,
            Gate::Closed => Standing::Healthy,
        }
    }

    /// Asks to make an attempt, right before it is made; `None` if it has to be left out. A ticket for a probe keeps
    /// others out until it is settled, abandoned or too old.
    #[must_use]
    pub fn enter(&mut self, breaker: &CircuitBreaker, now: Timestamp) -> Option<Ticket> {
        if self.cooldown.until(now).is_some() {
            return None;
        }
        self.cooldown.end(now);
        self.circuit.enter(breaker, now)
    }

    /// As [`Health::enter`], for a call whose whole pool is out: only a limit keeps it from being made.
    #[must_use]
    pub fn enter_as_last_resort(&mut self, breaker: &CircuitBreaker, now: Timestamp) -> Option<Ticket> {
        let is_limited = self.standing(breaker, now).limited_until().is_some();
        self.enter(breaker, now)
            .or_else(|| (!is_limited).then(|| Ticket::last_resort(now)))
    }

    /// Notes how an attempt went. `asked`: how long the answer asked to wait, see [`delay::asked`].
    ///
    /// An answer that breaks off after it was noted as a success is noted again as [`Outcome::Reset`].
    pub fn settle(
        &mut self,
        breaker: &CircuitBreaker,
        ticket: Ticket,
        outcome: Outcome,
        asked: Option<Millis>,
        now: Timestamp,
    ) {
        let verdict = Verdict::of(outcome);
        self.circuit.settle(breaker, ticket, verdict, now);
        match verdict {
            Verdict::Success => self.cooldown.note_success(ticket.at),
            Verdict::Throttled => self.cooldown.hold(Cause::Throttled, asked, ticket.at, now),
            Verdict::Overloaded => self.cooldown.hold(Cause::Overloaded, asked, ticket.at, now),
            Verdict::KeyRefused => self.cooldown.hold(Cause::KeyRefused, None, ticket.at, now),
            // A failure that says when to come back is taken at its word.
            Verdict::Failure if asked.is_some() => {
                self.cooldown.hold(Cause::Overloaded, asked, ticket.at, now);
            }
            Verdict::Failure | Verdict::Neutral => {}
        }
    }

    /// Notes that an attempt came to nothing for a reason that is not the provider's: the agent hung up, or it was
    /// never made.
    pub fn abandon(&mut self, ticket: Ticket) {
        self.circuit.abandon(ticket);
    }
}

impl Packed for Health {
    const VERSION: u8 = 1;
    const LENGTH: usize = 1 + Circuit::LENGTH + Cooldown::LENGTH + Latency::LENGTH;

    fn write(&self, bytes: &mut Vec<u8>) {
        self.circuit.write(bytes);
        self.cooldown.write(bytes);
        self.latency.write(bytes);
    }

    fn read(from: &mut Unpack<'_>) -> Option<Self> {
        Some(Self {
            circuit: Circuit::read(from)?,
            cooldown: Cooldown::read(from)?,
            latency: Latency::read(from)?,
        })
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod properties;
#[cfg(test)]
mod tests;

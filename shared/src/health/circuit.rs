//! The circuit breaker: a model that keeps failing at an account is left alone for a while, then asked once.

use super::recent::Recent;
use super::verdict::Verdict;
use crate::limits::{MAX_LENGTHENED_RECOVERY, MAX_PROBE_TIME, MIN_CALLS_FOR_RATE};
use crate::store::Unpack;
use crate::units::{Millis, Timestamp};

/// When a circuit opens and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitBreaker {
    /// Failures in a row that open it, however far apart.
    pub consecutive_failures: u16,
    /// Failures among the calls of the window that open it, in percent; of fewer than ten calls it says nothing.
    pub error_rate: u8,
    /// Over how long that share is taken.
    pub window: Millis,
    /// How long it stays open before a call may probe.
    pub recovery: Millis,
}

impl Default for CircuitBreaker {
    fn default() -> Self {
        Self {
            consecutive_failures: 5,
            error_rate: 50,
            window: Millis(30_000),
            recovery: Millis(30_000),
        }
    }
}

/// A circuit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Circuit {
    phase: Phase,
    /// When it was last opened or closed; attempts that began before say nothing of it.
    since: Timestamp,
    /// Failures without a success between them.
    consecutive: u16,
    /// How often it opened without having been closed for long.
    openings: u8,
    recent: Recent,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Closed,
    Open {
        /// From then on a call may probe.
        until: Timestamp,
        /// When the probe that is under way was let in.
        probe: Option<Timestamp>,
    },
}

/// Whether a circuit lets calls through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// All of them.
    Closed,
    /// One, as a probe.
    HalfOpen,
    /// None.
    Open {
        /// Until then at the latest.
        until: Timestamp,
    },
}

/// An attempt's leave to be made; what it came to is noted with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// When.
    pub at: Timestamp,
    is_probe: bool,
}

impl Ticket {
    /// Leave for an attempt that is made although everything is out.
    pub(super) fn last_resort(at: Timestamp) -> Self {
        Self { at, is_probe: false }
    }

    /// Whether the attempt decides whether an open circuit closes.
    #[must_use]
    pub fn is_probe(self) -> bool {
        self.is_probe
    }
}

impl Circuit {
    pub(super) const LENGTH: usize = 1 + 8 + 8 + 8 + 2 + 1 + Recent::LENGTH;

    /// Whether calls are let through.
    #[must_use]
    pub fn gate(&self, breaker: &CircuitBreaker, now: Timestamp) -> Gate {
        let Phase::Open { until, probe } = self.phase else {
            return Gate::Closed;
        };
        if let Some(wait) = until.wait_from(now)
            && wait <= longest_recovery(breaker)
        {
            return Gate::Open { until };
        }
        // What lies further ahead than it was ever put is of another clock or configuration.
        match probe.map(|at| at.after(MAX_PROBE_TIME)) {
            Some(until)
                if until
                    .wait_from(now)
                    .is_some_and(|wait| wait.0 <= 2 * MAX_PROBE_TIME.0) =>
            {
                Gate::Open { until }
            }
            _ => Gate::HalfOpen,
        }
    }

    /// Lets a call through, or not.
    #[must_use]
    pub fn enter(&mut self, breaker: &CircuitBreaker, now: Timestamp) -> Option<Ticket> {
        let gate = self.gate(breaker, now);
        match (&mut self.phase, gate) {
            (_, Gate::Open { .. }) => None,
            (Phase::Open { until, probe }, Gate::HalfOpen) => {
                // What a clock that went back has put far ahead does not come up again.
                *until = (*until).min(now);
                *probe = Some(now);
                Some(Ticket {
                    at: now,
                    is_probe: true,
                })
            }
            _ => Some(Ticket {
                at: now,
                is_probe: false,
            }),
        }
    }

    /// Notes how an attempt went.
    pub fn settle(&mut self, breaker: &CircuitBreaker, ticket: Ticket, verdict: Verdict, now: Timestamp) {
        // A phase that has not begun yet was begun by a clock that went back.
        if ticket.at < self.since && self.since <= now {
            return;
        }
        match (self.phase, verdict) {
            (Phase::Closed, Verdict::Success) => {
                self.consecutive = 0;
                self.recent.note(breaker.window, now, false);
            }
            (Phase::Closed, Verdict::Failure) => {
                self.consecutive = self.consecutive.saturating_add(1);
                self.recent.note(breaker.window, now, true);
                if self.is_beyond(breaker, now) {
                    self.open(breaker, now);
                }
            }
            // A last resort that worked is as good as a probe.
            (Phase::Open { .. }, Verdict::Success) => self.close(now),
            (Phase::Open { .. }, Verdict::Failure) => {
                if !matches!(self.gate(breaker, now), Gate::Open { .. }) || ticket.is_probe {
                    self.phase = Phase::Open {
                        until: now.after(self.recovery(breaker)),
                        probe: None,
                    };
                }
            }
            (_, Verdict::Throttled | Verdict::Overloaded | Verdict::KeyRefused | Verdict::Neutral) => {
                self.abandon(ticket);
            }
        }
    }

    /// Notes that an attempt said nothing; if it was the probe, the next call may be one.
    pub fn abandon(&mut self, ticket: Ticket) {
        if let Phase::Open { probe, .. } = &mut self.phase
            && ticket.is_probe
            && *probe == Some(ticket.at)
        {
            *probe = None;
        }
    }

    /// Whether it is closed but on its way to open: half of what opens it has happened lately.
    #[must_use]
    pub fn is_shaky(&self, breaker: &CircuitBreaker, now: Timestamp) -> bool {
        let totals = self.recent.totals(breaker.window, now);
        let is_frequent = totals.calls >= MIN_CALLS_FOR_RATE
            && totals.failures.saturating_mul(200) >= totals.calls.saturating_mul(breaker.error_rate.into());
        // Failures in a row that nothing followed for a whole window are no reason to be asked last for ever.
        let is_in_a_row =
            totals.failures > 0 && self.consecutive.saturating_mul(2) >= breaker.consecutive_failures;
        self.phase == Phase::Closed && (is_frequent || is_in_a_row)
    }

    fn is_beyond(&self, breaker: &CircuitBreaker, now: Timestamp) -> bool {
        let totals = self.recent.totals(breaker.window, now);
        let is_frequent = totals.calls >= MIN_CALLS_FOR_RATE
            && totals.failures.saturating_mul(100) >= totals.calls.saturating_mul(breaker.error_rate.into());
        is_frequent || self.consecutive >= breaker.consecutive_failures
    }

    fn open(&mut self, breaker: &CircuitBreaker, now: Timestamp) {
        let was_closed_for = now.millis_since(self.since);
        self.openings = if was_closed_for.0 >= breaker.recovery.0.saturating_mul(4) {
            1
        } else {
            self.openings.saturating_add(1)
        };
        *self = Self {
            phase: Phase::Open {
                until: now.after(self.recovery(breaker)),
                probe: None,
            },
            since: now,
            openings: self.openings,
            ..Self::default()
        };
    }

    fn close(&mut self, now: Timestamp) {
        *self = Self {
            since: now,
            openings: self.openings,
            ..Self::default()
        };
    }

    /// How long it stays open: as configured while it is down, longer only if it was closed and opened again soon.
    fn recovery(&self, breaker: &CircuitBreaker) -> Millis {
        let doublings = u32::from(self.openings.saturating_sub(1)).min(2);
        let lengthened = breaker.recovery.0.saturating_mul(1 << doublings);
        Millis(lengthened).min(longest_recovery(breaker))
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        let (phase, until, probe) = match self.phase {
            Phase::Closed => (0, Timestamp(0), None),
            Phase::Open { until, probe: None } => (1, until, None),
            Phase::Open { until, probe } => (2, until, probe),
        };
        bytes.push(phase);
        bytes.extend(until.0.to_le_bytes());
        bytes.extend(probe.unwrap_or_default().0.to_le_bytes());
        bytes.extend(self.since.0.to_le_bytes());
        bytes.extend(self.consecutive.to_le_bytes());
        bytes.push(self.openings);
        self.recent.write(bytes);
    }

    pub(super) fn read(from: &mut Unpack<'_>) -> Option<Self> {
        let (phase, until, probe) = (from.u8()?, from.timestamp()?, from.timestamp()?);
        let phase = match phase {
            0 => Phase::Closed,
            1 => Phase::Open { until, probe: None },
            2 => Phase::Open {
                until,
                probe: Some(probe),
            },
            _ => return None,
        };
        Some(Self {
            phase,
            since: from.timestamp()?,
            consecutive: from.u16()?,
            openings: from.u8()?,
            recent: Recent::read(from)?,
        })
    }
}

/// The longest that a circuit is open before a call may probe.
fn longest_recovery(breaker: &CircuitBreaker) -> Millis {
    let lengthened = breaker.recovery.0.saturating_mul(4);
    Millis(lengthened.min(MAX_LENGTHENED_RECOVERY.0)).max(breaker.recovery)
}

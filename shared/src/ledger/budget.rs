//! What is spent of a ceiling and what is reserved for calls under way, so that calls of all workers cannot overspend
//! it together: an amount is reserved before a call, and what was used takes its place afterwards.
//!
//! A reservation outlives its window: the call is charged to the window in which it ends, where room was kept for it.
//! One that nobody settles, because whoever made it is gone, ages out.

use super::period::{Period, Span};
use super::zone::Zone;
use crate::limits::{MAX_CLOCK_JITTER, MAX_RESERVATION_TIME};
use crate::store::{Packed, Unpack};
use crate::units::{Millis, Timestamp};

/// What a ceiling counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Tokens of input and output.
    Tokens,
    /// Millionths of a US dollar.
    MicroUsd,
}

impl Unit {
    /// The unit as the document spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::MicroUsd => "usd",
        }
    }
}

/// How much may be spent in which time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ceiling {
    /// What it counts.
    pub unit: Unit,
    /// The most of it.
    pub most: u64,
    /// For how long.
    pub period: Period,
    /// Where the days begin at midnight.
    pub zone: Zone,
}

/// A whole percentage of a ceiling, from 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(pub u8);

/// What was spent of one ceiling, and what is reserved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spending {
    /// The first second of the window.
    start: u64,
    spent: u64,
    /// The highest threshold that was told of in this window.
    alerted: u8,
    /// Which reservations are the fresh ones. Counts up, whatever the clock does.
    generation: u32,
    /// When that generation began.
    since: Timestamp,
    /// What is reserved by the generation.
    fresh: u64,
    /// What is reserved by the one before it.
    aged: u64,
}

/// What a call holds of a ceiling until it is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "what is not settled is missing until it ages out"]
pub struct Hold {
    generation: u32,
    /// How much.
    pub amount: u64,
}

/// There is not enough left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the budget is exhausted")]
pub struct Exhausted {
    /// When it begins anew; `None` if never.
    pub until: Option<Timestamp>,
}

impl Spending {
    /// What was spent of a window by those who are gone, and the highest threshold that was told of then.
    #[must_use]
    pub fn carried(start: u64, spent: u64, alerted: u8) -> Self {
        Self {
            start,
            spent,
            alerted,
            ..Self::default()
        }
    }

    /// The first second of the window, in seconds since the Unix epoch.
    #[must_use]
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Tells whether an amount is left, for a plan.
    pub fn check(&self, ceiling: &Ceiling, amount: u64, now: Timestamp) -> Result<(), Exhausted> {
        let mut current = self.clone();
        let until = current.turn(ceiling, now);
        current.check_here(ceiling, amount, until)
    }

    /// Reserves an amount, if that much is left.
    pub fn reserve(&mut self, ceiling: &Ceiling, amount: u64, now: Timestamp) -> Result<Hold, Exhausted> {
        let until = self.turn(ceiling, now);
        self.check_here(ceiling, amount, until)?;
        Ok(self.hold(amount))
    }

    /// Reserves an amount although it may not be left, and tells whether it was.
    pub fn reserve_anyway(&mut self, ceiling: &Ceiling, amount: u64, now: Timestamp) -> (Hold, bool) {
        self.turn(ceiling, now);
        let was_left = self.check_here(ceiling, amount, None).is_ok();
        (self.hold(amount), was_left)
    }

    /// Puts what was used in the place of what was reserved; nothing, if the call was not made.
    pub fn settle(&mut self, ceiling: &Ceiling, hold: Hold, used: u64, now: Timestamp) {
        self.turn(ceiling, now);
        let reserved = match self.generation.wrapping_sub(hold.generation) {
            0 => &mut self.fresh,
            1 => &mut self.aged,
            // It aged out.
            _ => &mut 0,
        };
        *reserved = reserved.saturating_sub(hold.amount);
        self.spent = self.spent.saturating_add(used);
    }

    /// What may still be reserved.
    #[must_use]
    pub fn left(&self, ceiling: &Ceiling, now: Timestamp) -> u64 {
        self.at(ceiling, now).left_here(ceiling)
    }

    /// What was spent in the window.
    #[must_use]
    pub fn spent(&self, ceiling: &Ceiling, now: Timestamp) -> u64 {
        self.at(ceiling, now).spent
    }

    /// Whether so much of the ceiling is spent.
    #[must_use]
    pub fn has_reached(&self, ceiling: &Ceiling, threshold: Percent, now: Timestamp) -> bool {
        self.at(ceiling, now).is_at(ceiling, threshold)
    }

    /// The highest of these thresholds, in ascending order, that is reached and was not told of in this window; from
    /// now on it was, and so were those below.
    #[must_use]
    pub fn alert(&mut self, ceiling: &Ceiling, thresholds: &[Percent], now: Timestamp) -> Option<Percent> {
        self.turn(ceiling, now);
        let mut reached = thresholds.iter().rev().copied();
        let highest = reached.find(|threshold| self.is_at(ceiling, *threshold))?;
        if highest.0 <= self.alerted {
            return None;
        }
        self.alerted = highest.0;
        Some(highest)
    }

    fn at(&self, ceiling: &Ceiling, now: Timestamp) -> Self {
        let mut current = self.clone();
        current.turn(ceiling, now);
        current
    }

    fn is_at(&self, ceiling: &Ceiling, threshold: Percent) -> bool {
        u128::from(self.spent) * 100 >= u128::from(ceiling.most) * u128::from(threshold.0)
    }

    fn left_here(&self, ceiling: &Ceiling) -> u64 {
        let reserved = self.fresh.saturating_add(self.aged);
        let taken = self.spent.saturating_add(reserved);
        ceiling.most.saturating_sub(taken)
    }

    /// Of a spent ceiling nothing is left, not even for what is expected to cost nothing.
    fn check_here(&self, ceiling: &Ceiling, amount: u64, until: Option<Timestamp>) -> Result<(), Exhausted> {
        let left = self.left_here(ceiling);
        if left > 0 && amount <= left {
            Ok(())
        } else {
            Err(Exhausted { until })
        }
    }

    fn hold(&mut self, amount: u64) -> Hold {
        self.fresh = self.fresh.saturating_add(amount);
        Hold {
            generation: self.generation,
            amount,
        }
    }

    /// Begins the window and the generation that it is time for; gives the end of the window.
    fn turn(&mut self, ceiling: &Ceiling, now: Timestamp) -> Option<Timestamp> {
        self.age(now);
        let span = Span::of(ceiling.period, &ceiling.zone, now);
        if span.start > self.start {
            self.start = span.start;
            self.spent = 0;
            self.alerted = 0;
        } else if span.start < self.start {
            // Another worker may have been a little ahead of this one; further ahead, the clock went back. What was
            // spent stays spent, as of the window that it is now.
            let ahead = Timestamp(self.start.saturating_mul(1_000_000_000));
            if now.after(MAX_CLOCK_JITTER) < ahead {
                self.start = span.start;
            } else {
                return Span::of(ceiling.period, &ceiling.zone, ahead).end;
            }
        }
        span.end
    }

    /// Forgets reservations that are too old.
    fn age(&mut self, now: Timestamp) {
        let Millis(passed) = now.millis_since(self.since);
        match passed / MAX_RESERVATION_TIME.0 {
            0 => {}
            1 => {
                self.aged = std::mem::take(&mut self.fresh);
                self.generation = self.generation.wrapping_add(1);
                self.since = self.since.after(MAX_RESERVATION_TIME);
            }
            _ => {
                (self.fresh, self.aged) = (0, 0);
                self.generation = self.generation.wrapping_add(2);
                self.since = now;
            }
        }
        if now.after(MAX_CLOCK_JITTER) < self.since {
            // The clock went back: the generation takes its time from here.
            self.since = now;
        }
    }
}

impl Packed for Spending {
    const VERSION: u8 = 1;
    const LENGTH: usize = 1 + 8 + 8 + 1 + 4 + 8 + 8 + 8;

    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.start.to_le_bytes());
        bytes.extend(self.spent.to_le_bytes());
        bytes.push(self.alerted);
        bytes.extend(self.generation.to_le_bytes());
        bytes.extend(self.since.0.to_le_bytes());
        bytes.extend(self.fresh.to_le_bytes());
        bytes.extend(self.aged.to_le_bytes());
    }

    fn read(from: &mut Unpack<'_>) -> Option<Self> {
        Some(Self {
            start: from.u64()?,
            spent: from.u64()?,
            alerted: from.u8()?,
            generation: from.u32()?,
            since: from.timestamp()?,
            fresh: from.u64()?,
            aged: from.u64()?,
        })
    }
}

mod fleet;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod properties;
#[cfg(test)]
mod tests;

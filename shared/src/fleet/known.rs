//! What an Envoy knows of what a fleet has left of an account's limits.

use super::ask::Asked;
use crate::health::Standing;
use crate::ledger::{Period, RateLimits, Span, Zone};
use crate::limits::{FLEET_MEMORY, SERVICE_REST};
use crate::store::{Packed, Unpack};
use crate::units::{Timestamp, Tokens};

/// What is left of the limits of one account in one minute of the clock, as far as this Envoy knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The first second of the minute.
    minute: u64,
    /// When it was last found that there was too little.
    refused: u64,
    requests: u64,
    tokens: u64,
    /// Until when nobody is asked because nobody counts.
    closed_until: u64,
}

impl Known {
    /// Tells whether there may be room for an attempt of which the service is asked before it is made. That there was none
    /// is believed for a moment only, since others return what they did not use.
    pub fn check(&self, limits: &RateLimits, tokens: Tokens, now: Timestamp) -> Result<(), Standing> {
        self.check_open(now)?;
        let mut known = *self;
        let until = known.turn(limits, now);
        let refused = Timestamp(known.refused);
        let is_recent = refused <= now && now < refused.after(FLEET_MEMORY);
        if is_recent && !known.has_room(limits, tokens) {
            return Err(Standing::Limited { until });
        }
        Ok(())
    }

    /// Takes the room for an attempt of which the service is told later.
    pub fn take(&mut self, limits: &RateLimits, tokens: Tokens, now: Timestamp) -> Result<(), Standing> {
        self.check_open(now)?;
        let until = self.turn(limits, now);
        if !self.has_room(limits, tokens) {
            self.refused = now.0;
            return Err(Standing::Limited { until });
        }
        self.requests = self.requests.saturating_sub(1);
        self.tokens = self.tokens.saturating_sub(tokens.0);
        Ok(())
    }

    /// Puts what was used in the place of what was taken at `at`.
    pub fn settle(&mut self, at: Timestamp, taken: Tokens, used: Tokens) {
        if self.minute == minute(at).start {
            self.tokens = self.tokens.saturating_add(taken.0).saturating_sub(used.0);
        }
    }

    /// Gives back what was taken at `at`: the attempt is not made.
    pub fn release(&mut self, at: Timestamp, taken: Tokens) {
        if self.minute == minute(at).start {
            self.requests = self.requests.saturating_add(1);
            self.settle(at, taken, Tokens(0));
        }
    }

    /// Takes over what the service said of each limit, in the order of [`shares`](super::limits::shares), to an attempt of
    /// so many tokens; tells whether it has its room, which then is taken.
    pub fn learn(&mut self, limits: &RateLimits, asked: &[Asked], tokens: Tokens, now: Timestamp) -> bool {
        self.turn(limits, now);
        self.closed_until = 0;
        let has_room = asked.iter().all(|asked| asked.is_enough);
        // What is not enough is less than what was asked for, also where it is counted in larger units.
        let left = |asked: Option<&Asked>, needed: u64| match asked {
            Some(asked) if has_room => asked.left.saturating_sub(needed),
            Some(asked) if !asked.is_enough => asked.left.min(needed.saturating_sub(1)),
            Some(asked) => asked.left,
            None => 0,
        };
        let mut asked = asked.iter();
        if limits.requests_per_minute.is_some() {
            self.requests = left(asked.next(), 1);
        }
        if let Some(most) = limits.tokens_per_minute {
            self.tokens = left(asked.next(), tokens.0.min(most));
        }
        if !has_room {
            self.refused = now.0;
        }
        has_room
    }

    /// Notes that nobody counts for now, and that nothing may be asked for then.
    pub fn close(&mut self, now: Timestamp) {
        self.closed_until = now.after(SERVICE_REST).0;
    }

    fn check_open(&self, now: Timestamp) -> Result<(), Standing> {
        let until = Timestamp(self.closed_until);
        // Further ahead the clock went back.
        if now < until && until <= now.after(SERVICE_REST) {
            return Err(Standing::Uncounted { until });
        }
        Ok(())
    }

    /// Begins anew where another minute is. Gives the end of the minute.
    fn turn(&mut self, limits: &RateLimits, now: Timestamp) -> Timestamp {
        let span = minute(now);
        if self.minute != span.start {
            self.minute = span.start;
            self.refused = 0;
            self.requests = limits.requests_per_minute.unwrap_or_default();
            self.tokens = limits.tokens_per_minute.unwrap_or_default();
        }
        span.end.unwrap_or(now)
    }

    fn has_room(&self, limits: &RateLimits, tokens: Tokens) -> bool {
        let has_request = limits.requests_per_minute.is_none() || self.requests > 0;
        let needed = |most: u64| tokens.0.min(most);
        let has_tokens = limits
            .tokens_per_minute
            .is_none_or(|most| needed(most) <= self.tokens);
        has_request && has_tokens
    }
}

fn minute(now: Timestamp) -> Span {
    Span::of(Period::Minute, &Zone::UTC, now)
}

impl Packed for Known {
    const VERSION: u8 = 1;
    const LENGTH: usize = 1 + 5 * 8;

    fn write(&self, bytes: &mut Vec<u8>) {
        for number in [
            self.minute,
            self.refused,
            self.requests,
            self.tokens,
            self.closed_until,
        ] {
            bytes.extend(number.to_le_bytes());
        }
    }

    fn read(from: &mut Unpack<'_>) -> Option<Self> {
        Some(Self {
            minute: from.u64()?,
            refused: from.u64()?,
            requests: from.u64()?,
            tokens: from.u64()?,
            closed_until: from.u64()?,
        })
    }
}

#[cfg(test)]
mod tests;

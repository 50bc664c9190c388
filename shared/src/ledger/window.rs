//! Requests and tokens per minute of a provider account, counted by the broker itself so that a call goes elsewhere
//! before the provider has to refuse it.
//!
//! A minute slides over buckets of two seconds. A bucket leaves only once all of it is a minute old, so within any
//! sixty seconds no more is let through than the limit allows; the price is that room comes back up to two seconds
//! late, which costs at most 3.3 % of a limit that is used to the full.

use crate::limits::MAX_PER_MINUTE;
use crate::store::{Packed, Unpack};
use crate::units::{Millis, Timestamp, Tokens};

/// How long a bucket is, in nanoseconds.
const BUCKET: u64 = 2_000_000_000;

/// A minute and the bucket that is being filled.
const BUCKETS: usize = 31;

/// How many buckets two workers' readings of one clock may lie apart; a clock that is further behind went back.
const JITTER: u64 = 2;

/// What an account may be asked for within a minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// Requests.
    pub requests_per_minute: Option<u64>,
    /// Tokens, of input and output together.
    pub tokens_per_minute: Option<u64>,
    /// Whether a fleet of Envoys counts them together.
    pub shared: bool,
}

impl RateLimits {
    /// Whether there is anything to count.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.requests_per_minute.is_none() && self.tokens_per_minute.is_none()
    }
}

/// What was asked for within the last minute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The number of the newest bucket, counted from the epoch.
    newest: u64,
    /// Changes when the clock went back and the numbers of the buckets with it.
    era: u8,
    /// The newest first.
    buckets: [Bucket; BUCKETS],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bucket {
    requests: u32,
    tokens: u32,
}

/// What an attempt holds of an account's limits until it is settled or released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a reservation that is not settled counts as it was estimated"]
pub struct Reservation {
    bucket: u64,
    era: u8,
    tokens: u32,
}

/// There is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the account's limit is used up")]
pub struct UsedUp {
    /// When there is room again, if nobody else takes it.
    pub until: Timestamp,
}

impl Window {
    /// Tells whether there is room for an attempt, for a plan. An attempt beyond the whole limit has room if nothing
    /// else is there: the provider will say what it thinks of it.
    pub fn check(&self, limits: &RateLimits, estimate: Tokens, now: Timestamp) -> Result<(), UsedUp> {
        let mut current = self.clone();
        current.slide(now);
        current.check_here(limits, estimate)
    }

    /// Takes the room for an attempt, right before it is made.
    pub fn reserve(
        &mut self,
        limits: &RateLimits,
        estimate: Tokens,
        now: Timestamp,
    ) -> Result<Reservation, UsedUp> {
        self.slide(now);
        self.check_here(limits, estimate)?;
        let tokens = countable(estimate);
        if let Some(bucket) = self.buckets.first_mut() {
            bucket.requests = bucket.requests.saturating_add(1);
            bucket.tokens = bucket.tokens.saturating_add(tokens);
        }
        Ok(Reservation {
            bucket: self.newest,
            era: self.era,
            tokens,
        })
    }

    /// Puts what was used in the place of what was estimated.
    pub fn settle(&mut self, reservation: Reservation, used: Tokens) {
        let used = countable(used);
        if reservation.era == self.era {
            if let Some(bucket) = self.bucket_of(reservation) {
                let others = bucket.tokens.saturating_sub(reservation.tokens);
                bucket.tokens = others.saturating_add(used);
            }
        } else if let Some(bucket) = self.buckets.first_mut() {
            // Its bucket cannot be found any more: what was too little is added, what was too much leaves with it.
            let missing = used.saturating_sub(reservation.tokens);
            bucket.tokens = bucket.tokens.saturating_add(missing);
        }
    }

    /// Gives the room back: the attempt was not made.
    pub fn release(&mut self, reservation: Reservation) {
        if let Some(bucket) = self.bucket_of(reservation) {
            bucket.requests = bucket.requests.saturating_sub(1);
            bucket.tokens = bucket.tokens.saturating_sub(reservation.tokens);
        }
    }

    /// Requests and tokens of the last minute.
    #[must_use]
    pub fn used(&self, now: Timestamp) -> (u64, Tokens) {
        let mut current = self.clone();
        current.slide(now);
        let requests = current.buckets.iter().map(|bucket| u64::from(bucket.requests));
        let tokens = current.buckets.iter().map(|bucket| u64::from(bucket.tokens));
        (requests.sum(), Tokens(tokens.sum()))
    }

    fn bucket_of(&mut self, reservation: Reservation) -> Option<&mut Bucket> {
        if reservation.era != self.era {
            return None;
        }
        let age = usize::try_from(self.newest.checked_sub(reservation.bucket)?).ok()?;
        self.buckets.get_mut(age)
    }

    /// Lets what is older than a minute go.
    fn slide(&mut self, now: Timestamp) {
        let number = now.0 / BUCKET;
        if number.saturating_add(JITTER) < self.newest {
            // The clock went back: everything is as old as it was, counted from the new time. One bucket more, since
            // the new time may be later in its bucket than the old one was.
            self.newest = number.saturating_add(1);
            self.era = self.era.wrapping_add(1);
            return;
        }
        let passed = number.saturating_sub(self.newest);
        if passed == 0 {
            return;
        }
        let kept = BUCKETS.saturating_sub(usize::try_from(passed).unwrap_or(BUCKETS));
        self.buckets.rotate_right(BUCKETS - kept);
        self.buckets
            .iter_mut()
            .take(BUCKETS - kept)
            .for_each(|bucket| *bucket = Bucket::default());
        self.newest = number;
    }

    fn check_here(&self, limits: &RateLimits, estimate: Tokens) -> Result<(), UsedUp> {
        let requests = limits
            .requests_per_minute
            .and_then(|most| self.full_until(|bucket| bucket.requests, most, 1));
        let tokens = limits.tokens_per_minute.and_then(|most| {
            let estimate = u64::from(countable(estimate)).min(most);
            self.full_until(|bucket| bucket.tokens, most, estimate)
        });
        match requests.max(tokens) {
            Some(until) => Err(UsedUp { until }),
            None => Ok(()),
        }
    }

    /// When enough has left for `more` to fit; `None` if it fits now.
    fn full_until(&self, part: impl Fn(&Bucket) -> u32, most: u64, more: u64) -> Option<Timestamp> {
        let sum: u64 = self.buckets.iter().map(|bucket| u64::from(part(bucket))).sum();
        let mut excess = sum.saturating_add(more).saturating_sub(most);
        if excess == 0 {
            return None;
        }
        let mut ages = self.buckets.iter().enumerate().rev();
        let last = ages.find_map(|(age, bucket)| {
            excess = excess.saturating_sub(u64::from(part(bucket)));
            (excess == 0).then_some(age)
        });
        // A limit below one request has room never: the whole minute is as honest as any answer.
        let age = u64::try_from(last.unwrap_or_default()).unwrap_or_default();
        let number = self.newest.saturating_add(BUCKETS as u64).saturating_sub(age);
        Some(Timestamp(number.saturating_mul(BUCKET)))
    }
}

impl Packed for Window {
    const VERSION: u8 = 1;
    const LENGTH: usize = 1 + 8 + 1 + BUCKETS * 8;

    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.newest.to_le_bytes());
        bytes.push(self.era);
        for bucket in &self.buckets {
            bytes.extend(bucket.requests.to_le_bytes());
            bytes.extend(bucket.tokens.to_le_bytes());
        }
    }

    fn read(from: &mut Unpack<'_>) -> Option<Self> {
        let mut window = Self {
            newest: from.u64()?,
            era: from.u8()?,
            ..Self::default()
        };
        for bucket in &mut window.buckets {
            bucket.requests = from.u32()?;
            bucket.tokens = from.u32()?;
        }
        Some(window)
    }
}

/// Tokens as a bucket counts them: no more than the largest limit.
fn countable(tokens: Tokens) -> u32 {
    u32::try_from(tokens.0.min(MAX_PER_MINUTE)).unwrap_or(u32::MAX)
}

/// The time until there is room, for a `retry-after`.
impl UsedUp {
    /// How long that is.
    #[must_use]
    pub fn wait(self, now: Timestamp) -> Millis {
        self.until.wait_from(now).unwrap_or(Millis(1))
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod properties;
#[cfg(test)]
mod tests;

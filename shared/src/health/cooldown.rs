//! The cool-down: an account that says it has too much to do is not asked again before it said.

use serde::Serialize;

use crate::limits::{
    DEFAULT_COOLDOWN, KEY_REFUSED_COOLDOWN, MAX_CLOCK_JITTER, MAX_COOLDOWN, MAX_DEFAULT_COOLDOWN,
    MIN_COOLDOWN,
};
use crate::store::Unpack;
use crate::units::{Millis, Timestamp};

/// A cool-down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cooldown {
    since: Timestamp,
    until: Timestamp,
    cause: Cause,
    /// Cool-downs one after the other of which nobody said how long, without a success between them.
    strikes: u8,
}

/// Why an account cools down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Its rate limit is used up.
    #[default]
    Throttled,
    /// It has too much to do, or failed and said when to come back.
    Overloaded,
    /// It does not take our credential. Waiting is not what helps.
    KeyRefused,
}

impl Cause {
    /// The cause as records and metrics spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Overloaded => "overloaded",
            Self::KeyRefused => "key_refused",
        }
    }

    /// Whether to ask nevertheless would break a limit.
    #[must_use]
    pub fn is_limit(self) -> bool {
        match self {
            Self::Throttled | Self::Overloaded => true,
            Self::KeyRefused => false,
        }
    }
}

impl Cooldown {
    pub(super) const LENGTH: usize = 8 + 8 + 1 + 1;

    /// Until when and why nothing is asked; `None` if something may be.
    #[must_use]
    pub fn until(&self, now: Timestamp) -> Option<(Timestamp, Cause)> {
        let wait = self.until.wait_from(now)?;
        // What has not begun yet, or lies further ahead than it was ever put, is of a clock that went back.
        let has_begun = self.since <= now.after(MAX_CLOCK_JITTER);
        (has_begun && wait <= MAX_COOLDOWN).then_some((self.until, self.cause))
    }

    /// Notes that it is over, so that one which a clock that went back has put far ahead does not come up again.
    pub(super) fn end(&mut self, now: Timestamp) {
        self.until = self.until.min(now);
        self.since = self.since.min(now);
    }

    /// Begins a cool-down, or makes the one that runs longer; never shorter. `asked`: how long the provider said.
    /// `began`: when the attempt that it answers began.
    pub fn hold(&mut self, cause: Cause, asked: Option<Millis>, began: Timestamp, now: Timestamp) {
        let running = self.until(now);
        // Of many calls under way, those that come back during the cool-down say nothing new.
        if asked.is_none() && running.is_none() && began >= self.until.min(now) {
            let is_long_ago = now.millis_since(self.until) > MAX_DEFAULT_COOLDOWN;
            self.strikes = if is_long_ago {
                1
            } else {
                self.strikes.saturating_add(1)
            };
        }
        let delay = match (cause, asked) {
            (Cause::KeyRefused, _) => KEY_REFUSED_COOLDOWN,
            (_, Some(asked)) => asked.clamp(MIN_COOLDOWN, MAX_COOLDOWN),
            (_, None) => self.default_delay(),
        };
        let until = now.after(delay);
        let Some((running, earlier)) = running else {
            (self.since, self.until, self.cause) = (now, until, cause);
            return;
        };
        // A limit stays one whatever else comes: the account is not asked as a last resort either.
        let is_new = cause.is_limit() && !(earlier.is_limit() && running >= until);
        self.cause = if is_new { cause } else { earlier };
        self.until = until.max(running);
    }

    /// Notes a success of an attempt that began then.
    pub fn note_success(&mut self, began: Timestamp) {
        if began >= self.until {
            self.strikes = 0;
        }
    }

    fn default_delay(&self) -> Millis {
        let doublings = u32::from(self.strikes.saturating_sub(1)).min(16);
        Millis(DEFAULT_COOLDOWN.0.saturating_mul(1 << doublings)).min(MAX_DEFAULT_COOLDOWN)
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.since.0.to_le_bytes());
        bytes.extend(self.until.0.to_le_bytes());
        bytes.push(match self.cause {
            Cause::Throttled => 0,
            Cause::Overloaded => 1,
            Cause::KeyRefused => 2,
        });
        bytes.push(self.strikes);
    }

    pub(super) fn read(from: &mut Unpack<'_>) -> Option<Self> {
        Some(Self {
            since: from.timestamp()?,
            until: from.timestamp()?,
            cause: match from.u8()? {
                0 => Cause::Throttled,
                1 => Cause::Overloaded,
                2 => Cause::KeyRefused,
                _ => return None,
            },
            strikes: from.u8()?,
        })
    }
}

//! Why a rate limit service did not count.

use crate::units::Millis;

/// Why the service did not count a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It did not answer in time.
    TimedOut,
    /// There is no connection to it, or no cluster of that name.
    Unreachable,
    /// It failed a moment ago and is left alone for a while.
    Resting,
    /// It answered with an error, as it does without Redis.
    Failed,
    /// Its answer is not one to what was asked.
    Unreadable,
    /// It does not know the budget as `broker render ratelimit` writes it.
    UnknownBudget,
}

/// gRPC's status where the other end cannot be reached. <https://grpc.io/docs/guides/status-codes/>
pub const UNAVAILABLE: u32 = 14;

/// That of what took too long.
const DEADLINE_EXCEEDED: u32 = 4;

impl Trouble {
    /// What a gRPC status other than OK says.
    #[must_use]
    pub fn of_status(status: u32) -> Self {
        match status {
            DEADLINE_EXCEEDED => Self::TimedOut,
            UNAVAILABLE => Self::Unreachable,
            _ => Self::Failed,
        }
    }

    /// The trouble of a question that was given so much time. Envoy says of one that took too long what it says of a
    /// connection that is not there; how long it waited tells the two apart.
    #[must_use]
    pub fn after(self, waited: Millis, timeout: Millis) -> Self {
        match self {
            Self::Unreachable if waited.0.saturating_mul(10) >= timeout.0.saturating_mul(9) => Self::TimedOut,
            other => other,
        }
    }

    /// The trouble as records and metrics spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TimedOut => "timed_out",
            Self::Unreachable => "unreachable",
            Self::Resting => "resting",
            Self::Failed => "failed",
            Self::Unreadable => "unreadable",
            Self::UnknownBudget => "unknown_budget",
        }
    }

    /// Whether the next calls would only wait for it in vain.
    #[must_use]
    pub fn is_lasting(self) -> bool {
        matches!(self, Self::TimedOut | Self::Unreachable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn what_took_all_its_time_was_too_slow_and_not_away() {
        let (timeout, away) = (Millis(25), Trouble::of_status(UNAVAILABLE));
        assert_eq!(away.after(Millis(1), timeout), Trouble::Unreachable);
        assert_eq!(away.after(Millis(25), timeout), Trouble::TimedOut);
        assert_eq!(Trouble::Failed.after(Millis(25), timeout), Trouble::Failed);
    }
}

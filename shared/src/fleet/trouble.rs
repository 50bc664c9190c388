//! Why a rate limit service did not count.

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

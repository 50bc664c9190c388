//! What an attempt's outcome says of the provider.

use crate::outcome::Outcome;
use crate::wire::Flaw;

/// What an outcome says of the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It did what was asked.
    Success,
    /// It could not: a 5xx, no connection, a connection that broke, no answer in time, a success that was none.
    Failure,
    /// Too much was asked of it: 429.
    Throttled,
    /// It has too much to do: 529.
    Overloaded,
    /// It does not take our credential: 401, 403, or Cohere's 498.
    KeyRefused,
    /// Nothing: another 4xx is about the agent's request, and an answer too long to translate is our own bound.
    Neutral,
}

impl Verdict {
    /// The verdict on an outcome.
    #[must_use]
    pub fn of(outcome: Outcome) -> Self {
        match outcome {
            // That an answer is not good enough for a pool is nothing that its account did wrong.
            Outcome::Status(200..=299) | Outcome::NotAccepted(_) => Self::Success,
            Outcome::Status(401 | 403 | 498) => Self::KeyRefused,
            Outcome::Status(429) => Self::Throttled,
            Outcome::Status(529) => Self::Overloaded,
            Outcome::Status(500..=599)
            | Outcome::ConnectFailure
            | Outcome::Reset
            | Outcome::Timeout
            | Outcome::Unhealthy
            | Outcome::Flawed(
                Flaw::Error | Flaw::Empty | Flaw::Unreadable | Flaw::WrongType | Flaw::Encoded,
            ) => Self::Failure,
            Outcome::Status(_) | Outcome::Flawed(Flaw::TooLong) => Self::Neutral,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acceptance::Unmet;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn only_what_is_the_providers_fault_counts_against_it() {
        for (status, verdict) in [
            (200, Verdict::Success),
            (302, Verdict::Neutral),
            (400, Verdict::Neutral),
            (401, Verdict::KeyRefused),
            (498, Verdict::KeyRefused),
            (403, Verdict::KeyRefused),
            (404, Verdict::Neutral),
            (413, Verdict::Neutral),
            (429, Verdict::Throttled),
            (500, Verdict::Failure),
            (503, Verdict::Failure),
            (529, Verdict::Overloaded),
        ] {
            assert_eq!(Verdict::of(Outcome::Status(status)), verdict, "{status}");
        }
        for failure in [
            Outcome::ConnectFailure,
            Outcome::Reset,
            Outcome::Timeout,
            Outcome::Unhealthy,
        ] {
            assert_eq!(Verdict::of(failure), Verdict::Failure);
        }
        assert_eq!(Verdict::of(Outcome::Flawed(Flaw::Empty)), Verdict::Failure);
        assert_eq!(Verdict::of(Outcome::Flawed(Flaw::TooLong)), Verdict::Neutral);
        assert_eq!(Verdict::of(Outcome::NotAccepted(Unmet::Json)), Verdict::Success);
    }
}

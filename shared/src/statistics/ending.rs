//! How a call ended, seen from its agent.

use crate::audit::CallOutcome;
use crate::units::{MicroUsd, Millis};

/// How a call ended, seen from its agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It has the whole answer of a provider.
    Success,
    /// It got an error that was not its own fault, or a part of an answer.
    Error,
    /// What it asked is refused, by the broker or by the provider.
    Refused,
    /// It left before the end.
    Abandoned,
}

/// A call that is over, as far as statistics are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// How.
    pub ending: Ending,
    /// How long it took; `None` if no provider was asked.
    pub took: Option<Millis>,
    /// What it cost, as far as that is known.
    pub cost: MicroUsd,
}

impl Ending {
    /// The ending of a call. `status`: what the agent got. `is_providers_fault`: whether it was the provider who broke
    /// the answer off.
    #[must_use]
    pub fn of(outcome: CallOutcome, status: Option<u16>, is_providers_fault: bool) -> Self {
        // That everybody is at a limit, or somebody's is used up, is nothing that the agent's request could mend.
        let is_agents_fault = status.is_some_and(|status| (400..=499).contains(&status) && status != 429);
        match outcome {
            CallOutcome::Ok => Self::Success,
            CallOutcome::Denied | CallOutcome::ProviderError if is_agents_fault => Self::Refused,
            CallOutcome::Aborted if !is_providers_fault => Self::Abandoned,
            CallOutcome::Denied
            | CallOutcome::ProviderError
            | CallOutcome::Unavailable
            | CallOutcome::Aborted => Self::Error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn only_what_is_not_the_agents_doing_is_an_error() {
        for (outcome, status, is_providers_fault, ending) in [
            (CallOutcome::Ok, Some(200), false, Ending::Success),
            (CallOutcome::Unavailable, Some(503), false, Ending::Error),
            (CallOutcome::Denied, Some(403), false, Ending::Refused),
            (CallOutcome::Denied, Some(400), false, Ending::Refused),
            // Everybody is at a limit.
            (CallOutcome::Denied, Some(429), false, Ending::Error),
            (CallOutcome::ProviderError, Some(400), false, Ending::Refused),
            (CallOutcome::ProviderError, Some(429), false, Ending::Error),
            (CallOutcome::ProviderError, Some(500), false, Ending::Error),
            // A stream with an error in it began with a success.
            (CallOutcome::ProviderError, Some(200), true, Ending::Error),
            (CallOutcome::Aborted, Some(200), true, Ending::Error),
            (CallOutcome::Aborted, Some(200), false, Ending::Abandoned),
            (CallOutcome::Aborted, None, false, Ending::Abandoned),
        ] {
            assert_eq!(
                Ending::of(outcome, status, is_providers_fault),
                ending,
                "{outcome:?} {status:?}"
            );
        }
    }
}

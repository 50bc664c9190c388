//! An answer that begins on its way to the agent.

use super::trail::Trail;
use super::{Output, State, answer_estimate, budgets, refuse};
use crate::call::{Attempt, SharedCall};
use crate::endpoint::count;
use crate::headers::{X_BROKER_BUDGET_LEFT, X_ENVOY_RATELIMITED};
use crate::outcome::Outcome;
use crate::reply::{Refusal, UpstreamFailure};

/// An answer begins: the provider's, or Envoy's own because no provider gave one.
pub(super) fn deliver(trail: &mut Trail, call: SharedCall, output: &mut dyn Output) -> State {
    if call.borrow().is_at_end() {
        output.remove_response_header(X_ENVOY_RATELIMITED);
    }
    for change in call.borrow_mut().tell_taken() {
        output.worker().pending.add(change);
    }
    if let Some(left) = budgets::told(&trail.reserved.holding, trail.started, output) {
        output.set_response_header(X_BROKER_BUDGET_LEFT, &left);
    }
    let failure = undeliverable(call.borrow().attempts.last());
    if count::is_left_to_us(&call.borrow(), failure.is_some()) {
        trail.upstream = Some(call);
        return answer_estimate(trail, output);
    }
    let Some(failure) = failure else {
        trail.status = call.borrow().attempts.last().and_then(Attempt::status);
        return State::Forwarded(call);
    };
    trail.upstream = Some(call);
    refuse(trail, Refusal::Upstream(failure), output)
}

/// Why the last attempt has nothing that the agent could be given; `None` if it has.
fn undeliverable(last: Option<&Attempt>) -> Option<UpstreamFailure> {
    let Some(attempt) = last else {
        return Some(UpstreamFailure::Unreachable);
    };
    match attempt.outcome {
        Some(Outcome::Status(_)) if attempt.is_deliverable => None,
        Some(Outcome::Status(401 | 403 | 498)) => Some(UpstreamFailure::CredentialRefused),
        Some(Outcome::Status(status)) => Some(UpstreamFailure::Unreadable(status)),
        Some(Outcome::Timeout) => Some(UpstreamFailure::TimedOut),
        Some(Outcome::Flawed(_) | Outcome::NotAccepted(_)) => Some(UpstreamFailure::Flawed),
        Some(Outcome::ConnectFailure | Outcome::Reset | Outcome::Unhealthy) | None => {
            Some(UpstreamFailure::Unreachable)
        }
    }
}

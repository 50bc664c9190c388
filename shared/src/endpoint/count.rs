//! Counts of tokens: a provider's own, or the broker's estimate where nobody else counts.

use serde_json::json;

use super::Endpoint;
use crate::call::{Attempt, Call};
use crate::headers::{ANTHROPIC_BETA, Lookup, REQUEST_ID, X_BROKER_ESTIMATED};
use crate::reply::{Refusal, Reply};
use crate::request::content::Content;
use crate::routing::{Moment, PlannedAttempt};
use crate::units::Tokens;
use crate::wire::Counted;

impl Call {
    /// What a call to count tokens is about.
    #[must_use]
    pub fn counted(&self) -> Counted<'_> {
        Counted {
            body: &self.body,
            request: &self.request,
            features: match self.headers.lookup(ANTHROPIC_BETA) {
                Lookup::Once(features) => Some(features),
                Lookup::Absent | Lookup::Repeated => None,
            },
        }
    }
}

/// Whether an account counts the tokens of a call: its provider has a count, and can be told all of the call.
fn counts(planned: &PlannedAttempt, call: Counted<'_>) -> bool {
    let model = planned.model.as_str();
    let counter = planned.provider.kind.counter(model);
    counter.is_some_and(|counter| counter.write(call, model).is_ok())
}

/// Leaves in the plan of a call the accounts that count before the first that does not, and gives the estimate for
/// whoever would answer first.
#[must_use]
pub fn prepare(call: &mut Call, content: &Content, moment: Moment<'_>) -> Tokens {
    let attempts = &call.plan.attempts;
    let first = attempts.first().map(|first| first.model.clone());
    let counts = attempts
        .iter()
        .take_while(|planned| self::counts(planned, call.counted()))
        .count();
    if counts == 0 {
        call.give_back(moment.store, moment.now);
    }
    call.plan.attempts.truncate(counts);
    call.granted = counts;
    let estimators = &moment.worker.estimators;
    first.map_or_else(
        || Tokens(0),
        |model| estimators.estimate(&model, content, moment.store),
    )
}

/// Whether the broker's estimate will do where nobody is asked: the call itself is in order and permitted.
#[must_use]
pub fn can_be_estimated(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::AtLimit(_) | Refusal::UncountedLimits | Refusal::Upstream(_)
    )
}

/// Whether whoever was asked last did not count, for a reason that lies with the provider. `has_failed`: whether there is
/// nothing to deliver.
#[must_use]
pub fn is_left_to_us(call: &Call, has_failed: bool) -> bool {
    if call.endpoint != Endpoint::CountTokens {
        return false;
    }
    let is_refused = |attempt: &Attempt| {
        let counter = call
            .endpoint
            .counter(attempt.provider.kind, attempt.model.as_str());
        attempt.status().is_some_and(|status| match status {
            404 | 405 | 429 | 500.. => true,
            // Asked in other words than the agent's, for a model or in a region that they may not count for.
            400.. => counter.is_some(),
            _ => false,
        })
    };
    has_failed || call.attempts.last().is_some_and(is_refused)
}

/// The estimate as an answer, labelled as one.
#[must_use]
pub fn estimate(tokens: Tokens, request_id: &str) -> Reply {
    let mut reply = Reply::json(200, &json!({"input_tokens": tokens.0}));
    reply.headers.push((X_BROKER_ESTIMATED, "true".to_owned()));
    if !request_id.is_empty() {
        reply.headers.push((REQUEST_ID, request_id.to_owned()));
    }
    reply
}

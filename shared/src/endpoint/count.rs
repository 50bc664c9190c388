//! Counts of tokens: a provider's own, or the broker's estimate where nobody else counts.

use serde_json::json;

use super::Endpoint;
use crate::call::{Attempt, Call};
use crate::config::ProviderKind;
use crate::headers::{REQUEST_ID, X_BROKER_ESTIMATED};
use crate::reply::{Refusal, Reply};
use crate::request::content::Content;
use crate::routing::Moment;
use crate::units::Tokens;

impl ProviderKind {
    /// Whether a provider counts the tokens of a call in Anthropic's format, and tells them in it.
    #[must_use]
    pub fn counts_tokens(self) -> bool {
        self == Self::Anthropic
    }
}

/// Leaves in the plan of a call the accounts that count before the first that does not, and gives the estimate for
/// whoever would answer first.
#[must_use]
pub fn prepare(call: &mut Call, content: &Content, moment: Moment<'_>) -> Tokens {
    let attempts = &call.plan.attempts;
    let first = attempts.first().map(|first| first.model.clone());
    let counts = attempts
        .iter()
        .take_while(|attempt| attempt.provider.kind.counts_tokens())
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
    matches!(refusal, Refusal::AtLimit(_) | Refusal::Upstream(_))
}

/// Whether whoever was asked last did not count, for a reason that lies with the provider. `has_failed`: whether there is
/// nothing to deliver.
#[must_use]
pub fn is_left_to_us(call: &Call, has_failed: bool) -> bool {
    let status = call.attempts.last().and_then(Attempt::status);
    call.endpoint == Endpoint::CountTokens
        && (has_failed || status.is_some_and(|status| matches!(status, 404 | 405 | 429 | 500..)))
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

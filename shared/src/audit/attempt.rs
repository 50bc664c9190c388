//! An attempt in the record of its call.

use serde::Serialize;

use crate::acceptance::{Judgement, Unjudged, Unmet};
use crate::budget;
use crate::call::{Attempt, Charge};
use crate::ids::{ProviderName, UpstreamModelName};
use crate::ledger::Percent;
use crate::outcome::Outcome;
use crate::routing::Rung;
use crate::units::{MicroUsd, Millis, Tokens};

/// An attempt in a record.
#[derive(Clone, Debug, Serialize)]
pub struct AttemptRecord<'a> {
    provider: &'a ProviderName,
    model: &'a UpstreamModelName,
    /// The HTTP status, or the failure's name; absent if the attempt was given up before either.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Outcome>,
    /// Milliseconds until the answer began or the attempt failed.
    ms: Millis,
    /// The provider's own id of the request, to ask its support about.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    /// Tokens of the input, cached ones included, if the answer says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Tokens>,
    /// Tokens of the output, reasoning included.
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Tokens>,
    /// Dollars, if usage and price are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_usd: Option<f64>,
    /// What concerns an account with a budget only.
    #[serde(flatten)]
    charge: Option<ChargeRecord>,
    /// What concerns cascades only.
    #[serde(flatten)]
    rung: Option<RungRecord>,
}

/// What a record says of an attempt at an account with a budget.
#[derive(Clone, Debug, Serialize)]
struct ChargeRecord {
    /// Dollars that it was charged.
    #[serde(rename = "budget_usd")]
    cost: f64,
    /// When the window began that it was charged to; absent where there is but one.
    #[serde(rename = "budget_since", skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    /// The threshold that it crossed, in per cent.
    #[serde(rename = "budget_alert", skip_serializing_if = "Option::is_none")]
    alert: Option<u8>,
}

impl ChargeRecord {
    fn of(charge: Charge) -> Self {
        Self {
            cost: charge.cost.as_dollars(),
            since: budget::since(charge.settled.since),
            alert: charge.settled.alert.map(|Percent(percent)| percent),
        }
    }
}

/// What a record says of an attempt that is a rung of a cascade.
#[derive(Clone, Copy, Debug, Serialize)]
struct RungRecord {
    /// Which one, counted from 1.
    rung: Rung,
    /// Whether the answer is what the pool accepts; absent if it was not judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<bool>,
    /// What the answer does not meet.
    #[serde(skip_serializing_if = "Option::is_none")]
    unmet: Option<Unmet>,
    /// Why an answer that was to be judged was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    unjudged: Option<Unjudged>,
}

impl RungRecord {
    fn of(attempt: &Attempt) -> Option<Self> {
        let (accepted, unmet, unjudged) = match attempt.judgement {
            None => (None, None, None),
            Some(Judgement::Accepted) => (Some(true), None, None),
            Some(Judgement::Refused(unmet)) => (Some(false), Some(unmet), None),
            Some(Judgement::Unjudged(why)) => (None, None, Some(why)),
        };
        Some(Self {
            rung: attempt.rung?,
            accepted,
            unmet,
            unjudged,
        })
    }
}

impl<'a> AttemptRecord<'a> {
    /// An attempt and what it cost, where that is known.
    #[must_use]
    pub fn new(attempt: &'a Attempt, cost: Option<MicroUsd>) -> Self {
        Self {
            provider: &attempt.provider.name,
            model: &attempt.model,
            status: attempt.outcome,
            ms: attempt.took,
            request_id: attempt.request_id.as_deref(),
            input: attempt.usage.map(|usage| usage.input),
            output: attempt.usage.map(|usage| usage.output),
            cost_usd: cost.map(MicroUsd::as_dollars),
            charge: attempt.charge.map(ChargeRecord::of),
            rung: RungRecord::of(attempt),
        }
    }
}

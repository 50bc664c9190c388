//! What a call cost: each of its attempts, those in vain apart, and what a cascade saved.

use crate::audit::Record;
use crate::broker::Output;
use crate::call::{Attempt, Call};
use crate::metrics::{Labels, Metric, NONE};
use crate::outcome::Outcome;
use crate::routing::last_rung;
use crate::units::MicroUsd;

/// What a call cost.
#[derive(Debug, Default)]
pub(super) struct Costs {
    /// Of each attempt in order, where usage and price are known.
    pub of_attempts: Vec<Option<MicroUsd>>,
    /// What its cascade saved.
    pub saved: Option<Saved>,
}

/// The cost of the last rung for what was answered, less what was spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Saved {
    /// It would have cost more by this.
    Saved(MicroUsd),
    /// It would have cost less by this.
    Overspent(MicroUsd),
}

impl Saved {
    /// The difference in dollars.
    pub fn as_dollars(self) -> f64 {
        match self {
            Self::Saved(cost) => cost.as_dollars(),
            Self::Overspent(cost) => -cost.as_dollars(),
        }
    }
}

impl Costs {
    pub fn of(call: &Call) -> Self {
        let cost = |attempt: &Attempt| {
            // What a response used was paid for when it was made.
            if call.endpoint.is_of_response() {
                return attempt.is_success().then_some(MicroUsd(0));
            }
            let price = call.pool.members.get(attempt.member)?.price?;
            price.known_cost(attempt.usage.as_ref()?)
        };
        let costs = Self {
            of_attempts: call.attempts.iter().map(cost).collect(),
            saved: None,
        };
        let saved = costs.saved(call);
        Self { saved, ..costs }
    }

    /// All that is known.
    pub fn total(&self) -> Option<MicroUsd> {
        let known = self.of_attempts.iter().flatten();
        known.copied().reduce(MicroUsd::saturating_add)
    }

    /// Of that, what was spent on answers that the agent did not get; `None` if there was no such one.
    pub fn failed(&self, call: &Call) -> Option<MicroUsd> {
        let attempts = call.attempts.iter().zip(&self.of_attempts);
        let failed = attempts.filter(|(attempt, _)| !attempt.is_success());
        failed
            .filter_map(|(_, cost)| *cost)
            .reduce(MicroUsd::saturating_add)
    }

    /// Against asking the last rung alone, which is taken to use as much as the one that answered.
    fn saved(&self, call: &Call) -> Option<Saved> {
        let answered = call.attempts.last().filter(|attempt| attempt.is_success())?;
        let alone = last_rung(&call.pool)?.price?.cost(&answered.usage?);
        // What was spent on an answer is either known of all of them or not at all.
        let has_answer = |attempt: &Attempt| matches!(attempt.outcome, Some(Outcome::NotAccepted(_)));
        let mut rungs = call.attempts.iter().zip(&self.of_attempts);
        if rungs.any(|(attempt, cost)| has_answer(attempt) && cost.is_none()) {
            return None;
        }
        let spent = self.of_attempts.last()?.and(self.total())?;
        Some(match alone.0.checked_sub(spent.0) {
            Some(difference) => Saved::Saved(MicroUsd(difference)),
            None => Saved::Overspent(MicroUsd(spent.0.saturating_sub(alone.0))),
        })
    }
}

/// Counts what an attempt cost, or that nobody knows. `labels`: those of the attempt.
pub(super) fn measure(
    attempt: &Attempt,
    cost: Option<MicroUsd>,
    record: &Record<'_>,
    labels: Labels<'_>,
    output: &mut dyn Output,
) {
    let Some(cost) = cost else {
        if attempt.is_success() || attempt.usage.is_some() {
            let of_member = Labels {
                agent: None,
                pool: None,
                ..labels
            };
            output.measure(Metric::UnpricedCalls, of_member, 1);
        }
        return;
    };
    let labels = Labels {
        workspace: Some(record.workspace.map_or(NONE, |name| name.as_str())),
        tenant: Some(record.tenant.map_or(NONE, |name| name.as_str())),
        ..labels
    };
    output.measure(Metric::CostMicroUsd, labels, cost.0);
    if !attempt.is_success() {
        output.measure(Metric::FailedCostMicroUsd, labels, cost.0);
    }
}

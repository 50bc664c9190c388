//! What a cascade did for a call: how far it was climbed, and why.

use crate::acceptance::Judgement;
use crate::broker::Output;
use crate::broker::costs::{Costs, Saved};
use crate::call::{Attempt, Call};
use crate::metrics::{Labels, Metric};
use crate::outcome::Outcome;
use crate::routing::own_retries;

/// Why a cascade did not begin or end with its first rung, to be added to the reason; nothing if it did.
pub(super) fn climb(call: &Call) -> String {
    let Some((last, before)) = call.attempts.split_last() else {
        return String::new();
    };
    let first = before.first().unwrap_or(last);
    let (Some(began), Some(ended)) = (first.rung, last.rung) else {
        return String::new();
    };
    let mut climb = String::new();
    if began.0 > 1 && own_retries(&call.headers) > 0 {
        climb = format!("; the client's retry began at rung {}", began.0);
    }
    if ended == began {
        return climb;
    }
    let why: Vec<String> = before.iter().filter_map(why_left).collect();
    let verb = if ended > began { "escalated" } else { "fell back" };
    format!("{climb}; {verb} to rung {}: {}", ended.0, why.join(", "))
}

/// Why the call went on from a rung.
fn why_left(attempt: &Attempt) -> Option<String> {
    let why = match attempt.outcome? {
        Outcome::NotAccepted(unmet) => unmet.as_str().into(),
        failure => failure.label(),
    };
    Some(format!("rung {} {why}", attempt.rung?.0))
}

/// Counts what became of each rung, and what was saved. `labels`: those of the call.
pub(super) fn measure(call: &Call, costs: &Costs, labels: Labels<'_>, output: &mut dyn Output) {
    for attempt in &call.attempts {
        measure_rung(attempt, labels.pool, output);
    }
    let of_pool = Labels {
        provider: None,
        model: None,
        ..labels
    };
    match costs.saved {
        Some(Saved::Saved(cost)) if cost.0 > 0 => output.measure(Metric::SavedMicroUsd, of_pool, cost.0),
        Some(Saved::Overspent(cost)) => output.measure(Metric::OverspentMicroUsd, of_pool, cost.0),
        _ => {}
    }
}

fn measure_rung(attempt: &Attempt, pool: Option<&str>, output: &mut dyn Output) {
    let (Some(rung), Some(outcome)) = (attempt.rung, attempt.outcome) else {
        return;
    };
    let (outcome, cause) = match attempt.judgement {
        Some(Judgement::Refused(unmet)) => ("refused", Some(unmet.as_str())),
        _ if !outcome.is_success() => ("failed", None),
        Some(Judgement::Accepted) => ("accepted", None),
        Some(Judgement::Unjudged(why)) => ("unjudged", Some(why.as_str())),
        None => ("unjudged", None),
    };
    let rung = rung.0.to_string();
    let labels = Labels {
        pool,
        provider: Some(attempt.provider.name.as_str()),
        model: Some(attempt.model.as_str()),
        rung: Some(&rung),
        outcome: Some(outcome),
        cause,
        ..Labels::default()
    };
    output.measure(Metric::Rungs, labels, 1);
}

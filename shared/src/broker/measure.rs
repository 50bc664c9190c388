//! The metrics of a call that is over.

use std::cell::Ref;

use crate::audit::Record;
use crate::broker::Output;
use crate::broker::cascade;
use crate::broker::costs::{self, Costs};
use crate::call::{Attempt, Call};
use crate::ledger::Usage;
use crate::metrics::{Labels, Metric, NONE};
use crate::routing::{Exclusion, ExclusionReason};
use crate::units::MicroUsd;

/// Counts a call that is over. `agent`: who called.
pub(super) fn measure(
    record: &Record<'_>,
    agent: &str,
    call: Option<&Ref<'_, Call>>,
    costs: &Costs,
    output: &mut dyn Output,
) {
    let labels = Labels {
        agent: Some(agent),
        pool: Some(record.pool.map_or(NONE, |name| name.as_str())),
        provider: Some(record.provider.map_or(NONE, |name| name.as_str())),
        model: Some(record.model.map_or(NONE, |name| name.as_str())),
        ..Labels::default()
    };
    output.measure(
        Metric::Calls,
        Labels {
            outcome: Some(record.outcome.as_str()),
            ..labels
        },
        1,
    );
    let Some(call) = call else { return };
    for (attempt, cost) in call.attempts.iter().zip(&costs.of_attempts) {
        measure_attempt(attempt, *cost, record, labels, output);
    }
    let of_pool = Labels {
        pool: labels.pool,
        ..Labels::default()
    };
    let is_forgone = |exclusion: &Exclusion| exclusion.reason == ExclusionReason::RetryBudget;
    if call.plan.excluded.iter().any(is_forgone) {
        output.measure(Metric::RetriesForgone, of_pool, 1);
    }
    if let Some(affinity) = record.affinity {
        let stayed = Labels {
            outcome: Some(affinity),
            ..of_pool
        };
        output.measure(Metric::Conversations, stayed, 1);
    }
    if let Some(lost) = record.affinity_lost {
        output.measure(Metric::LostTokens, of_pool, lost.0);
    }
    cascade::measure(call, costs, labels, output);
    let served = Labels {
        agent: None,
        ..labels
    };
    output.measure(Metric::DurationMs, served, record.duration_ms.0);
    if let Some(first_byte) = record.ttft_ms {
        output.measure(Metric::FirstByteMs, served, first_byte.0);
    }
}

/// `labels`: those of the call.
fn measure_attempt(
    attempt: &Attempt,
    cost: Option<MicroUsd>,
    record: &Record<'_>,
    labels: Labels<'_>,
    output: &mut dyn Output,
) {
    let labels = Labels {
        provider: Some(attempt.provider.name.as_str()),
        model: Some(attempt.model.as_str()),
        ..labels
    };
    if let Some(outcome) = attempt.outcome {
        let of_attempt = Labels {
            agent: None,
            status: Some(&outcome.label()),
            ..labels
        };
        output.measure(Metric::Attempts, of_attempt, 1);
    }
    if let Some(usage) = &attempt.usage {
        measure_usage(usage, labels, output);
    }
    costs::measure(attempt, cost, record, labels, output);
}

fn measure_usage(usage: &Usage, labels: Labels<'_>, output: &mut dyn Output) {
    output.measure(Metric::InputTokens, labels, usage.input.0);
    output.measure(Metric::OutputTokens, labels, usage.output.0);
    if usage.cache_read.0 > 0 {
        output.measure(Metric::CachedTokens, labels, usage.cache_read.0);
    }
}

//! What a call that is over adds to the figures of the rule that took it.

use crate::audit::{CallOutcome, Record};
use crate::broker::Output;
use crate::ids::{PoolName, RuleName};
use crate::metrics::{Labels, Metric};
use crate::statistics::{Ended, Ending, Selection};
use crate::units::MicroUsd;

/// Adds a call. One that no pool took has none. `chosen`: the pool that was chosen for it, whose figures those of a
/// downgraded call are too: another pool may have no such rule.
pub(super) fn tally(
    record: &Record<'_>,
    chosen: Option<&PoolName>,
    cost: Option<MicroUsd>,
    is_providers_fault: bool,
    output: &mut dyn Output,
) {
    let Some(pool) = record.pool else { return };
    let rule = record.rule.map(RuleName::as_str);
    let ended = Ended {
        ending: Ending::of(record.outcome, record.status, is_providers_fault),
        took: (record.outcome != CallOutcome::Denied).then_some(record.duration_ms),
        cost: cost.unwrap_or_default(),
    };
    let selection = Selection {
        rule,
        pool: chosen.unwrap_or(pool),
    };
    output.tally(selection, ended);
    if rule.is_none() {
        return;
    }
    let labels = Labels {
        rule,
        pool: Some(pool.as_str()),
        ..Labels::default()
    };
    let outcome = Some(record.outcome.as_str());
    output.measure(Metric::RuleCalls, Labels { outcome, ..labels }, 1);
    if let Some(took) = ended.took {
        output.measure(Metric::RuleDurationMs, labels, took.0);
    }
    if let Some(cost) = cost {
        output.measure(Metric::RuleCostMicroUsd, labels, cost.0);
    }
}

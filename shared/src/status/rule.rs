//! The figures of one rule.

use serde::Serialize;

use crate::ids::PoolName;
use crate::statistics::{RuleStatistics, Selection};
use crate::store::{Store, look, statistics_key};
use crate::units::rfc3339;
use crate::units::{Millis, Timestamp};

/// The figures of one rule, or of the calls that no rule took and their model's own pool did.
#[derive(Debug, Serialize)]
pub struct RuleStatus<'a> {
    /// The rule; `match_when` for the pool's own condition; `None` for the pool of models.
    pub rule: Option<&'a str>,
    /// The pool that takes the calls.
    pub pool: &'a PoolName,
    /// Since when the figures count, if that is known.
    pub since: Option<String>,
    /// All calls that it took and that ended.
    pub matches: u64,
    /// Calls whose agent has its whole answer.
    pub successes: u64,
    /// Calls whose agent got an error that was not its own fault.
    pub errors: u64,
    /// Calls that were refused for what they asked.
    pub refusals: u64,
    /// Calls that their agent left before the end.
    pub abandoned: u64,
    /// The successes among the matches, from 0 to 1.
    pub success_rate: Option<f64>,
    /// The errors among the matches, from 0 to 1.
    pub error_rate: Option<f64>,
    /// The time that half of the calls that went to a provider stayed below.
    pub p50_ms: Option<Millis>,
    /// The time that 95 of 100 of them stayed below.
    pub p95_ms: Option<Millis>,
    /// What they cost, as far as usage and price are known.
    pub cost_usd: f64,
}

impl<'a> RuleStatus<'a> {
    pub(super) fn of(selection: Selection<'a>, store: &dyn Store) -> Self {
        let statistics: RuleStatistics = look(store, &statistics_key(selection));
        Self {
            rule: selection.rule,
            pool: selection.pool,
            since: (statistics.since > Timestamp(0)).then(|| rfc3339(statistics.since)),
            matches: statistics.matches(),
            successes: statistics.successes,
            errors: statistics.errors,
            refusals: statistics.refusals,
            abandoned: statistics.abandoned,
            success_rate: statistics.success_rate(),
            error_rate: statistics.error_rate(),
            p50_ms: statistics.p50(),
            p95_ms: statistics.p95(),
            cost_usd: statistics.cost.as_dollars(),
        }
    }
}

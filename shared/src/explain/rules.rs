//! Which rules were looked at, and why those that did not match did not.

use serde::Serialize;

use crate::broker::decision::Asked;
use crate::config::{Criterion, Snapshot, Subject};
use crate::routing::{self, Facts};

/// A rule, or a pool with conditions of its own, that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleReport {
    /// The rule's name; `match_when of POOL` for a pool.
    pub name: String,
    /// Why it did not match; absent: it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unmet: Option<String>,
}

/// Those that are looked at until one matches.
pub(super) fn report(snapshot: &Snapshot, asked: Asked<'_>) -> Vec<RuleReport> {
    let facts = Facts::of_call(asked.agent, asked.headers, asked.request, asked.input);
    let rules = snapshot
        .rules
        .iter()
        .map(|rule| (rule.name.to_string(), rule.criteria.as_slice()));
    let pools = snapshot
        .pools
        .iter()
        .filter(|pool| !pool.match_when.is_empty())
        .map(|pool| (format!("match_when of {}", pool.name), pool.match_when.as_slice()));
    let mut reports = Vec::new();
    for (name, criteria) in rules.chain(pools) {
        let unmet = routing::unmet(criteria, facts).map(|criterion| told(criterion, facts));
        let has_matched = unmet.is_none();
        reports.push(RuleReport { name, unmet });
        if has_matched {
            break;
        }
    }
    reports
}

/// `tier is standard, not premium`
fn told(criterion: &Criterion, facts: Facts<'_>) -> String {
    let Criterion { subject, test } = criterion;
    let actual = match subject {
        Subject::ContextTokens => Some(facts.input.0.to_string()),
        _ => facts
            .flag(subject)
            .map(|is| is.to_string())
            .or_else(|| facts.text(subject).map(str::to_owned)),
    };
    match actual {
        Some(actual) => format!("{subject} is {actual}, not {test}"),
        None => format!("{subject} is not given, must be {test}"),
    }
}

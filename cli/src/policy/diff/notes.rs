//! What a replay cannot know, told beside what it found.

use shared::config::{Snapshot, Subject};
use shared::policy::ContextAttribute;

use super::tally::{Stranger, Tally};
use crate::document::{plural, plural_of};

/// So many agents that a configuration does not know are named.
const MOST_NAMED: usize = 20;

/// What the reader should know of the replay, a sentence each.
pub fn notes(tally: &Tally<'_>) -> Vec<String> {
    let mut notes: Vec<_> = tally.strangers.iter().take(MOST_NAMED).map(stranger).collect();
    let unnamed = tally.strangers.len().saturating_sub(MOST_NAMED);
    if unnamed > 0 {
        let agents = plural(unnamed, "more agent");
        notes.push(format!("{agents} not in one of the configurations or in neither"));
    }
    if tally.by_word > 0 {
        let calls = plural_of(tally.by_word, "call");
        notes.push(format!(
            "{calls} of agents known by a JWT or a certificate only: of their attributes records hold tier and classification"
        ));
    }
    if tally.of_other_config > 0 {
        let calls = plural_of(tally.of_other_config, "call");
        notes.push(format!(
            "{calls} were decided by another configuration than the old one, which is {}",
            tally.old.snapshot.version
        ));
    }
    if tally.without_needs > 0 {
        let calls = plural_of(tally.without_needs, "call");
        notes.push(format!(
            "{calls} replayed without `llm.needs`: whether they had tools or images or asked for JSON is not known; they \
             count as if not"
        ));
    }
    let snapshots = [tally.old.snapshot, tally.new.snapshot];
    if snapshots.into_iter().any(looks_at_headers) {
        notes.push("conditions on headers count as not met: records hold no headers".to_owned());
    }
    if snapshots.into_iter().any(looks_at_budget) {
        notes.push("`budget_left_usd` counts as absent: records do not hold it".to_owned());
    }
    if tally.without_model > 0 {
        let records = plural_of(tally.without_model, "record");
        notes.push(format!("not replayed: {records} without an agent or a model"));
    }
    if tally.no_records > 0 {
        let lines = plural_of(tally.no_records, "line");
        notes.push(format!("skipped: {lines} without a record"));
    }
    notes
}

fn stranger((agent, stranger): (&String, &Stranger)) -> String {
    let calls = plural_of(stranger.calls, "call");
    match (stranger.is_in_old, stranger.is_in_new) {
        (true, _) => format!("agent `{agent}` with {calls} is not in the new configuration"),
        (false, true) => format!("agent `{agent}` with {calls} is not in the old configuration"),
        (false, false) => format!("agent `{agent}` is in neither configuration: {calls} not replayed"),
    }
}

fn looks_at_headers(snapshot: &Snapshot) -> bool {
    let of_rules = snapshot.rules.iter().flat_map(|rule| &rule.criteria);
    let of_pools = snapshot.pools.iter().flat_map(|pool| &pool.match_when);
    of_rules
        .chain(of_pools)
        .any(|criterion| matches!(criterion.subject, Subject::Header(_)))
}

fn looks_at_budget(snapshot: &Snapshot) -> bool {
    let policies = snapshot.policies.as_deref();
    policies.is_some_and(|policies| policies.looks_at(ContextAttribute::BudgetLeftUsd))
}

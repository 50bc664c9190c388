//! What was found, for people and for programs.

use serde_json::{Value, json};
use shared::units::rfc3339;

use super::notes::notes;
use super::tally::{Calls, Change, Tally};
use crate::columns;
use crate::document::plural_of;

const TITLES: [&str; 9] = [
    "agent", "model", "pool", "member", "old", "new", "calls", "first", "last",
];

/// A table of the changes, what a reader should know, and a summary.
pub fn text(tally: &Tally<'_>) -> String {
    let changes = tally.changes();
    let rows: Vec<_> = changes
        .iter()
        .map(|(change, calls)| row(change, *calls))
        .collect();
    let table = if rows.is_empty() {
        String::new()
    } else {
        format!("{}\n", columns::table(TITLES, &rows))
    };
    let notes = notes(tally).into_iter().map(|note| format!("note: {note}\n"));
    let notes: String = notes.collect();
    [table, notes, summary(tally)].concat()
}

fn summary(tally: &Tally<'_>) -> String {
    let calls = plural_of(tally.calls, "call");
    let changed = match tally.changed {
        0 => "none changes".to_owned(),
        1 => "1 changes".to_owned(),
        changed => format!("{changed} change"),
    };
    let told = |count: u64, what: &str| {
        if count > 0 {
            format!("; {count} {what}")
        } else {
            String::new()
        }
    };
    let refused = told(tally.newly_refused, "would be refused");
    let served = told(tally.newly_served, "would be let through");
    format!("{calls}, {changed}{refused}{served}\n")
}

fn row(change: &Change, calls: Calls) -> [String; 9] {
    [
        change.agent.clone(),
        change.model.clone(),
        pool(change),
        format!("{}/{}", change.member.provider, change.member.model),
        change.old.text(),
        change.new.text(),
        calls.count.to_string(),
        rfc3339(calls.first),
        rfc3339(calls.last),
    ]
}

fn pool(change: &Change) -> String {
    let name = |pool: &Option<_>| {
        pool.as_ref()
            .map_or_else(|| "-".to_owned(), shared::ids::PoolName::to_string)
    };
    if change.old_pool == change.new_pool {
        name(&change.old_pool)
    } else {
        format!("{} -> {}", name(&change.old_pool), name(&change.new_pool))
    }
}

/// The same for programs.
pub fn json(tally: &Tally<'_>) -> Value {
    let change = |(change, calls): (&Change, Calls)| {
        json!({
            "agent": change.agent,
            "model": change.model,
            "pool": {"old": change.old_pool, "new": change.new_pool},
            "member": {"provider": change.member.provider, "model": change.member.model},
            "old": change.old.json(),
            "new": change.new.json(),
            "calls": calls.count,
            "first": rfc3339(calls.first),
            "last": rfc3339(calls.last),
        })
    };
    json!({
        "calls": tally.calls,
        "changed": tally.changed,
        "newly_refused": tally.newly_refused,
        "newly_served": tally.newly_served,
        "changes": tally.changes().into_iter().map(change).collect::<Vec<_>>(),
        "not_replayed": {"without_model": tally.without_model, "no_records": tally.no_records},
        "notes": notes(tally),
    })
}

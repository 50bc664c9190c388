//! `broker spend carry`: what is spent of the windows of budgets that are still open, for an Envoy that starts now. The
//! counters of the one before are gone; its records are not.

mod line;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};
use shared::budget::Counter;
use shared::config::Snapshot;
use shared::ledger::{Span, Unit};
use shared::units::Timestamp;
use shared::units::rfc3339;

use super::work::{self, Tally};
use crate::document;
use line::{Charge, Record};

#[derive(Args)]
pub struct Options {
    /// The broker's configuration, YAML.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The access logs of the Envoy before, plain or compressed with gzip, those of all open windows; `-` or none reads
    /// standard input.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// What balances are wanted of.
pub struct Query {
    snapshot: Arc<Snapshot>,
    now: Timestamp,
}

/// What was spent, by the counters' keys.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Balances(BTreeMap<String, Balance>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Balance {
    /// The first second of the open window.
    since: u64,
    spent: u64,
    alerted: u8,
}

pub fn run(options: &Options) -> Result<()> {
    let document = document::load(&options.config)?;
    let now = document::now();
    let balances = read(&document.loaded.snapshot, &options.files, now)?;
    println!("{}", serde_json::to_string_pretty(&balances.document(now))?);
    Ok(())
}

/// Reads logs and finds what is spent of the windows that are open.
pub fn read(snapshot: &Arc<Snapshot>, files: &[PathBuf], now: Timestamp) -> Result<Balances> {
    let snapshot = snapshot.clone();
    work::add_up(files, &Query { snapshot, now })
}

impl Balances {
    /// How many counters have something spent.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// What the filter reads of them.
    pub fn document(&self, made: Timestamp) -> Value {
        let balances = self.0.iter().map(|(counter, balance)| {
            let mut entry = json!({"counter": counter, "spent": balance.spent});
            if let Some(entry) = entry.as_object_mut() {
                if balance.since > 0 {
                    let since = rfc3339(Timestamp(balance.since.saturating_mul(1_000_000_000)));
                    entry.insert("since".to_owned(), json!(since));
                }
                if balance.alerted > 0 {
                    entry.insert("alerted".to_owned(), json!(balance.alerted));
                }
            }
            entry
        });
        let balances: Vec<Value> = balances.collect();
        json!({"made": rfc3339(made), "balances": balances})
    }

    /// Adds what was charged to a counter, if that was in the window that is open now.
    fn charge(&mut self, counter: &Counter, charge: &Charge, now: Timestamp) {
        let span = Span::of(counter.ceiling.period, &counter.ceiling.zone, now);
        // The one window that never ends has no beginning, and what was charged to it says none.
        if charge.since < span.start || charge.spent == 0 {
            return;
        }
        let balance = self.0.entry(counter.key.clone()).or_default();
        balance.since = span.start;
        balance.spent = balance.spent.saturating_add(charge.spent);
        balance.alerted = balance.alerted.max(charge.alerted);
    }

    fn charge_all(&mut self, record: &Record<'_>, query: &Query) {
        for budget in &query.snapshot.budgets {
            for (subject, charge) in record.of_budget(budget) {
                if let Some(counter) = budget.counter(subject) {
                    self.charge(&counter, &charge, query.now);
                }
            }
        }
        for provider in &query.snapshot.providers {
            let Some(counter) = &provider.budget else { continue };
            let charges = record.of_account(provider.name.as_str(), Unit::MicroUsd);
            charges.for_each(|charge| self.charge(counter, &charge, query.now));
        }
    }
}

impl Tally for Balances {
    type Query = Query;

    fn new(_: &Query) -> Self {
        Self::default()
    }

    fn add(&mut self, line: &[u8], query: &Query) {
        if let Some(record) = Record::read(line) {
            self.charge_all(&record, query);
        }
    }

    fn merge(&mut self, other: Self) {
        for (counter, balance) in other.0 {
            let ours = self.0.entry(counter).or_default();
            ours.since = balance.since;
            ours.spent = ours.spent.saturating_add(balance.spent);
            ours.alerted = ours.alerted.max(balance.alerted);
        }
    }
}

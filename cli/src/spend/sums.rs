//! What is added up.

use std::collections::HashMap;

use shared::units::MicroUsd;

use super::line::{self, Query};
use super::work::Tally;

/// Figures of the calls of one group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Calls.
    pub calls: u64,
    /// Calls that a provider answered and whose cost is not known.
    pub unpriced: u64,
    /// Calls whose usage is an estimate.
    pub estimated: u64,
    /// Tokens of inputs.
    pub input: u64,
    /// Tokens of outputs.
    pub output: u64,
    /// What all of it cost, as far as it is known.
    pub cost: MicroUsd,
    /// Of that, what was spent on answers that no agent got.
    pub failed: MicroUsd,
    /// Of that, what rests on estimates.
    pub estimated_cost: MicroUsd,
    /// What cascades saved.
    pub saved: MicroUsd,
    /// What cascades cost beyond asking their last rung alone.
    pub overspent: MicroUsd,
}

impl Sums {
    pub fn add(&mut self, other: &Self) {
        self.calls = self.calls.saturating_add(other.calls);
        self.unpriced = self.unpriced.saturating_add(other.unpriced);
        self.estimated = self.estimated.saturating_add(other.estimated);
        self.input = self.input.saturating_add(other.input);
        self.output = self.output.saturating_add(other.output);
        self.cost = self.cost.saturating_add(other.cost);
        self.failed = self.failed.saturating_add(other.failed);
        self.estimated_cost = self.estimated_cost.saturating_add(other.estimated_cost);
        self.saved = self.saved.saturating_add(other.saved);
        self.overspent = self.overspent.saturating_add(other.overspent);
    }
}

/// What stands between the parts of a group's key. No name has it.
pub const SEPARATOR: char = '\u{1f}';

/// Everything that was found.
#[derive(Debug, Default)]
pub struct Found {
    /// The groups, by the parts of their keys; a part that a call does not have is empty.
    pub groups: HashMap<String, Sums>,
    /// Lines with something on them.
    pub lines: u64,
    /// Those that are no records.
    pub no_records: u64,
    /// Scratch space for keys.
    key: String,
}

impl Found {
    pub fn add_to(&mut self, key: &str, sums: &Sums) {
        match self.groups.get_mut(key) {
            Some(group) => group.add(sums),
            None => {
                self.groups.insert(key.to_owned(), *sums);
            }
        }
    }
}

impl Tally for Found {
    type Query = Query;

    fn new(_: &Query) -> Self {
        Self::default()
    }

    fn add(&mut self, line: &[u8], query: &Query) {
        self.lines += 1;
        let mut key = std::mem::take(&mut self.key);
        if !line::add(line, query, &mut key, self) {
            self.no_records += 1;
        }
        self.key = key;
    }

    fn merge(&mut self, other: Self) {
        self.lines += other.lines;
        self.no_records += other.no_records;
        for (key, sums) in &other.groups {
            self.add_to(key, sums);
        }
    }
}

//! What was spent of windows that are still open by an Envoy that is gone, as its records tell.

use crate::ledger::Spending;
use crate::store::Packed as _;

/// What one counter begins with in place of nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The counter's key.
    pub counter: String,
    /// The first second of the window, in seconds since the Unix epoch; zero for the one that never ends. In a later
    /// window it counts no more.
    pub since: u64,
    /// What was spent, in the budget's unit.
    pub spent: u64,
    /// The highest threshold in per cent that was told of.
    pub alerted: u8,
}

impl Carried {
    /// The state with which the counter begins.
    #[must_use]
    pub fn state(&self) -> Vec<u8> {
        Spending::carried(self.since, self.spent, self.alerted).pack()
    }
}

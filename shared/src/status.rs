//! What an operator wants to see of a running broker: the figures of the rules and how the members of the pools stand.
//! It knows no token, no key and no content.

mod answer;
mod member;
mod page;
mod rule;
#[cfg(test)]
mod tests;

use serde::Serialize;

pub use answer::answer;
pub use member::{MemberStatus, PoolStatus};
pub use rule::RuleStatus;

use crate::config::Snapshot;
use crate::ids::ConfigVersion;
use crate::statistics::Selection;
use crate::store::Store;
use crate::units::Timestamp;
use crate::units::rfc3339;

/// The state of the broker.
#[derive(Debug, Serialize)]
pub struct Status<'a> {
    /// The configuration that is in force on the worker that was asked.
    pub config: &'a ConfigVersion,
    /// When.
    pub time: String,
    /// What takes calls, in the order in which it is looked at.
    pub rules: Vec<RuleStatus<'a>>,
    /// The pools in the document's order, then those of models with targets of their own.
    pub pools: Vec<PoolStatus<'a>>,
}

impl<'a> Status<'a> {
    /// The state at this moment.
    #[must_use]
    pub fn of(snapshot: &'a Snapshot, store: &dyn Store, now: Timestamp) -> Self {
        let selections = Selection::all(snapshot).into_iter();
        let own = snapshot.models.values().map(|model| &model.pool).filter(|pool| {
            let is_named = |named| std::sync::Arc::ptr_eq(named, pool);
            !snapshot.pools.iter().any(is_named)
        });
        let pools = snapshot.pools.iter().chain(own);
        Self {
            config: &snapshot.version,
            time: rfc3339(now),
            rules: selections
                .map(|selection| RuleStatus::of(selection, store))
                .collect(),
            pools: pools.map(|pool| PoolStatus::of(pool, store, now)).collect(),
        }
    }
}

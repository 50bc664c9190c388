//! The figures of rules. Each worker adds them up by itself and now and then to what all workers share, since that
//! costs more than a call should.

use std::cell::RefCell;

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use shared::statistics::{Ended, RuleStatistics, Selection};
use shared::store::{statistics_key, update};

use crate::store::SharedData;

/// After how many ticks of the root context's timer figures are handed over: a second.
pub const TICKS: u32 = 4;

thread_local! {
    /// What this worker has not handed over yet, by the key in the shared data. A rule that was met once keeps its
    /// place; there are only as many as the configuration has.
    static NOTED: RefCell<HashMap<String, Noted, FxBuildHasher>> = RefCell::default();
}

#[derive(Default)]
struct Noted {
    statistics: RuleStatistics,
    has_calls: bool,
}

/// Adds a call that is over.
pub fn note(selection: Selection<'_>, ended: Ended) {
    NOTED.with_borrow_mut(|noted| {
        let noted = noted.entry(statistics_key(selection)).or_default();
        noted.statistics.note(ended);
        noted.has_calls = true;
    });
}

/// Hands over what was noted. What other workers were always quicker with waits for the next time.
pub fn flush() {
    NOTED.with_borrow_mut(|noted| {
        for (key, noted) in noted.iter_mut().filter(|(_, noted)| noted.has_calls) {
            let merge = |shared: &mut RuleStatistics| shared.merge(&noted.statistics);
            if update(&SharedData, key, merge).is_kept {
                *noted = Noted::default();
            }
        }
    });
}

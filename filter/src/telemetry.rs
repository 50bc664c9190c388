//! Envoy stats. A metric is defined when it is first used and its id kept, so that a call costs no more than its
//! increments.

use std::cell::RefCell;

use rustc_hash::FxHashMap;
use shared::metrics::{self, Labels, Metric};

use crate::host;

thread_local! {
    static IDS: RefCell<FxHashMap<String, Option<u32>>> = RefCell::default();
}

/// Adds to a counter or records in a histogram.
pub fn measure(metric: Metric, labels: Labels<'_>, value: u64) {
    let name = metrics::stat_name(metric, labels);
    let known = IDS.with_borrow(|ids| ids.get(&name).copied());
    let id = known.unwrap_or_else(|| {
        let id = host::define_metric(&name, metric.is_histogram());
        IDS.with_borrow_mut(|ids| ids.insert(name, id));
        id
    });
    match id {
        Some(id) if metric.is_histogram() => host::record_in_histogram(id, value),
        Some(id) => host::add_to_counter(id, value),
        None => {}
    }
}

//! Envoy stats. A metric is defined when it is first used and its id kept, so that a call costs no more than its
//! increments.

use std::cell::RefCell;

use hashbrown::{Equivalent, HashMap};
use rustc_hash::FxBuildHasher;
use shared::metrics::{self, Labels, Metric};

use crate::host;

thread_local! {
    static SERIES: RefCell<HashMap<Series, Option<u32>, FxBuildHasher>> = RefCell::default();
}

/// A metric with its labels, kept.
#[derive(PartialEq, Eq, Hash)]
struct Series {
    metric: Metric,
    labels: [Option<Box<str>>; metrics::LABELS.len()],
}

/// The same as it is asked for, so that a lookup copies nothing.
#[derive(Hash)]
struct Asked<'a> {
    metric: Metric,
    labels: [Option<&'a str>; metrics::LABELS.len()],
}

impl Equivalent<Series> for Asked<'_> {
    fn equivalent(&self, kept: &Series) -> bool {
        let mut pairs = self.labels.iter().zip(&kept.labels);
        self.metric == kept.metric && pairs.all(|(asked, kept)| *asked == kept.as_deref())
    }
}

/// Adds to a counter or records in a histogram.
pub fn measure(metric: Metric, labels: Labels<'_>, value: u64) {
    let asked = Asked {
        metric,
        labels: labels.values(),
    };
    let known = SERIES.with_borrow(|series| series.get(&asked).copied());
    let id = known.unwrap_or_else(|| {
        let id = host::define_metric(&metrics::stat_name(metric, labels), metric.is_histogram());
        let kept = Series {
            metric,
            labels: asked.labels.map(|label| label.map(Box::from)),
        };
        SERIES.with_borrow_mut(|series| series.insert(kept, id));
        id
    });
    match id {
        Some(id) if metric.is_histogram() => host::record_in_histogram(id, value),
        Some(id) => host::add_to_counter(id, value),
        None => {}
    }
}

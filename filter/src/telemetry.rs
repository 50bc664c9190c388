//! Envoy stats. A call of the host costs more than what it does, so values are kept and handed over together, by the
//! root context's timer.

use std::cell::RefCell;
use std::time::Duration;

use hashbrown::{Equivalent, HashMap};
use rustc_hash::FxBuildHasher;
use shared::metrics::{self, Labels, Metric};

use crate::host;

/// How often values are handed over.
pub const PERIOD: Duration = Duration::from_millis(250);

thread_local! {
    static TELEMETRY: RefCell<Telemetry> = RefCell::default();
}

/// What was measured on this worker.
#[derive(Default)]
struct Telemetry {
    places: HashMap<Series, usize, FxBuildHasher>,
    kept: Vec<Kept>,
    /// The places with values that are not handed over yet.
    changed: Vec<usize>,
}

/// A metric with its labels.
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
    fn equivalent(&self, series: &Series) -> bool {
        let mut pairs = self.labels.iter().zip(&series.labels);
        self.metric == series.metric && pairs.all(|(asked, known)| *asked == known.as_deref())
    }
}

/// Values of one series.
struct Kept {
    /// The host's id; `None` if the host does not take the metric.
    id: Option<u32>,
    values: Values,
}

enum Values {
    Sum(u64),
    Each(Vec<u64>),
}

/// Adds to a counter or notes a value of a histogram.
pub fn measure(metric: Metric, labels: Labels<'_>, value: u64) {
    TELEMETRY.with_borrow_mut(|telemetry| telemetry.measure(metric, labels, value));
}

/// Hands everything over to Envoy.
pub fn flush() {
    TELEMETRY.with_borrow_mut(Telemetry::flush);
}

impl Telemetry {
    fn measure(&mut self, metric: Metric, labels: Labels<'_>, value: u64) {
        let place = self.place(metric, labels);
        let Some(kept) = self.kept.get_mut(place) else {
            return;
        };
        let was_empty = kept.values.is_empty();
        match &mut kept.values {
            Values::Sum(sum) => *sum = sum.saturating_add(value),
            Values::Each(values) => values.push(value),
        }
        if was_empty && !kept.values.is_empty() {
            self.changed.push(place);
        }
    }

    /// Where a series is kept; a new one is made known to the host.
    fn place(&mut self, metric: Metric, labels: Labels<'_>) -> usize {
        let asked = Asked {
            metric,
            labels: labels.values(),
        };
        if let Some(place) = self.places.get(&asked) {
            return *place;
        }
        let place = self.kept.len();
        self.kept.push(Kept {
            id: host::define_metric(&metrics::stat_name(metric, labels), metric.is_histogram()),
            values: if metric.is_histogram() {
                Values::Each(Vec::new())
            } else {
                Values::Sum(0)
            },
        });
        let labels = asked.labels.map(|label| label.map(Box::from));
        self.places.insert(Series { metric, labels }, place);
        place
    }

    fn flush(&mut self) {
        for place in self.changed.drain(..) {
            let Some(kept) = self.kept.get_mut(place) else {
                continue;
            };
            match (&mut kept.values, kept.id) {
                (Values::Sum(sum), Some(id)) => host::add_to_counter(id, std::mem::take(sum)),
                (Values::Each(values), Some(id)) => {
                    values
                        .drain(..)
                        .for_each(|value| host::record_in_histogram(id, value));
                }
                (Values::Sum(sum), None) => *sum = 0,
                (Values::Each(values), None) => values.clear(),
            }
        }
    }
}

impl Values {
    fn is_empty(&self) -> bool {
        match self {
            Self::Sum(sum) => *sum == 0,
            Self::Each(values) => values.is_empty(),
        }
    }
}

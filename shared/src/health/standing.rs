//! How a member of a pool stands, and who is asked then.

use super::cooldown::Cause;
use crate::units::{Millis, Timestamp};

/// How a member stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing speaks against it.
    Healthy,
    /// It failed of late: asked after the healthy ones.
    Deprioritised,
    /// It was out and one call may find out whether it still is: asked where it would be if it were healthy, by
    /// whoever gets the ticket.
    HalfOpen,
    /// It failed too often.
    Open {
        /// When it may be asked again.
        until: Timestamp,
    },
    /// It asked for a pause, or does not take our credential.
    CoolingDown {
        /// When it may be asked again.
        until: Timestamp,
        /// Why.
        cause: Cause,
    },
    /// Its configured limit is used up.
    Limited {
        /// When there is room again.
        until: Timestamp,
    },
    /// A fleet holds its limits, and nobody counts for the fleet now.
    Uncounted {
        /// When that may be asked again.
        until: Timestamp,
    },
    /// The budget of its account is spent.
    Spent {
        /// When it begins anew.
        until: Timestamp,
    },
}

impl Standing {
    /// Whether it may be asked.
    #[must_use]
    pub fn is_in(self) -> bool {
        match self {
            Self::Healthy | Self::Deprioritised | Self::HalfOpen => true,
            Self::Open { .. }
            | Self::CoolingDown { .. }
            | Self::Limited { .. }
            | Self::Uncounted { .. }
            | Self::Spent { .. } => false,
        }
    }

    /// Until when it is out for a limit, which to ask nevertheless would break.
    #[must_use]
    pub fn limited_until(self) -> Option<Timestamp> {
        match self {
            Self::Limited { until } | Self::Uncounted { until } | Self::Spent { until } => Some(until),
            Self::CoolingDown { until, cause } if cause.is_limit() => Some(until),
            Self::Healthy
            | Self::Deprioritised
            | Self::HalfOpen
            | Self::Open { .. }
            | Self::CoolingDown { .. } => None,
        }
    }

    /// This standing, unless a limit is used up as well.
    #[must_use]
    pub fn or_limited(self, until: Option<Timestamp>) -> Self {
        match (until, self.limited_until()) {
            (None, _) => self,
            (Some(until), Some(longer)) if longer >= until => self,
            (Some(until), _) => Self::Limited { until },
        }
    }
}

/// Members by who is asked. Within each list they are as they came.
#[derive(Debug, PartialEq, Eq)]
pub struct Sorted<T> {
    /// Those without a fault, and those that may be probed.
    pub well: Vec<T>,
    /// Those that are asked after them.
    pub unwell: Vec<T>,
    /// Those that are not asked, and why.
    pub out: Vec<(T, Standing)>,
    /// Whether those in `unwell` are asked although they are out, as the least bad.
    pub is_last_resort: bool,
}

/// Sorts members by who is asked. If all are out, those that only failed are asked nevertheless, whose time comes
/// first first. Those that are out for a limit never are: see [`Sorted::wait`].
pub fn sort<T>(members: impl IntoIterator<Item = (T, Standing)>) -> Sorted<T> {
    let (mut well, mut unwell, mut out) = (Vec::new(), Vec::new(), Vec::new());
    for (member, standing) in members {
        match standing {
            Standing::Healthy | Standing::HalfOpen => well.push(member),
            Standing::Deprioritised => unwell.push(member),
            Standing::Open { .. }
            | Standing::CoolingDown { .. }
            | Standing::Limited { .. }
            | Standing::Uncounted { .. }
            | Standing::Spent { .. } => {
                out.push((member, standing));
            }
        }
    }
    let is_last_resort = well.is_empty() && unwell.is_empty();
    if is_last_resort {
        let (limited, mut failed): (Vec<_>, Vec<_>) = out
            .into_iter()
            .partition(|(_, standing)| standing.limited_until().is_some());
        // A refused credential is less likely to have mended itself than a failure.
        failed.sort_by_key(|(_, standing)| match standing {
            Standing::Open { until } => (0, *until),
            Standing::CoolingDown { until, .. }
            | Standing::Limited { until }
            | Standing::Uncounted { until }
            | Standing::Spent { until } => (1, *until),
            Standing::Healthy | Standing::Deprioritised | Standing::HalfOpen => (0, Timestamp(0)),
        });
        unwell = failed.into_iter().map(|(member, _)| member).collect();
        out = limited;
    }
    Sorted {
        is_last_resort: is_last_resort && !unwell.is_empty(),
        well,
        unwell,
        out,
    }
}

impl<T> Sorted<T> {
    /// How long to wait until somebody can be asked; `None` if somebody can be now, or nobody ever.
    #[must_use]
    pub fn wait(&self, now: Timestamp) -> Option<Millis> {
        if !self.well.is_empty() || !self.unwell.is_empty() {
            return None;
        }
        let earliest = self
            .out
            .iter()
            .filter_map(|(_, standing)| standing.limited_until())
            .min()?;
        Some(earliest.wait_from(now).unwrap_or(Millis(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const fn at(millis: u64) -> Timestamp {
        Timestamp(millis * 1_000_000)
    }

    const OPEN: Standing = Standing::Open { until: at(9_000) };
    const LIMITED: Standing = Standing::Limited { until: at(7_000) };

    fn cooling(until: u64, cause: Cause) -> Standing {
        Standing::CoolingDown {
            until: at(until),
            cause,
        }
    }

    #[test]
    fn the_healthy_come_first_and_those_that_are_out_have_a_reason() {
        let sorted = sort([
            ("a", Standing::Deprioritised),
            ("b", OPEN),
            ("c", Standing::Healthy),
            ("d", LIMITED),
            ("e", Standing::HalfOpen),
        ]);
        assert_eq!(
            (sorted.well.as_slice(), sorted.unwell.as_slice()),
            (&["c", "e"][..], &["a"][..])
        );
        assert_eq!(sorted.out, [("b", OPEN), ("d", LIMITED)]);
        assert_eq!((sorted.is_last_resort, sorted.wait(at(0))), (false, None));
    }

    #[test]
    fn if_all_are_out_the_least_bad_are_asked() {
        let sorted = sort([
            ("key", cooling(1_000, Cause::KeyRefused)),
            ("late", OPEN),
            ("soon", Standing::Open { until: at(8_000) }),
            ("limited", LIMITED),
        ]);
        assert_eq!(sorted.unwell, ["soon", "late", "key"]);
        assert_eq!(sorted.out, [("limited", LIMITED)]);
        assert_eq!((sorted.is_last_resort, sorted.wait(at(0))), (true, None));
    }

    #[test]
    fn if_only_limits_are_the_reason_the_earliest_says_how_long_to_wait() {
        let sorted = sort([
            ("a", cooling(9_500, Cause::Throttled)),
            ("b", LIMITED),
            ("c", cooling(8_000, Cause::Overloaded)),
        ]);
        assert!(sorted.unwell.is_empty() && !sorted.is_last_resort);
        assert_eq!(sorted.wait(at(1_000)), Some(Millis(6_000)));
        assert_eq!(sorted.wait(at(8_000)), Some(Millis(1)));
        assert_eq!(sort::<&str>([]).wait(at(0)), None);
    }

    #[test]
    fn a_limit_stands_over_everything_that_ends_before_it() {
        assert_eq!(Standing::Healthy.or_limited(None), Standing::Healthy);
        assert_eq!(OPEN.or_limited(Some(at(7_000))), LIMITED);
        let longer = cooling(8_000, Cause::Throttled);
        assert_eq!(longer.or_limited(Some(at(7_000))), longer);
        assert_eq!(
            cooling(6_000, Cause::Throttled).or_limited(Some(at(7_000))),
            LIMITED
        );
    }
}

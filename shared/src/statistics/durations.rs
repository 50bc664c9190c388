//! How durations are distributed, in buckets that are narrow where the durations are short.

use crate::store::Unpack;
use crate::units::Millis;

/// Each doubling of a duration has this many buckets, as a power of two: a bucket is at most 6.25 % wide.
const PRECISION: u32 = 4;

/// The longest duration that is told from longer ones: over four and a half hours.
const LONGEST: u64 = (1 << 24) - 1;

/// All buckets: the last one is that of [`LONGEST`].
const BUCKETS: usize = 336;

/// Durations, counted by bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Durations(Box<[u32; BUCKETS]>);

impl Default for Durations {
    fn default() -> Self {
        Self(Box::new([0; BUCKETS]))
    }
}

impl Durations {
    pub(super) const LENGTH: usize = 4 * BUCKETS;

    /// Counts a duration.
    pub fn note(&mut self, duration: Millis) {
        if let Some(count) = self.0.get_mut(bucket(duration)) {
            *count = count.saturating_add(1);
        }
    }

    /// Adds the counts of another.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.0.iter_mut().zip(other.0.iter()) {
            *count = count.saturating_add(*more);
        }
    }

    /// How many were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().copied().map(u64::from).sum()
    }

    /// The duration that this many percent of all stay at or below, to within half a bucket; `None` if there are none.
    #[must_use]
    pub fn percentile(&self, percent: u8) -> Option<Millis> {
        let rank = (self.count() * u64::from(percent)).div_ceil(100).max(1);
        let mut counted = 0;
        let position = self.0.iter().position(|count| {
            counted += u64::from(*count);
            counted >= rank
        });
        position.map(middle)
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.0.iter().flat_map(|count| count.to_le_bytes()));
    }

    pub(super) fn read(from: &mut Unpack<'_>) -> Option<Self> {
        let mut durations = Self::default();
        for count in durations.0.iter_mut() {
            *count = from.u32()?;
        }
        Some(durations)
    }
}

/// Short durations have a bucket each; of a longer one, the highest bits name the bucket.
fn bucket(duration: Millis) -> usize {
    let millis = duration.0.min(LONGEST);
    let dropped = (u64::BITS - millis.leading_zeros()).saturating_sub(PRECISION + 1);
    let bucket = (u64::from(dropped) << PRECISION) + (millis >> dropped);
    usize::try_from(bucket).unwrap_or(BUCKETS - 1)
}

/// The middle of a bucket.
fn middle(bucket: usize) -> Millis {
    let bucket = bucket as u64;
    let dropped = (bucket >> PRECISION).saturating_sub(1);
    let lowest = (bucket - (dropped << PRECISION)) << dropped;
    Millis(lowest + (1 << dropped) / 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn buckets_follow_each_other_without_a_gap_and_are_narrow() {
        let mut before = 0;
        for millis in 0..200_000 {
            let bucket = bucket(Millis(millis));
            assert!(bucket == before || bucket == before + 1, "{millis}");
            before = bucket;
            let off = middle(bucket).0.abs_diff(millis);
            assert!(off * 100 <= millis * 10 / 2, "{millis} is {off} off");
        }
        assert_eq!(bucket(Millis(LONGEST)), BUCKETS - 1);
        assert_eq!(bucket(Millis(u64::MAX)), BUCKETS - 1);
    }

    #[test]
    fn short_durations_are_exact() {
        for millis in 0..32 {
            let mut durations = Durations::default();
            durations.note(Millis(millis));
            assert_eq!(durations.percentile(50), Some(Millis(millis)));
        }
    }

    #[test]
    fn percentiles_are_those_of_the_ranks() {
        assert_eq!(Durations::default().percentile(50), None);
        let mut durations = Durations::default();
        for millis in 1..=20 {
            durations.note(Millis(millis));
        }
        let percentiles = [0, 50, 95, 100].map(|percent| durations.percentile(percent));
        assert_eq!(percentiles, [1, 10, 19, 20].map(|millis| Some(Millis(millis))));
    }
}

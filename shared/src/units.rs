//! Quantities with their unit in the type.

use serde::Serialize;

/// A point in time: nanoseconds since the Unix epoch, from the host's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// Whole milliseconds from `earlier` to this point; zero if the clock went back.
    #[must_use]
    pub fn millis_since(self, earlier: Self) -> Millis {
        Millis(self.0.saturating_sub(earlier.0) / 1_000_000)
    }

    /// The point this much later, or the last one that there is.
    #[must_use]
    pub fn after(self, duration: Millis) -> Self {
        Self(self.0.saturating_add(duration.0.saturating_mul(1_000_000)))
    }

    /// The time until this point, rounded up; `None` if it is reached.
    #[must_use]
    pub fn wait_from(self, now: Self) -> Option<Millis> {
        let nanos = self.0.saturating_sub(now.0);
        (nanos > 0).then(|| Millis(nanos.div_ceil(1_000_000)))
    }
}

/// A duration in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Millis(pub u64);

/// A number of model tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Tokens(pub u64);

impl Tokens {
    /// The sum, or the largest number that fits.
    #[must_use]
    pub fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, or zero.
    #[must_use]
    pub fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// So many times as many, or the largest number that fits.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count))
    }
}

/// An amount of money in millionths of a US dollar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct MicroUsd(pub u64);

impl MicroUsd {
    /// The sum, or the largest amount that fits.
    #[must_use]
    pub fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The amount in dollars, for people and for JSON; never for arithmetic.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "display only: micro-dollars are exact in f64 up to eight billion dollars"
    )]
    pub fn as_dollars(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

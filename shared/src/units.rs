//! Quantities with their unit in the type.

use serde::Serialize;
use time::OffsetDateTime;

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

/// A point in time as RFC 3339 with milliseconds, UTC.
#[must_use]
pub fn rfc3339(at: Timestamp) -> String {
    let at = OffsetDateTime::from_unix_timestamp_nanos(at.0.into()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let year = u16::try_from(at.year()).unwrap_or_default();
    let mut text = String::with_capacity(24);
    let mut push = |number: u16, digits: u32, after: char| {
        let digit =
            |place| char::from(b'0' + u8::try_from(number / 10u16.pow(place) % 10).unwrap_or_default());
        text.extend((0..digits).rev().map(digit));
        text.push(after);
    };
    push(year, 4, '-');
    push(u8::from(at.month()).into(), 2, '-');
    push(at.day().into(), 2, 'T');
    push(at.hour().into(), 2, ':');
    push(at.minute().into(), 2, ':');
    push(at.second().into(), 2, '.');
    push(at.millisecond(), 3, 'Z');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn times_are_written_in_utc_with_milliseconds() {
        assert_eq!(rfc3339(Timestamp(0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(
            rfc3339(Timestamp(1_795_254_245_678_000_000)),
            "2026-11-21T09:44:05.678Z"
        );
    }
}

//! How quick a model is at an account, of late.

use crate::store::Unpack;
use crate::units::{Millis, Timestamp, Tokens};

/// After this long without a measurement the next one counts half.
const HALF_AFTER: u64 = 15_000_000_000;

/// The share of a measurement, in 1024ths: at least a 64th, so that a burst does not stand for the whole, and at most
/// half, so that one slow answer does not either.
const SHARES: (u64, u64) = (16, 512);

/// Answers with fewer tokens say nothing of the time per token.
const MIN_OUTPUT: u64 = 16;

/// How quick a model is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// Until a stream's first byte.
    pub first_byte: Gauge,
    /// Per token of a stream after that.
    pub per_token: Gauge,
    /// Per token of an answer in one piece, all of its time.
    pub whole_per_token: Gauge,
}

/// A mean of measurements in microseconds in which the latest count most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauge {
    micros: u32,
    at: Timestamp,
}

/// What an attempt told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    /// A stream began so long after the attempt.
    FirstByte(Millis),
    /// A stream came to its end.
    Rest {
        /// From its first byte to the end.
        took: Millis,
        /// The tokens of the answer.
        output: Tokens,
    },
    /// An answer in one piece.
    Whole {
        /// From the attempt's beginning to the end.
        took: Millis,
        /// The tokens of the answer.
        output: Tokens,
    },
    /// Nothing came in time.
    Late {
        /// How long was waited.
        waited: Millis,
    },
}

impl Latency {
    pub(super) const LENGTH: usize = 3 * Gauge::LENGTH;

    /// Takes a measurement in.
    pub fn note(&mut self, sample: Sample, now: Timestamp) {
        match sample {
            Sample::FirstByte(after) => self.first_byte.note(micros(after), now),
            Sample::Rest { took, output } if output.0 >= MIN_OUTPUT => {
                self.per_token.note(micros(took) / output.0, now);
            }
            Sample::Rest { .. } => {}
            Sample::Whole { took, output } => {
                self.whole_per_token
                    .note(micros(took) / output.0.max(MIN_OUTPUT), now);
            }
            Sample::Late { waited } => self.first_byte.note(micros(waited), now),
        }
    }

    /// The microseconds that an answer of `output` tokens is expected to take; of none: that a stream takes to its
    /// first byte. `None` while nothing of the kind was measured.
    #[must_use]
    pub fn expected(&self, is_stream: bool, output: Tokens) -> Option<u64> {
        let streamed = self.first_byte.micros().map(|first_byte| {
            let rest = self.per_token.micros().unwrap_or_default();
            first_byte.saturating_add(rest.saturating_mul(output.0))
        });
        let whole = || {
            let per_token = self.whole_per_token.micros()?;
            Some(per_token.saturating_mul(output.0.max(MIN_OUTPUT)))
        };
        if is_stream {
            streamed.or_else(whole)
        } else {
            whole().or(streamed)
        }
    }

    /// When something was last measured.
    #[must_use]
    pub fn measured_at(&self) -> Option<Timestamp> {
        let gauges = [self.first_byte, self.per_token, self.whole_per_token];
        let times = gauges.into_iter().filter(|gauge| gauge.micros().is_some());
        times.map(|gauge| gauge.at).max()
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        for gauge in [self.first_byte, self.per_token, self.whole_per_token] {
            bytes.extend(gauge.micros.to_le_bytes());
            bytes.extend(gauge.at.0.to_le_bytes());
        }
    }

    pub(super) fn read(from: &mut Unpack<'_>) -> Option<Self> {
        Some(Self {
            first_byte: Gauge::read(from)?,
            per_token: Gauge::read(from)?,
            whole_per_token: Gauge::read(from)?,
        })
    }
}

impl Gauge {
    const LENGTH: usize = 4 + 8;

    /// Takes a measurement in: the longer ago the last one, the more it counts.
    pub fn note(&mut self, micros: u64, now: Timestamp) {
        let value = u32::try_from(micros).unwrap_or(u32::MAX);
        if self.at == Timestamp(0) {
            self.micros = value;
        } else {
            let passed = now.0.saturating_sub(self.at.0);
            let share = passed.saturating_mul(1024) / passed.saturating_add(HALF_AFTER);
            let share = share.clamp(SHARES.0, SHARES.1);
            let sum = u64::from(self.micros) * (1024 - share) + u64::from(value) * share;
            self.micros = u32::try_from(sum.div_ceil(1024)).unwrap_or(u32::MAX);
        }
        // Time zero stands for nothing measured.
        self.at = now.max(Timestamp(1));
    }

    /// The mean; `None` before the first measurement.
    #[must_use]
    pub fn micros(&self) -> Option<u64> {
        (self.at != Timestamp(0)).then_some(u64::from(self.micros))
    }

    fn read(from: &mut Unpack<'_>) -> Option<Self> {
        Some(Self {
            micros: from.u32()?,
            at: from.timestamp()?,
        })
    }
}

fn micros(duration: Millis) -> u64 {
    duration.0.saturating_mul(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const SECOND: u64 = 1_000_000_000;

    fn note_stream(latency: &mut Latency, first_byte: u64, now: Timestamp) {
        latency.note(Sample::FirstByte(Millis(first_byte)), now);
        let rest = Sample::Rest {
            took: Millis(2_000),
            output: Tokens(100),
        };
        latency.note(rest, now);
    }

    #[test]
    fn an_estimate_follows_what_is_measured() {
        let mut latency = Latency::default();
        assert_eq!(
            (latency.expected(true, Tokens(0)), latency.measured_at()),
            (None, None)
        );
        for second in 1..=60 {
            note_stream(&mut latency, 400, Timestamp(second * SECOND));
        }
        assert_eq!(latency.expected(true, Tokens(0)), Some(400_000));
        assert_eq!(latency.expected(true, Tokens(50)), Some(1_400_000));
        // It became slow: a minute later that is known.
        for second in 61..=120 {
            note_stream(&mut latency, 4_000, Timestamp(second * SECOND));
        }
        assert!(latency.expected(true, Tokens(0)) > Some(3_800_000));
        assert_eq!(latency.measured_at(), Some(Timestamp(120 * SECOND)));
    }

    #[test]
    fn one_slow_answer_among_many_counts_little_and_after_a_pause_more() {
        let mut latency = Latency::default();
        for tenth in 1..=100 {
            note_stream(&mut latency, 400, Timestamp(tenth * SECOND / 10));
        }
        let mut later = latency.clone();
        note_stream(&mut latency, 10_400, Timestamp(11 * SECOND));
        assert!(latency.expected(true, Tokens(0)) < Some(1_200_000));
        note_stream(&mut later, 10_400, Timestamp(600 * SECOND));
        assert_eq!(later.expected(true, Tokens(0)), Some(5_400_000));
    }

    #[test]
    fn answers_in_one_piece_are_measured_by_themselves() {
        let mut latency = Latency::default();
        let whole = Sample::Whole {
            took: Millis(3_000),
            output: Tokens(100),
        };
        latency.note(whole, Timestamp(SECOND));
        assert_eq!(latency.expected(false, Tokens(200)), Some(6_000_000));
        assert_eq!(latency.expected(true, Tokens(200)), Some(6_000_000));
        note_stream(&mut latency, 400, Timestamp(SECOND));
        assert_eq!(latency.expected(false, Tokens(200)), Some(6_000_000));
        assert_eq!(latency.expected(true, Tokens(200)), Some(4_400_000));
        let mut silent = Latency::default();
        silent.note(
            Sample::Late {
                waited: Millis(20_000),
            },
            Timestamp(0),
        );
        assert_eq!(silent.expected(true, Tokens(0)), Some(20_000_000));
    }

    #[test]
    fn a_clock_that_goes_back_and_absurd_values_do_no_harm() {
        let mut gauge = Gauge::default();
        gauge.note(u64::MAX, Timestamp(u64::MAX));
        gauge.note(1_000, Timestamp(5));
        gauge.note(u64::MAX, Timestamp(u64::MAX));
        assert!(gauge.micros().is_some());
    }
}

//! How many tokens an input has, without a tokeniser: a ratio per model and kind of content that follows what
//! providers report.

use crate::request::content::{Content, KINDS};
use crate::store::{Packed, Unpack};
use crate::units::Tokens;

/// Millionths of a token.
const TOKEN: u64 = 1_000_000;

/// Tokens per byte of text, or per medium, before anything was reported: a quarter, in the middle of English prose,
/// code and JSON; somewhat more for other scripts; a picture of two megapixels or a page.
const FIRST_RATIOS: [u64; KINDS] = [TOKEN / 4, TOKEN / 4, TOKEN / 3, 1_500 * TOKEN];

/// What no tokeniser and no medium goes beyond.
const BOUNDS: [(u64, u64); KINDS] = [
    (TOKEN / 50, 2 * TOKEN),
    (TOKEN / 50, 2 * TOKEN),
    (TOKEN / 50, 2 * TOKEN),
    (16 * TOKEN, 100_000 * TOKEN),
];

/// How far a report moves a ratio at first, while it has far to go.
const FIRST: Step = Step {
    part: 2,
    fourths: (1, 16),
};

/// How far later: a report that is wrong altogether moves it by a sixty-fourth.
const USUAL: Step = Step {
    part: 16,
    fourths: (3, 5),
};

/// How far if several in a row say the same: they are not wrong, the ratio is.
const CORRECTING: Step = Step {
    part: 4,
    fourths: (2, 8),
};

/// So many reports are the first ones.
const FIRST_REPORTS: u16 = 4;

/// So many in a row that are off by more than an eighth, all to the same side, are not chance.
const NO_CHANCE: i8 = 3;

/// The least input that a report is learned from: below it the format's own tokens are most of it.
const MIN_REPORT: u64 = 16;

/// What was learned of one model. It begins with a quarter of a token per byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimator {
    ratios: [Ratio; KINDS],
}

/// Millionths of a token per byte or medium.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Ratio {
    value: u64,
    reports: u16,
    /// How many of the last reports in a row were far above it, or below if negative.
    streak: i8,
}

/// How far a report moves a ratio: towards what it says by one part in so many, where what it says is taken as no less
/// and no more than so many fourths of the ratio.
#[derive(Clone, Copy)]
struct Step {
    part: u128,
    fourths: (u128, u128),
}

impl Estimator {
    /// The tokens that an input is expected to have, rounded up.
    #[must_use]
    pub fn estimate(&self, content: &Content) -> Tokens {
        let millionths = self.parts(content).into_iter().fold(0, u128::saturating_add);
        Tokens(u64::try_from(millionths.div_ceil(TOKEN.into())).unwrap_or(u64::MAX))
    }

    /// Learns from what a provider reported for an input: all of its tokens, cached ones included.
    ///
    /// Each kind takes the part of the difference that it had of the estimate. A report that lies far beyond, as of
    /// a provider that counts otherwise, moves little.
    pub fn learn(&mut self, content: &Content, reported: Tokens) {
        let parts = self.parts(content);
        let estimated = parts.into_iter().fold(0, u128::saturating_add);
        if reported.0 < MIN_REPORT || estimated == 0 {
            return;
        }
        let reported = u128::from(reported.0).saturating_mul(TOKEN.into());
        for ((ratio, part), (least, most)) in self.ratios.iter_mut().zip(parts).zip(BOUNDS) {
            // A kind that is a small part of the input has caused little of the difference.
            if part.saturating_mul(8) < estimated {
                continue;
            }
            let value = u128::from(ratio.value);
            let said = value.saturating_mul(reported) / estimated;
            ratio.note_side(value, said);
            let step = ratio.step();
            let (low, high) = step.fourths;
            let said = said.clamp(value.saturating_mul(low) / 4, value.saturating_mul(high) / 4);
            // Of a mixed input each kind moves by its share.
            let part = step.part.saturating_mul(estimated) / part.max(1);
            let part = part.max(1);
            let moved = if said >= value {
                value.saturating_add((said - value) / part)
            } else {
                value.saturating_sub((value - said) / part)
            };
            ratio.value = u64::try_from(moved).unwrap_or(u64::MAX).clamp(least, most);
            ratio.reports = ratio.reports.saturating_add(1);
        }
    }

    /// Millionths of a token that each kind is expected to have.
    fn parts(&self, content: &Content) -> [u128; KINDS] {
        let mut parts = [0; KINDS];
        let terms = self.ratios.iter().zip(content.amounts());
        for (part, (ratio, amount)) in parts.iter_mut().zip(terms) {
            *part = u128::from(ratio.value).saturating_mul(amount.into());
        }
        parts
    }
}

impl Ratio {
    /// Notes on which side of it a report lies.
    fn note_side(&mut self, value: u128, said: u128) {
        let is_far = said.abs_diff(value).saturating_mul(8) > value;
        self.streak = match (is_far, said > value) {
            (false, _) => 0,
            (true, true) => self.streak.max(0).saturating_add(1),
            (true, false) => self.streak.min(0).saturating_sub(1),
        };
    }

    fn step(&self) -> Step {
        if self.reports < FIRST_REPORTS {
            FIRST
        } else if self.streak.saturating_abs() >= NO_CHANCE {
            CORRECTING
        } else {
            USUAL
        }
    }
}

impl Default for Estimator {
    fn default() -> Self {
        Self {
            ratios: FIRST_RATIOS.map(|value| Ratio {
                value,
                ..Ratio::default()
            }),
        }
    }
}

impl Packed for Estimator {
    const VERSION: u8 = 2;
    const LENGTH: usize = 1 + KINDS * 11;

    fn write(&self, bytes: &mut Vec<u8>) {
        for ratio in &self.ratios {
            bytes.extend(ratio.value.to_le_bytes());
            bytes.extend(ratio.reports.to_le_bytes());
            bytes.extend(ratio.streak.to_le_bytes());
        }
    }

    fn read(from: &mut Unpack<'_>) -> Option<Self> {
        let mut estimator = Self::default();
        for (ratio, (least, most)) in estimator.ratios.iter_mut().zip(BOUNDS) {
            ratio.value = from.u64()?.clamp(least, most);
            ratio.reports = from.u16()?;
            ratio.streak = from.u8()?.cast_signed();
        }
        Some(estimator)
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod properties;
#[cfg(test)]
mod tests;

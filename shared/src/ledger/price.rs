//! What tokens cost. Integers only: rates in micro-dollars per million tokens, amounts in micro-dollars.

use super::{ServiceTier, Usage};
use crate::units::{MicroUsd, Tokens};

/// Micro-dollars per million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(u64);

/// The rates of one model, for a range of input lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Input that is neither read from nor written to a cache.
    pub input: Rate,
    /// Images and sound among that.
    pub media: Rate,
    /// Output that is said.
    pub output: Rate,
    /// Output that is thought.
    pub reasoning: Rate,
    /// Input read from the provider's cache.
    pub cache_read: Rate,
    /// Input written to the provider's cache for minutes.
    pub cache_write: Rate,
    /// Input written to it for an hour.
    pub cache_write_hour: Rate,
}

/// What a model costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// The rates of all calls but those with a long input.
    pub rates: Rates,
    /// Those of calls with a long input, where they are others.
    pub long_context: Option<LongContext>,
    /// What the tiers of service cost against the standard one.
    pub tiers: Tiers,
}

/// What a call with a long input costs: all of its tokens, not only those beyond the bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongContext {
    /// An input of more tokens than these, cached ones included, is long.
    pub above: Tokens,
    /// Its rates.
    pub rates: Rates,
}

/// What tiers of service cost, where that is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tiers {
    /// Answers that may take their time.
    pub flex: Option<Factor>,
    /// Answers that come first.
    pub priority: Option<Factor>,
    /// Answers within a day.
    pub batch: Option<Factor>,
}

/// Hundredths of the standard price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Factor(u32);

impl Rate {
    /// So many micro-dollars per million tokens: `3_750_000` is $3.75.
    #[must_use]
    pub const fn micro_usd(per_million_tokens: u64) -> Self {
        Self(per_million_tokens)
    }

    /// What a million tokens cost.
    #[must_use]
    pub const fn per_million(self) -> MicroUsd {
        MicroUsd(self.0)
    }

    /// Double the rate.
    #[must_use]
    pub const fn twice(self) -> Self {
        Self(self.0.saturating_mul(2))
    }

    /// This rate times a fraction, exact for the fractions that are published.
    pub(super) const fn times(self, numerator: u64, denominator: u64) -> Self {
        Self(self.0 * numerator / denominator)
    }
}

impl Rates {
    /// One rate for all of the input and one for all of the output.
    #[must_use]
    pub const fn flat(input: Rate, output: Rate) -> Self {
        Self {
            input,
            media: input,
            output,
            reasoning: output,
            cache_read: input,
            cache_write: input,
            cache_write_hour: input,
        }
    }

    /// A million times the micro-dollars of a usage. At most seven times 2^64 tokens at [`Price::MAX_RATE`], so it fits.
    fn millionths(&self, usage: &Usage) -> u128 {
        let plain = usage
            .input
            .saturating_sub(usage.cache_read)
            .saturating_sub(usage.cache_write);
        let hour = usage.cache_write_hour.min(usage.cache_write);
        let minutes = usage.cache_write.saturating_sub(hour);
        let media = usage.media.min(plain);
        let plain = plain.saturating_sub(media);
        let thought = usage.reasoning.min(usage.output);
        let said = usage.output.saturating_sub(thought);
        let product = |tokens: Tokens, rate: Rate| u128::from(tokens.0) * u128::from(rate.0);
        product(plain, self.input)
            + product(media, self.media)
            + product(usage.cache_read, self.cache_read)
            + product(minutes, self.cache_write)
            + product(hour, self.cache_write_hour)
            + product(said, self.output)
            + product(thought, self.reasoning)
    }
}

impl Tiers {
    /// What a tier costs; `None` where that is not known.
    #[must_use]
    pub fn of(&self, tier: ServiceTier) -> Option<Factor> {
        match tier {
            ServiceTier::Standard => Some(Factor::STANDARD),
            ServiceTier::Flex => self.flex,
            ServiceTier::Priority => self.priority,
            ServiceTier::Batch => self.batch,
            ServiceTier::Contracted => None,
        }
    }
}

impl Factor {
    /// The standard price.
    pub const STANDARD: Self = Self(100);

    /// So many hundredths.
    #[must_use]
    pub const fn new(hundredths: u32) -> Self {
        Self(hundredths)
    }

    /// From a factor such as `0.5` or `2`, to two decimals; `None` if it is negative or above 100.
    #[must_use]
    pub fn from_factor(factor: f64) -> Option<Self> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to be in range"
        )]
        (0.0..=100.0)
            .contains(&factor)
            .then(|| Self((factor * 100.0).round() as u32))
    }

    /// The hundredths.
    #[must_use]
    pub const fn hundredths(self) -> u32 {
        self.0
    }
}

/// Hundredths of millionths in a micro-dollar.
const UNIT: u128 = 100_000_000;

impl Price {
    /// The highest rate: a million dollars per million tokens.
    pub const MAX_RATE: u64 = 1_000_000_000_000;

    /// The same rates for every call, and no tiers.
    #[must_use]
    pub const fn of(rates: Rates) -> Self {
        Self {
            rates,
            long_context: None,
            tiers: Tiers {
                flex: None,
                priority: None,
                batch: None,
            },
        }
    }

    /// A rate from dollars per million tokens; `None` if negative or absurd.
    #[must_use]
    pub fn rate(dollars_per_million: f64) -> Option<Rate> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to be in range; sub-micro-dollar rates do not exist"
        )]
        (0.0..=1e6)
            .contains(&dollars_per_million)
            .then(|| Rate((dollars_per_million * 1e6).round() as u64))
    }

    /// What a usage costs, rounded to the nearest micro-dollar once, at the end. A tier whose price is not known counts
    /// as the standard one.
    #[must_use]
    pub fn cost(&self, usage: &Usage) -> MicroUsd {
        self.cost_at(usage, self.tiers.of(usage.tier).unwrap_or(Factor::STANDARD))
    }

    /// What a usage costs; `None` if it was served in a tier whose price is not known.
    #[must_use]
    pub fn known_cost(&self, usage: &Usage) -> Option<MicroUsd> {
        Some(self.cost_at(usage, self.tiers.of(usage.tier)?))
    }

    fn cost_at(&self, usage: &Usage, percent: Factor) -> MicroUsd {
        let long = self.long_context.filter(|long| usage.input > long.above);
        let rates = long.map_or(self.rates, |long| long.rates);
        let parts = rates.millionths(usage).saturating_mul(u128::from(percent.0));
        MicroUsd(u64::try_from(parts.saturating_add(UNIT / 2) / UNIT).unwrap_or(u64::MAX))
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod properties;
#[cfg(test)]
mod tests;

//! What tokens cost. Integers only: rates in micro-dollars per million tokens, amounts in micro-dollars.

use super::Usage;
use crate::units::{MicroUsd, Tokens};

/// Micro-dollars per million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(u64);

/// The rates of one model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// Input that is neither read from nor written to a cache.
    pub input: Rate,
    /// Output, reasoning included.
    pub output: Rate,
    /// Input read from the provider's cache.
    pub cache_read: Rate,
    /// Input written to the provider's cache.
    pub cache_write: Rate,
}

impl Price {
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

    /// What a usage costs, rounded to the nearest micro-dollar once, at the end.
    #[must_use]
    pub fn cost(&self, usage: &Usage) -> MicroUsd {
        let plain = usage
            .input
            .saturating_sub(usage.cache_read)
            .saturating_sub(usage.cache_write);
        let product = |tokens: Tokens, rate: Rate| u128::from(tokens.0) * u128::from(rate.0);
        let millionths = product(plain, self.input)
            + product(usage.cache_read, self.cache_read)
            + product(usage.cache_write, self.cache_write)
            + product(usage.output, self.output);
        MicroUsd(u64::try_from((millionths + 500_000) / 1_000_000).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn price() -> Price {
        let rate = |dollars| Price::rate(dollars).unwrap();
        Price {
            input: rate(15.0),
            output: rate(75.0),
            cache_read: rate(1.5),
            cache_write: rate(18.75),
        }
    }

    #[test]
    fn each_part_of_a_usage_has_its_own_rate() {
        let usage = Usage {
            input: Tokens(1_000_000),
            cache_read: Tokens(400_000),
            cache_write: Tokens(100_000),
            cache_write_hour: Tokens(0),
            output: Tokens(10_000),
            reasoning: Tokens(9_000),
        };
        // 0.5 M at 15, 0.4 M at 1.5, 0.1 M at 18.75, 0.01 M at 75 dollars.
        assert_eq!(
            price().cost(&usage),
            MicroUsd(7_500_000 + 600_000 + 1_875_000 + 750_000)
        );
    }

    #[test]
    fn a_cost_is_rounded_once() {
        let usage = Usage {
            input: Tokens(1),
            ..Usage::default()
        };
        let cheap = |dollars| {
            Price {
                input: Price::rate(dollars).unwrap(),
                ..price()
            }
            .cost(&usage)
        };
        assert_eq!(
            (cheap(0.4), cheap(0.5), cheap(0.0)),
            (MicroUsd(0), MicroUsd(1), MicroUsd(0))
        );
    }

    #[test]
    fn absurd_rates_and_counts_neither_overflow_nor_pass() {
        assert_eq!(Price::rate(-1.0), None);
        assert_eq!(Price::rate(f64::NAN), None);
        let usage = Usage {
            input: Tokens(u64::MAX),
            output: Tokens(u64::MAX),
            ..Usage::default()
        };
        let dear = Price::rate(1e6).unwrap();
        let price = Price {
            input: dear,
            output: dear,
            cache_read: dear,
            cache_write: dear,
        };
        assert_eq!(price.cost(&usage), MicroUsd(u64::MAX));
    }
}

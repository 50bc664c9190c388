use proptest::prelude::*;

use super::*;

fn a_usage() -> impl Strategy<Value = Usage> {
    (
        prop::array::uniform7(any::<u64>()),
        prop::sample::select(&ServiceTier::ALL[..]),
    )
        .prop_map(|(parts, tier)| {
            let [
                input,
                cache_read,
                cache_write,
                cache_write_hour,
                output,
                reasoning,
                media,
            ] = parts.map(Tokens);
            Usage {
                input,
                cache_read,
                cache_write,
                cache_write_hour,
                media,
                output,
                reasoning,
                tier,
            }
        })
}

fn a_price() -> impl Strategy<Value = Price> {
    let rates = || {
        prop::array::uniform7(0..=Price::MAX_RATE).prop_map(|rates| {
            let [
                input,
                output,
                reasoning,
                cache_read,
                cache_write,
                cache_write_hour,
                media,
            ] = rates.map(Rate);
            Rates {
                input,
                media,
                output,
                reasoning,
                cache_read,
                cache_write,
                cache_write_hour,
            }
        })
    };
    let percent = || prop::option::of((0..=10_000_u32).prop_map(Factor::new));
    (rates(), any::<u64>(), rates(), percent(), percent(), percent()).prop_map(
        |(rates, above, long, flex, priority, batch)| Price {
            rates,
            long_context: Some(LongContext {
                above: Tokens(above),
                rates: long,
            }),
            tiers: Tiers {
                flex,
                priority,
                batch,
            },
        },
    )
}

proptest! {
    #[test]
    fn no_usage_and_no_price_overflow(usage in a_usage(), price in a_price()) {
        let cost = price.cost(&usage);
        prop_assert!(price.known_cost(&usage).is_none_or(|known| known == cost));
    }

    /// What is rounded is the sum: a call costs within half a micro-dollar of the exact amount, however many parts its
    /// usage has.
    #[test]
    fn a_cost_is_within_half_a_micro_dollar_of_the_exact_amount(
        parts in prop::array::uniform4(0..10_000_000_u64),
        price in a_price(),
    ) {
        let [plain, cache_read, minutes, output] = parts;
        let price = Price { long_context: None, ..price };
        let usage = Usage {
            input: Tokens(plain + cache_read + minutes),
            cache_read: Tokens(cache_read),
            cache_write: Tokens(minutes),
            output: Tokens(output),
            ..Usage::default()
        };
        let rates = price.rates;
        let exact: u128 = [
            (plain, rates.input),
            (cache_read, rates.cache_read),
            (minutes, rates.cache_write),
            (output, rates.output),
        ]
        .iter()
        .map(|(tokens, rate)| u128::from(*tokens) * u128::from(rate.0))
        .sum();
        let rounded = u128::from(price.cost(&usage).0) * 1_000_000;
        prop_assert!(rounded.abs_diff(exact) <= 500_000);
    }
}

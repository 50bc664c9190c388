use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn rate(dollars: f64) -> Rate {
    Price::rate(dollars).unwrap()
}

fn price() -> Price {
    Price::of(Rates {
        input: rate(15.0),
        media: rate(15.0),
        output: rate(75.0),
        reasoning: rate(75.0),
        cache_read: rate(1.5),
        cache_write: rate(18.75),
        cache_write_hour: rate(30.0),
    })
}

fn million(input: u64, output: u64) -> Usage {
    Usage {
        input: Tokens(input * 1_000_000),
        output: Tokens(output * 1_000_000),
        ..Usage::default()
    }
}

#[test]
fn each_part_of_a_usage_has_its_own_rate() {
    let usage = Usage {
        input: Tokens(1_000_000),
        cache_read: Tokens(400_000),
        cache_write: Tokens(100_000),
        cache_write_hour: Tokens(40_000),
        output: Tokens(10_000),
        reasoning: Tokens(9_000),
        ..Usage::default()
    };
    // 0.5 M at 15, 0.4 M at 1.5, 0.06 M at 18.75, 0.04 M at 30, 0.01 M at 75 dollars.
    assert_eq!(
        price().cost(&usage),
        MicroUsd(7_500_000 + 600_000 + 1_125_000 + 1_200_000 + 750_000)
    );
}

#[test]
fn thought_output_may_cost_otherwise_than_said_output() {
    let mut price = price();
    price.rates.reasoning = rate(3.0);
    let usage = Usage {
        output: Tokens(1_000_000),
        reasoning: Tokens(400_000),
        ..Usage::default()
    };
    assert_eq!(price.cost(&usage), MicroUsd(45_000_000 + 1_200_000));
}

#[test]
fn a_cost_is_rounded_once() {
    let usage = Usage {
        input: Tokens(1),
        ..Usage::default()
    };
    let cheap = |dollars| Price::of(Rates::flat(rate(dollars), rate(0.0))).cost(&usage);
    assert_eq!(
        (cheap(0.4), cheap(0.5), cheap(0.0)),
        (MicroUsd(0), MicroUsd(1), MicroUsd(0))
    );
    // Each part alone is below half a micro-dollar.
    let parts = Usage {
        input: Tokens(1),
        output: Tokens(1),
        ..Usage::default()
    };
    assert_eq!(
        Price::of(Rates::flat(rate(0.3), rate(0.3))).cost(&parts),
        MicroUsd(1)
    );
}

#[test]
fn a_long_input_changes_the_rates_of_the_whole_call() {
    let price = Price {
        long_context: Some(LongContext {
            above: Tokens(1_000_000),
            rates: Rates::flat(rate(30.0), rate(100.0)),
        }),
        ..price()
    };
    assert_eq!(price.cost(&million(1, 1)), MicroUsd(90_000_000));
    assert_eq!(price.cost(&million(2, 1)), MicroUsd(160_000_000));
}

#[test]
fn a_tier_costs_its_share_of_the_standard_price_if_that_is_known() {
    let price = Price {
        tiers: Tiers {
            flex: Factor::from_factor(0.5),
            ..Tiers::default()
        },
        ..price()
    };
    let served = |tier| Usage {
        tier,
        ..million(1, 0)
    };
    assert_eq!(
        price.known_cost(&served(ServiceTier::Standard)),
        Some(MicroUsd(15_000_000))
    );
    assert_eq!(
        price.known_cost(&served(ServiceTier::Flex)),
        Some(MicroUsd(7_500_000))
    );
    assert_eq!(price.known_cost(&served(ServiceTier::Priority)), None);
    assert_eq!(price.known_cost(&served(ServiceTier::Contracted)), None);
    assert_eq!(price.cost(&served(ServiceTier::Priority)), MicroUsd(15_000_000));
}

#[test]
fn absurd_rates_and_counts_neither_overflow_nor_pass() {
    assert_eq!(Price::rate(-1.0), None);
    assert_eq!(Price::rate(f64::NAN), None);
    assert_eq!(Factor::from_factor(-0.5), None);
    assert_eq!(Factor::from_factor(101.0), None);
    let dear = rate(1e6);
    assert_eq!(dear, Rate::micro_usd(Price::MAX_RATE));
    let usage = Usage {
        input: Tokens(u64::MAX),
        output: Tokens(u64::MAX),
        ..Usage::default()
    };
    assert_eq!(
        Price::of(Rates::flat(dear, dear)).cost(&usage),
        MicroUsd(u64::MAX)
    );
}

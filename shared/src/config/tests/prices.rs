//! `prices`, and the table behind them.

use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{expect, loaded, valid, with};
use crate::ledger::{Factor, LongContext, Price, Rates, Tiers};
use crate::units::Tokens;

#[test]
fn a_member_costs_what_is_written_else_what_the_list_price_is() {
    let price = |document: &Value| loaded(document).snapshot.pools[0].members[0].price;
    let input = |document: &Value| price(document).map(|price| price.rates.input);
    assert_eq!(input(&valid()), Price::rate(0.25));
    let listed = with("/pools/0/members/0/model", json!("claude-haiku-4-5-20251001"));
    assert_eq!(input(&listed), Price::rate(1.0));
    let unknown = with("/pools/0/members/0/model", json!("house-model"));
    assert_eq!(price(&unknown), None);
}

#[test]
fn a_pool_that_asks_the_cheapest_first_warns_of_models_without_any_price() {
    let warnings = |model: &str| {
        let mut document = with("/pools/0/routing", json!("lowest-cost"));
        for member in document["pools"][0]["members"].as_array_mut().unwrap() {
            member["model"] = json!("gpt-5-mini");
        }
        document["pools"][0]["members"][0]["model"] = json!(model);
        let warnings = loaded(&document).warnings;
        let warnings = warnings.iter().map(ToString::to_string);
        warnings
            .filter(|warning| warning.contains("has no price, here"))
            .count()
    };
    assert_eq!(warnings("claude-opus-5-5"), 0);
    assert_eq!(warnings("house-model"), 1);
}

#[test]
fn a_price_may_have_rates_of_its_own_for_caches_long_inputs_and_tiers() {
    let written = |price: Value| {
        let document = with("/prices/gpt-5-mini", price);
        loaded(&document).snapshot.pools[0].members[0].price.unwrap()
    };
    let rate = |dollars| Price::rate(dollars).unwrap();
    let plain = written(json!({"input": 3, "output": 15})).rates;
    assert_eq!(plain, Rates::flat(rate(3.0), rate(15.0)));
    let cached = written(json!({"input": 3, "output": 15, "cache_read": 0.3, "cache_write": 3.75})).rates;
    assert_eq!(
        (cached.cache_read, cached.cache_write, cached.cache_write_hour),
        (rate(0.3), rate(3.75), rate(6.0))
    );
    let full = written(json!({
        "input": 3, "output": 15, "reasoning": 20, "cache_write_1h": 5,
        "long_context": {"above": "200k", "input": 6, "output": 22.5},
        "tiers": {"flex": 0.5, "priority": 2},
    }));
    assert_eq!(
        (full.rates.reasoning, full.rates.cache_write_hour),
        (rate(20.0), rate(5.0))
    );
    let long = LongContext {
        above: Tokens(200_000),
        rates: Rates::flat(rate(6.0), rate(22.5)),
    };
    assert_eq!(full.long_context, Some(long));
    let tiers = Tiers {
        flex: Factor::from_factor(0.5),
        priority: Factor::from_factor(2.0),
        batch: None,
    };
    assert_eq!(full.tiers, tiers);
}

#[test]
fn what_a_price_may_not_hold_says_what_would_be_right() {
    expect(&[
        (
            "/prices/gpt-5-mini/input",
            json!(-1),
            "prices.gpt-5-mini.input: `-1` must be dollars per million tokens",
        ),
        (
            "/prices/gpt-5-mini/cache_read",
            json!("1"),
            "prices.gpt-5-mini.cache_read: `1` must be dollars",
        ),
        (
            "/prices/gpt-5-mini/tiers",
            json!({"flex": -1}),
            "prices.gpt-5-mini.tiers.flex: `-1` must be a factor of the standard price",
        ),
        (
            "/prices/gpt-5-mini/long_context",
            json!({"above": "many", "input": 1, "output": 1}),
            "prices.gpt-5-mini.long_context.above: `many` must be a number of tokens such as",
        ),
    ]);
}

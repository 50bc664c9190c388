//! Prices for programs.

use std::collections::BTreeMap;

use serde::Serialize;
use shared::ledger::{AS_OF, Factor, Price, Rate, Rates, Source};

use super::Row;

/// All prices, in dollars per million tokens.
#[derive(Serialize)]
pub struct Report<'a> {
    shipped_as_of: &'static str,
    unit: &'static str,
    prices: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    model: &'a str,
    /// Null if the model has no price.
    source: Option<&'static str>,
    #[serde(flatten)]
    rates: Option<RatesEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    long_context: Option<LongEntry>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tiers: BTreeMap<&'static str, f64>,
}

#[derive(Serialize)]
struct RatesEntry {
    input: f64,
    media: f64,
    output: f64,
    reasoning: f64,
    cache_read: f64,
    cache_write: f64,
    cache_write_1h: f64,
}

#[derive(Serialize)]
struct LongEntry {
    above: u64,
    #[serde(flatten)]
    rates: RatesEntry,
}

impl<'a> Report<'a> {
    pub fn of(rows: &'a [Row]) -> Self {
        Self {
            shipped_as_of: AS_OF,
            unit: "usd_per_million_tokens",
            prices: rows.iter().map(Entry::of).collect(),
        }
    }
}

impl<'a> Entry<'a> {
    fn of(row: &'a Row) -> Self {
        let price = row.price.map(|(price, _)| price);
        Self {
            model: &row.model,
            source: row.price.map(|(_, source)| match source {
                Source::Configuration => "configuration",
                Source::Shipped => "shipped",
            }),
            rates: price.map(|price| RatesEntry::of(&price.rates)),
            long_context: price.and_then(|price| price.long_context).map(|long| LongEntry {
                above: long.above.0,
                rates: RatesEntry::of(&long.rates),
            }),
            tiers: price.map(|price| tiers(&price)).unwrap_or_default(),
        }
    }
}

impl RatesEntry {
    fn of(rates: &Rates) -> Self {
        let dollars = |rate: Rate| rate.per_million().as_dollars();
        Self {
            input: dollars(rates.input),
            media: dollars(rates.media),
            output: dollars(rates.output),
            reasoning: dollars(rates.reasoning),
            cache_read: dollars(rates.cache_read),
            cache_write: dollars(rates.cache_write),
            cache_write_1h: dollars(rates.cache_write_hour),
        }
    }
}

fn tiers(price: &Price) -> BTreeMap<&'static str, f64> {
    let factor = |percent: Factor| f64::from(percent.hundredths()) / 100.0;
    let known = |(name, percent): (&'static str, Option<Factor>)| Some((name, factor(percent?)));
    super::tiers_of(price).into_iter().filter_map(known).collect()
}

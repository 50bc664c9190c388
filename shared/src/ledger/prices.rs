//! What models cost: as the configuration says, else as their makers' price lists said on [`AS_OF`]. A model that is in
//! neither has no price, which is not the same as costing nothing.
//!
//! List prices of the makers' own APIs, in dollars, before tax. Not in them: what a cloud or a reseller adds for a region,
//! tools that are billed by the call, the storage of caches by the hour. Images that a model
//! of chat is shown count as the tokens that they are billed as, reasoning as output. Prices that change with the time of day (`DeepSeek`) are left out, and so is a model
//! of which no price list was at hand.

mod amazon;
mod anthropic;
mod embeddings;
mod google;
mod media;
mod openai;
mod others;

use std::collections::BTreeMap;

use super::price::{Factor, LongContext, Price, Rate, Rates, Tiers};
use crate::provider::model_name::{is_revision_of, recognise};
use crate::units::Tokens;

/// When the table was last compared with its sources.
pub const AS_OF: &str = "2026-11-21";

/// Where a price stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// In the configuration.
    Configuration,
    /// In the table that comes with the broker.
    Shipped,
}

/// The prices that apply: those of the configuration before the shipped ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prices {
    written: BTreeMap<String, Price>,
}

impl Prices {
    /// Prices of the configuration, by the provider's name of the model.
    #[must_use]
    pub fn new(written: impl IntoIterator<Item = (String, Price)>) -> Self {
        Self {
            written: written.into_iter().collect(),
        }
    }

    /// The price of a model: the one that is written for its very name, then for a name that it is a revision of, then
    /// the shipped one.
    #[must_use]
    pub fn find(&self, model: &str) -> Option<(Price, Source)> {
        let written = self.written.get(model).or_else(|| {
            recognise(model, |name| {
                let names = self
                    .written
                    .iter()
                    .filter(|(written, _)| is_revision_of(name, &written.to_ascii_lowercase()));
                names
                    .max_by_key(|(written, _)| written.len())
                    .map(|(_, price)| price)
            })
        });
        match written {
            Some(price) => Some((*price, Source::Configuration)),
            None => Some((shipped(model)?, Source::Shipped)),
        }
    }

    /// What the configuration says, by name.
    pub fn written(&self) -> impl Iterator<Item = (&str, &Price)> {
        self.written.iter().map(|(model, price)| (model.as_str(), price))
    }
}

/// The list price of a model, by any name that a provider has for it.
#[must_use]
pub fn shipped(model: &str) -> Option<Price> {
    recognise(model, |name| {
        let rows = shipped_rows().filter(|(known, _)| is_revision_of(name, known));
        rows.max_by_key(|(known, _)| known.len()).map(|(_, price)| *price)
    })
}

/// All models that come with a price, each with its maker's own name.
pub fn shipped_rows() -> impl Iterator<Item = (&'static str, &'static Price)> {
    let rows = [
        anthropic::ROWS,
        openai::ROWS,
        google::ROWS,
        amazon::ROWS,
        others::ROWS,
        embeddings::ROWS,
        media::ROWS,
    ];
    rows.into_iter().flatten().map(|row| (row.model, &row.price))
}

/// A model and what it costs.
struct Row {
    model: &'static str,
    price: Price,
}

/// Micro-dollars per million tokens.
const fn usd(micro: u64) -> Rate {
    Rate::micro_usd(micro)
}

/// Half the price for answers that may wait.
const HALF: Option<Factor> = Some(Factor::new(50));

/// A model whose cache costs nothing to write, by its rates of input, output and cached input.
const fn row(model: &'static str, input: u64, output: u64, cache_read: u64) -> Row {
    let rates = Rates {
        cache_read: usd(cache_read),
        ..Rates::flat(usd(input), usd(output))
    };
    Row {
        model,
        price: Price::of(rates),
    }
}

impl Row {
    const fn tiers(mut self, flex: Option<Factor>, priority: Option<Factor>) -> Self {
        self.price.tiers = Tiers {
            flex,
            priority,
            batch: HALF,
        };
        self
    }

    /// A long input costs so many times as much, and its output too: a fraction each.
    const fn long(mut self, above: u64, input: (u64, u64), output: (u64, u64)) -> Self {
        let rates = self.price.rates;
        self.price.long_context = Some(LongContext {
            above: Tokens(above),
            rates: Rates {
                input: rates.input.times(input.0, input.1),
                media: rates.media.times(input.0, input.1),
                cache_read: rates.cache_read.times(input.0, input.1),
                cache_write: rates.cache_write.times(input.0, input.1),
                cache_write_hour: rates.cache_write_hour.times(input.0, input.1),
                output: rates.output.times(output.0, output.1),
                reasoning: rates.reasoning.times(output.0, output.1),
            },
        });
        self
    }
}

#[cfg(test)]
mod tests;

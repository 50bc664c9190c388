//! `broker prices`: what models cost, where that stands, and of when it is.

mod json;

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use shared::config::Snapshot;
use shared::ledger::{AS_OF, Factor, Price, Prices, Rates, Source, shipped_rows};

use crate::columns;
use crate::document;
use crate::dollars::dollars;
use crate::printed;

#[derive(Args)]
pub struct Options {
    /// The broker's configuration, YAML: its own prices and those of its models. Without it the shipped table alone.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(options: &Options) -> Result<()> {
    let rows = match &options.config {
        None => rows(&Prices::default(), &[]),
        Some(path) => {
            let snapshot = document::load(path)?.loaded.snapshot;
            rows(&snapshot.prices, &models_of(&snapshot))
        }
    };
    if options.json {
        printed::json(&json::Report::of(&rows))
    } else {
        printed::text(&table(&rows))
    }
}

/// The providers' models that something of the configuration asks for.
fn models_of(snapshot: &Snapshot) -> Vec<&str> {
    let own = snapshot.models.values().map(|model| &model.pool);
    let members = snapshot.pools.iter().chain(own).flat_map(|pool| &pool.members);
    let models: BTreeSet<&str> = members.map(|member| member.model.as_str()).collect();
    models.into_iter().collect()
}

/// A model with its price; `None` if it has none.
struct Row {
    model: String,
    price: Option<(Price, Source)>,
}

/// The models of the configuration first, then all others of which a price is known, each by name.
fn rows(prices: &Prices, configured: &[&str]) -> Vec<Row> {
    let find = |model: &str| Row {
        model: model.to_owned(),
        price: prices.find(model),
    };
    let others = prices.written().map(|(model, _)| model);
    let others = others.chain(shipped_rows().map(|(model, _)| model));
    let others: BTreeSet<&str> = others.filter(|model| !configured.contains(model)).collect();
    let configured = configured.iter().copied();
    configured.chain(others).map(find).collect()
}

const TITLES: [&str; 10] = [
    "model",
    "input",
    "media",
    "output",
    "reasoning",
    "cache read",
    "write 5m",
    "write 1h",
    "tiers",
    "source",
];

fn table(rows: &[Row]) -> String {
    let lines: Vec<[String; 10]> = rows.iter().flat_map(lines).collect();
    let table = columns::table(TITLES, &lines);
    format!("US dollars per million tokens; the shipped list prices are those of {AS_OF}.\n\n{table}")
}

/// One line for a model, and one more for its long inputs.
fn lines(row: &Row) -> Vec<[String; 10]> {
    let Some((price, source)) = &row.price else {
        let unknown = "unknown: calls have no cost";
        return vec![
            [
                row.model.as_str(),
                "-",
                "-",
                "-",
                "-",
                "-",
                "-",
                "-",
                "-",
                unknown,
            ]
            .map(str::to_owned),
        ];
    };
    let line = |name: String, rates: &Rates, tiers: String, source: String| {
        let [input, media, output, reasoning, read, write, hour] = cells(rates);
        [
            name, input, media, output, reasoning, read, write, hour, tiers, source,
        ]
    };
    let first = line(
        row.model.clone(),
        &price.rates,
        tiers(price),
        source_name(*source),
    );
    let long = price.long_context.map(|long| {
        let name = format!("  above {} tokens of input", long.above.0);
        line(name, &long.rates, String::new(), String::new())
    });
    std::iter::once(first).chain(long).collect()
}

fn cells(rates: &Rates) -> [String; 7] {
    [
        rates.input,
        rates.media,
        rates.output,
        rates.reasoning,
        rates.cache_read,
        rates.cache_write,
        rates.cache_write_hour,
    ]
    .map(|rate| dollars(rate.per_million()))
}

fn tiers(price: &Price) -> String {
    let known = tiers_of(price)
        .into_iter()
        .filter_map(|(name, percent)| Some(format!("{name} {}%", percent?.hundredths())));
    let known: Vec<String> = known.collect();
    if known.is_empty() {
        "-".to_owned()
    } else {
        known.join(", ")
    }
}

fn tiers_of(price: &Price) -> [(&'static str, Option<Factor>); 3] {
    [
        ("flex", price.tiers.flex),
        ("priority", price.tiers.priority),
        ("batch", price.tiers.batch),
    ]
}

fn source_name(source: Source) -> String {
    match source {
        Source::Configuration => "configuration".to_owned(),
        Source::Shipped => format!("shipped {AS_OF}"),
    }
}

#[cfg(test)]
mod tests;

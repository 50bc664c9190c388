//! `broker spend`: what calls cost, added up from access logs.

mod amount;
mod carry;
mod dimension;
mod input;
mod line;
mod progress;
mod report;
mod sums;
mod work;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use shared::health::delay;

use crate::printed;
pub use carry::read as carried_over;
use dimension::Dimension;
use line::Query;
use report::Report;
use sums::Found;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Options {
    #[command(subcommand)]
    command: Option<Command>,
    /// Access logs, a JSON record a line, plain or compressed with gzip; `-` or none reads standard input.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What to add up by, in this order.
    #[arg(
        long,
        value_enum,
        value_name = "WHAT",
        value_delimiter = ',',
        default_value = "agent"
    )]
    by: Vec<Dimension>,
    /// Only calls that began then or later: a day such as `2026-11-01`, or a time, UTC.
    #[arg(long, value_name = "TIME", value_parser = bound)]
    since: Option<String>,
    /// Only calls that began before that.
    #[arg(long, value_name = "TIME", value_parser = bound)]
    until: Option<String>,
    /// How to print it.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

#[derive(Subcommand)]
enum Command {
    /// Print what an Envoy that starts now has spent of its budgets, from the logs of the one before.
    Carry(carry::Options),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Csv,
    Json,
}

/// A bound that the times of records, which are UTC, can be compared with as text: without its `Z`, it comes before all
/// fractions of its second.
fn bound(text: &str) -> Result<String, String> {
    let moment = if text.len() == 10 {
        format!("{text}T00:00:00Z")
    } else {
        text.to_owned()
    };
    let is_utc = moment.ends_with('Z') && moment.get(10..11) == Some("T");
    if !is_utc || delay::moment(&moment).is_none() {
        return Err("must be a day such as 2026-11-01 or a time such as 2026-11-01T12:00:00Z".to_owned());
    }
    Ok(text.trim_end_matches('Z').to_owned())
}

pub fn run(options: &Options) -> Result<()> {
    if let Some(Command::Carry(options)) = &options.command {
        return carry::run(options);
    }
    let query = Query {
        by: options.by.clone(),
        since: options.since.clone(),
        until: options.until.clone(),
    };
    let found: Found = work::add_up(&options.files, &query)?;
    if found.no_records > 0 {
        eprintln!(
            "{} of {} lines are no records and were left out",
            found.no_records, found.lines
        );
    }
    let report = Report::of(&query, &found);
    match options.format {
        Format::Table => printed::text(&report.table()),
        Format::Csv => printed::text(&report.csv()),
        Format::Json => printed::json(&report.json()),
    }
}

#[cfg(test)]
mod tests;

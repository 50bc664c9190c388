//! `broker policy diff`: which decisions of recorded calls another configuration would change.

mod log;
mod notes;
mod outcome;
mod report;
mod side;
mod tally;

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::Finding;
use crate::printed;
use side::Side;
use tally::Tally;

#[derive(Args)]
pub struct Options {
    /// The configuration as it is, YAML.
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The configuration as it might be, YAML.
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// Access logs, a JSON record a line; `-` reads standard input.
    #[arg(long = "log", value_name = "FILE", required = true, num_args = 1..)]
    logs: Vec<PathBuf>,
    /// End with exit status 1 if a decision would change.
    #[arg(long)]
    fail_on_change: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(options: &Options) -> Result<Finding> {
    let (old, new) = (
        crate::document::load(&options.old)?,
        crate::document::load(&options.new)?,
    );
    let mut tally = Tally::new(Side::of(&old.loaded.snapshot), Side::of(&new.loaded.snapshot));
    for path in &options.logs {
        log::each_line(path, |line| tally.add(line))?;
    }
    if options.json {
        printed::json(&report::json(&tally))?;
    } else {
        printed::text(&report::text(&tally))?;
    }
    Ok(if options.fail_on_change && tally.changed > 0 {
        Finding::Bad
    } else {
        Finding::Good
    })
}

#[cfg(test)]
mod tests;

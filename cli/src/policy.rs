//! `broker policy`: what policies decide, before they decide it.

mod diff;
mod test;

use std::process::ExitCode;

use clap::Subcommand;

#[derive(Subcommand)]
pub enum Command {
    /// Decide the calls of a file of cases and say which are not decided as expected.
    Test(test::Options),
    /// Replay recorded calls against two configurations and list every decision that would change.
    Diff(diff::Options),
}

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// All is as it should be.
    Good,
    /// Something is not.
    Bad,
}

/// A check that could not be made.
const USAGE_ERROR: u8 = 2;

pub fn run(command: &Command) -> ExitCode {
    let found = match command {
        Command::Test(options) => test::run(options),
        Command::Diff(options) => diff::run(options),
    };
    match found {
        Ok(Finding::Good) => ExitCode::SUCCESS,
        Ok(Finding::Bad) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("broker: {error:#}");
            ExitCode::from(USAGE_ERROR)
        }
    }
}

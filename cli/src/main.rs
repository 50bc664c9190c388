//! `broker`: the operator's command.

mod calls;
mod columns;
mod document;
mod dollars;
mod explain;
mod http;
mod policy;
mod prices;
mod printed;
mod render;
mod spend;
mod status;
mod token;
mod up;
mod validate;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

/// The model broker's operator command.
#[derive(Parser)]
#[command(
    name = "broker",
    version,
    about = "Model traffic through Envoy: check, render and run a broker's configuration"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check a configuration and report every mistake in it.
    Validate(ConfigFile),
    /// Write what another program reads.
    #[command(subcommand)]
    Render(Render),
    /// Run the broker: render, start Envoy in the foreground, reload when the configuration changes.
    Up(up::Options),
    /// Say what would become of a call, and why, without making it.
    Explain(explain::Options),
    /// Check policies against cases and recorded calls.
    #[command(subcommand)]
    Policy(policy::Command),
    /// Make agents' tokens.
    #[command(subcommand)]
    Token(token::Command),
    /// Show the calls of an access log as a table.
    Calls(calls::Options),
    /// Add up what calls cost, from access logs.
    Spend(spend::Options),
    /// Show what models cost: the shipped list prices, and what the configuration says.
    Prices(prices::Options),
    /// Show the figures of a running broker's rules, and how its accounts stand.
    Status(status::Options),
}

#[derive(Subcommand)]
enum Render {
    /// Write Envoy's configuration: a bootstrap and the files it watches.
    Envoy(render::Options),
    /// Write the configuration of the rate limit service that counts shared budgets.
    Ratelimit(render::rate_limit::Options),
}

#[derive(Args)]
struct ConfigFile {
    /// The broker's configuration, YAML.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Validate(file) => validate::run(&file.config),
        Command::Render(Render::Envoy(options)) => render::run(&options),
        Command::Render(Render::Ratelimit(options)) => render::rate_limit::run(&options),
        Command::Up(options) => up::run(&options),
        Command::Explain(options) => explain::run(&options),
        Command::Policy(command) => return policy::run(&command),
        Command::Token(command) => token::run(&command),
        Command::Calls(options) => calls::run(&options),
        Command::Spend(options) => spend::run(&options),
        Command::Prices(options) => prices::run(&options),
        Command::Status(options) => status::run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("broker: {error:#}");
            ExitCode::FAILURE
        }
    }
}

//! Measures what the broker costs, and stands in for a provider while it does.
//!
//! `load compare` is the benchmark: the same calls to plain Envoy and to the broker, in interleaved rounds, with the
//! CPU time of each Envoy process. `load run` is one of its rounds alone, `load upstream` the provider behind both,
//! `load first-answer` the clock for a start. It knows the broker from outside only: an address, a token, a model.

mod body;
mod client;
mod compare;
mod peer;
mod process;
mod rows;
mod table;
mod upstream;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::body::{Dialect, Prompt};
use crate::client::{Case, Target};

#[derive(Parser)]
#[command(name = "load", about = "Load and CPU measurements of an LLM proxy", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// A fixed number of calls to one address; prints one JSON object.
    Run(Run),
    /// The whole benchmark: plain Envoy against the broker, in interleaved rounds.
    Compare(Compare),
    /// Answer calls in the format of each provider with a fixed answer or a fixed stream of 200 chunks.
    Upstream {
        /// Address to listen at.
        #[arg(long)]
        listen: SocketAddr,
    },
    /// Call until the first 200, then print the milliseconds since this command started.
    FirstAnswer {
        #[command(flatten)]
        endpoint: Endpoint,
        /// Give up after this many seconds.
        #[arg(long, default_value_t = 30)]
        timeout_seconds: u64,
    },
}

#[derive(Args)]
struct Endpoint {
    /// For example `http://127.0.0.1:10000/v1/chat/completions`.
    #[arg(long)]
    url: String,
    /// Sent as `authorization: Bearer ...`.
    #[arg(long, default_value = "bench-token")]
    token: String,
    /// The model to ask for.
    #[arg(long, default_value = "bench-model")]
    model: String,
}

#[derive(Args)]
struct Run {
    #[command(flatten)]
    endpoint: Endpoint,
    /// How many calls to measure.
    #[arg(long, default_value_t = 1000)]
    calls: u32,
    /// How many connections, each with one call at a time.
    #[arg(long, default_value_t = 4)]
    concurrency: u32,
    /// Size of the request body; never smaller than the JSON around an empty prompt.
    #[arg(long, default_value_t = 1000)]
    body_bytes: usize,
    /// Ask for a stream.
    #[arg(long)]
    stream: bool,
    /// Milliseconds the upstream waits between two chunks.
    #[arg(long, default_value_t = 0, requires = "stream")]
    pace_ms: u32,
    /// Stop sending after this many seconds.
    #[arg(long, default_value_t = 60)]
    max_seconds: u64,
}

#[derive(Args)]
struct Compare {
    /// The plain Envoy's chat completions address.
    #[arg(long)]
    plain: String,
    /// The broker's chat completions address.
    #[arg(long)]
    broker: String,
    /// The broker's token for an agent.
    #[arg(long, default_value = "bench-token")]
    token: String,
    /// Only rows with this in their name, and what they are compared with.
    #[arg(long, default_value = "")]
    only: String,
    /// How often each case is measured on each side.
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// How many connections, each with one call at a time.
    #[arg(long, default_value_t = 4)]
    concurrency: u32,
    /// A quarter of the calls: enough to see a gross regression.
    #[arg(long)]
    quick: bool,
    /// Also write every number as JSON to this file.
    #[arg(long)]
    json: Option<PathBuf>,
}

// One thread: the second core of a small machine belongs to the Envoy that is measured.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Run(run) => run_once(run).await,
        Command::Compare(compare) => compare::run(compare).await,
        Command::Upstream { listen } => upstream::serve(listen).await,
        Command::FirstAnswer {
            endpoint,
            timeout_seconds,
        } => {
            let target = Target::parse(&endpoint.url, &endpoint.token)?;
            let limit = Duration::from_secs(timeout_seconds);
            let elapsed = client::first_answer(&target, &endpoint.model, limit).await?;
            println!("{}", elapsed.as_millis());
            Ok(())
        }
    }
}

async fn run_once(run: Run) -> Result<()> {
    let target = Target::parse(&run.endpoint.url, &run.endpoint.token)?;
    let prompt = Prompt {
        dialect: Dialect::OpenAi,
        model: &run.endpoint.model,
        bytes: run.body_bytes,
        stream: run.stream,
        pace_ms: run.pace_ms,
    };
    let case = Case {
        body: prompt.body(),
        calls: run.calls,
        connections: run.concurrency,
        limit: Duration::from_secs(run.max_seconds),
    };
    // Without the right to read its clock the calls can still be timed.
    let process = process::listening_at(target.address).ok();
    let sample = client::measure(&target, &case, process.as_ref()).await?;
    println!("{}", sample.to_json());
    Ok(())
}

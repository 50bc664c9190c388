//! Several simulated provider accounts in a process, for the benchmark and for trying the broker by hand.

use std::io::Write as _;
use std::net::SocketAddr;
use std::str::FromStr;

use anyhow::{Context as _, Result, anyhow, bail};
use clap::Parser;
use provider_simulator::{Behaviour, Recording, Simulator};
use tokio::signal::unix::{SignalKind, signal};

/// Simulates LLM providers: each account is a port that speaks `OpenAI` chat completions and Anthropic messages.
#[derive(Debug, Parser)]
#[command(name = "provider-simulator")]
struct Arguments {
    /// An account and where it listens, as NAME@127.0.0.1:PORT
    #[arg(long = "account", required = true, value_name = "NAME@ADDRESS")]
    accounts: Vec<Account>,
    /// What an account does, as `NAME={"kind":"answer","between_chunks_ms":20}`
    #[arg(long = "behaviour", value_name = "NAME=JSON")]
    behaviours: Vec<Order>,
    /// Keep nothing of the calls but their number
    #[arg(long)]
    no_record: bool,
    /// Threads that serve; 1 serves all from the main thread
    #[arg(long, default_value_t = 1)]
    threads: usize,
}

#[derive(Clone, Debug)]
struct Account {
    name: String,
    address: SocketAddr,
}

impl FromStr for Account {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (name, address) = text
            .split_once('@')
            .ok_or_else(|| anyhow!("expected NAME@ADDRESS"))?;
        let address = address
            .parse()
            .with_context(|| format!("`{address}` is no address"))?;
        Ok(Self {
            name: name.to_owned(),
            address,
        })
    }
}

#[derive(Clone, Debug)]
struct Order {
    name: String,
    behaviour: Behaviour,
}

impl FromStr for Order {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (name, json) = text
            .split_once('=')
            .ok_or_else(|| anyhow!("expected NAME=JSON"))?;
        let behaviour = serde_json::from_str(json).with_context(|| format!("`{json}` is no behaviour"))?;
        Ok(Self {
            name: name.to_owned(),
            behaviour,
        })
    }
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let mut runtime = match arguments.threads {
        0 | 1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    if arguments.threads > 1 {
        runtime.worker_threads(arguments.threads);
    }
    runtime.enable_all().build()?.block_on(run(arguments))
}

async fn run(arguments: Arguments) -> Result<()> {
    let recording = if arguments.no_record {
        Recording::Off
    } else {
        Recording::On
    };
    let mut simulators = Vec::with_capacity(arguments.accounts.len());
    for Account { name, address } in &arguments.accounts {
        let simulator = Simulator::bind(name, *address, recording).await;
        simulators.push(simulator.with_context(|| format!("`{name}` cannot listen on {address}"))?);
    }
    for Order { name, behaviour } in arguments.behaviours {
        let Some(simulator) = simulators.iter().find(|simulator| simulator.name() == name) else {
            bail!("there is no account `{name}`");
        };
        simulator.behave(behaviour);
    }
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    writeln!(std::io::stdout(), "simulators ready")?;
    tokio::select! {
        _ = terminated.recv() => {}
        _ = interrupted.recv() => {}
    }
    Ok(())
}

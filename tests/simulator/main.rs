//! Several simulated provider accounts in a process, for the benchmark and for trying the broker by hand.

use std::io::Write as _;
use std::net::SocketAddr;
use std::str::FromStr;

use anyhow::{Context as _, Result, anyhow};
use clap::Parser;
use provider_simulator::{Behaviour, Recording, Simulator, Vendor};
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
    /// Whose manners an account has, as NAME=anthropic: openai, anthropic, compatible, or any, which is nobody's
    #[arg(long = "vendor", value_name = "NAME=VENDOR")]
    vendors: Vec<Manners>,
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

#[derive(Clone, Debug)]
struct Manners {
    name: String,
    vendor: Vendor,
}

impl FromStr for Manners {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (name, vendor) = text
            .split_once('=')
            .ok_or_else(|| anyhow!("expected NAME=VENDOR"))?;
        Ok(Self {
            name: name.to_owned(),
            vendor: vendor
                .parse()
                .with_context(|| format!("`{vendor}` is no vendor"))?,
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
    let named = |name: &str| {
        let found = simulators.iter().find(|simulator| simulator.name() == name);
        found.ok_or_else(|| anyhow!("there is no account `{name}`"))
    };
    for Order { name, behaviour } in arguments.behaviours {
        named(&name)?.behave(behaviour);
    }
    for Manners { name, vendor } in arguments.vendors {
        named(&name)?.behave_as(vendor);
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

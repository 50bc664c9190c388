//! What policies cost, natively and in wasm: 1,000 policies, 10,000 agents, a pool of three accounts.
//!
//! ```text
//! run="cargo run --release -p model-broker-shared --example policy_cost --"
//! $run program > program.json            # 950 of 1,000 policies name whom or what they are about
//! $run program global > global.json      # none of them does
//! $run < program.json
//! cargo build --release -p model-broker-shared --no-default-features --target wasm32-wasip1 --example policy_cost
//! node shared/examples/wasi.mjs target/wasm32-wasip1/release/examples/policy_cost.wasm < program.json
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Read;
use std::time::Instant;

use shared::config::{Provider, ProviderKind, Timeouts};
use shared::policy::{Action, Context, Deciding, Policies, Principal, Program, Target};
use shared::provider::Capabilities;
use shared::units::{Timestamp, Tokens};

const AGENTS: usize = 10_000;
const WORKSPACES: usize = 100;
const POLICIES: usize = 1_000;
const POOLS: usize = 50;

struct Agent {
    name: String,
    workspace: String,
    attributes: BTreeMap<String, String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("program") {
        return write_program(arguments.next().is_some());
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    measure(&text)
}

fn measure(text: &str) -> Result<(), Box<dyn Error>> {
    let began = Instant::now();
    let policies = Policies::new(serde_json::from_str::<Program>(text)?)?;
    println!(
        "{} policies of {} bytes load in {:?}",
        policies.all().len(),
        text.len(),
        began.elapsed()
    );

    let agents: Vec<_> = (0..AGENTS).map(agent).collect();
    let providers = ["us", "eu", ""].map(provider);
    let context = Context {
        classification: "internal",
        step: "inference",
        tier: "standard",
        estimated_tokens: Tokens(1_000),
        now: Timestamp(1_795_278_600_000_000_000),
        ..Context::default()
    };
    let mut times = Vec::with_capacity(AGENTS);
    let mut allowed = 0;
    for (number, agent) in agents.iter().enumerate() {
        let pool = format!("pool-{}", number % POOLS);
        let principal = Principal {
            agent: &agent.name,
            workspace: Some(&agent.workspace),
            tenant: Some("acme"),
            attributes: &agent.attributes,
        };
        let began = Instant::now();
        let mut deciding = Deciding::new(&policies, &principal, Action::Invoke, &context);
        for provider in &providers {
            let verdict = deciding.decide(&Target {
                logical_model: "primary-llm",
                pool: &pool,
                provider,
                model: "gpt-5-mini",
                capabilities: Capabilities::ALL,
            });
            allowed += usize::from(verdict.is_allowed());
        }
        times.push(began.elapsed());
    }
    times.sort_unstable();
    let at = |percent: usize| {
        times
            .get(times.len() * percent / 100)
            .copied()
            .unwrap_or_default()
    };
    println!(
        "a call of three targets: median {:?}, 99th percentile {:?}; {allowed} of {} targets allowed",
        at(50),
        at(99),
        3 * AGENTS
    );
    Ok(())
}

fn agent(number: usize) -> Agent {
    Agent {
        name: format!("agent-{number}"),
        workspace: format!("workspace-{}", number % WORKSPACES),
        attributes: [("team".to_owned(), "risk".to_owned())].into(),
    }
}

fn provider(region: &str) -> Provider {
    Provider {
        name: format!("account-{region}").as_str().into(),
        kind: ProviderKind::OpenAi,
        region: Some(region.to_owned()),
        timeouts: Timeouts::default(),
        circuit_breaker: shared::health::CircuitBreaker::default(),
        limits: shared::ledger::RateLimits::default(),
        budget: None,
    }
}

#[cfg(feature = "cedar")]
fn write_program(is_global: bool) -> Result<(), Box<dyn Error>> {
    use shared::policy::{KnownNames, Scope, Source, compile};

    let policies = (0..POLICIES).map(|number| {
        let head = match number % 20 {
            _ if is_global => "principal, action, resource".to_owned(),
            0 => "principal, action, resource".to_owned(),
            1..8 => format!(
                "principal in Workspace::\"workspace-{}\", action, resource",
                number % WORKSPACES
            ),
            8..14 => format!("principal, action, resource in Pool::\"pool-{}\"", number % POOLS),
            _ => format!("principal == Agent::\"agent-{number}\", action == Action::\"invoke\", resource"),
        };
        let effect = if number % 4 == 3 { "forbid" } else { "permit" };
        let condition = if effect == "forbid" {
            "context.classification == \"restricted\" && resource.provider.region != \"eu\""
        } else {
            "[\"inference\", \"extraction\"].contains(context.step) && context.estimated_tokens < 100000"
        };
        format!("@id(\"policy-{number}\") {effect}({head}) when {{ {condition} }};\n")
    });
    let text: String = policies.collect();
    let source = Source {
        origin: "policies",
        scope: &Scope::Global,
        text: &text,
    };
    let began = Instant::now();
    let compiled = compile(&[source], &KnownNames::default()).map_err(|mistakes| format!("{mistakes:?}"))?;
    eprintln!(
        "{POLICIES} policies of {} bytes compile in {:?}",
        text.len(),
        began.elapsed()
    );
    println!("{}", serde_json::to_string(&compiled.program)?);
    Ok(())
}

#[cfg(not(feature = "cedar"))]
fn write_program(_is_global: bool) -> Result<(), Box<dyn Error>> {
    Err("only with the feature `cedar`".into())
}

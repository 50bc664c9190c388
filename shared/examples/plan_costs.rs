//! What a plan over 50 members and 200 rules costs, of accounts that have a history.
//!
//! `cargo run --release -p model-broker-shared --example plan_costs`, in wasm
//! `cargo build --release -p model-broker-shared --example plan_costs --target wasm32-wasip1` and then
//! `node shared/examples/wasi.mjs target/wasm32-wasip1/release/examples/plan_costs.wasm`.

#![expect(
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a measurement of a configuration of its own"
)]

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use serde_json::json;
use shared::config::{Audience, Snapshot, load};
use shared::headers::Headers;
use shared::health::{Health, Sample};
use shared::identity::TokenDigest;
use shared::routing::{Demand, Eligibility, Facts, Moment, Worker, plan, resolve};
use shared::store::{Store, health_key, update};
use shared::units::{Millis, Timestamp, Tokens};
use shared::wire::Format;

const ROUNDS: u32 = 20_000;

/// 200 rules of two conditions each, of which the last one matches, and a pool of 50 members.
fn snapshot(routing: &str) -> Arc<Snapshot> {
    let providers: Vec<_> = (0..50)
        .map(|n| json!({"name": format!("account-{n}"), "kind": "openai", "region": if n % 2 == 0 { "eu" } else { "us" }}))
        .collect();
    let members: Vec<_> = (0..50)
        .map(|n| json!({"provider": format!("account-{n}"), "model": "gpt-4o", "priority": n / 10, "weight": n}))
        .collect();
    let rules: Vec<_> = (0..200)
        .map(|n| {
            let step = if n == 199 {
                "extraction".to_owned()
            } else {
                format!("step-{n}")
            };
            json!({"match": {"step": ["one", step], "tier": "standard"}, "pool": "large"})
        })
        .collect();
    let document = json!({
        "providers": providers,
        "pools": [{"name": "large", "routing": routing, "failover": 3, "members": members}],
        "prices": {"gpt-4o": {"input": 1, "output": 2}},
        "models": [{"name": "primary", "pool": "large"}],
        "rules": rules,
        "workspaces": [{"name": "lab", "regions": ["eu"]}],
        "agents": [{
            "name": "bot", "workspace": "lab", "attributes": {"tier": "standard"},
            "token_sha256": TokenDigest::of(b"bot").to_string(),
        }],
    });
    load(&document, Audience::Filter)
        .unwrap_or_else(|mistakes| panic!("{mistakes}"))
        .snapshot
}

/// A store as quick as memory is: what the host's calls cost comes on top, some two microseconds for each look.
#[derive(Default)]
struct Memory(RefCell<HashMap<String, Vec<u8>>>, RefCell<usize>);

impl Store for Memory {
    fn get(&self, key: &str) -> Option<(Vec<u8>, u32)> {
        *self.1.borrow_mut() += 1;
        self.0.borrow().get(key).map(|value| (value.clone(), 1))
    }

    fn swap(&self, key: &str, value: &[u8], _: Option<u32>) -> bool {
        self.0.borrow_mut().insert(key.to_owned(), value.to_vec());
        true
    }
}

fn main() {
    for routing in ["priority-weighted", "cascade", "lowest-cost", "lowest-latency"] {
        measure(routing);
    }
}

fn measure(routing: &str) {
    let snapshot = snapshot(routing);
    let agent = snapshot.agents.values().next().expect("an agent");
    let names = [
        "accept",
        "content-type",
        "user-agent",
        "x-request-id",
        "x-broker-step",
    ];
    let pairs = names.map(|name| (name.to_owned(), b"extraction".to_vec()));
    let headers = Headers::new(pairs.to_vec());
    let body = br#"{"model":"primary","stream":true,"messages":[{"role":"user","content":"hi"}]}"#;
    let request = Format::OpenAiChat.read_request(body).expect("a request");
    let (store, worker) = (Memory::default(), Worker::default());
    let now = Timestamp(1_000_000_000_000);
    for member in &snapshot.pools[0].members {
        let key = health_key(&member.provider.name, &member.model);
        update(&store, &key, |health: &mut Health| {
            health.latency.note(Sample::FirstByte(Millis(300)), now);
        });
    }
    let before = *store.1.borrow();
    let began = Instant::now();
    for round in 0..ROUNDS {
        let facts = Facts::of_call(agent, &headers, std::hint::black_box(&request), Tokens(20));
        let resolution = resolve(&snapshot, facts).expect("a pool");
        let moment = Moment {
            now,
            random: u64::from(round) << 40,
            store: &store,
            worker: &worker,
        };
        let demand = Demand::of(&request, moment);
        let model = resolution.model.as_deref();
        let eligibility = Eligibility::of(agent, model, request.needs, demand, Tokens(20));
        let plan = plan(&resolution.pool, moment, demand, None, 0, |(_, member)| {
            eligibility.check(member)
        });
        assert_eq!((plan.attempts.len(), plan.excluded.len()), (4, 25));
        std::hint::black_box(plan);
    }
    println!(
        "{routing}: {:?}, and {} looks into shared state",
        began.elapsed() / ROUNDS,
        (*store.1.borrow() - before) / ROUNDS as usize
    );
}

//! What a plan costs; run in release: `cargo test --release -p model-broker-shared plan_costs -- --ignored
//! --nocapture`.

use std::time::Instant;

use serde_json::json;

use super::*;
use crate::config::{Audience, Snapshot, load};
use crate::headers::Headers;
use crate::identity::TokenDigest;
use crate::store::Empty;
use crate::wire::Format;

const ROUNDS: u32 = 20_000;

/// 200 rules of two conditions each, of which the last one matches, and a pool of 50 members.
fn snapshot() -> Arc<Snapshot> {
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
        "pools": [{"name": "large", "failover": 3, "members": members}],
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

#[test]
#[ignore = "a measurement"]
fn plan_costs() {
    let snapshot = snapshot();
    let agent = snapshot.agents.values().next().unwrap();
    let headers = Headers::new(
        [
            "accept",
            "content-type",
            "user-agent",
            "x-request-id",
            "x-broker-step",
        ]
        .map(|name| (name.to_owned(), b"extraction".to_vec()))
        .to_vec(),
    );
    let body = br#"{"model":"primary","stream":true,"messages":[{"role":"user","content":"hi"}]}"#;
    let request = Format::OpenAiChat.read_request(body).unwrap();
    let estimators = Estimators::default();
    let began = Instant::now();
    for round in 0..ROUNDS {
        let facts = Facts::of_call(agent, &headers, std::hint::black_box(&request), Tokens(20));
        let resolution = resolve(&snapshot, facts).unwrap();
        let random = u64::from(round) << 40;
        let moment = Moment {
            now: Timestamp(u64::from(round)),
            random,
            store: &Empty,
            estimators: &estimators,
        };
        let demand = Demand::of(&request, moment);
        let model = resolution.model.as_deref();
        let eligibility = Eligibility::of(agent, model, request.needs, demand, Tokens(20));
        let plan = plan(&resolution.pool, moment, demand, None, 0, |member| {
            eligibility.check(member)
        });
        assert_eq!((plan.attempts.len(), plan.excluded.len()), (4, 25));
        std::hint::black_box(plan);
    }
    println!(
        "a plan over 50 members and 200 rules: {:?}",
        began.elapsed() / ROUNDS
    );
}

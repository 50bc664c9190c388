use std::sync::Arc;

use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::config::{Audience, load};
use crate::headers::Headers;
use crate::health::{Health, Sample};
use crate::outcome::Outcome;
use crate::reply::Reply;
use crate::statistics::{Ended, Ending, RuleStatistics};
use crate::store::testing::Memory;
use crate::store::{health_key, statistics_key, update};
use crate::units::{MicroUsd, Millis};

const NOW: Timestamp = Timestamp(1_795_254_245_678_000_000);
const DIGEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

fn snapshot() -> Arc<Snapshot> {
    let document = json!({
        "providers": [
            {"name": "a", "kind": "openai", "region": "eu"},
            {"name": "b", "kind": "openai", "limits": {"requests_per_minute": 1}},
        ],
        "pools": [{"name": "pair", "members": [
            {"provider": "a", "model": "m", "weight": 70}, {"provider": "b", "model": "n", "priority": 1},
        ]}],
        "models": [{"name": "fast", "pool": "pair"}, {"name": "own", "targets": [{"provider": "a"}]}],
        "rules": [{"name": "vip", "match": {"tier": "premium"}, "pool": "pair"}],
        "agents": [{"name": "support-bot", "token_sha256": DIGEST, "attributes": {"tier": "premium"}}],
    });
    let loaded = load(&document, Audience::Filter);
    loaded.unwrap_or_else(|mistakes| panic!("{mistakes}")).snapshot
}

fn asked(method: &str, path: &str, store: &Memory) -> Reply {
    let pair = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
    let headers = Headers::new(vec![pair(":method", method), pair(":path", path)]);
    answer(&headers, Some(&Status::of(&snapshot(), store, NOW)))
}

fn json_of(store: &Memory) -> Value {
    serde_json::from_slice(&asked("GET", "/status.json", store).body).unwrap()
}

#[test]
fn a_rule_shows_what_all_workers_noted() {
    let (store, snapshot) = (Memory::default(), snapshot());
    let vip = Selection {
        rule: Some("vip"),
        pool: &snapshot.pools[0].name,
    };
    for (since, ending) in [(NOW.0 - 2_000_000, Ending::Success), (NOW.0, Ending::Error)] {
        let mut worker = RuleStatistics::beginning(Timestamp(since));
        worker.note(Ended {
            ending,
            took: Some(Millis(20)),
            cost: MicroUsd(1_500),
        });
        update(&store, &statistics_key(vip), |shared: &mut RuleStatistics| {
            shared.merge(&worker);
        });
    }
    let rules = &json_of(&store)["rules"];
    assert_eq!(
        rules[0],
        json!({
            "rule": "vip", "pool": "pair", "since": "2026-11-21T09:44:05.676Z", "matches": 2, "successes": 1,
            "errors": 1, "refusals": 0, "abandoned": 0, "success_rate": 0.5, "error_rate": 0.5, "p50_ms": 20,
            "p95_ms": 20, "cost_usd": 0.003,
        })
    );
    let idle = &rules[1];
    assert_eq!(
        (
            &idle["rule"],
            &idle["pool"],
            &idle["success_rate"],
            &idle["since"]
        ),
        (&Value::Null, &json!("pair"), &Value::Null, &Value::Null)
    );
}

#[test]
fn members_stand_as_the_next_call_would_find_them() {
    let (store, snapshot) = (Memory::default(), snapshot());
    let members = &snapshot.pools[0].members;
    let settle = |member: usize, outcome, asked| {
        let member = &members[member];
        let breaker = &member.provider.circuit_breaker;
        update(
            &store,
            &health_key(&member.provider.name, &member.model),
            |health: &mut Health| {
                let ticket = health.enter(breaker, NOW).unwrap();
                health.settle(breaker, ticket, outcome, asked, NOW);
            },
        );
    };
    let standing = |member: usize| {
        let status = json_of(&store);
        let member = &status["pools"][0]["members"][member];
        ["standing", "cause", "for_ms"].map(|key| member[key].clone())
    };
    assert_eq!(standing(0), [json!("healthy"), Value::Null, Value::Null]);
    for _ in 0..5 {
        settle(0, Outcome::Status(500), None);
    }
    assert_eq!(standing(0), [json!("circuit_open"), Value::Null, json!(30_000)]);
    settle(1, Outcome::Status(429), Some(Millis(7_000)));
    assert_eq!(
        standing(1),
        [json!("cooling_down"), json!("throttled"), json!(7_000)]
    );
    let page = String::from_utf8(asked("GET", "/status", &store).body).unwrap();
    assert!(
        page.contains("<td class=\"out\">circuit open, for 30 s</td>"),
        "{page}"
    );
    assert!(page.contains("<td class=\"out\">cooling down, throttled, for 7000 ms</td>"));
}

#[test]
fn the_time_to_the_first_byte_is_shown_once_it_is_known() {
    let store = Memory::default();
    let first_byte = || json_of(&store)["pools"][0]["members"][0]["first_byte_ms"].clone();
    assert_eq!(first_byte(), Value::Null);
    update(&store, "health/a/m", |health: &mut Health| {
        let sample = Sample::Late { waited: Millis(42) };
        health.latency.note(sample, NOW);
    });
    assert_eq!(first_byte(), json!(42));
}

#[test]
fn pools_of_models_follow_those_of_the_document() {
    let pools = json_of(&Memory::default())["pools"].clone();
    let names: Vec<_> = pools
        .as_array()
        .unwrap()
        .iter()
        .map(|pool| &pool["pool"])
        .collect();
    assert_eq!(names, ["pair", "own"]);
    assert_eq!(pools[0]["routing"], "priority-weighted");
}

#[test]
fn nothing_secret_is_shown() {
    for path in ["/status", "/status.json"] {
        let body = String::from_utf8(asked("GET", path, &Memory::default()).body).unwrap();
        assert!(!body.contains(DIGEST) && !body.contains("support-bot"), "{body}");
    }
}

#[test]
fn other_paths_and_methods_are_refused() {
    let store = Memory::default();
    for (method, path, status) in [
        ("GET", "/status", 200),
        ("HEAD", "/status", 200),
        ("GET", "/status.json?x=1", 200),
        ("GET", "/", 404),
        ("GET", "/status/", 404),
        ("POST", "/elsewhere", 404),
        ("POST", "/status", 405),
        ("DELETE", "/status.json", 405),
    ] {
        assert_eq!(asked(method, path, &store).status, status, "{method} {path}");
    }
    let refused = asked("POST", "/status", &store);
    assert!(refused.headers.contains(&("allow", "GET, HEAD".to_owned())));
}

#[test]
fn without_a_configuration_there_is_nothing_to_show() {
    let pair = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
    let headers = Headers::new(vec![pair(":method", "GET"), pair(":path", "/status")]);
    assert_eq!(answer(&headers, None).status, 503);
}

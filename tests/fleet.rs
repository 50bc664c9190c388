//! Several Envoys, one ceiling: the real rate limit service and a real Redis count what all of them spend.

mod down;
mod limits;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use provider_simulator::{Behaviour, Simulator};
use serde_json::{Value, json};

use crate::harness::{
    Answer, Broker, CHAT, Config, PATIENCE, RateLimit, Record, Redis, TOKEN, free_address, until,
};

/// May take some 70 tokens.
const CALL: &str = r#"{"model":"fast","max_tokens":60,"messages":[{"role":"user","content":"hi"}]}"#;

/// What several Envoys have in common.
struct Fleet {
    provider: Simulator,
    config: Config,
    redis: Redis,
    service: RateLimit,
}

impl Fleet {
    /// A fleet with this budget; `more`: further keys of the service.
    async fn start(budget: Value, more: Value) -> Self {
        let provider = Simulator::start("provider").await;
        let address = free_address();
        let config = config(&provider, address, budget, more);
        let redis = Redis::start().await;
        let service = RateLimit::start(address, &config.yaml(), &redis).await;
        Self {
            provider,
            config,
            redis,
            service,
        }
    }

    /// One whose calls are refused if they are not counted: on a busy machine the service is too slow for some.
    async fn of_tokens(tokens: u64) -> Self {
        let closed = json!({"when_down": "closed"});
        Self::start(json!({"tokens": tokens, "per": "day"}), closed).await
    }

    async fn envoy(&self) -> Broker {
        self.config.broker().start().await
    }

    /// The tokens that the provider itself says it was asked for.
    fn counted(&self) -> u64 {
        let received = self.provider.received();
        received
            .iter()
            .filter_map(|call| call.usage)
            .map(provider_simulator::Usage::total)
            .sum()
    }
}

/// A broker's configuration: a budget of the workspace `lab` that a service at this address counts.
fn config(provider: &Simulator, address: SocketAddr, budget: Value, more: Value) -> Config {
    let mut shared = json!({"name": "lab", "scope": "workspace", "of": "lab", "shared": true});
    let mut service = json!({
        "cluster": "ratelimit", "domain": "model-broker", "endpoint": format!("http://{address}"), "timeout": "45ms",
    });
    for (into, from) in [(&mut shared, budget), (&mut service, more)] {
        let (Value::Object(into), Value::Object(from)) = (into, from) else {
            panic!("both must be objects")
        };
        into.extend(from);
    }
    Config::new()
        .provider("openai", provider)
        .single("fast", provider, "a")
        .set("prices", json!({"a": {"input": 1_000, "output": 1_000}}))
        .set("budgets", json!([shared]))
        .set("rate_limit_service", service)
}

/// Makes calls at once, in turn at each of some Envoys; gives how many were answered and how many refused.
async fn at_once(envoys: &[&Broker], calls: usize) -> (usize, usize) {
    let turns = envoys.iter().cycle().take(calls);
    let calls: Vec<_> = turns
        .map(|envoy| {
            let call = envoy.call(CHAT, TOKEN, CALL).header("connection", "close");
            tokio::spawn(async move { call.send().await.expect("an answer").status().as_u16() })
        })
        .collect();
    let (mut answered, mut refused) = (0, 0);
    for call in calls {
        match call.await.expect("a call") {
            200 => answered += 1,
            // On a busy machine the service is too slow for some.
            429 | 503 => refused += 1,
            status => panic!("status {status}"),
        }
    }
    (answered, refused)
}

/// The tokens that calls may have taken whose answers came too late: nobody can know whether the service counted them.
async fn lost(envoys: &[&Broker]) -> f64 {
    const MOST_OF_A_CALL: f64 = 100.0;
    let mut late = 0.0;
    for envoy in envoys {
        for cause in ["timed_out", "unreachable", "failed"] {
            let labels = [("cause", cause)];
            late += envoy
                .metric("model_broker_rate_limit_service_calls", &labels)
                .await;
        }
    }
    late * MOST_OF_A_CALL
}

/// A call that the service counts; gives its answer.
async fn counted_call(envoy: &Broker, body: &str) -> Answer {
    until(PATIENCE, "a call in time for the service", async || {
        let answer = envoy.post(CHAT, TOKEN, body).await;
        (answer.status != 503).then_some(answer)
    })
    .await
}

/// Makes calls at an Envoy until none is answered any more, also when others have returned what they held.
async fn drain(envoy: &Broker) {
    let mut refusals = 0;
    while refusals < 8 {
        match envoy.post(CHAT, TOKEN, CALL).await.status {
            200 => refusals = 0,
            429 => refusals += 1,
            status => assert_eq!(status, 503),
        }
        if refusals > 0 {
            // The workers of all Envoys tell what is returned within a quarter of a second.
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Makes calls at an Envoy that has answered one and whose service never answers, until one waited for it in vain and less
/// than this: a machine that is busy is late now and then, which is not the service's doing.
async fn assert_delay_below_fifty_milliseconds(envoy: &Broker) {
    const BOUND: Duration = Duration::from_millis(50);
    let (mut waits, mut usual) = (Vec::new(), None::<Duration>);
    let mut calls = 1;
    let quick = until(Duration::from_mins(1), "a call that waited", async || {
        let started = Instant::now();
        envoy.post(CHAT, TOKEN, CALL).await.expect_status(503);
        let took = started.elapsed();
        calls += 1;
        let record = envoy.wait_for_records(calls).await.remove(calls - 1);
        let asked =
            record.has("llm.rate_limit_service") && record.text("llm.rate_limit_service") != "resting";
        if asked {
            assert_eq!(record.text("llm.rate_limit_service"), "timed_out");
            waits.push(took);
        } else {
            // A worker that waited in vain leaves the service alone for a while.
            usual = Some(usual.map_or(took, |usual| usual.min(took)));
        }
        let quickest = waits.iter().min()?.saturating_sub(usual?);
        (quickest < BOUND).then_some(quickest)
    })
    .await;
    assert!(quick >= Duration::from_millis(20), "{quick:?}");
}

fn statement(record: &Record) -> Value {
    record.value("llm.budgets")[0].clone()
}

#[tokio::test]
async fn several_envoys_hold_one_ceiling() {
    let fleet = Fleet::of_tokens(3_000).await;
    let (first, second) = (fleet.envoy().await, fleet.envoy().await);
    let (answered, refused) = at_once(&[&first, &second], 200).await;
    assert!(answered > 0 && refused > 0, "{answered} {refused}");
    assert!(fleet.counted() <= 3_000, "{}", fleet.counted());
    drain(&first).await;
    drain(&second).await;
    // No more than allowed, and what was held and not used was not lost.
    let lost = lost(&[&first, &second]).await;
    let counted = f64::from(u32::try_from(fleet.counted()).expect("few tokens"));
    assert!(
        counted <= 3_000.0 && counted + lost >= 2_900.0,
        "{counted} {lost}"
    );
    let answer = counted_call(&second, CALL).await;
    answer.expect_status(429);
    assert_eq!(answer.json()["error"]["code"], "budget_exhausted");
    for envoy in [&first, &second] {
        let of_lab = |record: &&Record| record.has("llm.budgets") && statement(record)["used"].is_u64();
        let records = envoy.records();
        let counted: Vec<Value> = records.iter().filter(of_lab).map(statement).collect();
        assert!(!counted.is_empty());
        assert!(
            counted.iter().all(|statement| statement["counted"] == "fleet"),
            "{counted:?}"
        );
    }
}

#[tokio::test]
async fn the_ceiling_holds_across_a_restart_of_either_envoy_and_of_the_service() {
    let mut fleet = Fleet::of_tokens(2_000).await;
    let (mut first, mut second) = (fleet.envoy().await, fleet.envoy().await);
    for _ in 0..5 {
        counted_call(&first, CALL).await.expect_status(200);
        counted_call(&second, CALL).await.expect_status(200);
    }
    let spent = fleet.counted();
    drop(first);
    first = fleet.envoy().await;
    counted_call(&first, CALL).await.expect_status(200);
    let left = until(PATIENCE, "its record", async || {
        let records = first.records();
        let mut of_lab = records.iter().filter(|record| record.has("llm.budgets"));
        let last = of_lab
            .next_back()
            .filter(|record| statement(record)["used"].is_u64());
        last.map(|record| statement(record)["left"].as_u64().expect("what is left"))
    })
    .await;
    // It knows what was spent before, also by the other.
    assert!(left <= 2_000 - spent, "{left} {spent}");
    drop(second);
    second = fleet.envoy().await;
    fleet.service.restart().await;
    at_once(&[&first, &second], 60).await;
    drain(&first).await;
    drain(&second).await;
    assert!(fleet.counted() <= 2_000, "{}", fleet.counted());
    // What an Envoy had not told yet when it ended is lost, and that is no more than it held.
    assert!(fleet.counted() > 1_700, "{}", fleet.counted());
    drop(first);
    let third = fleet.envoy().await;
    counted_call(&third, CALL).await.expect_status(429);
}

#[tokio::test]
async fn dollars_of_a_month_are_counted_together_and_agents_that_leave_return_what_they_held() {
    let (budget, closed) = (
        json!({"usd": 4, "per": "month", "header": true}),
        json!({"when_down": "closed"}),
    );
    let fleet = Fleet::start(budget, closed).await;
    let (first, second) = (fleet.envoy().await, fleet.envoy().await);
    // A thousandth of a dollar each.
    let stream = CALL.replace(r#""max_tokens":60"#, r#""stream":true,"max_tokens":3000"#);
    fleet.provider.then(vec![Behaviour::silent_after(2)]);
    let mut answer = until(PATIENCE, "a stream", async || {
        let answer = first.call(CHAT, TOKEN, stream.as_str()).send().await;
        Some(answer.expect("an answer")).filter(|answer| answer.status() == 200)
    })
    .await;
    answer.chunk().await.expect("a chunk");
    // It holds three of the four dollars.
    counted_call(&second, &stream).await.expect_status(429);
    drop(answer);
    let answer = until(PATIENCE, "what the first returns", async || {
        let answer = second.post(CHAT, TOKEN, stream.as_str()).await;
        (answer.status == 200).then_some(answer)
    })
    .await;
    let left = answer.header("x-broker-budget-left").expect("what is left");
    let left: f64 = left
        .strip_prefix("lab=")
        .and_then(|left| left.parse().ok())
        .expect("dollars");
    assert!((0.5..1.1).contains(&left), "{left}");
    let records = first.records();
    assert_eq!(
        records.last().map(|record| record.text("llm.outcome")),
        Some("aborted")
    );
}

#[tokio::test]
async fn calls_without_shared_budgets_never_ask() {
    let fleet = Fleet::of_tokens(1_000).await;
    let config = fleet
        .config
        .clone()
        .agent("stranger", "other", "token-of-stranger")
        .set("workspaces", json!([{"name": "lab"}, {"name": "other"}]));
    let envoy = config.broker().start().await;
    envoy
        .post(CHAT, "token-of-stranger", CALL)
        .await
        .expect_status(200);
    let asked = "cluster.ratelimit.upstream_rq_total";
    assert_eq!(envoy.stat(asked).await.unwrap_or_default().to_bits(), 0);
    counted_call(&envoy, CALL).await.expect_status(200);
    until(PATIENCE, "a question", async || {
        envoy.stat(asked).await.filter(|asked| *asked > 0.5)
    })
    .await;
}

//! Limits of provider accounts that all Envoys hold together.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use provider_simulator::{Behaviour, ReceivedRequest, Simulator, Usage};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::fleet::{CALL, assert_delay_below_fifty_milliseconds, at_once, counted_call, drain, lost};
use crate::harness::{Broker, CHAT, Config, PATIENCE, RateLimit, Record, Redis, TOKEN, free_address, until};

/// Two accounts, of which the second takes what the first does not, and Envoys that share the limits of either.
struct Pair {
    first: Simulator,
    second: Simulator,
    /// When both were started.
    since: SystemTime,
    config: Config,
    service: RateLimit,
    _redis: Redis,
}

impl Pair {
    /// `limits`: those of each account, without any where they are empty.
    async fn start(limits: [Value; 2], when_down: &str) -> Self {
        let (first, second) = (Simulator::start("first").await, Simulator::start("second").await);
        let since = SystemTime::now();
        let address = free_address();
        let config = config(&first, &second, limits, address, when_down);
        let redis = Redis::start().await;
        let service = RateLimit::start(address, &config.yaml(), &redis).await;
        Self {
            first,
            second,
            since,
            config,
            service,
            _redis: redis,
        }
    }

    async fn envoy(&self) -> Broker {
        self.config.broker().concurrency(2).start().await
    }

    /// Calls until the first account got this many within a minute, whatever others still hold: what the service
    /// counted too late for a call is lost to its minute, so that on a busy machine only the next one can be full.
    async fn fill(&self, envoys: &[&Broker], most: u64) {
        until(
            Duration::from_secs(90),
            "the first account to be full",
            async || {
                for envoy in envoys {
                    envoy.post(CHAT, TOKEN, CALL).await.expect_status(200);
                }
                (self.most_in_a_minute(&self.first, |_| 1) >= most).then_some(())
            },
        )
        .await;
    }

    /// The most of something that an account got within a minute of the clock.
    fn most_in_a_minute(&self, account: &Simulator, of: impl Fn(&ReceivedRequest) -> u64) -> u64 {
        let mut minutes = BTreeMap::<u64, u64>::new();
        for call in account.received() {
            *minutes.entry(seconds(self.since + call.at) / 60).or_default() += of(&call);
        }
        minutes.into_values().max().unwrap_or_default()
    }
}

/// `fast` goes to the first account and then to the second, `only` to the first, `spare` to the second.
fn config(
    first: &Simulator,
    second: &Simulator,
    limits: [Value; 2],
    service: SocketAddr,
    when_down: &str,
) -> Config {
    let keys = limits.map(|limits| match limits {
        Value::Object(mut limits) if !limits.is_empty() => {
            limits.insert("shared".to_owned(), json!(true));
            json!({"limits": limits})
        }
        _ => json!({}),
    });
    let [of_first, of_second] = keys;
    let members = json!([
        {"provider": "first", "model": "a", "priority": 0},
        {"provider": "second", "model": "a", "priority": 1},
    ]);
    Config::new()
        .provider_with("openai", first, of_first)
        .provider_with("openai", second, of_second)
        .pool("pair", json!({"members": members}))
        .model("fast", "pair")
        .single("only", first, "a")
        .single("spare", second, "a")
        .set(
            "rate_limit_service",
            json!({
                "cluster": "ratelimit", "domain": "model-broker", "endpoint": format!("http://{service}"),
                "timeout": "45ms", "when_down": when_down,
            }),
        )
}

fn requests(most: usize) -> [Value; 2] {
    [json!({"requests_per_minute": most}), json!({})]
}

fn call_for(model: &str) -> String {
    CALL.replace("fast", model)
}

/// Waits until most of a minute is left: the fleet counts by minutes of the clock.
async fn early_in_a_minute() {
    until(Duration::from_secs(40), "a minute to begin", async || {
        (seconds(SystemTime::now()) % 60 < 25).then_some(())
    })
    .await;
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).expect("a clock").as_secs()
}

fn was_limited(record: &Record) -> bool {
    record.has("llm.excluded") && record.value("llm.excluded")[0]["reason"] == "limited"
}

#[tokio::test]
async fn several_envoys_hold_one_limit_and_what_is_beyond_goes_to_the_next_account() {
    let pair = Pair::start(requests(20), "closed").await;
    let (first, second) = (pair.envoy().await, pair.envoy().await);
    early_in_a_minute().await;
    let (answered, refused) = at_once(&[&first, &second], 100).await;
    assert_eq!((answered, refused), (100, 0));
    assert!(pair.first.count() <= 20, "{}", pair.first.count());
    // What calls took for a moment that were turned away is there again.
    pair.fill(&[&first, &second], 20).await;
    for envoy in [&first, &second] {
        until(PATIENCE, "a call that goes elsewhere", async || {
            envoy.post(CHAT, TOKEN, CALL).await.expect_status(200);
            envoy.records().iter().any(was_limited).then_some(())
        })
        .await;
        let records = envoy.records();
        assert!(records.iter().all(|record| record.attempts().len() == 1));
    }
    assert_eq!(pair.most_in_a_minute(&pair.first, |_| 1), 20);
    // Where nobody else can be asked, the agent is told how long it takes to the next minute.
    let answer = until(PATIENCE, "a minute to be full", async || {
        let answer = counted_call(&second, &call_for("only")).await;
        (answer.status != 200).then_some(answer)
    })
    .await;
    answer.expect_status(429);
    assert_eq!(answer.json()["error"]["code"], "upstream_at_limit");
    let wait = answer.header("retry-after").and_then(|wait| wait.parse().ok());
    assert!(wait.is_some_and(|wait: u64| (1..=60).contains(&wait)), "{wait:?}");
}

#[tokio::test]
async fn tokens_of_a_minute_are_held_together_and_what_is_not_used_is_returned() {
    let limits = [json!({"tokens_per_minute": 3_000}), json!({})];
    let pair = Pair::start(limits, "closed").await;
    let config = pair.config.clone().set(
        "models",
        json!([{"name": "fast", "targets": [{"provider": "first", "model": "a"}]}]),
    );
    let first = config.broker().concurrency(2).start().await;
    let second = config.broker().concurrency(2).start().await;
    early_in_a_minute().await;
    let (answered, refused) = at_once(&[&first, &second], 150).await;
    assert!(refused > 0, "{answered} {refused}");
    drain(&first).await;
    drain(&second).await;
    let lost = lost(&[&first, &second]).await;
    let tokens = |call: &ReceivedRequest| call.usage.map(Usage::total).unwrap_or_default();
    let used = f64::from(u32::try_from(pair.most_in_a_minute(&pair.first, tokens)).expect("few tokens"));
    assert!(used <= 3_000.0 && used + lost >= 2_800.0, "{used} {lost}");
}

#[tokio::test]
async fn the_limit_holds_across_a_restart_of_an_envoy_and_of_the_service() {
    let mut pair = Pair::start(requests(12), "closed").await;
    let (mut first, second) = (pair.envoy().await, pair.envoy().await);
    early_in_a_minute().await;
    for envoy in [&first, &second, &first] {
        counted_call(envoy, &call_for("only")).await.expect_status(200);
    }
    assert_eq!(pair.first.count(), 3);
    drop(first);
    first = pair.envoy().await;
    pair.service.restart().await;
    pair.fill(&[&first, &second], 12).await;
    let third = pair.envoy().await;
    until(PATIENCE, "a refusal", async || {
        (third.post(CHAT, TOKEN, call_for("only")).await.status == 429).then_some(())
    })
    .await;
    // Also if that took until the next minute.
    assert_eq!(pair.most_in_a_minute(&pair.first, |_| 1), 12);
}

#[tokio::test]
async fn an_attempt_after_a_failure_is_told_of() {
    let limits = [json!({}), json!({"requests_per_minute": 4})];
    let pair = Pair::start(limits, "closed").await;
    let (first, second) = (pair.envoy().await, pair.envoy().await);
    early_in_a_minute().await;
    pair.first.behave(Behaviour::status(500));
    // Whether it stands after the failed account or before it, nobody gets more out of the second.
    let answers = until(PATIENCE, "the second account to be full", async || {
        let answer = first.post(CHAT, TOKEN, CALL).await;
        (answer.status != 200).then(|| pair.second.count())
    })
    .await;
    assert_eq!(answers, 4);
    until(PATIENCE, "the other Envoy to hear of it", async || {
        let answer = second.post(CHAT, TOKEN, call_for("spare")).await;
        (answer.status == 429).then_some(())
    })
    .await;
    assert_eq!(pair.second.count(), 4);
}

#[tokio::test]
async fn without_the_service_an_envoy_holds_the_limit_by_itself_and_tells_it_later() {
    let mut pair = Pair::start(requests(6), "local").await;
    let envoy = pair.envoy().await;
    early_in_a_minute().await;
    counted_call(&envoy, CALL).await.expect_status(200);
    pair.service.end();
    for _ in 0..9 {
        envoy.post(CHAT, TOKEN, CALL).await.expect_status(200);
    }
    assert_eq!((pair.first.count(), pair.second.count()), (6, 4));
    let records = envoy.wait_for_records(10).await;
    let trouble = records[2].text("llm.rate_limit_service");
    assert!(["unreachable", "resting"].contains(&trouble), "{trouble}");
    pair.service.restart().await;
    let other = pair.envoy().await;
    until(PATIENCE, "what was taken meanwhile", async || {
        (other.post(CHAT, TOKEN, call_for("only")).await.status == 429).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_closed_limit_keeps_calls_from_the_account_while_the_service_is_down() {
    let mut pair = Pair::start(requests(100), "closed").await;
    let envoy = pair.envoy().await;
    counted_call(&envoy, &call_for("only")).await.expect_status(200);
    pair.service.end();
    let made = pair.first.count();
    envoy.post(CHAT, TOKEN, CALL).await.expect_status(200);
    assert_eq!(pair.second.count(), 1);
    let answer = envoy.post(CHAT, TOKEN, call_for("only")).await;
    answer.expect_status(503);
    assert_eq!(answer.json()["error"]["code"], "limits_unavailable");
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(pair.first.count(), made);
    pair.service.restart().await;
    until(PATIENCE, "the service", async || {
        (envoy.post(CHAT, TOKEN, call_for("only")).await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_service_that_never_answers_delays_no_call_by_more_than_fifty_milliseconds() {
    let (first, second) = (Simulator::start("first").await, Simulator::start("second").await);
    // Connections wait in its queue, and nobody ever reads them.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = silent.local_addr().expect("its address");
    let both = [
        json!({"requests_per_minute": 90}),
        json!({"requests_per_minute": 90}),
    ];
    let config = config(&first, &second, both, address, "closed");
    let envoy = config.broker().concurrency(1).start().await;
    // The first call of all waits for other things too.
    envoy
        .post(CHAT, TOKEN, call_for("nothing"))
        .await
        .expect_status(404);
    assert_delay_below_fifty_milliseconds(&envoy).await;
    assert_eq!((first.count(), second.count()), (0, 0));
}

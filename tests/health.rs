//! What an account's failures and limits mean for the calls that follow, on every worker.

use std::time::{Duration, Instant};

use provider_simulator::{Answer, Behaviour, Simulator, StatusError};
use serde_json::json;

use crate::harness::{Broker, CHAT, Config, PATIENCE, TOKEN, until};

const CALL: &str = r#"{"model":"fast","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;
const STREAM: &str =
    r#"{"model":"fast","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]}"#;

/// Two accounts whose circuits recover after a second, behind four workers.
async fn pair() -> (Simulator, Simulator, Broker) {
    let (first, second) = (Simulator::start("first").await, Simulator::start("second").await);
    let breaker = json!({"circuit_breaker": {"recovery": "1s"}});
    let members = json!([
        {"provider": "first", "model": "a", "priority": 0},
        {"provider": "second", "model": "b", "priority": 1},
    ]);
    let config = Config::new()
        .provider_with("openai", &first, breaker.clone())
        .provider_with("openai", &second, breaker)
        .pool("pair", json!({"members": members}))
        .model("fast", "pair");
    let broker = config.broker().concurrency(4).start().await;
    (first, second, broker)
}

/// So many calls at once, each on a connection of its own; their statuses.
async fn burst(broker: &Broker, calls: usize) -> Vec<u16> {
    let calls: Vec<_> = (0..calls)
        .map(|_| {
            let call = broker.call(CHAT, TOKEN, CALL).header("connection", "close");
            tokio::spawn(async move { call.send().await.map(|answer| answer.status().as_u16()) })
        })
        .collect();
    let mut statuses = Vec::new();
    for call in calls {
        statuses.push(call.await.expect("a call").expect("an answer"));
    }
    statuses
}

#[tokio::test]
async fn a_limit_is_kept_to_by_all_workers_until_it_is_over() {
    let (first, second, broker) = pair().await;
    first.then(vec![Behaviour::rate_limited(2)]);
    broker.post(CHAT, TOKEN, CALL).await.expect_status(200);
    let told = Instant::now();
    assert_eq!((first.count(), second.count()), (1, 1));
    let mut calls = 1;
    while told.elapsed() < Duration::from_millis(1_700) {
        assert!(burst(&broker, 8).await.iter().all(|status| *status == 200));
        calls += 8;
        assert_eq!(first.count(), 1, "after {:?}", told.elapsed());
    }
    assert_eq!(second.count(), calls);
    let record = broker.wait_for_records(calls).await.pop().expect("a record");
    let excluded = &record.value("llm.excluded")[0];
    assert_eq!(
        (&excluded["provider"], &excluded["reason"], &excluded["cause"]),
        (&json!("first"), &json!("cooling_down"), &json!("throttled"))
    );
    assert!(excluded["for_ms"].as_u64().is_some_and(|left| left <= 2_000));

    until(PATIENCE, "the first account's return", async || {
        broker.post(CHAT, TOKEN, CALL).await.expect_status(200);
        (first.count() > 1).then_some(())
    })
    .await;
    assert!(
        told.elapsed() > Duration::from_millis(1_900),
        "{:?}",
        told.elapsed()
    );
    let labels = [("provider", "first"), ("model", "a"), ("cause", "throttled")];
    until(PATIENCE, "the cool-down among the metrics", async || {
        (broker.metric("model_broker_cooldowns", &labels).await > 0.5).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_outage_loses_no_call_and_is_noticed_to_be_over() {
    let (first, second, broker) = pair().await;
    assert!(burst(&broker, 20).await.iter().all(|status| *status == 200));
    assert_eq!(first.count(), 20);
    // A hundred are in flight when all of them fail.
    first.behave(Behaviour::from(StatusError {
        status: 503,
        first_byte_ms: 700,
        ..StatusError::default()
    }));
    first.clear();
    assert!(burst(&broker, 100).await.iter().all(|status| *status == 200));
    assert_eq!((first.count(), second.count()), (100, 100));
    let labels = [("provider", "first"), ("model", "a")];
    until(PATIENCE, "the opening among the metrics", async || {
        (broker.metric("model_broker_circuit_openings", &labels).await > 0.5).then_some(())
    })
    .await;
    first.behave(Behaviour::reset());
    // From now on one call a second probes.
    first.clear();
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(2_500) {
        assert!(burst(&broker, 10).await.iter().all(|status| *status == 200));
    }
    assert!((1..=4).contains(&first.count()), "{} probes", first.count());

    first.behave(Behaviour::default());
    let back = Instant::now();
    until(PATIENCE, "the first account's return", async || {
        let answer = broker.post(CHAT, TOKEN, CALL).await;
        (answer.expect_status(200).said() == "Hello from first: a.").then_some(())
    })
    .await;
    assert!(
        back.elapsed() < Duration::from_millis(1_600),
        "{:?}",
        back.elapsed()
    );
}

#[tokio::test]
async fn an_account_that_fails_often_is_asked_after_the_others_and_then_not_at_all() {
    let (first, second, broker) = pair().await;
    first.behave(Behaviour::status(500));
    for _ in 0..12 {
        broker.post(CHAT, TOKEN, CALL).await.expect_status(200);
    }
    // Three failures in a row are half of what opens a circuit, and the other account serves.
    assert_eq!((first.count(), second.count()), (3, 12));
}

#[tokio::test]
async fn if_all_accounts_are_out_those_that_only_failed_are_asked() {
    let (first, second, broker) = pair().await;
    first.behave(Behaviour::status(503));
    second.behave(Behaviour::status(503));
    for _ in 0..12 {
        broker.post(CHAT, TOKEN, CALL).await.expect_status(503);
    }
    assert!(
        first.count() >= 12 && second.count() >= 12,
        "{} {}",
        first.count(),
        second.count()
    );
    first.behave(Behaviour::default());
    second.behave(Behaviour::default());
    broker.post(CHAT, TOKEN, CALL).await.expect_status(200);
}

#[tokio::test]
async fn a_limit_of_the_only_account_is_told_honestly() {
    let account = Simulator::start("account").await;
    let config = Config::new()
        .provider("openai", &account)
        .single("fast", &account, "m");
    let broker = config.broker().concurrency(4).start().await;
    account.then(vec![Behaviour::rate_limited(3)]);
    let answer = broker.post(CHAT, TOKEN, CALL).await;
    assert_eq!(
        (answer.expect_status(429).header("retry-after"), account.count()),
        (Some("3"), 1)
    );
    for _ in 0..20 {
        let answer = broker.post(CHAT, TOKEN, CALL).await;
        let error = &answer.expect_status(429).json()["error"];
        assert_eq!(
            (&error["code"], &error["type"]),
            (&json!("upstream_at_limit"), &json!("rate_limit_error"))
        );
        let wait: u64 = answer
            .header("retry-after")
            .and_then(|wait| wait.parse().ok())
            .expect("a time to wait");
        assert!((1..=3).contains(&wait), "{wait}");
    }
    assert_eq!(account.count(), 1);
    let answer = broker.post(CHAT, TOKEN, CALL).await;
    let wait = answer
        .header("retry-after-ms")
        .and_then(|wait| wait.parse().ok())
        .expect("milliseconds to wait");
    // What the agent is told is enough.
    tokio::time::sleep(Duration::from_millis(wait)).await;
    broker.post(CHAT, TOKEN, CALL).await.expect_status(200);
}

#[tokio::test]
async fn an_account_that_refuses_our_key_is_left_alone() {
    let (first, second, broker) = pair().await;
    first.require("authorization", "Bearer another");
    for _ in 0..5 {
        broker.post(CHAT, TOKEN, CALL).await.expect_status(200);
    }
    assert_eq!((first.count(), second.count()), (1, 5));
}

#[tokio::test]
async fn agents_that_hang_up_say_nothing_of_an_account() {
    let (first, second, broker) = pair().await;
    first.behave(Behaviour::Hang);
    for n in 1..=12 {
        let call = broker
            .call(CHAT, TOKEN, CALL)
            .header("connection", "close")
            .timeout(Duration::from_millis(80));
        assert!(call.send().await.is_err());
        broker.wait_for_records(n).await;
    }
    assert_eq!((first.count(), second.count()), (12, 0));
    first.behave(Behaviour::default());
    let answer = broker.post(CHAT, TOKEN, CALL).await;
    assert_eq!(answer.expect_status(200).said(), "Hello from first: a.");
}

#[tokio::test]
async fn agents_that_leave_a_stream_say_nothing_of_an_account() {
    let (first, second, broker) = pair().await;
    first.behave(Behaviour::silent_after(3));
    for n in 1..=12 {
        let call = broker.call(CHAT, TOKEN, STREAM).header("connection", "close");
        let mut answer = call.send().await.expect("an answer");
        assert!(answer.chunk().await.expect("a chunk").is_some());
        drop(answer);
        broker.wait_for_records(n).await;
    }
    assert_eq!((first.count(), second.count()), (12, 0));
}

#[tokio::test]
async fn streams_that_break_off_count_against_an_account() {
    let (first, second) = (Simulator::start("first").await, Simulator::start("second").await);
    let broker = Broker::start(&Config::failover("openai", &first, &second)).await;
    first.behave(Behaviour::broken_after(3));
    let mut n = 0;
    until(PATIENCE, "another account", async || {
        n += 1;
        let answer = broker.call(CHAT, TOKEN, STREAM).send().await.expect("an answer");
        drop(answer.bytes().await);
        broker.wait_for_records(n).await;
        (second.count() > 0).then_some(())
    })
    .await;
    assert!(first.count() <= 6, "{}", first.count());
}

#[tokio::test]
async fn a_reload_forgets_no_cooldown() {
    let (first, second) = (Simulator::start("first").await, Simulator::start("second").await);
    let config = Config::failover("openai", &first, &second);
    let broker = Broker::start(&config).await;
    first.behave(Behaviour::rate_limited(60));
    broker.post(CHAT, TOKEN, CALL).await.expect_status(200);
    let changed = config.model("other", "pair");
    broker.rewrite_config(&changed.yaml());
    until(PATIENCE, "the new configuration", async || {
        let answer = broker.post(CHAT, TOKEN, CALL.replace("fast", "other")).await;
        (answer.status == 200).then_some(())
    })
    .await;
    assert_eq!(first.count(), 1);
}

/// An answer that takes its time to be none.
fn slowly(content_type: &str) -> Behaviour {
    Behaviour::from(Answer {
        content_type: Some(content_type.to_owned()),
        first_byte_ms: 600,
        ..Answer::default()
    })
}

#[tokio::test]
async fn nobody_is_asked_who_went_out_while_the_first_attempt_was_under_way() {
    let failure = Behaviour::from(StatusError {
        first_byte_ms: 600,
        ..StatusError::default()
    });
    for (failure, status, code) in [
        (failure, 500, "server_error"),
        (slowly("text/html"), 502, "upstream_answer_flawed"),
        (Behaviour::Hang, 504, "upstream_timeout"),
    ] {
        let (first, second) = (Simulator::start("first").await, Simulator::start("second").await);
        let members = json!([
            {"provider": "first", "model": "a", "priority": 0},
            {"provider": "second", "model": "b", "priority": 1},
        ]);
        let config = Config::new()
            .provider_with("openai", &first, json!({"timeout": {"first_byte": "2s"}}))
            .provider("openai", &second)
            .pool("pair", json!({"members": members}))
            .model("fast", "pair")
            .single("other", &second, "b");
        let broker = Broker::start(&config).await;
        first.behave(failure);
        second.behave(Behaviour::rate_limited(60));
        let call = broker.call(CHAT, TOKEN, CALL);
        let limit = async {
            until(PATIENCE, "the first attempt", async || {
                (first.count() == 1).then_some(())
            })
            .await;
            let other = CALL.replace("fast", "other");
            broker.post(CHAT, TOKEN, other).await.expect_status(429);
        };
        let (answer, ()) = tokio::join!(crate::harness::Answer::of(call), limit);
        answer.expect_status(status);
        let error = &answer.json()["error"];
        assert!(error["code"] == code || error["type"] == code, "{error}");
        assert_eq!(answer.header("x-envoy-ratelimited"), None);
        assert_eq!((first.count(), second.count()), (1, 1), "{code}");
        let records = broker.wait_for_records(2).await;
        let record = records.iter().find(|record| record.text("llm.pool") == "pair");
        let record = record.expect("the record of the call");
        assert_eq!(record.attempts().len(), 1);
        assert_eq!(record.value("llm.excluded")[0]["reason"], "cooling_down");
        assert!(!broker.output().contains("outside its plan"));
    }
}

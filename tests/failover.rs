//! When a provider fails, another one answers within the same call, and the agent does not notice.

use std::time::{Duration, Instant};

use provider_simulator::{Behaviour, Cut, Raw, Simulator};
use serde_json::json;

use crate::harness::{Broker, CHAT, Config, MESSAGES, Record, TOKEN, timed_reads};

const CALL: &str = r#"{"model":"fast","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;
const STREAM: &str =
    r#"{"model":"fast","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]}"#;

async fn pair(kind: &str) -> (Simulator, Simulator, Broker) {
    let (first, second) = (Simulator::start("first").await, Simulator::start("second").await);
    let broker = Broker::start(&Config::failover(kind, &first, &second)).await;
    (first, second, broker)
}

fn way(provider: &str, status: &str) -> (String, String) {
    (provider.to_owned(), status.to_owned())
}

async fn last_record(broker: &Broker, n: usize) -> Record {
    broker.wait_for_records(n).await.pop().expect("a record")
}

/// One pair of accounts for each way to fail, so that no failure tells the broker anything about the next pair.
async fn every_failure_moves_on(kind: &str, path: &str, body: &str) {
    let failures = [
        ("429", Behaviour::rate_limited(1)),
        ("500", Behaviour::status(500)),
        ("502", Behaviour::HtmlError { status: 502 }),
        ("503", Behaviour::status(503)),
        ("529", Behaviour::status(529)),
        ("reset", Behaviour::Reset { how: Cut::Reset }),
        ("reset", Behaviour::Reset { how: Cut::Close }),
    ];
    let mut config = Config::new();
    let mut pairs = Vec::new();
    for (index, (status, behaviour)) in failures.into_iter().enumerate() {
        let first = Simulator::start(&format!("first-{index}")).await;
        let second = Simulator::start(&format!("second-{index}")).await;
        first.behave(behaviour);
        let members = json!([
            {"provider": first.name(), "model": "m-first", "priority": 0},
            {"provider": second.name(), "model": "m-second", "priority": 1},
        ]);
        let model = format!("fast-{index}");
        config = config.provider(kind, &first).provider(kind, &second);
        config = config
            .pool(&model, json!({"members": members}))
            .model(&model, &model);
        pairs.push((status, model, first, second));
    }
    let broker = Broker::start(&config).await;
    for (index, (status, model, first, second)) in pairs.iter().enumerate() {
        let answer = broker.post(path, TOKEN, body.replace("fast", model)).await;
        answer.expect_status(200);
        assert_eq!(
            answer.said(),
            format!("Hello from {}: m-second.", second.name()),
            "after {status}"
        );
        assert_eq!((first.count(), second.count()), (1, 1), "after {status}");

        let record = last_record(&broker, index + 1).await;
        assert_eq!(
            record.ways(),
            [way(first.name(), status), way(second.name(), "200")]
        );
        let attempts = record.attempts();
        assert_eq!(
            (attempts[0].model.as_str(), attempts[1].model.as_str()),
            ("m-first", "m-second")
        );
        assert!(attempts.iter().all(|attempt| attempt.ms >= 0.0));
        assert_eq!(record.text("llm.provider"), second.name());
        assert_eq!(record.count("llm.status"), 200);
    }
}

#[tokio::test]
async fn every_failure_of_openai_moves_on() {
    every_failure_moves_on("openai", CHAT, CALL).await;
}

#[tokio::test]
async fn every_failure_of_an_openai_stream_moves_on() {
    every_failure_moves_on("openai", CHAT, STREAM).await;
}

#[tokio::test]
async fn every_failure_of_anthropic_moves_on() {
    every_failure_moves_on("anthropic", MESSAGES, CALL).await;
}

#[tokio::test]
async fn every_failure_of_an_anthropic_stream_moves_on() {
    every_failure_moves_on("anthropic", MESSAGES, STREAM).await;
}

#[tokio::test]
async fn an_account_that_cannot_be_reached_is_left_for_the_next() {
    let (first, second, broker) = pair("openai").await;
    first.stop().await;
    let answer = broker.post(CHAT, TOKEN, CALL).await;
    answer.expect_status(200);
    assert_eq!(answer.said(), "Hello from second: openai-second.");
    assert_eq!(second.count(), 1);
    assert_eq!(
        last_record(&broker, 1).await.ways(),
        [way("first", "connect_failure"), way("second", "200")]
    );
}

#[tokio::test]
async fn an_account_that_says_nothing_is_left_in_time() {
    let (first, second) = (Simulator::start("first").await, Simulator::start("second").await);
    let members = json!([
        {"provider": "first", "model": "a", "priority": 0},
        {"provider": "second", "model": "b", "priority": 1},
    ]);
    let config = Config::new()
        .provider_with("openai", &first, json!({"timeout": {"first_byte": "500ms"}}))
        .provider("openai", &second)
        .pool("pair", json!({"members": members}))
        .model("fast", "pair");
    let broker = Broker::start(&config).await;
    first.behave(Behaviour::Hang);
    let started = Instant::now();
    let answer = broker.post(CHAT, TOKEN, CALL).await;
    let took = started.elapsed();
    answer.expect_status(200);
    assert_eq!(answer.said(), "Hello from second: b.");
    assert!(
        took >= Duration::from_millis(450) && took < Duration::from_secs(4),
        "{took:?}"
    );
    let record = last_record(&broker, 1).await;
    assert_eq!(record.ways(), [way("first", "timeout"), way("second", "200")]);
    assert!(record.attempts()[0].ms >= 450.0, "{:?}", record.attempts());
}

#[tokio::test]
async fn a_stream_that_has_begun_is_not_begun_again() {
    let (first, second, broker) = pair("openai").await;
    first.behave(Behaviour::broken_after(3));
    let (reads, _) = timed_reads(broker.call(CHAT, TOKEN, STREAM).send().await.unwrap()).await;
    let seen = String::from_utf8(reads.into_iter().flat_map(|read| read.bytes).collect()).unwrap();
    assert!(seen.contains("Hello "), "{seen}");
    assert!(
        !seen.contains("from second") && !seen.contains("[DONE]"),
        "{seen}"
    );
    assert_eq!(second.count(), 0);
    assert_eq!(last_record(&broker, 1).await.attempts().len(), 1);
}

#[tokio::test]
async fn a_refusal_of_the_call_itself_is_not_tried_elsewhere() {
    for (kind, path) in [("openai", CHAT), ("anthropic", MESSAGES)] {
        let (first, second, broker) = pair(kind).await;
        first.behave(Behaviour::status(400));
        let answer = broker.post(path, TOKEN, CALL).await;
        answer.expect_status(400);
        assert_eq!(answer.json()["error"]["type"], "invalid_request_error");
        assert_eq!((first.count(), second.count()), (1, 0));
    }
}

#[tokio::test]
async fn failover_bounds_the_attempts() {
    let accounts = [
        Simulator::start("a").await,
        Simulator::start("b").await,
        Simulator::start("c").await,
    ];
    let mut config = Config::new();
    let mut members = Vec::new();
    for (priority, account) in accounts.iter().enumerate() {
        account.behave(Behaviour::status(503));
        config = config.provider("openai", account);
        members.push(json!({"provider": account.name(), "model": "m", "priority": priority}));
    }
    let config = config
        .pool("one", json!({"failover": 1, "members": members}))
        .pool("up-to-two", json!({"failover": "up to 2", "members": members}))
        .pool("none", json!({"failover": 0, "members": members}))
        .model("one", "one")
        .model("two", "up-to-two")
        .model("none", "none");
    for (model, attempts) in [("one", 2), ("two", 3), ("none", 1)] {
        let broker = Broker::start(&config).await;
        accounts.iter().for_each(Simulator::clear);
        broker
            .post(CHAT, TOKEN, CALL.replace("fast", model))
            .await
            .expect_status(503);
        let counts: Vec<usize> = accounts.iter().map(Simulator::count).collect();
        assert_eq!(counts.iter().sum::<usize>(), attempts, "{model}: {counts:?}");
        assert_eq!(last_record(&broker, 1).await.attempts().len(), attempts);
    }
}

#[tokio::test]
async fn when_all_fail_the_agent_gets_the_last_error_in_its_dialect() {
    let (first, second, broker) = pair("openai").await;
    first.behave(Behaviour::status(500));
    second.behave(Behaviour::rate_limited(3));
    let answer = broker.post(CHAT, TOKEN, CALL).await;
    answer.expect_status(429);
    let error = &answer.json()["error"];
    assert_eq!(
        (&error["type"], &error["code"]),
        (&json!("rate_limit_error"), &json!("rate_limit_exceeded"))
    );
    assert_eq!(answer.header("retry-after"), Some("3"));

    let (first, second, broker) = pair("anthropic").await;
    first.behave(Behaviour::status(500));
    second.behave(Behaviour::status(529));
    let answer = broker.post(MESSAGES, TOKEN, CALL).await;
    answer.expect_status(529);
    let error = answer.json();
    assert_eq!(
        (&error["type"], &error["error"]["type"]),
        (&json!("error"), &json!("overloaded_error"))
    );
    assert!(error["error"]["message"].is_string());
}

#[tokio::test]
async fn a_page_of_html_becomes_an_error_of_the_dialect() {
    let (first, second, broker) = pair("openai").await;
    first.behave(Behaviour::HtmlError { status: 502 });
    second.behave(Behaviour::HtmlError { status: 502 });
    let answer = broker.post(CHAT, TOKEN, CALL).await;
    assert!(answer.status >= 500, "{}", answer.status);
    assert!(answer.json()["error"]["message"].is_string(), "{}", answer.text());
}

#[tokio::test]
async fn the_second_attempt_is_made_from_the_original() {
    let (first, second, broker) = pair("openai").await;
    first.behave(Behaviour::status(503));
    let long = "日本 \\u00e9 \\\" ".repeat(20_000);
    let body = format!(
        r#"{{ "messages":[{{"role":"user","content":"{long}"}}],"n":12345678901234567890, "model" : "fast"}}"#
    );
    assert!(body.len() > 300_000);
    broker.post(CHAT, TOKEN, body.as_str()).await.expect_status(200);
    let upstream = |model: &str| body.replacen(r#""model" : "fast""#, &format!(r#""model" : "{model}""#), 1);
    // Not `assert_eq`: it would print both.
    assert!(first.received()[0].text() == upstream("openai-first"));
    assert!(second.received()[0].text() == upstream("openai-second"));
}

#[tokio::test]
async fn weights_share_the_calls() {
    let (heavy, light) = (Simulator::start("heavy").await, Simulator::start("light").await);
    let members = json!([
        {"provider": "heavy", "model": "m", "weight": 75},
        {"provider": "light", "model": "m", "weight": 25},
    ]);
    let config = Config::new()
        .provider("openai", &heavy)
        .provider("openai", &light)
        .pool(
            "shared",
            json!({"routing": "priority-weighted", "members": members}),
        )
        .model("fast", "shared");
    let broker = Broker::start(&config).await;
    for _ in 0..300 {
        broker.post(CHAT, TOKEN, CALL).await.expect_status(200);
    }
    assert_eq!(heavy.count() + light.count(), 300);
    // 75 are expected at `light`, with a standard deviation of 7.5: five of them is less than one failure in a million.
    assert!((38..=112).contains(&light.count()), "{} of 300", light.count());
}

/// What begins as an answer and turns out to be none, before the agent was told anything.
fn flaws(kind: &str) -> Vec<(&'static str, bool, Behaviour)> {
    let raw = |content_type: &str, body: &str| {
        Behaviour::Raw(Raw {
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            chunks: vec![body.to_owned()],
            ..Raw::default()
        })
    };
    let preamble = if kind == "openai" { 1 } else { 2 };
    let events = "text/event-stream";
    vec![
        ("error_in_answer", true, Behaviour::error_event(0)),
        ("error_in_answer", true, Behaviour::error_event(preamble)),
        ("empty_answer", true, Behaviour::EmptyStream),
        ("empty_answer", true, raw(events, ": keep-alive\n\n")),
        ("unreadable_answer", true, raw(events, "data: {\"ch")),
        ("wrong_content_type", true, raw("text/html", "<html></html>")),
        ("wrong_content_type", false, raw("text/html", "<html></html>")),
        (
            "unreadable_answer",
            false,
            raw("application/json", "{\"choices\": ["),
        ),
        (
            "unreadable_answer",
            false,
            raw("application/json", "<html></html>"),
        ),
        (
            "error_in_answer",
            false,
            raw("application/json", r#"{"type":"error","error":{"message":"no"}}"#),
        ),
        ("empty_answer", false, raw("application/json", "")),
        ("reset", true, Behaviour::broken_after(preamble)),
    ]
}

async fn every_flaw_moves_on(kind: &str, path: &str) {
    for (status, is_stream, behaviour) in flaws(kind) {
        let (first, second, broker) = pair(kind).await;
        first.behave(behaviour.clone());
        let body = if is_stream { STREAM } else { CALL };
        let answer = broker.post(path, TOKEN, body).await;
        answer.expect_status(200);
        assert_eq!(
            answer.said(),
            format!("Hello from second: {kind}-second."),
            "{behaviour:?}"
        );
        let record = last_record(&broker, 1).await;
        assert_eq!(
            record.ways(),
            [way("first", status), way("second", "200")],
            "{behaviour:?}"
        );
        assert_eq!((record.text("llm.outcome"), second.count()), ("ok", 1));
    }
}

#[tokio::test]
async fn an_answer_of_openai_that_turns_out_to_be_none_moves_on() {
    every_flaw_moves_on("openai", CHAT).await;
}

#[tokio::test]
async fn an_answer_of_anthropic_that_turns_out_to_be_none_moves_on() {
    every_flaw_moves_on("anthropic", MESSAGES).await;
}

#[tokio::test]
async fn a_flawed_answer_of_the_last_account_is_told_in_the_callers_dialect() {
    for (kind, path) in [("openai", CHAT), ("anthropic", MESSAGES)] {
        for (_, is_stream, behaviour) in flaws(kind) {
            let (first, second, broker) = pair(kind).await;
            first.behave(behaviour.clone());
            second.behave(behaviour.clone());
            let body = if is_stream { STREAM } else { CALL };
            let answer = broker.post(path, TOKEN, body).await;
            let is_reset = matches!(&behaviour, Behaviour::Answer(answer) if answer.text.is_none())
                && format!("{behaviour:?}").contains("Broken");
            answer.expect_status(if is_reset { 503 } else { 502 });
            assert!(answer.json()["error"]["message"].is_string(), "{behaviour:?}");
            let record = last_record(&broker, 1).await;
            assert_eq!(record.text("llm.outcome"), "unavailable");
            assert_eq!(record.attempts().len(), 2);
        }
    }
}

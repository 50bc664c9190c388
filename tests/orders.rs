//! The order in which a pool asks its members, as calls teach it, on several workers.

use provider_simulator::{Answer, Behaviour, Simulator, StatusError};
use serde_json::{Value, json};

use crate::harness::{Broker, CHAT, Config, PATIENCE, TOKEN, until};

/// A pool of two accounts, `first` and `second`, with the same model; `pool` has its further keys.
async fn pair(pool: Value) -> (Simulator, Simulator, Broker) {
    pair_with(pool, json!({"a": {"input": 1, "output": 1}})).await
}

async fn pair_with(pool: Value, prices: Value) -> (Simulator, Simulator, Broker) {
    let (first, second) = (Simulator::start("first").await, Simulator::start("second").await);
    let mut pool = pool;
    let members = json!([{"provider": "first", "model": "a"}, {"provider": "second", "model": "b"}]);
    pool["members"] = members;
    let config = Config::new()
        .provider("openai", &first)
        .provider("openai", &second)
        .pool("pair", pool)
        .model("fast", "pair")
        .set("prices", prices);
    let broker = config.broker().concurrency(2).start().await;
    (first, second, broker)
}

fn call(text: &str, output: u64) -> String {
    json!({"model": "fast", "max_tokens": output, "messages": [{"role": "user", "content": text}]})
        .to_string()
}

/// Calls one after the other, each on a connection of its own, so that all workers take some.
async fn calls(broker: &Broker, body: &str, number: usize) {
    for _ in 0..number {
        let call = broker.call(CHAT, TOKEN, body).header("connection", "close");
        assert_eq!(call.send().await.expect("an answer").status(), 200);
    }
}

#[tokio::test]
async fn the_cheapest_is_asked_for_what_the_call_is_expected_to_cost_there() {
    let prices = json!({"a": {"input": 1, "output": 10}, "b": {"input": 3, "output": 3}});
    let (first, second, broker) = pair_with(json!({"routing": "lowest-cost"}), prices).await;
    let long = "word ".repeat(2_000);
    calls(&broker, &call(&long, 5), 8).await;
    assert_eq!((first.count(), second.count()), (8, 0));
    calls(&broker, &call("Hi", 400), 8).await;
    assert_eq!((first.count(), second.count()), (8, 8));
    // The dearer one stands in.
    first.behave(Behaviour::status(500));
    calls(&broker, &call(&long, 5), 1).await;
    assert_eq!((first.count(), second.count()), (9, 9));
}

#[tokio::test]
async fn the_quickest_is_asked_and_one_that_slows_down_is_left_for_the_other() {
    let (first, second, broker) = pair(json!({"routing": "lowest-latency"})).await;
    let slow = |millis| Answer {
        first_byte_ms: millis,
        ..Answer::default()
    };
    first.behave(slow(1));
    second.behave(slow(150));
    // Whoever was never measured gets a fifth of the calls until it was.
    for _ in 0..200 {
        if first.count() > 0 && second.count() > 0 {
            break;
        }
        calls(&broker, &call("Hi", 400), 1).await;
    }
    // Once all workers know, every call goes to the quicker one.
    let mut in_a_row = 0;
    let before = until(PATIENCE, "twenty calls in a row at the quicker one", async || {
        let others = second.count();
        calls(&broker, &call("Hi", 400), 1).await;
        in_a_row = if second.count() == others { in_a_row + 1 } else { 0 };
        (in_a_row == 20).then_some((first.count(), others))
    })
    .await;
    // It slows down, until the other one is expected to be quicker.
    first.behave(slow(600));
    for _ in 0..60 {
        calls(&broker, &call("Hi", 400), 1).await;
        if second.count() > before.1 + 5 {
            return;
        }
    }
    panic!("{} {}", first.count(), second.count());
}

#[tokio::test]
async fn a_conversation_stays_on_the_account_with_its_cache_and_its_move_is_recorded() {
    let (first, second, broker) = pair(json!({"affinity": "prompt-prefix"})).await;
    let story = "Once upon a time there was a long prompt. ".repeat(200);
    let conversation = |name: usize, turns: usize| {
        let mut messages = vec![
            json!({"role": "system", "content": story}),
            json!({"role": "user", "content": format!("I am number {name}.")}),
        ];
        for _ in 1..turns {
            messages.push(json!({"role": "assistant", "content": "Well."}));
            messages.push(json!({"role": "user", "content": "And?"}));
        }
        json!({"model": "fast", "messages": messages}).to_string()
    };
    for turn in 1..=4 {
        for name in 0..12 {
            calls(&broker, &conversation(name, turn), 1).await;
        }
    }
    let records = broker.wait_for_records(48).await;
    let homes = |turn: usize| -> Vec<&str> {
        let turn = records.iter().skip(turn * 12).take(12);
        turn.map(|record| record.text("llm.provider")).collect()
    };
    assert!((1..4).all(|turn| homes(turn) == homes(0)));
    assert!(homes(0).contains(&"first") && homes(0).contains(&"second"));
    assert!(
        records[..12]
            .iter()
            .all(|record| record.text("llm.affinity") == "new")
    );
    assert!(
        records[12..]
            .iter()
            .all(|record| record.text("llm.affinity") == "kept")
    );

    // One account goes out; its conversations move, and are told what that costs.
    first.behave(Behaviour::status(500));
    for name in 0..12 {
        calls(&broker, &conversation(name, 5), 1).await;
    }
    let records = broker.wait_for_records(60).await;
    let mut moved = 0;
    for (name, record) in records[48..].iter().enumerate() {
        assert_eq!(record.text("llm.provider"), "second");
        if records[name].text("llm.provider") == "first" {
            moved += 1;
            assert_eq!(record.text("llm.affinity"), "moved");
            assert_eq!(record.text("llm.affinity.from"), "first");
            assert!(record.count("llm.affinity.lost_tokens") > 1_500);
        }
    }
    // It is back, but they are warm elsewhere now.
    first.behave(Answer::default());
    let (before, second_before) = (first.count(), second.count());
    for name in 0..12 {
        calls(&broker, &conversation(name, 6), 1).await;
    }
    assert_eq!((first.count(), second.count()), (before, second_before + 12));
    let labels = [("pool", "pair"), ("outcome", "moved")];
    until(PATIENCE, "the moves to be counted", async || {
        let counted = broker.metric("model_broker_conversations", &labels).await;
        ((counted - f64::from(moved)).abs() < 0.5).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_outage_is_not_answered_with_a_multiple_of_the_load() {
    let budget = json!({"ratio": "10%", "per_second": 0});
    let (first, second, broker) = pair(json!({"retry_budget": budget})).await;
    for account in [&first, &second] {
        account.behave(Behaviour::status(500));
    }
    for _ in 0..100 {
        let answer = broker.post(CHAT, TOKEN, call("Hi", 5)).await;
        assert!(matches!(answer.status, 500 | 503), "{answer:?}");
    }
    let attempts = first.count() + second.count();
    // A hundred first ones, ten that were saved up, and a tenth of the calls.
    assert!((100..=120).contains(&attempts), "{attempts}");
    let record = broker.wait_for_records(100).await.pop().expect("a record");
    let excluded = record.value("llm.excluded");
    assert!(excluded.to_string().contains("retry_budget"), "{excluded}");
    until(
        PATIENCE,
        "the retries that were forgone to be counted",
        async || {
            let labels = [("pool", "pair")];
            let forgone = broker.metric("model_broker_retries_forgone", &labels).await;
            (forgone > 70.0).then_some(())
        },
    )
    .await;
}

#[tokio::test]
async fn what_no_retry_can_cure_is_not_retried() {
    let (first, second, broker) = pair(json!({})).await;
    for (status, code) in [
        (400, None),
        (404, None),
        (413, None),
        (422, None),
        (400, Some("context_length_exceeded")),
    ] {
        let refusal = StatusError {
            status,
            code: code.map(str::to_owned),
            ..StatusError::default()
        };
        for account in [&first, &second] {
            account.behave(Behaviour::Status(refusal.clone()));
        }
        let before = first.count() + second.count();
        let answer = broker.post(CHAT, TOKEN, call("Hi", 5)).await;
        answer.expect_status(status);
        assert_eq!(first.count() + second.count(), before + 1, "{status}");
    }
}

#[tokio::test]
async fn fifty_calls_teach_how_a_model_counts_on_every_worker() {
    let (first, second, broker) = pair(json!({})).await;
    for (account, input_percent) in [(&first, 170), (&second, 60)] {
        account.behave(Answer {
            input_percent,
            ..Answer::default()
        });
    }
    let texts = |n: usize| {
        call(
            &"Some prose with words of several lengths, as people write it. ".repeat(3 + n % 9),
            5,
        )
    };
    for n in 0..150 {
        calls(&broker, &texts(n), 1).await;
    }
    let records = broker.wait_for_records(150).await;
    for account in ["first", "second"] {
        let of_account = records
            .iter()
            .filter(|record| record.text("llm.provider") == account);
        let mut errors: Vec<f64> = of_account
            .skip(50)
            .map(|record| {
                (record.number("llm.tokens.estimated") / record.number("llm.tokens.input") - 1.0).abs()
            })
            .collect();
        errors.sort_by(f64::total_cmp);
        assert!(errors[errors.len() / 2] < 0.08, "{account} {errors:?}");
    }
}

#[tokio::test]
async fn a_pause_that_only_the_body_of_a_refusal_asks_for_is_kept_to() {
    let (first, second, broker) = pair(json!({})).await;
    let refusal = provider_simulator::Raw {
        status: 429,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        chunks: vec![
            r#"{"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED","#.to_owned(),
            r#""details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"30s"}]}}"#
                .to_owned(),
        ],
        ..provider_simulator::Raw::default()
    };
    first.behave(Behaviour::Raw(refusal));
    calls(&broker, &call("Hi", 5), 20).await;
    assert_eq!((first.count(), second.count()), (1, 20));
    let records = broker.wait_for_records(20).await;
    let excluded = records.last().expect("a record").value("llm.excluded").clone();
    assert_eq!(excluded[0]["cause"], "throttled");
    assert!(
        (20_000..=30_000).contains(&excluded[0]["for_ms"].as_u64().expect("a time")),
        "{excluded}"
    );
}

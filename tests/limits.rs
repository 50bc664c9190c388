//! An account's own limits: calls go elsewhere before the provider has to refuse them.

use provider_simulator::{Answer, Behaviour, Simulator};
use serde_json::{Value, json};

use crate::harness::{Broker, CHAT, Config, TOKEN};

const CALL: &str = r#"{"model":"fast","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;

/// A first account with these limits and a second one without, behind four workers.
async fn pair(limits: Value) -> (Simulator, Simulator, Broker) {
    let (first, second) = (Simulator::start("first").await, Simulator::start("second").await);
    let members = json!([
        {"provider": "first", "model": "a", "priority": 0},
        {"provider": "second", "model": "b", "priority": 1},
    ]);
    let config = Config::new()
        .provider_with("openai", &first, json!({"limits": limits}))
        .provider("openai", &second)
        .pool("pair", json!({"members": members}))
        .model("fast", "pair")
        .single("only", &first, "a");
    let broker = config.broker().concurrency(4).start().await;
    (first, second, broker)
}

#[tokio::test]
async fn requests_beyond_the_limit_go_elsewhere_whichever_worker_takes_them() {
    let (first, second, broker) = pair(json!({"requests_per_minute": 7})).await;
    let calls: Vec<_> = (0..40)
        .map(|_| {
            let call = broker.call(CHAT, TOKEN, CALL).header("connection", "close");
            tokio::spawn(async move { call.send().await.map(|answer| answer.status().as_u16()) })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.expect("a call").expect("an answer"), 200);
    }
    assert_eq!((first.count(), second.count()), (7, 33));
    let records = broker.wait_for_records(40).await;
    let excluded = records.iter().filter(|record| record.has("llm.excluded"));
    let reasons: Vec<_> = excluded
        .map(|record| record.value("llm.excluded")[0]["reason"].clone())
        .collect();
    assert_eq!(reasons, vec![json!("limited"); 33]);
    assert!(records.iter().all(|record| record.attempts().len() == 1));

    // Where nobody else can be asked, the agent is told for how long.
    let answer = broker.post(CHAT, TOKEN, CALL.replace("fast", "only")).await;
    assert_eq!(
        answer.expect_status(429).json()["error"]["code"],
        "upstream_at_limit"
    );
    let wait: u64 = answer
        .header("retry-after")
        .and_then(|wait| wait.parse().ok())
        .expect("a time to wait");
    assert!((30..=62).contains(&wait), "{wait}");
    assert_eq!(first.count(), 7);
}

#[tokio::test]
async fn tokens_count_as_the_provider_counts_them() {
    let (first, second, broker) = pair(json!({"tokens_per_minute": 1_200})).await;
    for n in 1..=10 {
        broker.post(CHAT, TOKEN, CALL).await.expect_status(200);
        broker.wait_for_records(n).await;
    }
    assert_eq!((first.count(), second.count()), (10, 0));
}

#[tokio::test]
async fn tokens_that_nobody_counted_stay_as_they_were_estimated() {
    let (first, second, broker) = pair(json!({"tokens_per_minute": 1_200})).await;
    first.behave(Behaviour::from(Answer {
        usage: false,
        ..Answer::default()
    }));
    // Of an answer without a bound 500 tokens are expected.
    let call = CALL.replace(r#""max_tokens":9,"#, "");
    for n in 1..=5 {
        broker.post(CHAT, TOKEN, call.as_str()).await.expect_status(200);
        broker.wait_for_records(n).await;
    }
    assert_eq!((first.count(), second.count()), (2, 3));
}

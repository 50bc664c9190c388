//! How much of an answer is held back, and for how long.

use provider_simulator::{Answer as Told, Simulator};
use serde_json::json;

use super::{Cascade, attempts, body, members};
use crate::harness::{Broker, CHAT, Config, TOKEN};

#[tokio::test]
async fn a_long_stream_that_was_held_back_arrives_whole_and_in_order() {
    for kinds in [["openai", "openai"], ["anthropic", "openai"]] {
        let cascade = Cascade::start(kinds).await;
        let words: Vec<String> = (0..30_000).map(|number| format!("word-{number}")).collect();
        let text = serde_json::to_string(&words).expect("JSON");
        cascade.small.behave(Told {
            text: Some(text.clone()),
            chunks: Some(2_000),
            ..Told::default()
        });
        let (answer, record) = cascade.call(CHAT, "json", true).await;
        assert!(answer.body.len() > 700_000, "{}", answer.body.len());
        assert_eq!(answer.said(), text, "{kinds:?}");
        assert_eq!(answer.events().last().expect("an event").data, "[DONE]");
        assert_eq!(attempts(&record)[0]["accepted"], true);
        assert_eq!(cascade.large.count(), 0);
    }
}

#[tokio::test]
async fn what_is_too_long_to_be_judged_passes_and_the_record_says_so() {
    let cascade = Cascade::start(["openai", "openai"]).await;
    let text = "no JSON ".repeat(200_000);
    for is_stream in [false, true] {
        cascade.small.behave(Told {
            text: Some(text.clone()),
            chunks: Some(500),
            ..Told::default()
        });
        let (answer, record) = cascade.call(CHAT, "json", is_stream).await;
        answer.expect_status(200);
        assert!(answer.said() == text, "stream: {is_stream}");
        assert_eq!(
            attempts(&record)[0]["unjudged"],
            "too_long",
            "stream: {is_stream}"
        );
    }
}

#[tokio::test]
async fn what_is_too_slow_to_be_judged_passes_before_envoy_gives_it_up() {
    let (small, large) = (Simulator::start("small").await, Simulator::start("large").await);
    let config = Config::new()
        .provider_with("openai", &small, json!({"timeout": {"first_byte": "2s"}}))
        .provider_with("openai", &large, json!({"timeout": {"first_byte": "2s"}}))
        .pool("rungs", members(&json!({"json": "always"})))
        .model("rungs", "rungs");
    let broker = Broker::start(&config).await;
    small.behave(Told {
        text: Some("a stream that takes its time".to_owned()),
        chunks: Some(50),
        between_chunks_ms: 60,
        ..Told::default()
    });
    let answer = broker.post(CHAT, TOKEN, body("rungs", true)).await;
    answer.expect_status(200);
    assert_eq!(answer.said(), "a stream that takes its time");
    let record = broker.wait_for_records(1).await.pop().expect("a record");
    assert_eq!(attempts(&record)[0]["unjudged"], "too_slow");
    assert_eq!(large.count(), 0);
}

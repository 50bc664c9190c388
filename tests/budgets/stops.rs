//! Streams that reach the end of a budget which stops them.

use provider_simulator::{Answer as Told, Simulator};
use serde_json::json;

use crate::harness::{Broker, CHAT, Config, MESSAGES, TOKEN, timed_reads};

const STREAM: &str = r#"{"model":"fast","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]}"#;

/// An answer of some five thousand tokens in two hundred chunks.
fn long() -> Told {
    Told {
        text: Some("four letter words make this text, ".repeat(600)),
        chunks: Some(200),
        between_chunks_ms: 2,
        ..Told::default()
    }
}

async fn streamed(broker: &Broker, path: &str, body: &str) -> String {
    let call = broker.call(path, TOKEN, body.to_owned());
    let answer = call.send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let (reads, error) = timed_reads(answer).await;
    assert!(error.is_none(), "{error:?}");
    let texts = reads.iter().map(|read| String::from_utf8_lossy(&read.bytes));
    texts.collect()
}

fn stopping(config: Config) -> Config {
    config.set(
        "budgets",
        json!([{"name": "day", "scope": "agent", "tokens": 1_000, "per": "day", "on_exhausted": "stop"}]),
    )
}

async fn ends_at_the_budget(kind: &str, path: &str, end: &str, reason: &str) {
    let provider = Simulator::start("provider").await;
    let config = Config::new()
        .provider(kind, &provider)
        .single("fast", &provider, "a");
    let broker = stopping(config).broker().start().await;
    provider.behave(long());
    let body = if path == CHAT {
        STREAM.to_owned()
    } else {
        r#"{"model":"fast","stream":true,"max_tokens":900,"messages":[{"role":"user","content":"hi"}]}"#
            .to_owned()
    };
    let text = streamed(&broker, path, &body).await;
    assert!(text.trim_end().ends_with(end), "{text}");
    assert!(text.contains(reason), "{text}");
    // Every event is whole.
    for data in text.lines().filter_map(|line| line.strip_prefix("data: ")) {
        assert!(
            data == "[DONE]" || serde_json::from_str::<serde_json::Value>(data).is_ok(),
            "{data}"
        );
    }
    let record = broker.wait_for_records(1).await.remove(0);
    assert_eq!(record.text("llm.outcome"), "ok");
    assert_eq!(record.text("llm.finish_reason"), "length");
    assert_eq!(record.value("llm.budgets")[0]["stopped"], true);
    assert_eq!(record.value("llm.budgets")[0]["left"], 0);
    broker.post(CHAT, TOKEN, STREAM).await.expect_status(429);
}

#[tokio::test]
async fn an_openai_stream_ends_where_its_budget_does() {
    ends_at_the_budget("openai", CHAT, "data: [DONE]", r#""finish_reason":"length""#).await;
}

#[tokio::test]
async fn an_anthropic_stream_ends_where_its_budget_does() {
    ends_at_the_budget(
        "anthropic",
        MESSAGES,
        r#"data: {"type":"message_stop"}"#,
        r#""stop_reason":"max_tokens""#,
    )
    .await;
}

#[tokio::test]
async fn a_translated_stream_ends_where_its_budget_does() {
    ends_at_the_budget("anthropic", CHAT, "data: [DONE]", r#""finish_reason":"length""#).await;
}

//! Streams that reach the end of a budget which stops them.

use provider_simulator::{Answer as Told, Simulator};
use serde_json::{Value, json};

use crate::harness::{Broker, CHAT, Config, MESSAGES, RESPONSES, TOKEN, timed_reads};

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

async fn ends_at_the_budget(kind: &str, path: &str, end: &str, reason: &str) -> String {
    let provider = Simulator::start("provider").await;
    let config = Config::new()
        .provider(kind, &provider)
        .single("fast", &provider, "a");
    let broker = stopping(config).broker().start().await;
    provider.behave(long());
    let body = match path {
        CHAT => STREAM,
        RESPONSES => r#"{"model":"fast","stream":true,"input":"hi"}"#,
        _ => r#"{"model":"fast","stream":true,"max_tokens":900,"messages":[{"role":"user","content":"hi"}]}"#,
    };
    let text = streamed(&broker, path, body).await;
    assert!(text.trim_end().ends_with(end), "{text}");
    assert!(text.contains(reason), "{text}");
    // Every event is whole.
    for data in text.lines().filter_map(|line| line.strip_prefix("data: ")) {
        assert!(
            data == "[DONE]" || serde_json::from_str::<Value>(data).is_ok(),
            "{data}"
        );
    }
    let record = broker.wait_for_records(1).await.remove(0);
    assert_eq!(record.text("llm.outcome"), "ok");
    assert_eq!(record.text("llm.finish_reason"), "length");
    assert_eq!(record.value("llm.budgets")[0]["stopped"], true);
    assert_eq!(record.value("llm.budgets")[0]["left"], 0);
    broker.post(CHAT, TOKEN, STREAM).await.expect_status(429);
    text
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

/// A response repeats at its end all that was said, as its deltas told it.
async fn a_response_ends_at_the_budget(kind: &str) {
    let text = ends_at_the_budget(kind, RESPONSES, "}", r#""reason":"max_output_tokens""#).await;
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let events: Vec<Value> = data
        .map(|data| serde_json::from_str(data).expect("JSON"))
        .collect();
    let numbers = events.iter().map(|event| event["sequence_number"].as_u64());
    assert!(numbers.eq((0..).map(Some).take(events.len())), "{text}");
    let deltas = events
        .iter()
        .filter(|event| event["type"] == "response.output_text.delta");
    let said: String = deltas.filter_map(|event| event["delta"].as_str()).collect();
    let [.., whole, part, item, response] = events.as_slice() else {
        panic!("{text}")
    };
    let kinds = [whole, part, item, response].map(|event| event["type"].as_str().unwrap_or_default());
    assert_eq!(
        kinds,
        [
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.incomplete"
        ]
    );
    assert_eq!(whole["text"], said.as_str());
    assert_eq!(part["part"]["text"], said.as_str());
    let message = &response["response"]["output"][0];
    assert_eq!(message, &item["item"]);
    assert_eq!(message["status"], "incomplete");
    assert_eq!(message["content"][0]["text"], said.as_str());
    assert_eq!(response["response"]["status"], "incomplete");
}

#[tokio::test]
async fn a_response_in_its_own_format_ends_where_its_budget_does() {
    a_response_ends_at_the_budget("openai").await;
}

#[tokio::test]
async fn a_translated_response_ends_where_its_budget_does() {
    a_response_ends_at_the_budget("anthropic").await;
}

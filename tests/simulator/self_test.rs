//! The simulator, seen by a plain HTTP client.

use std::time::{Duration, Instant};

use reqwest::Response;
use serde_json::{Value, json};

use crate::{Answer, Finish, LineEnding, Raw, Simulator};

mod bedrock;
mod control;
mod faults;
mod refusals;
mod replies;
mod stored;

const CHAT: &str = "/v1/chat/completions";
const MESSAGES: &str = "/v1/messages";

/// A client that no proxy of the environment comes between.
fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn post(simulator: &Simulator, path: &str, body: &Value) -> reqwest::Result<Response> {
    client().post(simulator.url() + path).json(body).send().await
}

async fn text(simulator: &Simulator, path: &str, body: &Value) -> String {
    post(simulator, path, body).await.unwrap().text().await.unwrap()
}

fn call(stream: bool) -> Value {
    json!({"model": "gpt-x", "max_tokens": 10, "stream": stream, "messages": [{"role": "user", "content": "hi"}]})
}

/// The data of each event.
fn data(body: &str) -> Vec<&str> {
    body.lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .collect()
}

#[tokio::test]
async fn a_whole_openai_answer_names_account_model_and_usage() {
    let simulator = Simulator::start("a").await;
    simulator.behave(Answer {
        cached_tokens: 3,
        ..Answer::default()
    });
    let answer: Value = serde_json::from_str(&text(&simulator, CHAT, &call(false)).await).unwrap();
    assert_eq!(answer["choices"][0]["message"]["content"], "Hello from a: gpt-x.");
    assert_eq!(answer["model"], "gpt-x");
    let received = simulator.received();
    let input = received[0].body.len().div_ceil(4);
    assert_eq!(answer["usage"]["prompt_tokens"], input);
    assert_eq!(answer["usage"]["completion_tokens"], 4);
    assert_eq!(answer["usage"]["prompt_tokens_details"]["cached_tokens"], 3);
    assert_eq!(received[0].usage.unwrap().total(), input as u64 + 4);
}

#[tokio::test]
async fn an_openai_stream_reports_usage_only_when_asked() {
    let simulator = Simulator::start("a").await;
    let plain = text(&simulator, CHAT, &call(true)).await;
    assert!(!plain.contains("usage"));
    assert_eq!(data(&plain).last(), Some(&"[DONE]"));

    let mut asking = call(true);
    asking["stream_options"] = json!({"include_usage": true});
    let asked = text(&simulator, CHAT, &asking).await;
    let events = data(&asked);
    let usage: Value = serde_json::from_str(events[events.len() - 2]).unwrap();
    assert_eq!(usage["choices"], json!([]));
    assert_eq!(usage["usage"]["completion_tokens"], 4);
    let first: Value = serde_json::from_str(events[0]).unwrap();
    assert!(first.as_object().unwrap().contains_key("usage") && first["usage"].is_null());
    assert_eq!(first["choices"][0]["delta"]["role"], "assistant");
    let usages: Vec<_> = simulator
        .received()
        .iter()
        .map(|request| request.usage.is_some())
        .collect();
    assert_eq!(usages, [false, true]);
}

#[tokio::test]
async fn anthropic_counts_the_prompt_cache_beside_the_input() {
    let simulator = Simulator::start("b").await;
    simulator.behave(Answer {
        cached_tokens: 5,
        cache_write_tokens: 2,
        finish: Finish::Length,
        ..Answer::default()
    });
    let answer: Value = serde_json::from_str(&text(&simulator, MESSAGES, &call(false)).await).unwrap();
    let input = simulator.received()[0].body.len().div_ceil(4);
    assert_eq!(answer["usage"]["input_tokens"], input - 7);
    assert_eq!(answer["usage"]["cache_read_input_tokens"], 5);
    assert_eq!(answer["stop_reason"], "max_tokens");
}

#[tokio::test]
async fn an_anthropic_stream_names_each_event() {
    let simulator = Simulator::start("b").await;
    let body = text(&simulator, MESSAGES, &call(true)).await;
    let names: Vec<&str> = body
        .lines()
        .filter_map(|line| line.strip_prefix("event: "))
        .collect();
    let deltas = ["content_block_delta"; 4];
    assert_eq!(names[..3], ["message_start", "ping", "content_block_start"]);
    assert_eq!(names[3..7], deltas);
    assert_eq!(
        names[7..],
        ["content_block_stop", "message_delta", "message_stop"]
    );
}

#[tokio::test]
async fn a_tool_is_called_when_the_user_asks_for_one() {
    let simulator = Simulator::start("a").await;
    let mut body = call(false);
    body["messages"][0]["content"] = "use a tool".into();
    body["tools"] = json!([{"type": "function", "function": {"name": "weather", "parameters": {}}}]);
    let openai: Value = serde_json::from_str(&text(&simulator, CHAT, &body).await).unwrap();
    let function = &openai["choices"][0]["message"]["tool_calls"][0]["function"];
    assert_eq!(
        *function,
        json!({"name": "weather", "arguments": "{\"city\":\"Paris\"}"})
    );
    body["tools"] = json!([{"name": "weather", "input_schema": {"type": "object"}}]);
    let anthropic: Value = serde_json::from_str(&text(&simulator, MESSAGES, &body).await).unwrap();
    assert_eq!(anthropic["content"][0]["input"], json!({"city": "Paris"}));
    assert_eq!(anthropic["stop_reason"], "tool_use");
}

#[tokio::test]
async fn pace_split_and_line_endings_change_no_content() {
    let simulator = Simulator::start("a").await;
    simulator.behave(Answer {
        text: Some("héllo 日本".into()),
        ..Answer::default()
    });
    let plain = text(&simulator, MESSAGES, &call(true)).await;
    simulator.behave(Answer {
        text: Some("héllo 日本".into()),
        first_byte_ms: 60,
        between_chunks_ms: 5,
        split: Some(3),
        line_ending: LineEnding::Crlf,
        ..Answer::default()
    });
    let started = Instant::now();
    let mut response = post(&simulator, MESSAGES, &call(true)).await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(60));
    let mut reads = Vec::new();
    while let Some(chunk) = response.chunk().await.unwrap() {
        reads.push(chunk);
    }
    assert!(reads.iter().all(|read| read.len() <= 3));
    let odd = String::from_utf8(reads.concat()).unwrap();
    assert!(odd.contains("\r\n\r\n"));
    assert_eq!(odd.replace("\r\n", "\n").replace("_2\"", "_1\""), plain);
}

#[tokio::test]
async fn compressed_streams_can_be_read_as_they_come() {
    use std::io::Read as _;
    let simulator = Simulator::start("a").await;
    simulator.behave(Answer {
        gzip: true,
        ..Answer::default()
    });
    let response = post(&simulator, CHAT, &call(true)).await.unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    let mut body = String::new();
    flate2::read::GzDecoder::new(response.bytes().await.unwrap().as_ref())
        .read_to_string(&mut body)
        .unwrap();
    assert_eq!(data(&body).last(), Some(&"[DONE]"));
}

#[tokio::test]
async fn raw_answers_are_sent_as_given() {
    let simulator = Simulator::start("a").await;
    let headers = vec![
        ("content-type".to_owned(), "text/plain".to_owned()),
        ("x-odd".to_owned(), "1".to_owned()),
    ];
    simulator.behave(Raw {
        status: 418,
        headers,
        chunks: vec!["tea".into(), "pot".into()],
        hex_chunks: vec!["ff".into()],
        ..Raw::default()
    });
    let response = post(&simulator, "/any", &call(false)).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), response.headers()["x-odd"].as_bytes()),
        (418, b"1".as_ref())
    );
    assert_eq!(response.bytes().await.unwrap().as_ref(), b"teapot\xff");
}

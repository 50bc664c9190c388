//! Streamed answers of the caller's own dialect.

use std::time::Duration;

use provider_simulator::{Answer as Told, LineEnding};
use serde_json::{Value, json};

use super::{ODD, broker, received};
use crate::harness::{CHAT, MESSAGES, TOKEN, timed_reads};

/// The injected request for usage.
const USAGE: &str = r#""stream_options":{"include_usage":true}"#;

/// The odd body with one more field at its start.
fn odd_with(field: &str) -> String {
    ODD.replacen('{', &format!("{{{field},"), 1)
}

#[tokio::test]
async fn an_openai_stream_that_asks_for_usage_is_not_touched() {
    let (provider, broker) = broker("openai").await;
    let stream = odd_with(&format!(r#""stream":true,{USAGE}"#));
    let answer = broker.post(CHAT, TOKEN, stream.as_str()).await;
    assert_eq!(answer.said(), "Hello from account: up-model.");
    assert!(
        answer
            .header("content-type")
            .is_some_and(|value| value.starts_with("text/event-stream"))
    );
    assert_eq!(
        received(&provider),
        stream.replacen(r#""model"  :  "fast""#, r#""model"  :  "up-model""#, 1)
    );
    let events = answer.events();
    assert_eq!(events.last().map(|event| event.data.as_str()), Some("[DONE]"));
    let usage = events[events.len() - 2].json();
    assert_eq!(usage["choices"], json!([]));
    assert_eq!(usage["usage"]["completion_tokens"], 4);
}

#[tokio::test]
async fn an_openai_stream_is_asked_for_usage_that_its_caller_does_not_see() {
    let (provider, broker) = broker("openai").await;
    let stream = odd_with(r#""stream":true"#);
    let answer = broker.post(CHAT, TOKEN, stream.as_str()).await;
    assert_eq!(answer.said(), "Hello from account: up-model.");

    let upstream = received(&provider);
    let without = [format!(",{USAGE}"), format!("{USAGE},")]
        .iter()
        .find_map(|injected| {
            upstream
                .contains(injected.as_str())
                .then(|| upstream.replacen(injected.as_str(), "", 1))
        });
    let expected = stream.replacen(r#""model"  :  "fast""#, r#""model"  :  "up-model""#, 1);
    assert_eq!(without.as_deref(), Some(expected.as_str()), "{upstream}");

    let events = answer.events();
    assert_eq!(events.last().map(|event| event.data.as_str()), Some("[DONE]"));
    for event in &events[..events.len() - 1] {
        let chunk = event.json();
        assert!(
            chunk["choices"]
                .as_array()
                .is_some_and(|choices| !choices.is_empty()),
            "{chunk}"
        );
        assert!(chunk["usage"].is_null(), "{chunk}");
    }
    assert_eq!(
        events[events.len() - 2].json()["choices"][0]["finish_reason"],
        "stop"
    );
}

#[tokio::test]
async fn other_stream_options_are_kept_when_usage_is_asked_for() {
    let (provider, broker) = broker("openai").await;
    for options in [
        r#"{"include_obfuscation":false}"#,
        r#"{"include_usage":false,"include_obfuscation":false}"#,
        "{}",
        "null",
    ] {
        provider.clear();
        let body = format!(r#"{{"model":"fast","stream":true,"stream_options":{options},"messages":[]}}"#);
        let answer = broker.post(CHAT, TOKEN, body).await;
        answer.expect_status(200);
        let upstream: Value = provider.received()[0].json();
        assert_eq!(upstream["stream_options"]["include_usage"], true, "{upstream}");
        if options.contains("obfuscation") {
            assert_eq!(
                upstream["stream_options"]["include_obfuscation"], false,
                "{upstream}"
            );
        }
        assert!(
            answer
                .events()
                .iter()
                .all(|event| event.json()["usage"].is_null()),
            "{options}"
        );
    }
}

#[tokio::test]
async fn an_anthropic_stream_is_not_touched() {
    let (provider, broker) = broker("anthropic").await;
    let stream = odd_with(r#""stream":true"#);
    let answer = broker.post(MESSAGES, TOKEN, stream.as_str()).await;
    assert_eq!(answer.said(), "Hello from account: up-model.");
    assert_eq!(
        received(&provider),
        stream.replacen(r#""model"  :  "fast""#, r#""model"  :  "up-model""#, 1)
    );
    let events = answer.events();
    let names: Vec<_> = events
        .iter()
        .map(|event| event.name.as_deref().unwrap_or("none"))
        .collect();
    assert_eq!(names[..3], ["message_start", "ping", "content_block_start"]);
    assert_eq!(
        names[names.len() - 3..],
        ["content_block_stop", "message_delta", "message_stop"]
    );
    assert!(
        events
            .iter()
            .all(|event| event.json()["type"] == event.name.as_deref().unwrap_or("none"))
    );
}

#[tokio::test]
async fn events_reach_the_agent_as_they_come() {
    let (provider, broker) = broker("anthropic").await;
    provider.behave(Told {
        between_chunks_ms: 60,
        ..Told::default()
    });
    let call = broker.call(
        MESSAGES,
        TOKEN,
        r#"{"model":"fast","max_tokens":9,"stream":true,"messages":[]}"#,
    );
    let (reads, cut) = timed_reads(call.send().await.unwrap()).await;
    assert!(cut.is_none(), "{cut:?}");
    assert!(
        reads.len() >= 5,
        "{} reads: the stream was held back",
        reads.len()
    );
    // Ten events, 60 ms apart: the last is more than half a second after the first.
    let spread = reads[reads.len() - 1].at.saturating_sub(reads[0].at);
    assert!(spread >= Duration::from_millis(300), "{spread:?}");
    assert!(String::from_utf8_lossy(&reads[0].bytes).contains("message_start"));
}

#[tokio::test]
async fn streams_in_odd_pieces_say_the_same() {
    let text = "héllo 日本 🎉 \" \\ \n end";
    for (kind, path) in [("openai", CHAT), ("anthropic", MESSAGES)] {
        let (provider, broker) = broker(kind).await;
        for (split, line_ending) in [
            (1, LineEnding::Lf),
            (5, LineEnding::Crlf),
            (4096, LineEnding::Crlf),
        ] {
            provider.behave(Told {
                text: Some(text.into()),
                split: Some(split),
                line_ending,
                ..Told::default()
            });
            let answer = broker
                .post(
                    path,
                    TOKEN,
                    r#"{"model":"fast","max_tokens":9,"stream":true,"messages":[]}"#,
                )
                .await;
            assert_eq!(answer.said(), text, "{kind}, pieces of {split} bytes");
            assert!(
                !answer.text().contains(r#""choices":[]"#),
                "{kind}, pieces of {split} bytes"
            );
        }
    }
}

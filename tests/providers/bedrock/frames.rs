//! Streams of frames that are cut oddly, or go wrong after something was said.

use provider_simulator::{Answer as Told, Behaviour, Cut, Ending, frames};
use serde_json::Value;

use super::failover::raw_frames;
use super::{Bedrock, call, ending};
use crate::harness::{CHAT, MESSAGES, TOKEN, timed_reads};

/// Enough for the beginning and some words.
const SOME: usize = 6;

#[tokio::test]
async fn frames_are_read_wherever_they_are_cut() {
    let bedrock = Bedrock::start().await;
    for split in [1, 5, 64] {
        bedrock.service.behave(Told {
            split: Some(split),
            ..Told::default()
        });
        for model in ["nova", "claude"] {
            for path in [CHAT, MESSAGES] {
                let answer = bedrock.post(path, &call(model, "say: one two three", true)).await;
                assert_eq!(answer.said(), "one two three", "{split}, {model}, {path}");
            }
        }
    }
}

#[tokio::test]
async fn a_stream_that_breaks_off_ends_with_an_error_in_the_agents_words() {
    let bedrock = Bedrock::start().await;
    let mut text = frames::event("messageStart", r#"{"role":"assistant"}"#);
    text.extend(frames::event(
        "contentBlockDelta",
        r#"{"contentBlockIndex":0,"delta":{"text":"word "}}"#,
    ));
    let damaged = |mut frame: Vec<u8>, at: usize| {
        frame[at] ^= 1;
        raw_frames(&[text.clone(), frame].concat())
    };
    let next = || frames::event("contentBlockStop", r#"{"contentBlockIndex":0}"#);
    let unmodelled = frames::frame(
        &[
            (":message-type", "error"),
            (":error-code", "InternalFailure"),
            (":error-message", "broken"),
        ],
        b"",
    );
    let own = [
        ("a wrong checksum", damaged(next(), next().len() - 1)),
        ("a wrong length", damaged(next(), 1)),
        ("a changed payload", damaged(next(), next().len() - 8)),
        (
            "no model of the error",
            raw_frames(&[text.clone(), unmodelled].concat()),
        ),
        (
            "a page",
            raw_frames(&[&text, b"<html>Bad Gateway</html>".as_slice()].concat()),
        ),
    ];
    let all = [
        (
            "an exception",
            ending(Ending::Error {
                after_events: SOME,
                status: 503,
            }),
        ),
        ("no end", ending(Ending::Truncated { after_events: SOME })),
        ("half a frame", ending(Ending::HalfEvent { after_events: SOME })),
        (
            "a closed connection",
            ending(Ending::Broken {
                after_events: SOME,
                how: Cut::Close,
            }),
        ),
    ];
    let own = own
        .into_iter()
        .map(|(what, behaviour)| (what, behaviour, &["nova"][..]));
    let all = all
        .into_iter()
        .map(|(what, behaviour)| (what, behaviour, &["nova", "claude"][..]));
    let mut calls = 0;
    for (what, behaviour, models) in own.chain(all) {
        for model in models {
            for path in [CHAT, MESSAGES] {
                let name = format!("{what}, {model}, {path}");
                let behaviour: Behaviour = behaviour.clone();
                bedrock.service.then(vec![behaviour]);
                let body = call(model, "hi", true).to_string();
                let sent = bedrock.broker.call(path, TOKEN, body).send().await.unwrap();
                let (reads, cut) = timed_reads(sent).await;
                let seen = reads.into_iter().flat_map(|read| read.bytes).collect();
                let seen = String::from_utf8(seen).unwrap();
                assert!(seen.contains("word "), "{name}: {seen}");
                assert!(
                    !seen.contains("[DONE]") && !seen.contains("message_stop"),
                    "{name}: {seen}"
                );
                assert_eq!(cut.is_some(), what == "a closed connection", "{name}: {cut:?}");
                if cut.is_none() {
                    let last = seen.trim_end().rsplit("\n\n").next().unwrap_or_default();
                    let data = last
                        .lines()
                        .find_map(|line| line.strip_prefix("data: "))
                        .unwrap_or_default();
                    let error: Value =
                        serde_json::from_str(data).unwrap_or_else(|_| panic!("{name}: {last}"));
                    assert!(error["error"]["message"].is_string(), "{name}: {error}");
                    assert_eq!(error["type"] == "error", path == MESSAGES, "{name}: {error}");
                    assert_eq!(
                        last.starts_with("event: error"),
                        path == MESSAGES,
                        "{name}: {last}"
                    );
                }
                calls += 1;
                let record = bedrock.record(calls).await;
                assert_ne!(record.text("llm.outcome"), "ok", "{name}");
            }
        }
    }
}

//! Failover from Bedrock to other kinds of providers within a call, and back.

use provider_simulator::{Behaviour, Cut, Ending, Raw, Simulator, Vendor, frames};
use serde_json::json;

use super::{call, ending, named};
use crate::harness::{Broker, CHAT, Config, MESSAGES, TOKEN};

/// Whatever can go wrong with Bedrock before anything was said, and whether it is a matter of streams, of whole answers or of both.
fn failures() -> Vec<(&'static str, [bool; 2], Behaviour)> {
    let (whole, streams, both) = ([true, false], [false, true], [true, true]);
    vec![
        ("throttled", both, named(429, "ThrottlingException")),
        (
            "a model that is not ready",
            both,
            named(429, "ModelNotReadyException"),
        ),
        ("a quota", both, named(400, "ServiceQuotaExceededException")),
        (
            "the broker's key is refused",
            both,
            named(403, "UnrecognizedClientException"),
        ),
        (
            "a model that took too long",
            both,
            named(408, "ModelTimeoutException"),
        ),
        ("a model that failed", both, named(424, "ModelErrorException")),
        ("500", both, named(500, "InternalServerException")),
        ("503", both, named(503, "ServiceUnavailableException")),
        ("a page with a 503", both, Behaviour::HtmlError { status: 503 }),
        ("a page with a 200", both, Behaviour::HtmlError { status: 200 }),
        ("reset", both, Behaviour::reset()),
        ("an error in a 200", whole, Behaviour::error_event(0)),
        ("nothing", streams, Behaviour::EmptyStream),
        ("an exception at once", streams, Behaviour::error_event(0)),
        (
            "an exception after the beginning",
            streams,
            Behaviour::error_event(1),
        ),
        (
            "only a beginning",
            streams,
            ending(Ending::Truncated { after_events: 1 }),
        ),
        (
            "half a frame",
            streams,
            ending(Ending::HalfEvent { after_events: 0 }),
        ),
        (
            "a frame and a half",
            streams,
            ending(Ending::HalfEvent { after_events: 1 }),
        ),
        (
            "a beginning and a reset",
            streams,
            ending(Ending::Broken {
                after_events: 1,
                how: Cut::Reset,
            }),
        ),
        ("a wrong checksum", streams, raw_frames(&flipped())),
        ("no frames", streams, raw_frames(b"HTTP/1.1 200 OK and so on")),
        ("an absurd length", streams, raw_frames(&[0xff; 64])),
        (
            "server-sent events",
            streams,
            typed("text/event-stream", "data: {}\n\n"),
        ),
        ("nonsense", whole, Behaviour::body("{nonsense")),
        ("nothing at all", whole, Behaviour::body("")),
        ("JSON that is no answer", whole, Behaviour::body("{}")),
    ]
}

fn flipped() -> Vec<u8> {
    let mut frame = frames::event("messageStart", r#"{"role":"assistant"}"#);
    if let Some(last) = frame.last_mut() {
        *last ^= 1;
    }
    frame
}

/// A stream of these bytes.
pub fn raw_frames(bytes: &[u8]) -> Behaviour {
    Raw {
        headers: vec![(
            "content-type".to_owned(),
            "application/vnd.amazon.eventstream".to_owned(),
        )],
        hex_chunks: vec![bytes.iter().map(|byte| format!("{byte:02x}")).collect()],
        ..Raw::default()
    }
    .into()
}

fn typed(content_type: &str, body: &str) -> Behaviour {
    Raw {
        headers: vec![("content-type".to_owned(), content_type.to_owned())],
        chunks: vec![body.to_owned()],
        ..Raw::default()
    }
    .into()
}

/// More than there are ways to fail.
const CASES: usize = 200;

struct Others {
    aws: Simulator,
    openai: Simulator,
    anthropic: Simulator,
    broker: Broker,
}

impl Others {
    /// For each number the models `nova-to-openai`, `claude-to-anthropic` and so on, of which a failure of another one
    /// says nothing.
    async fn start() -> Self {
        let aws = Simulator::start_as(Vendor::Bedrock, "aws").await;
        let openai = Simulator::start_as(Vendor::OpenAi, "openai").await;
        let anthropic = Simulator::start_as(Vendor::Anthropic, "anthropic").await;
        let mut config = Config::new()
            .provider("bedrock", &aws)
            .provider("openai", &openai)
            .provider("anthropic", &anthropic);
        for number in 0..CASES {
            for (own, id) in [
                ("nova", format!("amazon.nova-pro-v{number}:0")),
                ("claude", format!("anthropic.claude-sonnet-4-5-{number}")),
            ] {
                for (other, theirs) in [
                    ("openai", format!("gpt-4o-{number}")),
                    ("anthropic", format!("claude-sonnet-4-5-{number}")),
                ] {
                    let mine = json!({"provider": "aws", "model": id});
                    let theirs = json!({"provider": other, "model": theirs});
                    let with = |entry: &serde_json::Value, priority: u8| {
                        let mut entry = entry.clone();
                        entry["priority"] = priority.into();
                        entry
                    };
                    for (name, first, second) in [
                        (format!("{own}-to-{other}-{number}"), &mine, &theirs),
                        (format!("{other}-to-{own}-{number}"), &theirs, &mine),
                    ] {
                        let members = json!({"members": [with(first, 0), with(second, 1)]});
                        config = config.pool(&name, members).model(&name, &name);
                    }
                }
            }
        }
        let broker = Broker::start(&config).await;
        Self {
            aws,
            openai,
            anthropic,
            broker,
        }
    }
}

#[tokio::test]
async fn every_failure_of_bedrock_is_made_good_by_another_provider() {
    let others = Others::start().await;
    let mut cases = Vec::new();
    for (what, [whole, streams], behaviour) in failures() {
        for (path, way, second) in [
            (CHAT, "nova-to-openai", &others.openai),
            (CHAT, "claude-to-anthropic", &others.anthropic),
            (MESSAGES, "nova-to-anthropic", &others.anthropic),
            (MESSAGES, "claude-to-openai", &others.openai),
        ] {
            for stream in [false, true] {
                if (stream && streams) || (!stream && whole) {
                    let model = format!("{way}-{}", cases.len());
                    let name = format!("{what}, {path}, {model}, stream: {stream}");
                    others.aws.clear();
                    second.clear();
                    others.aws.then(vec![behaviour.clone()]);
                    let body = call(&model, "say: here I am", stream).to_string();
                    let answer = others.broker.post(path, TOKEN, body).await;
                    assert_eq!(answer.status, 200, "{name}: {}", answer.text());
                    assert_eq!(answer.said(), "here I am", "{name}");
                    assert_eq!((others.aws.count(), second.count()), (1, 1), "{name}");
                    assert!(cases.len() < CASES, "more cases are needed");
                    cases.push(name);
                }
            }
        }
    }
    let records = others.broker.wait_for_records(cases.len()).await;
    for (name, record) in cases.iter().zip(records) {
        let attempts = record.attempts();
        assert_eq!(attempts[0].provider, "aws", "{name}");
        assert_ne!(attempts[0].status, "200", "{name}");
        assert_eq!(attempts[1].status, "200", "{name}");
        assert_eq!(record.text("llm.outcome"), "ok", "{name}");
    }
}

#[tokio::test]
async fn bedrock_makes_good_what_others_fail_at() {
    let others = Others::start().await;
    let mut number = 0;
    for path in [CHAT, MESSAGES] {
        for (other, first) in [("openai", &others.openai), ("anthropic", &others.anthropic)] {
            for own in ["nova", "claude"] {
                for stream in [false, true] {
                    let name = format!("{path}, {other}-to-{own}, stream: {stream}");
                    others.aws.clear();
                    first.then(vec![Behaviour::status(500)]);
                    let model = format!("{other}-to-{own}-{number}");
                    let body = call(&model, "say: here I am", stream).to_string();
                    let answer = others.broker.post(path, TOKEN, body).await;
                    assert_eq!(answer.status, 200, "{name}: {}", answer.text());
                    assert_eq!(answer.said(), "here I am", "{name}");
                    assert_eq!(others.aws.count(), 1, "{name}");
                    number += 1;
                }
            }
        }
    }
}

#[tokio::test]
async fn what_bedrock_cannot_be_asked_goes_to_who_can() {
    let others = Others::start().await;
    let body = json!({"model": "nova-to-openai-0", "max_tokens": 100, "messages": [{"role": "user", "content": [
        {"type": "text", "text": "describe"},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]}]});
    let answer = others.broker.post(CHAT, TOKEN, body.to_string()).await;
    assert_eq!(
        answer.said(),
        "I see image https://example.com/a.png",
        "{}",
        answer.text()
    );
    assert_eq!(others.aws.count(), 0);
}

#[tokio::test]
async fn a_refusal_of_the_brokers_key_is_not_the_agents_fault() {
    let others = Others::start().await;
    others.aws.then(vec![named(403, "AccessDeniedException")]);
    others.openai.then(vec![Behaviour::status(500)]);
    let body = call("nova-to-openai-0", "hi", false).to_string();
    let answer = others.broker.post(CHAT, TOKEN, body).await;
    assert!(answer.status >= 500, "{}: {}", answer.status, answer.text());
}

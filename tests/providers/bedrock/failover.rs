//! Failover from Bedrock to other kinds of providers within a call, and back.

use std::fmt::Write as _;

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
        hex_chunks: vec![hex(bytes)],
        ..Raw::default()
    }
    .into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a string");
        hex
    })
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
const CASES: usize = 160;

/// Of each four numbers: the API that is called, the model at Bedrock and the other provider.
const WAYS: [(&str, &str, &str); 4] = [
    (CHAT, "amazon.nova-pro-v", "openai"),
    (CHAT, "anthropic.claude-sonnet-4-5-", "anthropic"),
    (MESSAGES, "amazon.nova-pro-v", "anthropic"),
    (MESSAGES, "anthropic.claude-sonnet-4-5-", "openai"),
];

struct Others {
    aws: Simulator,
    openai: Simulator,
    anthropic: Simulator,
    broker: Broker,
}

impl Others {
    /// For each number the models `from-aws-N` and `to-aws-N`, of which a failure of another number's says nothing.
    async fn start(numbers: usize) -> Self {
        let aws = Simulator::start_as(Vendor::Bedrock, "aws").await;
        let openai = Simulator::start_as(Vendor::OpenAi, "openai").await;
        let anthropic = Simulator::start_as(Vendor::Anthropic, "anthropic").await;
        let mut config = Config::new()
            .provider("bedrock", &aws)
            .provider("openai", &openai)
            .provider("anthropic", &anthropic);
        for (number, (_, own, other)) in (0..numbers).zip(WAYS.iter().cycle()) {
            let theirs = if *other == "openai" {
                "gpt-4o"
            } else {
                "claude-sonnet-4-5"
            };
            for (name, [mine, other_one]) in [("from", [0, 1]), ("to", [1, 0])] {
                let name = format!("{name}-aws-{number}");
                let members = json!({"members": [
                    {"provider": "aws", "model": format!("{own}{number}"), "priority": mine},
                    {"provider": other, "model": format!("{theirs}-{number}"), "priority": other_one},
                ]});
                config = config.pool(&name, members).model(&name, &name);
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

    fn named(&self, name: &str) -> &Simulator {
        if name == "openai" {
            &self.openai
        } else {
            &self.anthropic
        }
    }
}

#[tokio::test]
async fn every_failure_of_bedrock_is_made_good_by_another_provider() {
    let others = Others::start(CASES).await;
    let mut cases = Vec::new();
    let both = failures()
        .into_iter()
        .flat_map(|(what, [whole, streams], behaviour)| {
            let kinds = [(false, whole), (true, streams)]
                .into_iter()
                .filter(|(_, is)| *is);
            kinds.map(move |(stream, _)| (what, stream, behaviour.clone()))
        });
    for (what, stream, behaviour) in both {
        for (path, own, other) in WAYS {
            let second = others.named(other);
            let model = format!("from-aws-{}", cases.len());
            let name = format!("{what}, {path}, {own}, {model}, stream: {stream}");
            others.aws.clear();
            second.clear();
            others.aws.then(vec![behaviour.clone()]);
            let body = call(&model, "say: here I am", stream).to_string();
            let answer = others.broker.post(path, TOKEN, body).await;
            assert_eq!(answer.status, 200, "{name}: {}", answer.text());
            assert_eq!(answer.said(), "here I am", "{name}");
            assert_eq!((others.aws.count(), second.count()), (1, 1), "{name}");
            cases.push(name);
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
    let others = Others::start(8).await;
    for (number, (path, own, other)) in (0..8).zip(WAYS.into_iter().cycle()) {
        let stream = number >= 4;
        let name = format!("{path}, {other} to {own}, stream: {stream}");
        others.aws.clear();
        others.named(other).then(vec![Behaviour::status(500)]);
        let body = call(&format!("to-aws-{number}"), "say: here I am", stream).to_string();
        let answer = others.broker.post(path, TOKEN, body).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
        assert_eq!(answer.said(), "here I am", "{name}");
        assert_eq!(others.aws.count(), 1, "{name}");
    }
}

#[tokio::test]
async fn what_bedrock_cannot_be_asked_goes_to_who_can() {
    let others = Others::start(1).await;
    let body = json!({"model": "from-aws-0", "max_tokens": 100, "messages": [{"role": "user", "content": [
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
    let others = Others::start(1).await;
    others.aws.then(vec![named(403, "AccessDeniedException")]);
    others.openai.then(vec![Behaviour::status(500)]);
    let body = call("from-aws-0", "hi", false).to_string();
    let answer = others.broker.post(CHAT, TOKEN, body).await;
    assert!(answer.status >= 500, "{}: {}", answer.status, answer.text());
}

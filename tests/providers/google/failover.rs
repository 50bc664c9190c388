//! From Gemini to others within a call, and from others to Gemini.

use provider_simulator::{Answer as Told, Behaviour, Ending, Simulator, Vendor};
use serde_json::{Value, json};

use super::call;
use crate::harness::{Broker, CHAT, Config, MESSAGES, TOKEN, key_of};

/// All ways in which Gemini can fail before it said anything.
fn failures() -> Vec<(&'static str, Behaviour)> {
    let json = |body: Value| Behaviour::body(body.to_string());
    vec![
        ("quota", Behaviour::rate_limited(1)),
        ("503", Behaviour::status(503)),
        ("a page of a load balancer", Behaviour::HtmlError { status: 502 }),
        ("a page with a 200", Behaviour::HtmlError { status: 200 }),
        ("reset", Behaviour::reset()),
        (
            "no candidates",
            json(json!({"candidates": [], "usageMetadata": {"promptTokenCount": 3}})),
        ),
        ("nothing", json(json!({}))),
        (
            "a malformed call of a function",
            json(json!({"candidates": [{"content": {}, "finishReason": "MALFORMED_FUNCTION_CALL"}]})),
        ),
        (
            "an error in an array",
            json(json!([{"error": {"code": 503, "status": "UNAVAILABLE", "message": "x"}}])),
        ),
        (
            "an error in a 200",
            Told {
                ending: Ending::Error {
                    after_events: 0,
                    status: 500,
                },
                ..Told::default()
            }
            .into(),
        ),
    ]
}

struct Three {
    gemini: Simulator,
    openai: Simulator,
    anthropic: Simulator,
    broker: Broker,
}

impl Three {
    /// Models with the number of a case behind their names, so that a failure of one says nothing of another.
    async fn start(cases: usize) -> Self {
        let gemini = Simulator::start_as(Vendor::Gemini, "gemini").await;
        let openai = Simulator::start_as(Vendor::OpenAi, "openai").await;
        let anthropic = Simulator::start_as(Vendor::Anthropic, "anthropic").await;
        let mut config = Config::new()
            .provider_with(
                "gemini",
                &gemini,
                json!({"circuit_breaker": {"consecutive_failures": 1000}}),
            )
            .provider("openai", &openai)
            .provider("anthropic", &anthropic);
        for number in 0..cases {
            let gemini =
                json!({"provider": "gemini", "model": format!("gemini-3.8-flash-{number}"), "priority": 1});
            for (name, kind, model) in [
                ("to-claude", "anthropic", format!("claude-sonnet-4-5-{number}")),
                ("to-gpt", "openai", format!("gpt-4o-{number}")),
            ] {
                let name = format!("{name}-{number}");
                let other = json!({"provider": kind, "model": model, "priority": 2});
                config = config
                    .pool(&name, json!({"members": [gemini, other]}))
                    .model(&name, &name);
            }
            let name = format!("to-gemini-{number}");
            let other = json!({"provider": "openai", "model": format!("gpt-4o-{number}"), "priority": 0});
            config = config
                .pool(&name, json!({"members": [other, gemini]}))
                .model(&name, &name);
        }
        let broker = Broker::start(&config).await;
        Self {
            gemini,
            openai,
            anthropic,
            broker,
        }
    }
}

#[tokio::test]
async fn every_failure_of_gemini_is_made_good_by_another() {
    let failures = failures();
    let three = Three::start(4 * failures.len()).await;
    let mut number = 0;
    for (what, behaviour) in failures {
        for (path, name, second) in [
            (CHAT, "to-claude", &three.anthropic),
            (MESSAGES, "to-claude", &three.anthropic),
            (CHAT, "to-gpt", &three.openai),
            (MESSAGES, "to-gpt", &three.openai),
        ] {
            three.gemini.clear();
            second.clear();
            three.gemini.then(vec![behaviour.clone()]);
            let model = format!("{name}-{number}");
            let answer = three
                .broker
                .post(path, TOKEN, call(&model, "say: here I am", false).to_string())
                .await;
            assert_eq!(answer.status, 200, "{what} {path} {name}: {}", answer.text());
            assert_eq!(answer.said(), "here I am", "{what} {path} {name}");
            assert_eq!(
                (three.gemini.count(), second.count()),
                (1, 1),
                "{what} {path} {name}"
            );
            let (first, then) = (&three.gemini.received()[0], &second.received()[0]);
            assert!(first.contains(&key_of("gemini")) && !first.contains(&key_of(second.name())));
            assert!(!then.contains(&key_of("gemini")) && then.header("x-goog-api-key").is_none());
            number += 1;
        }
    }
}

#[tokio::test]
async fn a_stream_that_fails_before_it_said_anything_is_made_good() {
    let three = Three::start(8).await;
    let event = |text: &str| {
        Behaviour::from(provider_simulator::Raw {
            headers: vec![("content-type".to_owned(), "text/event-stream".to_owned())],
            chunks: vec![format!("data: {text}\r\n\r\n")],
            ..provider_simulator::Raw::default()
        })
    };
    let mut number = 0;
    for behaviour in [
        Behaviour::EmptyStream,
        event(r#"{"error":{"code":503,"status":"UNAVAILABLE","message":"overloaded"}}"#),
        event(r#"{"usageMetadata":{"trafficType":"ON_DEMAND"},"responseId":"r"}"#),
        event(r#"{"candidates":[{"finishReason":"MALFORMED_FUNCTION_CALL"}],"responseId":"r"}"#),
    ] {
        for path in [CHAT, MESSAGES] {
            three.gemini.then(vec![behaviour.clone()]);
            let body = call(&format!("to-claude-{number}"), "say: here I am", true).to_string();
            let answer = three.broker.post(path, TOKEN, body).await;
            assert_eq!(
                answer.said(),
                "here I am",
                "{behaviour:?} {path}: {}",
                answer.text()
            );
            number += 1;
        }
    }
}

#[tokio::test]
async fn gemini_answers_in_the_place_of_openai() {
    let three = Three::start(4).await;
    let mut number = 0;
    for path in [CHAT, MESSAGES] {
        for stream in [false, true] {
            three.openai.then(vec![Behaviour::status(500)]);
            let body = call(&format!("to-gemini-{number}"), "say: here I am", stream).to_string();
            let answer = three.broker.post(path, TOKEN, body).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert_eq!(answer.said(), "here I am");
            number += 1;
        }
    }
    let records = three.broker.wait_for_records(4).await;
    for record in records {
        let providers: Vec<String> = record
            .attempts()
            .into_iter()
            .map(|attempt| attempt.provider)
            .collect();
        assert_eq!(providers, ["openai", "gemini"]);
    }
}

/// An agent of Anthropic's format keeps Gemini's seals; Anthropic, asked next, never sees them.
#[tokio::test]
async fn a_seal_of_geminis_is_kept_from_anthropic() {
    let three = Three::start(1).await;
    three.gemini.behave(Behaviour::status(503));
    let mut body = call("to-claude-0", "go", false);
    body["messages"] = json!([
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "", "signature": "gemini:AbC="},
            {"type": "text", "text": "gone"},
        ]},
        {"role": "user", "content": "say: on"},
    ]);
    let answer = three.broker.post(MESSAGES, TOKEN, body.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let received = &three.anthropic.received()[0];
    assert!(!received.contains("gemini:"), "{}", received.text());
}

/// Google says in the body how long to wait: the account is left alone meanwhile.
#[tokio::test]
async fn the_retry_delay_in_the_body_is_obeyed() {
    let three = Three::start(1).await;
    three.gemini.then(vec![Behaviour::rate_limited(60)]);
    for expected in [1, 1] {
        let answer = three
            .broker
            .post(CHAT, TOKEN, call("to-claude-0", "say: on", false).to_string())
            .await;
        answer.expect_status(200);
        assert_eq!(three.gemini.count(), expected);
    }
    assert_eq!(three.anthropic.count(), 2);
}

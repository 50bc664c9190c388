//! Failover from one vendor to the other within a call, and back.

use provider_simulator::{Answer as Told, Behaviour, Cut, Ending, Raw, Simulator};
use serde_json::Value;

use super::{Vendors, call};
use crate::harness::{CHAT, MESSAGES, TOKEN};

/// In all four ways: who is called, who is asked first and who answers in its place.
fn ways(vendors: &Vendors) -> [(&'static str, &'static str, &Simulator, &Simulator); 4] {
    [
        (CHAT, "gpt-first", &vendors.openai, &vendors.anthropic),
        (CHAT, "claude-first", &vendors.anthropic, &vendors.openai),
        (MESSAGES, "gpt-first", &vendors.openai, &vendors.anthropic),
        (MESSAGES, "claude-first", &vendors.anthropic, &vendors.openai),
    ]
}

fn raw(content_type: &str, body: &str) -> Behaviour {
    Raw {
        headers: vec![("content-type".to_owned(), content_type.to_owned())],
        chunks: vec![body.to_owned()],
        ..Raw::default()
    }
    .into()
}

fn told(ending: Ending) -> Behaviour {
    Told {
        ending,
        ..Told::default()
    }
    .into()
}

/// Whatever can go wrong before anything was said, and whether it is a matter of streams, of whole answers or of both.
fn failures() -> Vec<(&'static str, [bool; 2], Behaviour)> {
    let (whole, streams, both) = ([true, false], [false, true], [true, true]);
    let gzip = Told {
        gzip: true,
        ..Told::default()
    };
    let wrong_type = Told {
        content_type: Some("text/html".into()),
        ..Told::default()
    };
    vec![
        ("rate limit", both, Behaviour::rate_limited(1)),
        ("500", both, Behaviour::status(500)),
        ("529", both, Behaviour::status(529)),
        ("the broker's key is refused", both, Behaviour::status(401)),
        ("a page with a 503", both, Behaviour::HtmlError { status: 503 }),
        ("reset", both, Behaviour::Reset { how: Cut::Reset }),
        ("closed", both, Behaviour::Reset { how: Cut::Close }),
        ("a page with a 200", both, Behaviour::HtmlError { status: 200 }),
        ("compressed", both, gzip.into()),
        ("called a page", both, wrong_type.into()),
        ("an error in a 200", both, Behaviour::error_event(0)),
        ("an error after the role", streams, Behaviour::error_event(1)),
        ("nothing", streams, Behaviour::EmptyStream),
        ("only a comment", streams, raw("text/event-stream", ": hello\n\n")),
        (
            "only a beginning",
            streams,
            told(Ending::Truncated { after_events: 1 }),
        ),
        (
            "half an event",
            streams,
            told(Ending::HalfEvent { after_events: 0 }),
        ),
        (
            "a beginning and half an event",
            streams,
            told(Ending::HalfEvent { after_events: 1 }),
        ),
        ("a beginning and a reset", streams, Behaviour::broken_after(1)),
        ("nonsense", whole, Behaviour::body("{nonsense")),
        ("nothing at all", whole, Behaviour::body("")),
        ("half a body", whole, told(Ending::Truncated { after_events: 0 })),
        ("JSON that is no answer", whole, Behaviour::body("[]")),
    ]
}

/// More than there are ways to fail.
const CASES: usize = 150;

/// Every failure in every way that it can happen, each with its name and models of its own.
fn cases(vendors: &Vendors) -> Vec<Case<'_>> {
    let mut cases = Vec::new();
    for (what, [whole, streams], behaviour) in failures() {
        for (path, model, first, second) in ways(vendors) {
            for stream in [false, true] {
                if (stream && streams) || (!stream && whole) {
                    cases.push(Case {
                        name: format!("{what}, {path}, {model}, stream: {stream}"),
                        behaviour: behaviour.clone(),
                        path,
                        model: format!("{model}-{}", cases.len()),
                        first,
                        second,
                        stream,
                    });
                }
            }
        }
    }
    cases
}

struct Case<'a> {
    name: String,
    behaviour: Behaviour,
    path: &'static str,
    model: String,
    first: &'a Simulator,
    second: &'a Simulator,
    stream: bool,
}

#[tokio::test]
async fn every_failure_is_made_good_by_the_other_vendor() {
    let vendors = Vendors::start_with(CASES).await;
    let cases = cases(&vendors);
    for case in &cases {
        let (name, path) = (&case.name, case.path);
        case.first.clear();
        case.second.clear();
        case.first.then(vec![case.behaviour.clone()]);
        let body = call(&case.model, "say: here I am", case.stream).to_string();
        let answer = vendors.broker.post(path, TOKEN, body).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
        assert_eq!(answer.said(), "here I am", "{name}");
        assert_eq!((case.first.count(), case.second.count()), (1, 1), "{name}");
        if case.stream {
            let events: Vec<String> = answer.events().into_iter().map(|event| event.data).collect();
            assert_whole(path, &events, name);
        }
    }
    let records = vendors.broker.wait_for_records(cases.len()).await;
    for (
        Case {
            name, first, second, ..
        },
        record,
    ) in cases.iter().zip(records)
    {
        let attempts = record.attempts();
        let providers: Vec<&str> = attempts.iter().map(|attempt| attempt.provider.as_str()).collect();
        assert_eq!(providers, [first.name(), second.name()], "{name}");
        assert_ne!(attempts[0].status, "200", "{name}");
        assert_eq!(attempts[1].status, "200", "{name}");
        assert_eq!(record.text("llm.outcome"), "ok", "{name}");
    }
}

/// The stream has one beginning and one end, in the words of the API that was called.
fn assert_whole(path: &str, events: &[String], context: &str) {
    let json: Vec<Value> = events
        .iter()
        .filter_map(|data| serde_json::from_str(data).ok())
        .collect();
    if path == CHAT {
        assert_eq!(events.last().map(String::as_str), Some("[DONE]"), "{context}");
        let roles = json
            .iter()
            .filter(|chunk| chunk["choices"][0]["delta"]["role"] == "assistant");
        assert_eq!(roles.count(), 1, "{context}");
        assert!(json.iter().all(|chunk| chunk["id"] == json[0]["id"]), "{context}");
    } else {
        for (kind, times) in [("message_start", 1), ("message_stop", 1), ("error", 0)] {
            assert_eq!(
                json.iter().filter(|event| event["type"] == kind).count(),
                times,
                "{kind}: {context}"
            );
        }
    }
}

#[tokio::test]
async fn when_nobody_is_left_the_agent_is_told_in_its_dialect() {
    let vendors = Vendors::start_with(CASES).await;
    let cases = cases(&vendors);
    for case in &cases {
        let name = &case.name;
        case.first.then(vec![case.behaviour.clone()]);
        case.second.then(vec![case.behaviour.clone()]);
        let body = call(&case.model, "hi", case.stream).to_string();
        let answer = vendors.broker.post(case.path, TOKEN, body).await;
        assert!(
            answer.status == 429 || answer.status >= 500,
            "{name}: {} {}",
            answer.status,
            answer.text()
        );
        let error = answer.json();
        assert!(error["error"]["message"].is_string(), "{name}: {error}");
        assert!(error["error"]["type"].is_string(), "{name}: {error}");
        assert_eq!(error["type"] == "error", case.path == MESSAGES, "{name}: {error}");
    }
    let records = vendors.broker.wait_for_records(cases.len()).await;
    for (case, record) in cases.iter().zip(records) {
        assert_eq!(record.attempts().len(), 2, "{}", case.name);
        assert_ne!(record.text("llm.outcome"), "ok", "{}", case.name);
    }
}

#[tokio::test]
async fn each_attempt_is_made_from_what_the_agent_said() {
    let vendors = Vendors::start().await;
    vendors.openai.then(vec![Behaviour::status(500)]);
    let mut body = call("gpt-first", "hi", false);
    body["seed"] = 7.into();
    vendors
        .broker
        .post(CHAT, TOKEN, body.to_string())
        .await
        .expect_status(200);
    assert_eq!(vendors.openai.received()[0].json()["seed"], 7);
    assert_eq!(vendors.anthropic.received()[0].json()["seed"], Value::Null);
    let record = vendors.record(1).await;
    assert_eq!(*record.value("llm.dropped"), serde_json::json!(["seed"]));

    vendors.anthropic.then(vec![Behaviour::status(500)]);
    body["model"] = "claude-first".into();
    vendors
        .broker
        .post(CHAT, TOKEN, body.to_string())
        .await
        .expect_status(200);
    assert_eq!(
        vendors.openai.received()[1].json()["seed"],
        7,
        "the last attempt lost nothing"
    );
    assert!(!vendors.record(2).await.has("llm.dropped"));
}

#[tokio::test]
async fn a_refusal_of_the_call_itself_is_not_tried_elsewhere() {
    let vendors = Vendors::start().await;
    for (path, model, first, second) in ways(&vendors) {
        second.clear();
        first.then(vec![Behaviour::too_long()]);
        let answer = vendors
            .broker
            .post(path, TOKEN, call(model, "hi", false).to_string())
            .await;
        answer.expect_status(400);
        assert!(answer.text().contains("prompt is too long"), "{}", answer.text());
        assert_eq!(second.count(), 0);
    }
}

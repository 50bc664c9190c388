//! Cohere's chat: a format that no agent speaks.

use provider_simulator::{Answer as Told, Behaviour, Vendor};
use serde_json::json;

use super::conformance::CASES;
use super::reading::{said, thought, tool_calls};
use super::{Trio, WAYS, call, tool};
use crate::harness::{CHAT, MESSAGES};

async fn start(model: &str, cases: usize) -> Trio {
    Trio::start("cohere", Vendor::Cohere, model, json!({}), cases).await
}

#[tokio::test]
async fn cohere_answers_both_apis() {
    let cohere = start("command-a-03-2025", 0).await;
    cohere.answers("authorization", "Bearer ").await;
    cohere.calls_tools().await;
    cohere.tells_errors().await;
}

#[tokio::test]
async fn cohere_stands_in_and_is_stood_in_for() {
    start("command-a-03-2025", CASES).await.fails_over().await;
}

/// Whatever an agent says in its own API arrives in Cohere's words: the simulator refuses all others.
#[tokio::test]
async fn what_an_agent_asks_for_has_coheres_names() {
    let cohere = start("command-a-03-2025", 0).await;
    let mut body = call("own", "say: hello", true);
    body["messages"] = json!([
        {"role": "developer", "content": "Be kind."},
        {"role": "user", "content": "say: hello"},
    ]);
    for (key, value) in [
        ("seed", json!(7)),
        ("user", json!("u-1")),
        ("top_p", json!(1)),
        ("stop", json!(["END"])),
        ("frequency_penalty", json!(-0.5)),
        ("presence_penalty", json!(1.5)),
    ] {
        body[key] = value;
    }
    assert_eq!(said(&cohere.ask(CHAT, &body).await), "hello");
    let received = cohere.received();
    assert_eq!(received.path, "/v2/chat");
    let sent = received.json();
    assert_eq!(
        (
            &sent["p"],
            &sent["stop_sequences"],
            &sent["frequency_penalty"],
            &sent["seed"]
        ),
        (&json!(0.99), &json!(["END"]), &json!(0.0), &json!(7))
    );
    let record = cohere.record(1).await;
    assert_eq!(*record.value("llm.dropped"), json!(["presence_penalty", "user"]));
}

#[tokio::test]
async fn one_tool_is_chosen_by_offering_no_other() {
    let cohere = start("command-a-03-2025", 0).await;
    for path in [CHAT, MESSAGES] {
        let mut body = call("own", "hi", false);
        body["tools"] = json!([tool(path, "weather"), tool(path, "time")]);
        body["tool_choice"] = if path == CHAT {
            json!({"type": "function", "function": {"name": "time"}})
        } else {
            json!({"type": "tool", "name": "time"})
        };
        let answer = cohere.ask(path, &body).await;
        assert_eq!(tool_calls(path, &answer)[0].name, "time");
        assert_eq!(cohere.received().json()["tool_choice"], "REQUIRED");
    }
}

#[tokio::test]
async fn a_shape_beside_tools_cannot_be_asked_for() {
    let cohere = start("command-a-03-2025", 0).await;
    let mut body = call("own", "json, please", false);
    body["response_format"] = json!({"type": "json_object"});
    assert!(said(&cohere.ask(CHAT, &body).await).starts_with('{'));
    cohere.own.clear();
    body["tools"] = json!([tool(CHAT, "weather")]);
    let answer = cohere.post(CHAT, &body).await;
    answer.expect_status(400);
    assert_eq!(answer.json()["error"]["param"], "response_format");
    assert_eq!(cohere.own.count(), 0);
}

#[tokio::test]
async fn thoughts_and_cached_tokens_are_told() {
    let cohere = start("command-a-reasoning-08-2025", 0).await;
    cohere.own.behave(Told {
        cached_tokens: 11,
        ..Told::default()
    });
    for (n, (path, stream)) in WAYS.into_iter().enumerate() {
        let mut body = call("own", "say: hello", stream);
        if path == CHAT {
            body["reasoning_effort"] = "low".into();
        } else {
            body["max_tokens"] = 4_000.into();
            body["thinking"] = json!({"type": "enabled", "budget_tokens": 2_048});
        }
        let answer = cohere.ask(path, &body).await;
        assert_eq!(
            thought(path, &answer),
            "Let me think about it.",
            "{path} {stream}"
        );
        assert_eq!(said(&answer), "hello", "{path} {stream}");
        let thinking = json!({"type": "enabled", "token_budget": 2_048});
        assert_eq!(cohere.received().json()["thinking"], thinking);
        assert_eq!(cohere.record(n + 1).await.count("llm.tokens.cached"), 11);
    }
}

/// Cohere's own statuses for our key and for a call that was given up are not the agent's business.
#[tokio::test]
async fn statuses_of_its_own_lead_to_the_next_account() {
    let cohere = start("command-a-03-2025", 2).await;
    for (number, status) in [498, 499].into_iter().enumerate() {
        cohere.own.then(vec![Behaviour::status(status)]);
        let body = call(&format!("to-openai-{number}"), "say: here", false);
        assert_eq!(said(&cohere.ask(CHAT, &body).await), "here", "{status}");
    }
    cohere.own.behave(Behaviour::status(498));
    let answer = cohere.post(CHAT, &call("own", "hi", false)).await;
    assert!(answer.status >= 500, "{} {}", answer.status, answer.text());
}

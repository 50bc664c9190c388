//! What holds for every kind of provider.

use provider_simulator::{Answer as Told, Behaviour, Cut, Ending, StatusError};
use serde_json::{Value, json};

use super::reading::{ToolCall, said, tool_calls};
use super::{Trio, WAYS, call, tool};
use crate::harness::{CHAT, MESSAGES, TOKEN, key_of};

/// More than there are cases of failover.
pub const CASES: usize = 64;

impl Trio {
    /// It answers both APIs, whole and streamed, with its key in the right header and nobody's beside it, and its own
    /// count of tokens is what is recorded.
    pub async fn answers(&self, header: &str, prefix: &str) {
        for (n, (path, stream)) in WAYS.into_iter().enumerate() {
            let what = format!("{path}, stream: {stream}");
            let answer = self.ask(path, &call("own", "say: here I am", stream)).await;
            assert_eq!(said(&answer), "here I am", "{what}");
            if path == CHAT && stream {
                assert_eq!(answer.events().last().unwrap().data, "[DONE]", "{what}");
            } else if path == MESSAGES && stream {
                assert_eq!(
                    answer.events().last().unwrap().name.as_deref(),
                    Some("message_stop")
                );
            }
            let received = self.received();
            for name in ["authorization", "x-api-key", "api-key", "x-goog-api-key"] {
                let expected = (name == header).then(|| format!("{prefix}{}", key_of("own")));
                assert_eq!(
                    received.header(name).map(str::to_owned),
                    expected,
                    "{what}: {name}"
                );
            }
            assert!(!received.contains(TOKEN), "{what}");
            let record = self.record(n + 1).await;
            let usage = received.usage.expect("usage");
            assert_eq!(record.text("llm.outcome"), "ok", "{what}");
            assert_eq!(record.count("llm.tokens.input"), usage.input, "{what}");
            assert_eq!(record.count("llm.tokens.output"), usage.output, "{what}");
            assert_eq!(record.text("llm.finish_reason"), "stop", "{what}");
        }
    }

    /// Two tools are called at once, and their results find their calls.
    pub async fn calls_tools(&self) {
        self.calls_tools_of(&[CHAT, MESSAGES]).await;
    }

    /// The same for callers of these APIs.
    pub async fn calls_tools_of(&self, paths: &[&str]) {
        for (path, stream) in WAYS.into_iter().filter(|(path, _)| paths.contains(path)) {
            let what = format!("{path}, stream: {stream}");
            let text = r#"call weather with {"city":"Bern"} and call time with {"city":"Basel"}"#;
            let mut body = call("own", text, stream);
            body["tools"] = json!([tool(path, "weather"), tool(path, "time")]);
            let answer = self.ask(path, &body).await;
            self.own.clear();
            let calls = tool_calls(path, &answer);
            let made: Vec<_> = calls
                .iter()
                .map(|call| (call.name.as_str(), &call.arguments))
                .collect();
            let (bern, basel) = (json!({"city": "Bern"}), json!({"city": "Basel"}));
            assert_eq!(made, [("weather", &bern), ("time", &basel)], "{what}");
            assert_ne!(calls[0].id, calls[1].id, "{what}");
            let ends = answer.text();
            assert!(
                ends.contains(if path == CHAT {
                    r#""tool_calls""#
                } else {
                    r#""tool_use""#
                }),
                "{what}: {ends}"
            );

            let turns = body["messages"].as_array_mut().unwrap();
            turns.extend(results(path, &calls));
            let answer = self.ask(path, &body).await;
            assert_eq!(said(&answer), "Results: sunny | noon", "{what}");
            self.own.clear();
        }
    }

    /// An error reaches the agent in its own words.
    pub async fn tells_errors(&self) {
        for (path, stream) in WAYS {
            for (status, seen) in [(400, 400), (404, 404)] {
                let what = format!("{path}, stream: {stream}, {status}");
                self.own.then(vec![
                    StatusError {
                        status,
                        message: Some("in its words".into()),
                        ..StatusError::default()
                    }
                    .into(),
                ]);
                let answer = self.post(path, &call("own", "hi", stream)).await;
                assert_eq!(answer.status, seen, "{what}: {}", answer.text());
                let error = answer.json();
                assert_eq!(error["type"] == "error", path == MESSAGES, "{what}: {error}");
                assert!(
                    error["error"]["type"].is_string() || path == CHAT,
                    "{what}: {error}"
                );
                let message = error["error"]["message"].as_str().unwrap_or_default();
                assert!(
                    message.contains("in its words") || status == 404 && !message.is_empty(),
                    "{what}: {error}"
                );
            }
        }
    }

    /// Whatever goes wrong before anything is said, the next one makes good: from the other kinds to this one and back.
    pub async fn fails_over(&self) {
        let failures = [
            Behaviour::HtmlError { status: 503 },
            Behaviour::HtmlError { status: 200 },
            Behaviour::status(500),
            Behaviour::error_event(0),
            Behaviour::Reset { how: Cut::Close },
            Told {
                ending: Ending::Truncated { after_events: 0 },
                ..Told::default()
            }
            .into(),
        ];
        let mut number = 0;
        for (path, stream) in WAYS {
            for failure in &failures {
                for (name, other) in [("openai", &self.openai), ("anthropic", &self.anthropic)] {
                    for (way, first, second) in [("from", other, &self.own), ("to", &self.own, other)] {
                        let what = format!("{path} {way} {name}, stream: {stream}, {failure:?}");
                        first.then(vec![failure.clone()]);
                        let model = format!("{way}-{name}-{number}");
                        let answer = self.post(path, &call(&model, "say: here I am", stream)).await;
                        assert_eq!(answer.status, 200, "{what}: {}", answer.text());
                        assert_eq!(said(&answer), "here I am", "{what}");
                        assert_eq!((first.count(), second.count()), (1, 1), "{what}");
                        first.clear();
                        second.clear();
                    }
                }
                number += 1;
            }
        }
        // With nobody left, a page of HTML is a well-formed error.
        for path in [CHAT, MESSAGES] {
            self.own.then(vec![Behaviour::HtmlError { status: 502 }]);
            let answer = self.post(path, &call("own", "hi", false)).await;
            assert_eq!(answer.status, 502, "{}", answer.text());
            assert!(answer.json()["error"]["message"].is_string(), "{}", answer.text());
            assert!(!answer.text().contains("nginx"), "{}", answer.text());
        }
    }
}

/// The model's turn with its calls, and what came of them.
fn results(path: &str, calls: &[ToolCall]) -> Vec<Value> {
    let results = calls.iter().zip(["sunny", "noon"]);
    if path == CHAT {
        let made = calls.iter().map(|call| {
            let function = json!({"name": call.name, "arguments": call.arguments.to_string()});
            json!({"id": call.id, "type": "function", "function": function})
        });
        let mut turns =
            vec![json!({"role": "assistant", "content": null, "tool_calls": made.collect::<Vec<_>>()})];
        turns.extend(
            results.map(|(call, result)| json!({"role": "tool", "tool_call_id": call.id, "content": result})),
        );
        turns
    } else {
        let made = calls.iter().map(
            |call| json!({"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments}),
        );
        let results = results
            .map(|(call, result)| json!({"type": "tool_result", "tool_use_id": call.id, "content": result}));
        vec![
            json!({"role": "assistant", "content": made.collect::<Vec<_>>()}),
            json!({"role": "user", "content": results.collect::<Vec<_>>()}),
        ]
    }
}

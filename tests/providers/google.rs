//! Google's services: Gemini at the Gemini API and at Vertex AI, and Claude at Vertex AI. All are as strict as the real
//! ones, so that whatever they answer with a success they could read.

use provider_simulator::{Answer as Told, Behaviour, LineEnding, Simulator, Vendor};
use serde_json::{Value, json};

use crate::harness::{Broker, CHAT, Config, MESSAGES, Record, TOKEN, key_of};

mod claude;
mod failover;
mod tokens;

/// A small picture.
const PICTURE: &str = "iVBORw0KGgoAAAANSUhEUg==";

/// Where an account at Vertex AI is.
fn place() -> Value {
    json!({"project": "my-project-1", "location": "europe-west4"})
}

/// An account of each of Google's services, and a broker before them.
struct Google {
    gemini: Simulator,
    vertex: Simulator,
    broker: Broker,
}

impl Google {
    /// `gemini` and `old` are served at the Gemini API, `vertex` and `claude` at Vertex AI.
    async fn start() -> Self {
        let gemini = Simulator::start_as(Vendor::Gemini, "gemini").await;
        let vertex = Simulator::start_as(Vendor::Vertex, "vertex").await;
        let config = Config::new()
            .provider("gemini", &gemini)
            .provider_with("vertex", &vertex, place())
            .single("gemini", &gemini, "gemini-3.8-flash")
            .single("old", &gemini, "gemini-2.5-flash")
            .single("vertex", &vertex, "gemini-2.5-pro")
            .single("claude", &vertex, "claude-sonnet-4-5@20250929");
        let broker = Broker::start(&config).await;
        Self {
            gemini,
            vertex,
            broker,
        }
    }

    async fn record(&self, n: usize) -> Record {
        self.broker.wait_for_records(n).await.pop().expect("a record")
    }
}

/// A call with this user's message that both APIs of agents take.
fn call(model: &str, text: &str, stream: bool) -> Value {
    json!({
        "model": model, "max_tokens": 500, "stream": stream,
        "messages": [{"role": "user", "content": text}],
    })
}

#[tokio::test]
async fn gemini_answers_agents_of_both_formats_whole_and_streamed() {
    let google = Google::start().await;
    let crlf = Told {
        line_ending: LineEnding::Crlf,
        ..Told::default()
    };
    google.gemini.behave(crlf);
    google.gemini.require("x-goog-api-key", &key_of("gemini"));
    let mut calls = 0;
    for path in [CHAT, MESSAGES] {
        for (model, account, upstream) in [
            ("gemini", &google.gemini, "/v1beta/models/gemini-3.8-flash"),
            (
                "vertex",
                &google.vertex,
                "/v1/projects/my-project-1/locations/europe-west4/publishers/google/models/gemini-2.5-pro",
            ),
        ] {
            for stream in [false, true] {
                account.clear();
                let mut body = call(model, "say: here I am", stream);
                body["stream_options"] = json!({"include_usage": true});
                if path == MESSAGES || !stream {
                    body.as_object_mut().unwrap().remove("stream_options");
                }
                let answer = google.broker.post(path, TOKEN, body.to_string()).await;
                assert_eq!(answer.status, 200, "{path} {model}: {}", answer.text());
                assert_eq!(answer.said(), "here I am", "{path} {model} {stream}");
                let received = &account.received()[0];
                let verb = if stream {
                    "streamGenerateContent?alt=sse"
                } else {
                    "generateContent"
                };
                assert_eq!(received.path, format!("{upstream}:{verb}"));
                assert!(!received.contains(TOKEN));
                calls += 1;
                let record = google.record(calls).await;
                assert_eq!(record.text("llm.outcome"), "ok");
                let usage = received.usage.unwrap();
                assert_eq!(record.count("llm.tokens.input"), usage.input);
                assert_eq!(record.count("llm.tokens.output"), usage.output);
            }
        }
    }
    let headers = google.vertex.received()[0].clone();
    assert_eq!(
        headers.header("authorization"),
        Some(format!("Bearer {}", key_of("vertex")).as_str())
    );
    assert_eq!(headers.header("x-goog-api-key"), None);
}

/// An agent that calls tools: what the model asked for, with its results, goes back to the model until it is done.
#[tokio::test]
async fn tools_are_called_and_answered_in_both_formats() {
    let google = Google::start().await;
    let schema =
        json!({"type": "object", "properties": {"city": {"type": "string"}}, "$defs": {"x": {"const": 1}}});
    let ask = r#"call weather with {"city":"Paris","n":1.50} and call weather with {"city":"Oslo"}"#;
    for model in ["gemini", "old", "vertex"] {
        let chat_tools = json!([{"type": "function", "function": {"name": "weather", "parameters": schema}}]);
        let mut body = call(model, ask, false);
        body["tools"] = chat_tools;
        let answer = google.broker.post(CHAT, TOKEN, body.to_string()).await;
        answer.expect_status(200);
        let message = answer.json()["choices"][0]["message"].clone();
        assert_eq!(answer.json()["choices"][0]["finish_reason"], "tool_calls");
        let calls = message["tool_calls"].as_array().unwrap().clone();
        assert_eq!(calls[0]["function"]["arguments"], r#"{"city":"Paris","n":1.5}"#);
        assert_ne!(calls[0]["id"], calls[1]["id"]);
        let messages = body["messages"].as_array_mut().unwrap();
        messages.push(message);
        // Out of order: the results find their calls by the ids.
        for (call, result) in calls.iter().zip(["sun", "snow"]).rev() {
            messages.push(json!({"role": "tool", "tool_call_id": call["id"], "content": result}));
        }
        let answer = google.broker.post(CHAT, TOKEN, body.to_string()).await;
        assert_eq!(answer.status, 200, "{model}: {}", answer.text());
        assert_eq!(answer.said(), "Results: sun | snow", "{model}");

        let mut body = call(model, ask, false);
        body["tools"] = json!([{"name": "weather", "input_schema": schema}]);
        let answer = google.broker.post(MESSAGES, TOKEN, body.to_string()).await;
        answer.expect_status(200);
        let answer = answer.json();
        assert_eq!(answer["stop_reason"], "tool_use");
        let content = answer["content"].as_array().unwrap();
        let results: Vec<Value> = content
            .iter()
            .filter(|block| block["type"] == "tool_use")
            .zip(["sun", "snow"])
            .map(|(block, result)| json!({"type": "tool_result", "tool_use_id": block["id"], "content": result}))
            .collect();
        let messages = body["messages"].as_array_mut().unwrap();
        messages.push(json!({"role": "assistant", "content": content}));
        messages.push(json!({"role": "user", "content": results}));
        let answer = google.broker.post(MESSAGES, TOKEN, body.to_string()).await;
        assert_eq!(answer.status, 200, "{model}: {}", answer.text());
        assert_eq!(answer.said(), "Results: sun | snow", "{model}");
    }
}

/// Gemini's own seal comes back from an agent that keeps signatures; for another's call the documented one stands.
#[tokio::test]
async fn thought_signatures_survive_a_round_trip() {
    let google = Google::start().await;
    let tools = json!([{"name": "weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}]);
    let mut body = call("gemini", "call weather", true);
    body["tools"] = tools;
    let answer = google.broker.post(MESSAGES, TOKEN, body.to_string()).await;
    answer.expect_status(200);
    let events: Vec<Value> = answer
        .events()
        .iter()
        .map(|event| serde_json::from_str(&event.data).unwrap())
        .collect();
    let signature = events
        .iter()
        .find_map(|event| event["delta"]["signature"].as_str())
        .unwrap();
    assert!(signature.starts_with("gemini:"), "{signature}");
    let call = events
        .iter()
        .find(|event| event["content_block"]["type"] == "tool_use")
        .unwrap();
    let id = call["content_block"]["id"].clone();
    let messages = body["messages"].as_array_mut().unwrap();
    messages.push(json!({"role": "assistant", "content": [
        {"type": "thinking", "thinking": "", "signature": signature},
        {"type": "tool_use", "id": id, "name": "weather", "input": {}},
    ]}));
    messages.push(
        json!({"role": "user", "content": [{"type": "tool_result", "tool_use_id": id, "content": "sun"}]}),
    );
    google
        .broker
        .post(MESSAGES, TOKEN, body.to_string())
        .await
        .expect_status(200);
    let sent = google.gemini.received()[1].json();
    let seal = sent["contents"][1]["parts"][0]["thoughtSignature"]
        .as_str()
        .unwrap();
    assert_eq!(format!("gemini:{seal}"), signature);

    body["messages"][1]["content"].as_array_mut().unwrap().remove(0);
    google
        .broker
        .post(MESSAGES, TOKEN, body.to_string())
        .await
        .expect_status(200);
    let sent = google.gemini.received()[2].json();
    let seal = &sent["contents"][1]["parts"][0]["thoughtSignature"];
    assert_eq!(seal, "skip_thought_signature_validator");
}

#[tokio::test]
async fn pictures_schemas_and_thoughts_are_understood() {
    let google = Google::start().await;
    let mut seen = call("gemini", "", false);
    seen["messages"][0]["content"] = json!([
        {"type": "text", "text": "describe"},
        {"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{PICTURE}")}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.jpg"}},
    ]);
    let answer = google.broker.post(CHAT, TOKEN, seen.to_string()).await;
    assert_eq!(
        answer.said(),
        "I see image image/png of 16 bytes, image https://example.com/a.jpg"
    );

    let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": false});
    let mut shaped = call("old", "a number", false);
    shaped["response_format"] =
        json!({"type": "json_schema", "json_schema": {"name": "n", "schema": schema}});
    let answer = google.broker.post(CHAT, TOKEN, shaped.to_string()).await;
    assert_eq!(answer.said(), r#"{"n":7}"#);

    let mut thought = call("vertex", "think", false);
    thought["thinking"] = json!({"type": "enabled", "budget_tokens": 2_000});
    thought["max_tokens"] = 4_000.into();
    let answer = google.broker.post(MESSAGES, TOKEN, thought.to_string()).await;
    answer.expect_status(200);
    let first = &answer.json()["content"][0];
    assert_eq!(
        (&first["type"], &first["thinking"]),
        (&json!("thinking"), &json!("Let me think about it."))
    );
    assert_eq!(
        google.vertex.received()[0].json()["generationConfig"]["thinkingConfig"]["thinkingBudget"],
        2_000
    );

    let mut effort = call("gemini", "think", true);
    effort["reasoning_effort"] = "low".into();
    let answer = google.broker.post(CHAT, TOKEN, effort.to_string()).await;
    answer.expect_status(200);
    assert!(answer.text().contains("reasoning_content"), "{}", answer.text());
}

#[tokio::test]
async fn what_is_blocked_or_refused_is_told_in_the_agents_words() {
    let google = Google::start().await;
    for stream in [false, true] {
        let body = call("gemini", "refuse", stream).to_string();
        let chat = google.broker.post(CHAT, TOKEN, body.clone()).await;
        assert_eq!(chat.status, 200);
        assert!(
            chat.text().contains(r#""finish_reason":"content_filter""#),
            "{}",
            chat.text()
        );
        let message = google.broker.post(MESSAGES, TOKEN, body).await;
        assert!(
            message.text().contains(r#""stop_reason":"refusal""#),
            "{}",
            message.text()
        );
    }
    let mut bad = call("gemini", "hi", false);
    bad["max_tokens"] = 70_000.into();
    let answer = google.broker.post(CHAT, TOKEN, bad.to_string()).await;
    answer.expect_status(400);
    assert_eq!(answer.json()["error"]["type"], "invalid_request_error");
    assert_eq!(answer.json()["error"]["code"], "INVALID_ARGUMENT");
    google.gemini.behave(Behaviour::HtmlError { status: 502 });
    let answer = google
        .broker
        .post(MESSAGES, TOKEN, call("gemini", "hi", false).to_string())
        .await;
    assert!(answer.status >= 500);
    assert_eq!(answer.json()["type"], "error");
    assert!(!answer.text().contains('<'), "{}", answer.text());
}

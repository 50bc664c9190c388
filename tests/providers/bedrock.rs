//! AWS Bedrock: all models through Converse, Claude in its own words. The simulated service is as strict as the real one,
//! so that whatever it answers with a success it could read.

use provider_simulator::{Answer as Told, Behaviour, Ending, Finish, Simulator, StatusError, Vendor};
use serde_json::{Value, json};

use crate::harness::{Answer, Broker, CHAT, Config, MESSAGES, Record, TOKEN};

mod failover;
mod frames;
mod signing;

const NOVA: &str = "eu.amazon.nova-pro-v1:0";
const LLAMA: &str = "us.meta.llama3-3-70b-instruct-v1:0";
const GPT_OSS: &str = "openai.gpt-oss-120b-1:0";
const CLAUDE: &str = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0";
const PROFILE: &str = "arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/abc";

const PNG: &str = "iVBORw0KGgo=";

/// The simulated service, whose key is one of Bedrock's own, and a broker before it.
struct Bedrock {
    service: Simulator,
    broker: Broker,
}

impl Bedrock {
    async fn start() -> Self {
        let service = Simulator::start_as(Vendor::Bedrock, "aws").await;
        service.require("authorization", "Bearer secret-key-of-aws");
        let config = [
            ("nova", NOVA),
            ("llama", LLAMA),
            ("gpt-oss", GPT_OSS),
            ("claude", CLAUDE),
            ("profile", PROFILE),
        ]
        .into_iter()
        .fold(
            Config::new().provider("bedrock", &service),
            |config, (name, model)| config.single(name, &service, model),
        );
        let broker = Broker::start(&config).await;
        Self { service, broker }
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.service.clear();
        self.broker.post(path, TOKEN, body.to_string()).await
    }

    /// What the service received, which the agent's token was no part of.
    #[track_caller]
    fn received(&self) -> (String, Value) {
        let received = self.service.received();
        assert_eq!(received.len(), 1, "one call, one attempt");
        assert!(!received[0].contains(TOKEN));
        (received[0].path.clone(), received[0].json())
    }

    async fn record(&self, n: usize) -> Record {
        self.broker.wait_for_records(n).await.pop().expect("a record")
    }
}

/// A call with this user's message that both APIs take.
fn call(model: &str, text: &str, stream: bool) -> Value {
    json!({
        "model": model, "max_tokens": 500, "stream": stream,
        "messages": [{"role": "user", "content": text}],
    })
}

/// A call with a tool, in the words of the API.
fn with_tool(path: &str, model: &str, text: &str, stream: bool) -> Value {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let mut body = call(model, text, stream);
    body["tools"] = if path == CHAT {
        json!([{"type": "function", "function": {"name": "weather", "parameters": schema}}])
    } else {
        json!([{"name": "weather", "input_schema": schema}])
    };
    body
}

#[tokio::test]
async fn both_apis_are_answered_by_every_model_whole_and_streamed() {
    let bedrock = Bedrock::start().await;
    let mut calls = 0;
    for (model, id, [whole, stream]) in [
        (
            "nova",
            "eu.amazon.nova-pro-v1%3A0",
            ["converse", "converse-stream"],
        ),
        (
            "llama",
            "us.meta.llama3-3-70b-instruct-v1%3A0",
            ["converse", "converse-stream"],
        ),
        (
            "profile",
            "arn%3Aaws%3Abedrock%3Aeu-central-1%3A123456789012%3Aapplication-inference-profile%2Fabc",
            ["converse", "converse-stream"],
        ),
        (
            "claude",
            "eu.anthropic.claude-sonnet-4-5-20250929-v1%3A0",
            ["invoke", "invoke-with-response-stream"],
        ),
    ] {
        for path in [CHAT, MESSAGES] {
            for is_stream in [false, true] {
                let name = format!("{model}, {path}, stream: {is_stream}");
                let answer = bedrock
                    .post(path, &call(model, "say: h\u{e9} \"you\"\n", is_stream))
                    .await;
                assert_eq!(answer.status, 200, "{name}: {}", answer.text());
                assert_eq!(answer.said(), "h\u{e9} \"you\"\n", "{name}");
                let content_type = answer.header("content-type").unwrap_or_default();
                assert_eq!(
                    content_type.starts_with("text/event-stream"),
                    is_stream,
                    "{name}: {content_type}"
                );
                assert!(answer.header("x-amzn-requestid").is_none(), "{name}");
                let verb = if is_stream { stream } else { whole };
                assert_eq!(bedrock.received().0, format!("/model/{id}/{verb}"), "{name}");
                calls += 1;
                let record = bedrock.record(calls).await;
                let usage = bedrock.service.received()[0].usage.expect("a usage");
                assert_eq!(record.count("llm.tokens.input"), usage.input, "{name}");
                assert_eq!(record.count("llm.tokens.output"), usage.output, "{name}");
                assert_eq!(record.text("llm.finish_reason"), "stop", "{name}");
                assert!(
                    record.value("llm.attempts")[0]["request_id"].is_string(),
                    "{name}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_chat_call_with_everything_reaches_converse_in_its_words() {
    let bedrock = Bedrock::start().await;
    let weather = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let body = json!({
        "model": "nova", "max_completion_tokens": 300, "temperature": 1.5, "seed": 7, "stop": "END", "user": "u-1",
        "tool_choice": "required",
        "tools": [{"type": "function", "function": {"name": "weather", "description": "w", "parameters": weather}}],
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": [
                {"type": "text", "text": "see"},
                {"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{PNG}")}},
            ]},
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "call|1", "type": "function", "function": {"name": "weather", "arguments": "{\"city\":\"Bern\"}"}},
            ]},
            {"role": "tool", "tool_call_id": "call|1", "content": "sunny"},
            {"role": "user", "content": "and now?"},
        ],
    });
    let answer = bedrock.post(CHAT, &body).await;
    answer.expect_status(200);
    let (_, mut sent) = bedrock.received();
    let id = sent["messages"][1]["content"][0]["toolUse"]["toolUseId"].take();
    assert_eq!(
        sent["messages"][2]["content"][0]["toolResult"]["toolUseId"].take(),
        id
    );
    assert_eq!(
        sent,
        json!({
            "system": [{"text": "Be kind."}],
            "messages": [
                {"role": "user", "content": [
                    {"text": "see"}, {"image": {"format": "png", "source": {"bytes": PNG}}}]},
                {"role": "assistant", "content": [
                    {"toolUse": {"toolUseId": null, "name": "weather", "input": {"city": "Bern"}}}]},
                {"role": "user", "content": [
                    {"toolResult": {"toolUseId": null, "content": [{"text": "sunny"}]}}, {"text": "and now?"}]},
            ],
            "toolConfig": {
                "tools": [{"toolSpec": {"name": "weather", "description": "w", "inputSchema": {"json": weather}}}],
                "toolChoice": {"any": {}},
            },
            "inferenceConfig": {"maxTokens": 300, "temperature": 1, "stopSequences": ["END"]},
        })
    );
    let json = answer.json();
    assert_eq!(json["model"], "nova", "the agent's own name for it");
    assert_eq!(json["choices"][0]["finish_reason"], "tool_calls");
    let function = &json["choices"][0]["message"]["tool_calls"][0]["function"];
    assert_eq!(
        *function,
        json!({"name": "weather", "arguments": "{\"city\":\"Paris\"}"})
    );
    let record = bedrock.record(1).await;
    assert_eq!(*record.value("llm.dropped"), json!(["seed"]));
}

#[tokio::test]
async fn tools_are_called_in_streams_of_both_apis() {
    let bedrock = Bedrock::start().await;
    for model in ["nova", "claude"] {
        for path in [CHAT, MESSAGES] {
            let text = "aloud: call weather with {\"city\": \"Oslo\"} and call weather";
            let answer = bedrock.post(path, &with_tool(path, model, text, true)).await;
            assert_eq!(answer.status, 200, "{model}, {path}: {}", answer.text());
            let events: Vec<Value> = answer
                .events()
                .iter()
                .filter_map(|event| serde_json::from_str(&event.data).ok())
                .collect();
            let mut arguments = vec![String::new(), String::new()];
            for event in &events {
                let (index, piece) = if path == CHAT {
                    let call = &event["choices"][0]["delta"]["tool_calls"][0];
                    (call["index"].as_u64(), call["function"]["arguments"].as_str())
                } else {
                    let index = event["index"].as_u64().and_then(|index| index.checked_sub(1));
                    (index, event["delta"]["partial_json"].as_str())
                };
                if let (Some(index), Some(piece)) = (index, piece) {
                    arguments[usize::try_from(index).expect("an index")].push_str(piece);
                }
            }
            assert_eq!(arguments[0], "{\"city\": \"Oslo\"}", "{model}, {path}");
            assert!(
                ["{}", ""].contains(&arguments[1].as_str()),
                "{model}, {path}: {}",
                arguments[1]
            );
            let text = answer.text();
            let finish = if path == CHAT {
                "\"tool_calls\""
            } else {
                "\"tool_use\""
            };
            assert!(text.contains(finish), "{model}, {path}: {text}");
        }
    }
}

#[tokio::test]
async fn pictures_and_documents_are_seen_and_addresses_are_not_asked_for() {
    let bedrock = Bedrock::start().await;
    for model in ["nova", "claude"] {
        let image = |url: &str| {
            json!({"model": model, "max_tokens": 100, "messages": [{"role": "user", "content": [
                {"type": "text", "text": "describe"}, {"type": "image_url", "image_url": {"url": url}}]}]})
        };
        let answer = bedrock
            .post(CHAT, &image(&format!("data:image/png;base64,{PNG}")))
            .await;
        assert_eq!(
            answer.said(),
            "I see image image/png of 8 bytes",
            "{model}: {}",
            answer.text()
        );
        let answer = bedrock.post(CHAT, &image("https://example.com/a.png")).await;
        answer.expect_status(400);
        assert!(
            answer.text().contains("unsupported_by_provider"),
            "{model}: {}",
            answer.text()
        );
        assert_eq!(bedrock.service.count(), 0, "{model}");
    }
    let document = json!({"model": "nova", "max_tokens": 100, "messages": [{"role": "user", "content": [
        {"type": "text", "text": "describe"},
        {"type": "document", "title": "Q3_report.pdf",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjcK"}}]}]});
    let answer = bedrock.post(MESSAGES, &document).await;
    assert_eq!(
        answer.said(),
        "I see document pdf of 9 bytes named Q3 report pdf",
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn thoughts_come_with_their_seals() {
    let bedrock = Bedrock::start().await;
    for (model, stream) in [("gpt-oss", false), ("gpt-oss", true), ("claude", true)] {
        let mut body = call(model, "say: four", stream);
        body["max_tokens"] = 3_000.into();
        body["thinking"] = json!({"type": "enabled", "budget_tokens": 2_000});
        let answer = bedrock.post(MESSAGES, &body).await;
        assert_eq!(answer.status, 200, "{model}, {stream}: {}", answer.text());
        let text = answer.text();
        assert!(text.contains("\"thinking\""), "{model}, {stream}: {text}");
        assert!(
            text.contains("sealed-by-the-simulator-"),
            "{model}, {stream}: {text}"
        );
        assert!(answer.text().contains("four"), "{model}, {stream}: {text}");
        body.as_object_mut().expect("a body").remove("thinking");
        body["reasoning_effort"] = "low".into();
        let answer = bedrock.post(CHAT, &body).await;
        assert!(
            answer.text().contains("reasoning_content"),
            "{model}, {stream}: {}",
            answer.text()
        );
        assert_eq!(answer.said(), "four", "{model}, {stream}");
    }
}

#[tokio::test]
async fn a_schema_is_fitted_with_and_without_a_parameter_for_it() {
    let bedrock = Bedrock::start().await;
    for model in ["nova", "gpt-oss", "llama", "claude"] {
        let mut body = call(model, "hi", false);
        let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"],
            "additionalProperties": false});
        body["response_format"] =
            json!({"type": "json_schema", "json_schema": {"name": "x", "schema": schema}});
        let answer = bedrock.post(CHAT, &body).await;
        assert_eq!(answer.said(), "{\"n\":7}", "{model}: {}", answer.text());
    }
}

#[tokio::test]
async fn claude_is_sent_the_agents_own_message_without_what_the_path_says() {
    let bedrock = Bedrock::start().await;
    for stream in [false, true] {
        let body = json!({
            "model": "claude", "stream": stream, "max_tokens": 50, "metadata": {"user_id": "u"},
            "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}],
            "messages": [{"role": "user", "content": "say: one two"}], "service_tier": "auto",
        });
        bedrock.service.clear();
        let request = bedrock
            .broker
            .call(MESSAGES, TOKEN, body.to_string())
            .header("anthropic-beta", "one-2026, two-2026")
            .header("anthropic-version", "2026-10-21");
        let answer = Answer::of(request).await;
        answer.expect_status(200);
        let (_, sent) = bedrock.received();
        let mut expected = body.clone();
        for gone in ["model", "stream", "service_tier"] {
            expected.as_object_mut().expect("a body").remove(gone);
        }
        expected["anthropic_version"] = "bedrock-2023-05-31".into();
        expected["anthropic_beta"] = json!(["one-2026", "two-2026"]);
        assert_eq!(sent, expected);
        let headers = &bedrock.service.received()[0];
        assert_eq!(headers.header("anthropic-beta"), None);
        assert_eq!(headers.header("anthropic-version"), None);
        assert_eq!(answer.said(), "one two");
        if stream {
            let kinds: Vec<String> = answer
                .events()
                .into_iter()
                .filter_map(|event| event.name)
                .collect();
            assert_eq!(kinds.first().map(String::as_str), Some("message_start"));
            assert_eq!(kinds.last().map(String::as_str), Some("message_stop"));
        }
    }
}

#[tokio::test]
async fn why_an_answer_ended_is_told_in_both_apis() {
    let bedrock = Bedrock::start().await;
    for (text, finish, chat, messages) in [
        ("say: one two", Finish::Length, "length", "max_tokens"),
        ("say: one two", Finish::Filtered, "content_filter", "refusal"),
        ("refuse", Finish::Stop, "content_filter", "refusal"),
    ] {
        for stream in [false, true] {
            bedrock.service.behave(Told {
                finish,
                ..Told::default()
            });
            let answer = bedrock.post(CHAT, &call("nova", text, stream)).await;
            assert!(
                answer.text().contains(&format!("\"finish_reason\":\"{chat}\"")),
                "{}",
                answer.text()
            );
            let answer = bedrock.post(MESSAGES, &call("nova", text, stream)).await;
            assert!(
                answer.text().contains(&format!("\"stop_reason\":\"{messages}\"")),
                "{}",
                answer.text()
            );
        }
    }
}

#[tokio::test]
async fn an_error_about_the_call_is_told_in_the_agents_words() {
    let bedrock = Bedrock::start().await;
    for model in ["nova", "claude"] {
        for path in [CHAT, MESSAGES] {
            bedrock.service.then(vec![Behaviour::too_long()]);
            let answer = bedrock.post(path, &call(model, "hi", true)).await;
            answer.expect_status(400);
            let error = answer.json();
            assert_eq!(
                error["error"]["type"], "invalid_request_error",
                "{model}, {path}: {error}"
            );
            let message = error["error"]["message"].as_str().unwrap_or_default();
            assert!(message.contains("prompt is too long"), "{model}, {path}: {error}");
            assert_eq!(
                error["type"] == "error",
                path == MESSAGES,
                "{model}, {path}: {error}"
            );
        }
    }
}

/// A failure with one of AWS's names for it.
fn named(status: u16, name: &str) -> Behaviour {
    StatusError {
        status,
        error_type: Some(name.to_owned()),
        ..StatusError::default()
    }
    .into()
}

/// An answer that does not end as it should.
fn ending(ending: Ending) -> Behaviour {
    Told {
        text: Some("word ".repeat(30)),
        ending,
        ..Told::default()
    }
    .into()
}

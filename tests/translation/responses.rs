//! Calls for responses: passed as they are to OpenAI, translated for anybody else.

use provider_simulator::{Answer as Told, Behaviour, Finish};
use serde_json::{Value, json};

use super::{Vendors, received};
use crate::harness::{CHAT, MESSAGES, RESPONSES, TOKEN};

/// The data of a stream's events; each has its name.
fn events(text: &str) -> Vec<Value> {
    text.split_terminator("\n\n")
        .filter_map(|event| {
            let (name, data) = event.split_once('\n')?;
            let data: Value = serde_json::from_str(data.strip_prefix("data: ")?).expect("JSON");
            assert_eq!(name.strip_prefix("event: "), data["type"].as_str());
            Some(data)
        })
        .collect()
}

fn said(events: &[Value]) -> String {
    let deltas = events
        .iter()
        .filter(|event| event["type"] == "response.output_text.delta");
    deltas.filter_map(|event| event["delta"].as_str()).collect()
}

#[tokio::test]
async fn a_call_to_openai_passes_as_it_is() {
    let vendors = Vendors::start().await;
    let body = r#"{ "input":[ {"role":"user","content":"say: h\u00e9 1.0"} ], "metadata":{"a":"b"},
        "include":["reasoning.encrypted_content"],"store":false,"tools":[{"type":"web_search"}],  "model" : "gpt" }"#;
    let answer = vendors.broker.post(RESPONSES, TOKEN, body.to_owned()).await;
    answer.expect_status(200);
    let request = &vendors.openai.received()[0];
    assert_eq!(request.path, RESPONSES);
    assert_eq!(request.text(), body.replace("\"gpt\"", "\"gpt-4o\""));
    let answer = answer.json();
    assert_eq!(answer["output"][0]["content"][0]["text"], "hé 1.0");
    assert_eq!(
        (&answer["model"], &answer["store"]),
        (&json!("gpt-4o"), &json!(false))
    );
    let record = vendors.record(1).await;
    assert_eq!(record.text("llm.api"), "openai.responses");
    assert_eq!(
        (record.text("llm.provider"), record.text("llm.finish_reason")),
        ("openai", "stop")
    );
    let usage = request.usage.expect("usage");
    assert_eq!(record.count("llm.tokens.input"), usage.input);
    assert_eq!(record.count("llm.tokens.output"), usage.output);
    assert!(record.has("llm.cost.usd") && !record.has("llm.dropped"));
}

#[tokio::test]
async fn a_stream_of_openai_passes_as_it_is_and_is_counted() {
    let vendors = Vendors::start().await;
    vendors.openai.behave(Told {
        cached_tokens: 3,
        cache_write_tokens: 2,
        split: Some(7),
        ..Told::default()
    });
    let body = json!({"model": "gpt", "input": "say: one two three", "stream": true});
    let answer = vendors.broker.post(RESPONSES, TOKEN, body.to_string()).await;
    answer.expect_status(200);
    let events = events(&answer.text());
    assert_eq!(said(&events), "one two three");
    assert_eq!(events.last().expect("an end")["response"]["model"], "gpt-4o");
    let record = vendors.record(1).await;
    let usage = vendors.openai.received()[0].usage.expect("usage");
    assert_eq!(record.count("llm.tokens.input"), usage.input);
    assert_eq!(record.count("llm.tokens.output"), usage.output);
    assert_eq!(record.count("llm.tokens.cached"), 3);
    assert_eq!(record.count("llm.tokens.cache_write"), 2);
    assert_eq!(record.text("llm.finish_reason"), "stop");
}

#[tokio::test]
async fn a_call_reaches_anthropic_as_a_message() {
    let vendors = Vendors::start().await;
    let weather = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let body = json!({
        "model": "claude", "instructions": "Be kind.", "max_output_tokens": 300, "temperature": 1.5, "store": true,
        "safety_identifier": "u-1", "parallel_tool_calls": false, "tool_choice": "required",
        "tools": [{"type": "function", "name": "weather", "description": "w", "parameters": weather}],
        "input": [
            {"role": "user", "content": [
                {"type": "input_text", "text": "see"},
                {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo="},
            ]},
            {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": "{\"city\":\"Bern\"}"},
            {"type": "function_call_output", "call_id": "call_1", "output": "sunny"},
            {"role": "user", "content": "and now?"},
        ],
    });
    let answer = vendors.broker.post(RESPONSES, TOKEN, body.to_string()).await;
    answer.expect_status(200);
    assert_eq!(
        received(&vendors.anthropic),
        json!({
            "model": "claude-sonnet-4-5", "max_tokens": 300, "temperature": 1, "metadata": {"user_id": "u-1"},
            "system": "Be kind.", "tool_choice": {"type": "any", "disable_parallel_tool_use": true},
            "tools": [{"name": "weather", "description": "w", "input_schema": weather}],
            "messages": [
                {"role": "user", "content": [
                    {"type": "text", "text": "see"},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}},
                ]},
                {"role": "assistant", "content": [
                    {"type": "tool_use", "id": "call_1", "name": "weather", "input": {"city": "Bern"}},
                ]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "call_1", "content": "sunny"},
                    {"type": "text", "text": "and now?"},
                ]},
            ],
        })
    );
    let answer = answer.json();
    let call = &answer["output"][0];
    assert_eq!(
        (&call["type"], &call["name"]),
        (&json!("function_call"), &json!("weather"))
    );
    assert_eq!(answer["model"], "claude");
    let record = vendors.record(1).await;
    assert_eq!(
        (record.text("llm.api"), record.text("llm.provider")),
        ("openai.responses", "anthropic")
    );
    assert_eq!(*record.value("llm.dropped"), json!(["store"]));
    assert_eq!(record.text("llm.finish_reason"), "tool_calls");
    assert!(record.has("llm.cost.usd"));
}

/// Anthropic refuses a thought that it did not seal, and a call without the thought that led to it.
#[tokio::test]
async fn tools_and_thoughts_make_the_round_at_anthropic() {
    let vendors = Vendors::start().await;
    let tools = json!([{"type": "namespace", "name": "geo", "tools": [
        {"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
    ]}]);
    for (n, stream) in [false, true].into_iter().enumerate() {
        vendors.anthropic.clear();
        let ask = |input: &Value| {
            json!({
                "model": "claude", "input": input, "tools": tools, "reasoning": {"effort": "low"}, "stream": stream,
                "store": false, "include": ["reasoning.encrypted_content"],
            })
            .to_string()
        };
        let mut input = json!([{"role": "user", "content": "call geo__weather with {\"city\":\"Bern\"}"}]);
        let answer = vendors.broker.post(RESPONSES, TOKEN, ask(&input)).await;
        answer.expect_status(200);
        let response = if stream {
            events(&answer.text()).pop().expect("an end")["response"].clone()
        } else {
            answer.json()
        };
        let output = response["output"].as_array().expect("output").clone();
        let kinds: Vec<_> = output.iter().filter_map(|item| item["type"].as_str()).collect();
        assert_eq!(kinds, ["reasoning", "function_call"]);
        let call = &output[1];
        assert_eq!(
            (&call["namespace"], &call["name"]),
            (&json!("geo"), &json!("weather"))
        );
        assert_eq!(call["arguments"], r#"{"city":"Bern"}"#);
        let call_id = call["call_id"].clone();
        let items = input.as_array_mut().expect("items");
        items.extend(output);
        items.push(json!({"type": "function_call_output", "call_id": call_id, "output": "sunny"}));
        let answer = vendors.broker.post(RESPONSES, TOKEN, ask(&input)).await;
        answer.expect_status(200);
        assert!(answer.text().contains("sunny"), "{}", answer.text());
        let sent = vendors.anthropic.received()[1].json();
        assert_eq!(sent["messages"][1]["content"][0]["type"], "thinking");
        assert_eq!(sent["thinking"]["type"], "enabled", "it goes on thinking");
        let record = vendors.record(2 * n + 2).await;
        assert!(!record.has("llm.dropped"), "{:?}", record.value("llm.dropped"));
    }
}

#[tokio::test]
async fn thoughts_of_one_provider_are_not_shown_to_another() {
    let vendors = Vendors::start().await;
    let first = json!({"model": "claude", "input": "hi", "reasoning": {"effort": "low"}});
    let answer = vendors
        .broker
        .post(RESPONSES, TOKEN, first.to_string())
        .await
        .json();
    let mut items = vec![json!({"role": "user", "content": "hi"})];
    items.extend(answer["output"].as_array().expect("output").iter().cloned());
    items.push(json!({"role": "user", "content": "go on"}));
    assert_eq!(items[1]["type"], "reasoning");
    let second = json!({"model": "gpt", "input": items});
    vendors
        .broker
        .post(RESPONSES, TOKEN, second.to_string())
        .await
        .expect_status(200);
    let sent = received(&vendors.openai);
    assert!(!sent.to_string().contains("reasoning"), "{sent}");
    assert_eq!(*vendors.record(2).await.value("llm.dropped"), json!(["input[1]"]));
    items[1] = json!({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "of-openai"});
    let third = json!({"model": "claude", "input": items});
    vendors
        .broker
        .post(RESPONSES, TOKEN, third.to_string())
        .await
        .expect_status(200);
    let sent = vendors.anthropic.received().pop().expect("a call");
    assert!(!sent.contains("of-openai"));
    assert_eq!(*vendors.record(3).await.value("llm.dropped"), json!(["input[1]"]));
}

#[tokio::test]
async fn a_schema_is_kept_on_both_ways() {
    let vendors = Vendors::start().await;
    let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": false});
    for model in ["gpt", "claude"] {
        let body = json!({"model": model, "input": "hi", "text": {"format": {"type": "json_schema", "name": "n", "schema": schema, "strict": true}}});
        let answer = vendors.broker.post(RESPONSES, TOKEN, body.to_string()).await;
        answer.expect_status(200);
        assert_eq!(
            answer.json()["output"][0]["content"][0]["text"],
            r#"{"n":7}"#,
            "{model}"
        );
    }
}

#[tokio::test]
async fn a_call_fails_over_between_the_formats() {
    let vendors = Vendors::start_with(4).await;
    let mut n = 0;
    for (place, stream) in [false, true].into_iter().enumerate() {
        for (number, (model, first, second)) in [
            ("claude-first", &vendors.anthropic, &vendors.openai),
            ("gpt-first", &vendors.openai, &vendors.anthropic),
        ]
        .into_iter()
        .enumerate()
        {
            vendors.openai.clear();
            vendors.anthropic.clear();
            let failure = if stream {
                Behaviour::error_event(1)
            } else {
                Behaviour::status(500)
            };
            first.then(vec![failure]);
            let body = json!({"model": format!("{model}-{}", 2 * place + number), "input": "say: one two", "stream": stream});
            let answer = vendors.broker.post(RESPONSES, TOKEN, body.to_string()).await;
            answer.expect_status(200);
            let text = if stream {
                let events = events(&answer.text());
                assert_eq!(events[0]["type"], "response.created");
                assert_eq!(
                    events
                        .iter()
                        .filter(|event| event["type"] == "response.created")
                        .count(),
                    1
                );
                said(&events)
            } else {
                answer.json()["output"][0]["content"][0]["text"]
                    .as_str()
                    .expect("text")
                    .to_owned()
            };
            assert_eq!(text, "one two", "{model} {stream}");
            assert_eq!((first.count(), second.count()), (1, 1), "{model} {stream}");
            n += 1;
            let record = vendors.record(n).await;
            assert_eq!(record.text("llm.provider"), second.name());
            assert_eq!(record.value("llm.attempts").as_array().map(Vec::len), Some(2));
        }
    }
}

#[tokio::test]
async fn what_only_openai_can_serve_is_asked_of_nobody_else() {
    let vendors = Vendors::start().await;
    let body =
        |model: &str| json!({"model": model, "input": "hi", "tools": [{"type": "web_search"}]}).to_string();
    vendors
        .broker
        .post(RESPONSES, TOKEN, body("claude-first"))
        .await
        .expect_status(200);
    assert_eq!((vendors.anthropic.count(), vendors.openai.count()), (0, 1));
    let excluded = vendors.record(1).await.value("llm.excluded")[0].clone();
    assert_eq!(excluded["provider"], "anthropic");
    let answer = vendors.broker.post(RESPONSES, TOKEN, body("claude")).await;
    answer.expect_status(400);
    let error = &answer.json()["error"];
    assert_eq!(error["type"], "invalid_request_error");
    assert_eq!(
        (&error["code"], &error["param"]),
        (&json!("unsupported_by_provider"), &json!("tools[0].type"))
    );
    let body = json!({"model": "claude", "previous_response_id": "resp_1", "input": "go on"});
    let answer = vendors.broker.post(RESPONSES, TOKEN, body.to_string()).await;
    answer.expect_status(400);
    assert_eq!(answer.json()["error"]["param"], "previous_response_id");
}

#[tokio::test]
async fn errors_are_told_in_the_dialect() {
    let vendors = Vendors::start_with(2).await;
    vendors.anthropic.behave(Behaviour::status(400));
    let body = |model: &str| json!({"model": model, "input": "hi"}).to_string();
    let answer = vendors.broker.post(RESPONSES, TOKEN, body("claude-0")).await;
    answer.expect_status(400);
    assert_eq!(answer.json()["error"]["type"], "invalid_request_error");
    let answer = vendors.broker.post(RESPONSES, "nobody", body("claude")).await;
    answer.expect_status(401);
    assert_eq!(answer.json()["error"]["code"], "invalid_api_key");
    for (path, code) in [
        ("/v1/responses/resp_1/cancel", "response_not_found"),
        ("/v1/responses/compact", "unknown_path"),
    ] {
        let answer = vendors.broker.post(path, TOKEN, "{}".to_owned()).await;
        answer.expect_status(404);
        assert_eq!(answer.json()["error"]["code"], code, "{path}");
    }
    vendors.anthropic.behave(Behaviour::error_event(5));
    let body = json!({"model": "claude-1", "input": "hi", "stream": true});
    let answer = vendors.broker.post(RESPONSES, TOKEN, body.to_string()).await;
    let last = events(&answer.text()).pop().expect("an end");
    assert_eq!(last["type"], "response.failed");
    assert_eq!(last["response"]["error"]["code"], "server_error");
}

#[tokio::test]
async fn each_end_has_its_status_at_every_provider() {
    let vendors = Vendors::start().await;
    for (finish, status, details) in [
        (Finish::Stop, "completed", Value::Null),
        (
            Finish::Length,
            "incomplete",
            json!({"reason": "max_output_tokens"}),
        ),
        (
            Finish::Filtered,
            "incomplete",
            json!({"reason": "content_filter"}),
        ),
    ] {
        for (model, provider) in [("gpt", &vendors.openai), ("claude", &vendors.anthropic)] {
            provider.behave(Told {
                finish,
                ..Told::default()
            });
            let body = json!({"model": model, "input": "hi"});
            let answer = vendors
                .broker
                .post(RESPONSES, TOKEN, body.to_string())
                .await
                .json();
            assert_eq!(
                (&answer["status"], &answer["incomplete_details"]),
                (&json!(status), &details)
            );
        }
    }
}

/// What the broker does for responses changes nothing for the others.
#[tokio::test]
async fn other_calls_to_openai_are_chat_completions_as_ever() {
    let vendors = Vendors::start().await;
    for path in [CHAT, MESSAGES] {
        vendors.openai.clear();
        let body = super::call("gpt", "hi", false).to_string();
        vendors.broker.post(path, TOKEN, body).await.expect_status(200);
        assert_eq!(vendors.openai.received()[0].path, CHAT);
    }
}

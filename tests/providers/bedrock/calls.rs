//! Calls of both APIs on their way to Bedrock, and what comes back.

use serde_json::{Value, json};

use super::{Bedrock, PNG, call, with_tool};
use crate::harness::{CHAT, MESSAGES};

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
            let mut arguments = [String::new(), String::new()];
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
        "I see document application/pdf of 9 bytes named Q3 report pdf",
        "{}",
        answer.text()
    );
}

//! What answers say beside their text, and what of a call they must honour.

use provider_simulator::{Answer as Told, Behaviour, Finish};
use serde_json::json;

use super::{Bedrock, call};
use crate::harness::{Answer, CHAT, MESSAGES, TOKEN};

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

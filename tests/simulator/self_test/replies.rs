//! What accounts with a vendor answer: what the user asks for.

use serde_json::{Value, json};

use super::{CHAT, MESSAGES, client, data};
use crate::{Answer, Behaviour, Ending, Simulator, Vendor};

async fn text(simulator: &Simulator, path: &str, body: &Value) -> String {
    let request = client()
        .post(simulator.url() + path)
        .bearer_auth("key")
        .header("anthropic-version", "2023-06-01");
    request.json(body).send().await.unwrap().text().await.unwrap()
}

async fn whole(simulator: &Simulator, path: &str, body: &Value) -> Value {
    serde_json::from_str(&text(simulator, path, body).await).unwrap()
}

/// Two tools, of which one is called with arguments and the other without.
fn two_calls() -> (Value, Value) {
    let ask = json!([{"role": "user", "content": "call weather with {\"city\":\"Zürich\"} and call now"}]);
    let schema = json!({"type": "object"});
    let chat = json!({"model": "gpt-4o", "messages": ask, "tools": [
        {"type": "function", "function": {"name": "weather", "parameters": schema}},
        {"type": "function", "function": {"name": "now"}},
    ]});
    let claude = json!({"model": "claude-sonnet-4-5", "max_tokens": 2000, "messages": ask, "tools": [
        {"name": "weather", "input_schema": schema}, {"name": "now", "input_schema": schema},
    ]});
    (chat, claude)
}

#[tokio::test]
async fn tools_are_called_and_their_results_said() {
    let (mut chat, mut claude) = two_calls();
    let openai = Simulator::start_as(Vendor::OpenAi, "o").await;
    let answer = whole(&openai, CHAT, &chat).await;
    let message = &answer["choices"][0]["message"];
    assert_eq!(
        message["tool_calls"][0]["function"]["arguments"],
        r#"{"city":"Zürich"}"#
    );
    assert_eq!(
        message["tool_calls"][1]["function"],
        json!({"name": "now", "arguments": "{}"})
    );
    let history = chat["messages"].as_array_mut().unwrap();
    history.push(message.clone());
    for (call, result) in message["tool_calls"]
        .as_array()
        .unwrap()
        .iter()
        .zip(["sunny", "noon"])
    {
        history.push(json!({"role": "tool", "tool_call_id": call["id"], "content": result}));
    }
    let answer = whole(&openai, CHAT, &chat).await;
    assert_eq!(
        answer["choices"][0]["message"]["content"],
        "Results: sunny | noon"
    );

    let anthropic = Simulator::start_as(Vendor::Anthropic, "a").await;
    let answer = whole(&anthropic, MESSAGES, &claude).await;
    assert_eq!(answer["content"][0]["input"], json!({"city": "Zürich"}));
    assert_eq!(answer["content"][1]["input"], json!({}));
    let results: Vec<Value> = answer["content"]
        .as_array()
        .unwrap()
        .iter()
        .zip(["sunny", "noon"])
        .map(|(call, result)| json!({"type": "tool_result", "tool_use_id": call["id"], "content": result}))
        .collect();
    let history = claude["messages"].as_array_mut().unwrap();
    history.push(json!({"role": "assistant", "content": answer["content"]}));
    history.push(json!({"role": "user", "content": results}));
    let answer = whole(&anthropic, MESSAGES, &claude).await;
    assert_eq!(answer["content"][0]["text"], "Results: sunny | noon");
}

#[tokio::test]
async fn parallel_calls_come_in_streams_too() {
    let (mut chat, mut claude) = two_calls();
    chat["stream"] = true.into();
    claude["stream"] = true.into();
    let openai = Simulator::start_as(Vendor::OpenAi, "o").await;
    for interleave in [false, true] {
        openai.behave(Answer {
            interleave,
            ..Answer::default()
        });
        let body = text(&openai, CHAT, &chat).await;
        let mut arguments = [String::new(), String::new()];
        for event in data(&body)
            .iter()
            .filter_map(|data| serde_json::from_str::<Value>(data).ok())
        {
            for call in event["choices"][0]["delta"]["tool_calls"]
                .as_array()
                .into_iter()
                .flatten()
            {
                let index = usize::from(call["index"] == 1);
                arguments[index] += call["function"]["arguments"].as_str().unwrap();
            }
        }
        assert_eq!(arguments, [r#"{"city":"Zürich"}"#, "{}"]);
    }
    let anthropic = Simulator::start_as(Vendor::Anthropic, "a").await;
    let body = text(&anthropic, MESSAGES, &claude).await;
    let starts: Vec<(Value, Value)> = data(&body)
        .iter()
        .map(|data| serde_json::from_str::<Value>(data).unwrap())
        .filter(|event| event["type"] == "content_block_start")
        .map(|event| (event["index"].clone(), event["content_block"]["name"].clone()))
        .collect();
    assert_eq!(starts, [(json!(0), json!("weather")), (json!(1), json!("now"))]);
}

#[tokio::test]
async fn thoughts_are_sealed_by_anthropic_and_only_counted_by_openai() {
    let anthropic = Simulator::start_as(Vendor::Anthropic, "a").await;
    let mut claude = json!({"model": "claude-sonnet-4-5", "max_tokens": 2000, "thinking": {"type": "enabled", "budget_tokens": 1024},
        "messages": [{"role": "user", "content": "hi"}]});
    let answer = whole(&anthropic, MESSAGES, &claude).await;
    assert_eq!(answer["content"][0]["type"], "thinking");
    assert_eq!(answer["usage"]["output_tokens_details"]["thinking_tokens"], 5);
    let history = claude["messages"].as_array_mut().unwrap();
    history.push(json!({"role": "assistant", "content": answer["content"]}));
    history.push(json!({"role": "user", "content": "and?"}));
    claude["stream"] = true.into();
    assert!(
        text(&anthropic, MESSAGES, &claude)
            .await
            .contains("signature_delta"),
        "the seal is taken back"
    );

    let ask = json!({"model": "gpt-5-mini", "reasoning_effort": "low", "messages": [{"role": "user", "content": "hi"}]});
    for (vendor, thought) in [
        (Vendor::OpenAi, Value::Null),
        (Vendor::Compatible, "Let me think about it.".into()),
    ] {
        let openai = Simulator::start_as(vendor, "o").await;
        let answer = whole(&openai, CHAT, &ask).await;
        assert_eq!(answer["choices"][0]["message"]["reasoning_content"], thought);
        assert_eq!(
            answer["usage"]["completion_tokens_details"]["reasoning_tokens"],
            5
        );
    }
}

#[tokio::test]
async fn pictures_and_documents_are_described() {
    let picture = "iVBORw0KGgo=";
    let claude = json!({"model": "claude-sonnet-4-5", "max_tokens": 100, "messages": [{"role": "user", "content": [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": picture}},
        {"type": "image", "source": {"type": "url", "url": "https://x.test/a.png"}},
        {"type": "document", "title": "a.pdf", "source": {"type": "base64", "media_type": "application/pdf", "data": picture}},
        {"type": "text", "text": "describe them"},
    ]}]});
    let chat = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{picture}")}},
        {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": format!("data:application/pdf;base64,{picture}")}},
        {"type": "text", "text": "describe them"},
    ]}]});
    let expected = "I see image image/png of 8 bytes, image https://x.test/a.png, document application/pdf of 8 bytes named a.pdf";
    let anthropic = Simulator::start_as(Vendor::Anthropic, "a").await;
    assert_eq!(
        whole(&anthropic, MESSAGES, &claude).await["content"][0]["text"],
        expected
    );
    let openai = Simulator::start_as(Vendor::OpenAi, "o").await;
    assert_eq!(
        whole(&openai, CHAT, &chat).await["choices"][0]["message"]["content"],
        expected
    );
}

#[tokio::test]
async fn each_api_says_in_its_own_way_why_an_answer_ended() {
    let anthropic = Simulator::start_as(Vendor::Anthropic, "a").await;
    let openai = Simulator::start_as(Vendor::OpenAi, "o").await;
    for (text, bound, claude, gpt) in [
        ("say: one two three", 100, "stop_sequence", "stop"),
        ("say: one two", 1, "max_tokens", "length"),
        ("say: one", 100, "end_turn", "stop"),
        ("refuse", 100, "refusal", "stop"),
    ] {
        let messages = json!([{"role": "user", "content": text}]);
        let body = json!({"model": "claude-sonnet-4-5", "max_tokens": bound, "messages": messages, "stop_sequences": ["three"]});
        assert_eq!(
            whole(&anthropic, MESSAGES, &body).await["stop_reason"],
            claude,
            "{text}"
        );
        let body = json!({"model": "gpt-4o", "max_tokens": bound, "messages": messages, "stop": "three"});
        assert_eq!(
            whole(&openai, CHAT, &body).await["choices"][0]["finish_reason"],
            gpt,
            "{text}"
        );
    }
}

#[tokio::test]
async fn streams_can_have_comments_and_end_in_the_middle_of_an_event() {
    let simulator = Simulator::start("a").await;
    let call = super::call(true);
    simulator.behave(Answer {
        comments: true,
        ..Answer::default()
    });
    let openai = text(&simulator, CHAT, &call).await;
    assert!(openai.contains("\n\n: keep-alive\n\n"), "{openai}");
    assert_eq!(data(&openai).len(), 7);
    simulator.behave(Answer {
        ending: Ending::HalfEvent { after_events: 1 },
        ..Answer::default()
    });
    let half = text(&simulator, CHAT, &call).await;
    assert_eq!(half.matches("\n\n").count(), 1, "{half}");
    assert!(
        half.split("\n\n")
            .last()
            .is_some_and(|rest| rest.starts_with("data: {") && !rest.ends_with('}'))
    );
}

#[tokio::test]
async fn answers_can_be_nonsense_in_a_200() {
    let simulator = Simulator::start("a").await;
    simulator.behave(Behaviour::body("{nonsense"));
    assert_eq!(text(&simulator, CHAT, &super::call(false)).await, "{nonsense");
    simulator.behave(Behaviour::too_long());
    let error = whole(&simulator, CHAT, &super::call(false)).await;
    assert_eq!(error["error"]["code"], "context_length_exceeded");
    assert_eq!(error["error"]["param"], "messages");
}

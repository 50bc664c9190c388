//! Calls whose provider speaks another format than the caller. Both providers are as strict as the real ones, so that
//! whatever they answer with a success they could read.

use provider_simulator::{Simulator, Vendor};
use serde_json::{Value, json};

use crate::harness::{Broker, CHAT, Config, MESSAGES, Record, TOKEN};

mod failover;
mod records;
mod refusals;
mod responses;
mod streams;

/// Both vendors, and a broker before them.
struct Vendors {
    openai: Simulator,
    anthropic: Simulator,
    broker: Broker,
}

impl Vendors {
    /// `gpt` and `claude` are each served by one of them; `gpt-first` and `claude-first` by both, in this order.
    async fn start() -> Self {
        Self::start_with(0).await
    }

    /// The same, and so many times more with the number behind each name: models of which a failure of another one
    /// says nothing.
    async fn start_with(more: usize) -> Self {
        let openai = Simulator::start_as(Vendor::OpenAi, "openai").await;
        let anthropic = Simulator::start_as(Vendor::Anthropic, "anthropic").await;
        let mut config = Config::new()
            .provider("openai", &openai)
            .provider("anthropic", &anthropic);
        let numbers = (0..more).map(|number| format!("-{number}"));
        for number in std::iter::once(String::new()).chain(numbers) {
            let (gpt, claude) = (format!("gpt-4o{number}"), format!("claude-sonnet-4-5{number}"));
            let members = |openai: u8, anthropic: u8| {
                json!({"members": [
                    {"provider": "openai", "model": gpt, "priority": openai},
                    {"provider": "anthropic", "model": claude, "priority": anthropic},
                ]})
            };
            config = config.single(&format!("gpt{number}"), &openai, &gpt).single(
                &format!("claude{number}"),
                &anthropic,
                &claude,
            );
            for (name, members) in [("gpt-first", members(0, 1)), ("claude-first", members(1, 0))] {
                let name = format!("{name}{number}");
                config = config.pool(&name, members).model(&name, &name);
            }
        }
        let broker = Broker::start(&config).await;
        Self {
            openai,
            anthropic,
            broker,
        }
    }

    /// The one of these two that does not speak this API.
    fn other(&self, path: &str) -> &Simulator {
        if path == CHAT {
            &self.anthropic
        } else {
            &self.openai
        }
    }

    /// The newest of `n` records.
    async fn record(&self, n: usize) -> Record {
        self.broker.wait_for_records(n).await.pop().expect("a record")
    }
}

/// The model whose only provider does not speak this API.
fn foreign(path: &str) -> &'static str {
    if path == CHAT { "claude" } else { "gpt" }
}

/// A call with this user's message that both APIs take.
fn call(model: &str, text: &str, stream: bool) -> Value {
    json!({
        "model": model, "max_tokens": 500, "stream": stream,
        "messages": [{"role": "user", "content": text}],
    })
}

/// The body of the only call that arrived.
#[track_caller]
fn received(provider: &Simulator) -> Value {
    let received = provider.received();
    assert_eq!(received.len(), 1, "one call, one attempt");
    received[0].json()
}

#[tokio::test]
async fn a_chat_call_reaches_anthropic_as_a_message() {
    let vendors = Vendors::start().await;
    let weather = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let answer = vendors
        .broker
        .post(
            CHAT,
            TOKEN,
            json!({
                "model": "claude", "max_completion_tokens": 300, "temperature": 1.5, "seed": 7, "stop": "END",
                "user": "u-1", "parallel_tool_calls": false, "tool_choice": "required",
                "tools": [{"type": "function", "function": {"name": "weather", "description": "w", "parameters": weather}}],
                "messages": [
                    {"role": "system", "content": "Be kind."},
                    {"role": "user", "content": [
                        {"type": "text", "text": "see"},
                        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
                    ]},
                    {"role": "assistant", "content": null, "tool_calls": [
                        {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{\"city\":\"Bern\"}"}},
                    ]},
                    {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
                    {"role": "user", "content": "and now?"},
                ],
            })
            .to_string(),
        )
        .await;
    answer.expect_status(200);
    assert_eq!(
        received(&vendors.anthropic),
        json!({
            "model": "claude-sonnet-4-5", "max_tokens": 300, "temperature": 1, "stop_sequences": ["END"],
            "metadata": {"user_id": "u-1"}, "system": "Be kind.",
            "tool_choice": {"type": "any", "disable_parallel_tool_use": true},
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
    let request = &vendors.anthropic.received()[0];
    assert_eq!(request.path, MESSAGES);
    assert_eq!(request.header("anthropic-version"), Some("2023-06-01"));
    let record = vendors.record(1).await;
    assert_eq!(record.text("llm.api"), "openai.chat");
    assert_eq!(record.text("llm.provider"), "anthropic");
    assert_eq!(record.text("llm.outcome"), "ok");
    assert_eq!(*record.value("llm.dropped"), json!(["seed"]));
}

#[tokio::test]
async fn a_message_reaches_openai_as_a_chat_call() {
    let vendors = Vendors::start().await;
    let weather = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let answer = vendors
        .broker
        .post(
            MESSAGES,
            TOKEN,
            json!({
                "model": "gpt", "max_tokens": 300, "temperature": 0.5, "top_k": 5, "stop_sequences": ["END"],
                "metadata": {"user_id": "u-1"}, "system": "Be kind.",
                "tool_choice": {"type": "any", "disable_parallel_tool_use": true},
                "tools": [{"name": "weather", "description": "w", "input_schema": weather}],
                "messages": [
                    {"role": "user", "content": [
                        {"type": "text", "text": "see"},
                        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}},
                    ]},
                    {"role": "assistant", "content": [
                        {"type": "text", "text": "Let me see."},
                        {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Bern"}},
                    ]},
                    {"role": "user", "content": [
                        {"type": "tool_result", "tool_use_id": "toolu_1", "content": "sunny"},
                        {"type": "text", "text": "and now?"},
                    ]},
                ],
            })
            .to_string(),
        )
        .await;
    answer.expect_status(200);
    let got = received(&vendors.openai);
    assert_eq!(
        got["messages"],
        json!([
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": [
                {"type": "text", "text": "see"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
            ]},
            {"role": "assistant", "content": "Let me see.", "tool_calls": [
                {"id": "toolu_1", "type": "function", "function": {"name": "weather", "arguments": "{\"city\":\"Bern\"}"}},
            ]},
            {"role": "tool", "tool_call_id": "toolu_1", "content": "sunny"},
            {"role": "user", "content": "and now?"},
        ])
    );
    assert_eq!(
        (&got["model"], &got["temperature"]),
        (&json!("gpt-4o"), &json!(0.5))
    );
    assert_eq!(
        (&got["tool_choice"], &got["parallel_tool_calls"]),
        (&json!("required"), &json!(false))
    );
    assert_eq!(got["tools"][0]["function"]["parameters"], weather);
    assert_eq!(vendors.openai.received()[0].path, CHAT);
    let record = vendors.record(1).await;
    assert_eq!(record.text("llm.api"), "anthropic.messages");
    assert_eq!(record.text("llm.provider"), "openai");
    assert_eq!(*record.value("llm.dropped"), json!(["top_k"]));
}

/// What a model and a tool say to each other is nobody else's to round or to spell anew.
#[tokio::test]
async fn numbers_and_characters_keep_their_form() {
    let vendors = Vendors::start().await;
    let odd = r#"{"n":12345678901234567890123,"x":1.0,"e":1e-7,"s":"\u00e9 日本 \/"}"#;
    let escaped = serde_json::to_string(odd).unwrap();
    let body = format!(
        r#"{{"model":"claude","messages":[{{"role":"user","content":"hi"}},
        {{"role":"assistant","tool_calls":[{{"id":"c","type":"function","function":{{"name":"f","arguments":{escaped}}}}}]}},
        {{"role":"tool","tool_call_id":"c","content":"1.0"}}],
        "tools":[{{"type":"function","function":{{"name":"f","parameters":{{"type":"object","properties":{{"n":{{"type":"number","default":1.50}}}}}}}}}}]}}"#
    );
    vendors.broker.post(CHAT, TOKEN, body).await.expect_status(200);
    let got = vendors.anthropic.received()[0].text();
    assert!(
        got.contains("12345678901234567890123") && got.contains("1.0,") && got.contains("1e-7"),
        "{got}"
    );
    assert!(got.contains(r#""default":1.50"#), "{got}");

    let body = format!(
        r#"{{"model":"gpt","max_tokens":9,"messages":[{{"role":"user","content":"hi"}},
        {{"role":"assistant","content":[{{"type":"tool_use","id":"c","name":"f","input":{odd}}}]}},
        {{"role":"user","content":[{{"type":"tool_result","tool_use_id":"c","content":"1.0"}}]}}],
        "tools":[{{"name":"f","input_schema":{{"type":"object"}}}}]}}"#
    );
    vendors
        .broker
        .post(MESSAGES, TOKEN, body)
        .await
        .expect_status(200);
    let got = vendors.openai.received()[0].json();
    let arguments = &got["messages"][1]["tool_calls"][0]["function"]["arguments"];
    let arguments = arguments.as_str().unwrap();
    assert!(
        arguments.contains("12345678901234567890123") && arguments.contains("1e-7"),
        "{arguments}"
    );
}

#[tokio::test]
async fn nothing_of_the_agents_own_reaches_the_other_vendor() {
    let vendors = Vendors::start().await;
    for (path, ours) in [(CHAT, "openai-organization"), (MESSAGES, "anthropic-beta")] {
        let provider = vendors.other(path);
        let body = call(foreign(path), "hi", false).to_string();
        let request = vendors
            .broker
            .call(path, TOKEN, body)
            .header(ours, "of-the-agent")
            .header("x-stainless-lang", "python")
            .header("cookie", "of-the-agent");
        request.send().await.unwrap().error_for_status().unwrap();
        let received = &provider.received()[0];
        assert!(
            !received.contains(TOKEN) && !received.contains("of-the-agent"),
            "{received:?}"
        );
        assert!(received.contains(&crate::harness::key_of(provider.name())));
        let names = received.header_names();
        let foreign_names: Vec<_> = names
            .iter()
            .filter(|name| {
                name.starts_with("x-stainless") || (path == MESSAGES && name.starts_with("anthropic-"))
            })
            .collect();
        assert!(foreign_names.is_empty(), "{foreign_names:?}");
    }
}

/// An agent whose last answer came from OpenAI shows Anthropic a thought that Anthropic never sealed.
#[tokio::test]
async fn a_conversation_goes_on_at_anthropic_after_a_turn_elsewhere() {
    let vendors = Vendors::start().await;
    let mut body = call("claude", "and now?", false);
    let turns = json!([
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "hm", "signature": ""},
            {"type": "text", "text": "hello"},
        ]},
        body["messages"][0],
    ]);
    body["messages"] = turns;
    vendors
        .broker
        .post(MESSAGES, TOKEN, body.to_string())
        .await
        .expect_status(200);
    let got = received(&vendors.anthropic);
    assert_eq!(
        got["messages"][1]["content"],
        json!([{"type": "text", "text": "hello"}])
    );
    let record = vendors.record(1).await;
    assert_eq!(*record.value("llm.dropped"), json!(["messages[1].content"]));
}

//! Providers that count in words of their own, each as strict as the real one.

use provider_simulator::{Behaviour, Cut, Simulator, Vendor};
use serde_json::{Value, json};

use super::super::{only, record};
use super::{body, count};
use crate::harness::{Broker, Config, TOKEN, key_of};

const CLAUDE: &str = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0";

/// An account of each, and a broker before them: the models `gemini`, `vertex`, `claude`, `bedrock` and `gpt` count.
struct Counting {
    gemini: Simulator,
    vertex: Simulator,
    aws: Simulator,
    openai: Simulator,
    broker: Broker,
}

impl Counting {
    async fn start() -> Self {
        let gemini = Simulator::start_as(Vendor::Gemini, "gemini").await;
        let vertex = Simulator::start_as(Vendor::Vertex, "vertex").await;
        let aws = Simulator::start_as(Vendor::Bedrock, "aws").await;
        let openai = Simulator::start_as(Vendor::OpenAi, "openai").await;
        openai.require("authorization", &format!("Bearer {}", key_of("openai")));
        gemini.require("x-goog-api-key", &key_of("gemini"));
        vertex.require("authorization", &format!("Bearer {}", key_of("vertex")));
        aws.require("authorization", &format!("Bearer {}", key_of("aws")));
        let place = json!({"project": "my-project-1", "location": "europe-west4"});
        let config = Config::new()
            .provider("gemini", &gemini)
            .provider_with("vertex", &vertex, place)
            .provider("bedrock", &aws)
            .provider("openai", &openai)
            .single("gpt", &openai, "gpt-5-mini")
            .single("gemini", &gemini, "gemini-3.8-flash")
            .single("vertex", &vertex, "gemini-2.5-pro")
            .single("claude", &vertex, "claude-sonnet-4-5@20250929")
            .single("bedrock", &aws, CLAUDE)
            .single("nova", &aws, "eu.amazon.nova-pro-v1:0");
        let broker = Broker::start(&config).await;
        Self {
            gemini,
            vertex,
            aws,
            openai,
            broker,
        }
    }
}

/// A call as Claude Code makes it, with what providers have in words of their own.
fn rich(model: &str) -> Value {
    let mut body = body(model);
    body["system"] = json!([{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]);
    body["thinking"] = json!({"type": "enabled", "budget_tokens": 2048});
    body["tools"] = json!([{"name": "weather", "description": "Tells it.", "input_schema": {
        "type": "object", "properties": {"city": {"type": "string"}},
    }}]);
    body["messages"] = json!([
        {"role": "user", "content": "What is the weather in Rome?"},
        {"role": "assistant", "content": [
            {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Rome"}},
        ]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "sunny"}]},
    ]);
    // Claude wants thoughts before the tools that it calls, if it thinks.
    if model == "claude" || model == "bedrock" {
        body.as_object_mut().unwrap().remove("thinking");
    }
    body
}

#[tokio::test]
async fn each_provider_with_a_count_is_asked_in_its_own_words() {
    let counting = Counting::start().await;
    let place = "/v1/projects/my-project-1/locations/europe-west4/publishers";
    let mut calls = 0;
    for (model, account, path) in [
        (
            "gemini",
            &counting.gemini,
            "/v1beta/models/gemini-3.8-flash:countTokens".to_owned(),
        ),
        (
            "vertex",
            &counting.vertex,
            format!("{place}/google/models/gemini-2.5-pro:countTokens"),
        ),
        (
            "claude",
            &counting.vertex,
            format!("{place}/anthropic/models/count-tokens:rawPredict"),
        ),
        (
            "bedrock",
            &counting.aws,
            "/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/count-tokens".to_owned(),
        ),
        ("gpt", &counting.openai, "/v1/responses/input_tokens".to_owned()),
    ] {
        for body in [body(model), rich(model)] {
            account.clear();
            let answer = counting.broker.post(super::PATH, TOKEN, body.to_string()).await;
            assert_eq!(answer.status, 200, "{model}: {}", answer.text());
            assert_eq!(answer.header("x-broker-estimated"), None, "{model} {body}");
            let told = answer.json();
            let tokens = told["input_tokens"].as_u64().expect("a count");
            assert!(tokens > 10, "{model}: {told}");
            assert_eq!(told, json!({"input_tokens": tokens}));
            let received = only(account);
            assert_eq!(received.path, path);
            assert_eq!(received.header("anthropic-version"), None);
            calls += 1;
            let record = record(&counting.broker, calls).await;
            assert_eq!(record.text("llm.api"), "anthropic.count_tokens");
            assert_eq!(record.text("llm.outcome"), "ok");
            assert!(record.number("llm.cost.usd") < f64::EPSILON);
        }
    }
}

#[tokio::test]
async fn what_is_not_counted_there_is_estimated() {
    let counting = Counting::start().await;
    let estimated = async |model: &str, body: Value| {
        let answer = counting.broker.post(super::PATH, TOKEN, body.to_string()).await;
        assert_eq!(answer.status, 200, "{model}: {}", answer.text());
        assert_eq!(answer.header("x-broker-estimated"), Some("true"), "{model}");
        assert!(answer.json()["input_tokens"].as_u64().unwrap() > 10);
    };
    // A model that nobody counts for, and a tool that Gemini has not.
    estimated("nova", body("nova")).await;
    let mut searching = body("gemini");
    searching["tools"] = json!([{"type": "web_search_20250305", "name": "web_search"}]);
    estimated("gemini", searching).await;
    assert_eq!(counting.aws.count() + counting.gemini.count(), 0);
    // What they answer instead of a count is none of the agent's.
    for behaviour in [
        Behaviour::status(400),
        Behaviour::status(403),
        Behaviour::status(404),
        Behaviour::status(429),
        Behaviour::status(500),
        Behaviour::Reset { how: Cut::Reset },
    ] {
        for (model, account) in [
            ("gemini", &counting.gemini),
            ("claude", &counting.vertex),
            ("bedrock", &counting.aws),
            // As of a service that only looks like OpenAI's and has no such path.
            ("gpt", &counting.openai),
        ] {
            account.behave(behaviour.clone());
            estimated(model, body(model)).await;
        }
    }
}

#[tokio::test]
async fn a_count_fails_over_from_one_kind_to_the_next() {
    let gemini = Simulator::start_as(Vendor::Gemini, "gemini").await;
    let anthropic = Simulator::start_as(Vendor::Anthropic, "anthropic").await;
    let members = json!({"members": [
        {"provider": "gemini", "model": "gemini-3.8-flash", "priority": 0},
        {"provider": "anthropic", "model": "claude-sonnet-4-6", "priority": 1},
    ]});
    let config = Config::new()
        .provider("gemini", &gemini)
        .provider("anthropic", &anthropic)
        .pool("any", members)
        .model("any", "any");
    let broker = Broker::start(&config).await;
    gemini.behave(Behaviour::status(503));
    let answer = count(&broker, "any").await;
    assert_eq!(answer.expect_status(200).header("x-broker-estimated"), None);
    assert_eq!(only(&gemini).path, "/v1beta/models/gemini-3.8-flash:countTokens");
    assert_eq!(only(&anthropic).json(), body("claude-sonnet-4-6"));
    let record = record(&broker, 1).await;
    let ways = [("gemini", "503"), ("anthropic", "200")];
    assert_eq!(
        record.ways(),
        ways.map(|(name, status)| (name.to_owned(), status.to_owned()))
    );
}

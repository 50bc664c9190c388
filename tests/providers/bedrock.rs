//! AWS Bedrock: all models through Converse, Claude in its own words. The simulated service is as strict as the real one,
//! so that whatever it answers with a success it could read.

use provider_simulator::{Answer as Told, Behaviour, Ending, Simulator, StatusError, Vendor};
use serde_json::{Value, json};

use crate::harness::{Answer, Broker, CHAT, Config, Record, TOKEN};

mod answers;
mod calls;
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

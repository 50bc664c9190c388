//! The kinds of providers, one file each: calls of both APIs reach them in their own words, and answers come back in the
//! agent's.

use provider_simulator::{ReceivedRequest, Simulator, Vendor};
use serde_json::{Value, json};

use crate::harness::{Answer, Broker, CHAT, Config, MESSAGES, Record, TOKEN};

mod azure;
mod bedrock;
mod cohere;
mod conformance;
mod google;
mod mistral;
mod reading;
mod self_hosted;

/// A provider of the kind under test, one of `OpenAI`'s and one of Anthropic's, and a broker before them.
struct Trio {
    own: Simulator,
    openai: Simulator,
    anthropic: Simulator,
    broker: Broker,
}

impl Trio {
    /// The model `own` is served by the provider under test alone. `from-openai-7` is served by OpenAI's provider and,
    /// when that fails, by the one under test; `to-openai-7` the other way round; the same with Anthropic's, and with each
    /// number below `cases`, for models of which a failure of another one says nothing.
    async fn start(kind: &str, vendor: Vendor, model: &str, further: Value, cases: usize) -> Self {
        let own = Simulator::start_as(vendor, "own").await;
        let openai = Simulator::start_as(Vendor::OpenAi, "openai").await;
        let anthropic = Simulator::start_as(Vendor::Anthropic, "anthropic").await;
        let mut config = Config::new()
            .provider_with(kind, &own, further)
            .provider("openai", &openai)
            .provider("anthropic", &anthropic)
            .single("own", &own, model);
        for number in 0..cases {
            let mine = json!({"provider": "own", "model": format!("{model}-{number}")});
            for (name, model) in [("openai", "gpt-4o"), ("anthropic", "claude-sonnet-4-5")] {
                let theirs = json!({"provider": name, "model": format!("{model}-{number}")});
                for (way, first, second) in [("from", &theirs, &mine), ("to", &mine, &theirs)] {
                    let (mut first, mut second) = (first.clone(), second.clone());
                    first["priority"] = 0.into();
                    second["priority"] = 1.into();
                    let pool = format!("{way}-{name}-{number}");
                    config = config
                        .pool(&pool, json!({"members": [first, second]}))
                        .model(&pool, &pool);
                }
            }
        }
        let broker = Broker::start(&config).await;
        Self {
            own,
            openai,
            anthropic,
            broker,
        }
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.broker.post(path, TOKEN, body.to_string()).await
    }

    /// Makes a call that must succeed.
    async fn ask(&self, path: &str, body: &Value) -> Answer {
        let answer = self.post(path, body).await;
        answer.expect_status(200);
        answer
    }

    /// The only call that arrived since the last time.
    #[track_caller]
    fn received(&self) -> ReceivedRequest {
        let mut received = self.own.received();
        assert_eq!(received.len(), 1, "one call, one attempt");
        self.own.clear();
        received.remove(0)
    }

    /// The newest of `n` records.
    async fn record(&self, n: usize) -> Record {
        self.broker.wait_for_records(n).await.pop().expect("a record")
    }
}

/// Both APIs, whole and streamed.
const WAYS: [(&str, bool); 4] = [(CHAT, false), (CHAT, true), (MESSAGES, false), (MESSAGES, true)];

/// A call with this user's message that both APIs take.
fn call(model: &str, text: &str, stream: bool) -> Value {
    json!({
        "model": model, "max_tokens": 500, "stream": stream,
        "messages": [{"role": "user", "content": text}],
    })
}

/// A tool of this name in the words of an API.
fn tool(path: &str, name: &str) -> Value {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    if path == CHAT {
        json!({"type": "function", "function": {"name": name, "description": "d", "parameters": schema}})
    } else {
        json!({"name": name, "description": "d", "input_schema": schema})
    }
}

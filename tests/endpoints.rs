//! What agents ask beside conversations: embeddings, counts of tokens, and what passes through.

mod count;
mod embeddings;
mod passed;

use provider_simulator::{ReceivedRequest, Simulator, Vendor};
use serde_json::Value;

use crate::harness::{Broker, Config, Record, TOKEN, key_of};

/// An account of `OpenAI` and one of Anthropic, both as strict as the real ones.
async fn accounts() -> (Simulator, Simulator) {
    let openai = Simulator::start_as(Vendor::OpenAi, "openai").await;
    let anthropic = Simulator::start_as(Vendor::Anthropic, "anthropic").await;
    anthropic.require("x-api-key", &key_of("anthropic"));
    openai.require("authorization", &format!("Bearer {}", key_of("openai")));
    (openai, anthropic)
}

fn both(openai: &Simulator, anthropic: &Simulator) -> Config {
    Config::new()
        .provider("openai", openai)
        .provider("anthropic", anthropic)
}

async fn record(broker: &Broker, n: usize) -> Record {
    broker.wait_for_records(n).await.pop().expect("a record")
}

/// The one call that an account received, which must hold nothing of the agent's own.
fn only(account: &Simulator) -> ReceivedRequest {
    let [received] = account.received().try_into().expect("one call");
    let received: ReceivedRequest = received;
    assert!(!received.contains(TOKEN), "{:?}", received.headers);
    assert!(!received.contains("x-broker-"), "{:?}", received.headers);
    received
}

fn code(answer: &Value) -> &str {
    answer["error"]["code"]
        .as_str()
        .or(answer["error"]["details"]["error_code"].as_str())
        .unwrap_or_default()
}

//! What calls cost, from the answer of a provider to the bill of `broker spend`.

use std::process::Command;

use provider_simulator::{Behaviour, Simulator};
use serde_json::{Value, json};

use crate::harness::{Broker, CHAT, Config, MESSAGES, PATIENCE, TOKEN, binary, timed_reads, until};

fn call(model: &str, stream: bool) -> String {
    let messages = json!([{"role": "user", "content": "hi"}]);
    json!({"model": model, "stream": stream, "max_tokens": 50, "messages": messages}).to_string()
}

/// An account of each vendor, and no prices in the configuration.
async fn accounts() -> (Simulator, Simulator, Broker) {
    let (openai, anthropic) = (
        Simulator::start("openai").await,
        Simulator::start("anthropic").await,
    );
    let config = Config::new()
        .provider("openai", &openai)
        .provider("anthropic", &anthropic)
        .single("listed", &openai, "gpt-6-luna")
        .single("house", &openai, "house-model")
        .single("cloud", &anthropic, "eu.anthropic.claude-haiku-4-5-20251001-v1:0");
    let broker = Broker::start(&config).await;
    (openai, anthropic, broker)
}

async fn metric(broker: &Broker, name: &str, labels: &[(&str, &str)]) -> f64 {
    until(PATIENCE, name, async || {
        Some(broker.metric(name, labels).await).filter(|value| *value > 0.0)
    })
    .await
}

/// What the operator's command says of the broker's access log.
fn spend(broker: &Broker, by: &str) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("calls.log");
    std::fs::write(&log, broker.access_log()).expect("a copy of the log");
    let output = Command::new(binary())
        .args(["spend", "--format", "json", "--by", by])
        .arg(log)
        .output()
        .expect("the command runs");
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[tokio::test]
async fn a_model_costs_its_list_price_under_a_clouds_name_and_an_unknown_one_nothing_known() {
    let (openai, anthropic, broker) = accounts().await;
    for (path, model) in [(CHAT, "listed"), (MESSAGES, "cloud"), (CHAT, "house")] {
        broker
            .post(path, TOKEN, call(model, false))
            .await
            .expect_status(200);
    }
    let records = broker.wait_for_records(3).await;
    let used = |account: &Simulator| account.received()[0].usage.expect("usage");
    // 0.1 and 0.5 dollars per million tokens of the one, 1 and 5 of the other; to the nearest millionth of a dollar.
    for (index, account, tenths) in [(0, &openai, 1), (1, &anthropic, 10)] {
        let usage = used(account);
        let expected = ((usage.input + usage.output * 5) * tenths + 5) / 10;
        let cost = records[index].number("llm.cost.usd") * 1e6;
        let expected = f64::from(u32::try_from(expected).expect("a small cost"));
        assert!((cost - expected).abs() < 0.5, "{cost} and not {expected}");
    }
    assert!(!records[2].has("llm.cost.usd"));
    let unpriced = [("provider", "openai"), ("model", "house-model")];
    assert!((metric(&broker, "model_broker_unpriced_calls", &unpriced).await - 1.0).abs() < f64::EPSILON);

    let bill = spend(&broker, "model");
    assert_eq!(bill["total"]["calls"], 3);
    assert_eq!(bill["total"]["calls_cost_unknown"], 1);
    let of_records: f64 = records[..2]
        .iter()
        .map(|record| record.number("llm.cost.usd"))
        .sum();
    let billed = bill["total"]["cost_micro_usd"].as_f64().expect("an amount");
    assert!((billed - of_records * 1e6).abs() < 0.5, "{bill}");
}

#[tokio::test]
async fn a_stream_that_broke_off_is_billed_as_an_estimate() {
    let (openai, _anthropic, broker) = accounts().await;
    openai.behave(Behaviour::broken_after(4));
    let stream = broker.call(CHAT, TOKEN, call("listed", true)).send().await;
    timed_reads(stream.expect("an answer")).await;
    let record = broker.wait_for_records(1).await.remove(0);
    assert_eq!(record.text("llm.usage"), "estimated");
    assert!(record.count("llm.tokens.input") > 0 && record.count("llm.tokens.output") > 0);
    assert_eq!(spend(&broker, "agent")["total"]["calls_estimated"], 1);
}

#[tokio::test]
async fn a_bill_can_be_told_apart_by_the_feature_that_calls_name() {
    let (_openai, _anthropic, broker) = accounts().await;
    let named = broker
        .call(CHAT, TOKEN, call("listed", false))
        .header("x-broker-feature", "inbox");
    assert_eq!(named.send().await.expect("an answer").status(), 200);
    broker
        .post(CHAT, TOKEN, call("listed", false))
        .await
        .expect_status(200);
    broker.wait_for_records(2).await;
    let bill = spend(&broker, "feature");
    let mut features: Vec<_> = bill["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| row["feature"].as_str())
        .collect();
    features.sort_unstable();
    assert_eq!(features, [None, Some("inbox")]);
}

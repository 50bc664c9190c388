//! Changing the configuration of a running broker, and refusing a wrong one.

use std::time::Duration;

use provider_simulator::{Answer as Told, Simulator};
use serde_json::json;

use crate::harness::{Broker, CHAT, Config, PATIENCE, Record, TOKEN, timed_reads, until};

const CALL: &str = r#"{"model":"fast","messages":[{"role":"user","content":"hi"}]}"#;
const STREAM: &str = r#"{"model":"fast","stream":true,"messages":[{"role":"user","content":"hi"}]}"#;

fn config(provider: &Simulator, upstream_model: &str) -> Config {
    Config::new()
        .provider("openai", provider)
        .single("fast", provider, upstream_model)
}

async fn said(broker: &Broker) -> String {
    let answer = broker.post(CHAT, TOKEN, CALL).await;
    answer.expect_status(200).said()
}

#[tokio::test]
async fn a_good_configuration_takes_effect() {
    let provider = Simulator::start("account").await;
    let broker = Broker::start(&config(&provider, "old")).await;
    assert_eq!(said(&broker).await, "Hello from account: old.");
    let changed = config(&provider, "new")
        .single("second", &provider, "another")
        .agent("late", "lab", "token-of-late");
    broker.rewrite_config(&changed.yaml());
    until(PATIENCE, "the new model", async || {
        (said(&broker).await == "Hello from account: new.").then_some(())
    })
    .await;
    broker
        .post(CHAT, "token-of-late", CALL.replace("fast", "second"))
        .await
        .expect_status(200);

    broker.rewrite_config(&config(&provider, "new").yaml());
    until(PATIENCE, "the end of the late agent", async || {
        (broker.post(CHAT, "token-of-late", CALL).await.status == 401).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_account_can_be_added() {
    let (old, new) = (Simulator::start("old").await, Simulator::start("new").await);
    let broker = config(&old, "m").broker().env("KEY_OF_NEW", "any").start().await;
    assert_eq!(said(&broker).await, "Hello from old: m.");
    broker.rewrite_config(
        &Config::new()
            .provider("openai", &new)
            .single("fast", &new, "m")
            .yaml(),
    );
    until(PATIENCE, "the new account", async || {
        let answer = broker.post(CHAT, TOKEN, CALL).await;
        (answer.status == 200 && answer.said() == "Hello from new: m.").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_wrong_configuration_changes_nothing() {
    let provider = Simulator::start("account").await;
    let good = config(&provider, "m");
    let broker = Broker::start(&good).await;
    let wrong = [
        "providers: [".to_owned(),
        String::new(),
        good.clone()
            .set(
                "pools",
                json!([{"name": "fast", "members": [{"provider": "nobody", "model": "other"}]}]),
            )
            .yaml(),
        good.clone().set("unknown_key", json!(1)).yaml(),
    ];
    let mut complaints = broker.output().len();
    for yaml in wrong {
        broker.rewrite_config(&yaml);
        complaints = until(PATIENCE, &format!("a complaint about {yaml}"), async || {
            let output = broker.output().len();
            (output > complaints).then_some(output)
        })
        .await;
        assert_eq!(said(&broker).await, "Hello from account: m.", "with {yaml}");
    }
    broker.rewrite_config(&config(&provider, "repaired").yaml());
    until(PATIENCE, "the repaired configuration", async || {
        (said(&broker).await == "Hello from account: repaired.").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_running_stream_is_not_dropped() {
    let provider = Simulator::start("account").await;
    let text = "one two three four five six seven eight nine ten ".repeat(4);
    provider.behave(Told {
        text: Some(text.clone()),
        between_chunks_ms: 100,
        ..Told::default()
    });
    let broker = Broker::start(&config(&provider, "old")).await;
    let response = broker.call(CHAT, TOKEN, STREAM).send().await.unwrap();
    let running = tokio::spawn(timed_reads(response));
    provider.behave(Told::default());
    broker.rewrite_config(&config(&provider, "new").yaml());
    until(
        Duration::from_secs(4),
        "the new model while the stream runs",
        async || (said(&broker).await == "Hello from account: new.").then_some(()),
    )
    .await;
    assert!(!running.is_finished(), "the stream must outlast the change");
    let (reads, cut) = running.await.unwrap();
    assert!(cut.is_none(), "{cut:?}");
    let seen = String::from_utf8(reads.into_iter().flat_map(|read| read.bytes).collect()).unwrap();
    assert!(seen.trim_end().ends_with("data: [DONE]"), "{seen}");
    assert_eq!(seen.matches(r#""content":"ten ""#).count(), 4);
    let record = until(PATIENCE, "the record of the stream", async || {
        let is_stream = |record: &Record| record.has("llm.stream") && record.flag("llm.stream");
        broker.records().into_iter().find(is_stream)
    })
    .await;
    assert_eq!(record.text("llm.model"), "old");
}

#[tokio::test]
async fn a_broker_does_not_start_with_mistakes_and_names_all_of_them() {
    let yaml = "
providers:
  - name: a
    kind: opnai
    endpoint: http://127.0.0.1:1
    credential: {env: A_KEY}
  - name: b
    kind: openai
    endpoint: http://127.0.0.1:1
    credential: {env: A_KEY}
pools:
  - name: first
    members:
      - {provider: nobody, model: m}
models:
  - name: fast
    pool: missing-pool
agents:
  - name: bot
    workspace: missing-workspace
    token_sha256: not-a-hash
";
    let exit = Broker::builder(yaml)
        .env("A_KEY", "key-in-the-environment")
        .refused()
        .await;
    assert!(exit.code.is_some_and(|code| code != 0), "{exit:?}");
    for mistake in [
        "opnai",
        "nobody",
        "missing-pool",
        "missing-workspace",
        "token_sha256",
    ] {
        assert!(
            exit.stderr.contains(mistake),
            "no word of `{mistake}` in {}",
            exit.stderr
        );
    }
    assert!(!exit.stderr.contains("key-in-the-environment"));
    assert!(!exit.stdout.contains("broker ready"), "{}", exit.stdout);
}

#[tokio::test]
async fn a_broker_does_not_start_without_its_credentials() {
    let provider = Simulator::start("account").await;
    let exit = Broker::builder(config(&provider, "m").yaml()).refused().await;
    assert!(exit.code.is_some_and(|code| code != 0), "{exit:?}");
    assert!(exit.stderr.contains("KEY_OF_ACCOUNT"), "{}", exit.stderr);
}

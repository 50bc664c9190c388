//! The record of each call in the access log.

use provider_simulator::{Answer as Told, Behaviour, Finish, Simulator};
use serde_json::json;

use crate::harness::{Broker, CHAT, Config, MESSAGES, Record, TOKEN};

fn call(model: &str, stream: bool) -> String {
    json!({"model": model, "max_tokens": 9, "stream": stream, "messages": [{"role": "user", "content": "hi"}]}).to_string()
}

struct Setup {
    openai: Simulator,
    anthropic: Simulator,
    broker: Broker,
}

impl Setup {
    async fn new() -> Self {
        let (openai, anthropic) = (
            Simulator::start("openai-a").await,
            Simulator::start("anthropic-b").await,
        );
        let config = Config::new()
            .provider("openai", &openai)
            .provider("anthropic", &anthropic)
            .single("gpt", &openai, "gpt-up")
            .single("claude", &anthropic, "claude-up")
            .set("prices", json!({"gpt-up": {"input": 2, "output": 8}, "claude-up": {"input": 3, "output": 15, "cache_read": 0.3}}));
        let broker = Broker::start(&config).await;
        Self {
            openai,
            anthropic,
            broker,
        }
    }

    /// Both surfaces: path, model, what the record calls the API, the account.
    fn surfaces(&self) -> [(&'static str, &'static str, &'static str, &Simulator); 2] {
        [
            (CHAT, "gpt", "openai.chat", &self.openai),
            (MESSAGES, "claude", "anthropic.messages", &self.anthropic),
        ]
    }

    async fn record(&self, n: usize) -> Record {
        let records = self.broker.wait_for_records(n).await;
        assert_eq!(records.len(), n, "one record for each call");
        records[n - 1].clone()
    }
}

#[tokio::test]
async fn a_call_is_recorded_with_who_what_where_and_how_much() {
    let setup = Setup::new().await;
    let mut calls = 0;
    for (path, model, api, provider) in setup.surfaces() {
        for stream in [false, true] {
            provider.clear();
            setup
                .broker
                .post(path, TOKEN, call(model, stream))
                .await
                .expect_status(200);
            calls += 1;
            let record = setup.record(calls).await;
            assert_eq!(record.text("llm.agent"), "bot");
            assert_eq!(record.text("llm.workspace"), "lab");
            assert_eq!(record.text("llm.api"), api);
            assert_eq!(record.flag("llm.stream"), stream);
            assert_eq!(record.text("llm.model.requested"), model);
            assert_eq!(record.text("llm.model"), format!("{model}-up"));
            assert_eq!(record.text("llm.pool"), model);
            assert_eq!(record.text("llm.provider"), provider.name());
            assert_eq!(record.text("llm.decision"), "allow");
            assert_eq!(record.count("llm.status"), 200);
            assert!(!record.text("llm.request_id").is_empty());
            assert!(record.number("llm.duration_ms") >= 0.0);
            assert_eq!(record.ways(), [(provider.name().to_owned(), "200".to_owned())]);
            for absent in ["llm.rule", "llm.tokens.cached", "llm.dropped", "llm.error"] {
                assert!(!record.has(absent), "`{absent}` is {}", record.value(absent));
            }
            if stream {
                assert!(record.number("llm.ttft_ms") >= 0.0);
                assert!(record.number("llm.ttft_ms") <= record.number("llm.duration_ms"));
            }
        }
    }
}

#[tokio::test]
async fn the_agent_is_told_the_id_under_which_its_call_is_recorded() {
    let setup = Setup::new().await;
    for (index, (path, model, ..)) in setup.surfaces().into_iter().enumerate() {
        let header = if path == CHAT {
            "x-request-id"
        } else {
            "request-id"
        };
        let answer = setup.broker.post(path, TOKEN, call(model, false)).await;
        answer.expect_status(200);
        let record = setup.record(index + 1).await;
        assert_eq!(
            answer.header(header),
            Some(record.text("llm.request_id")),
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_tokens_are_those_the_provider_reported() {
    let setup = Setup::new().await;
    let mut calls = 0;
    for (path, model, _, provider) in setup.surfaces() {
        for stream in [false, true] {
            for cached in [0, 6] {
                provider.clear();
                provider.behave(Told {
                    cached_tokens: cached,
                    split: Some(7),
                    ..Told::default()
                });
                setup
                    .broker
                    .post(path, TOKEN, call(model, stream))
                    .await
                    .expect_status(200);
                calls += 1;
                let record = setup.record(calls).await;
                let usage = provider.received()[0]
                    .usage
                    .expect("the provider was asked for usage");
                assert_eq!(record.count("llm.tokens.input"), usage.input);
                assert_eq!(record.count("llm.tokens.output"), usage.output);
                assert_eq!(record.count("llm.tokens.total"), usage.total());
                if cached == 0 {
                    assert!(!record.has("llm.tokens.cached"));
                } else {
                    assert_eq!(record.count("llm.tokens.cached"), cached);
                }
            }
        }
    }
}

#[tokio::test]
async fn the_cost_is_tokens_times_prices() {
    let setup = Setup::new().await;
    for (calls, (path, model, _, provider)) in setup.surfaces().into_iter().enumerate() {
        setup
            .broker
            .post(path, TOKEN, call(model, false))
            .await
            .expect_status(200);
        let record = setup.record(calls + 1).await;
        let usage = provider.received()[0].usage.expect("usage");
        let (input, output) = if model == "gpt" { (2, 8) } else { (3, 15) };
        // Dollars per million tokens are millionths of a dollar per token.
        let expected = u32::try_from(usage.input * input + usage.output * output).expect("a small cost");
        let cost = record.number("llm.cost.usd");
        let difference = cost * 1e6 - f64::from(expected);
        assert!(difference.abs() < 0.5, "{cost} and not {expected} millionths");
        assert!(cost > 0.0);
    }
}

#[tokio::test]
async fn the_finish_reason_is_one_vocabulary() {
    let setup = Setup::new().await;
    let mut calls = 0;
    for (path, model, _, provider) in setup.surfaces() {
        for (finish, expected) in [
            (Finish::Stop, "stop"),
            (Finish::Length, "length"),
            (Finish::Filtered, "content_filter"),
        ] {
            for stream in [false, true] {
                provider.behave(Told {
                    finish,
                    ..Told::default()
                });
                setup
                    .broker
                    .post(path, TOKEN, call(model, stream))
                    .await
                    .expect_status(200);
                calls += 1;
                assert_eq!(
                    setup.record(calls).await.text("llm.finish_reason"),
                    expected,
                    "{model}, stream: {stream}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_usage_the_provider_did_not_report_is_no_number_of_its_own() {
    let setup = Setup::new().await;
    setup.openai.behave(Told {
        usage: false,
        ..Told::default()
    });
    setup
        .broker
        .post(CHAT, TOKEN, call("gpt", false))
        .await
        .expect_status(200);
    let record = setup.record(1).await;
    assert!(
        !record.has("llm.tokens.output") || record.has("llm.tokens.estimated"),
        "{record:?}"
    );
}

#[tokio::test]
async fn denied_calls_are_recorded_with_their_reason() {
    let setup = Setup::new().await;
    let denied = [
        (setup.broker.post(CHAT, "wrong", call("gpt", false)).await, 401),
        (
            setup.broker.post(CHAT, TOKEN, call("nobody-knows", false)).await,
            404,
        ),
        (setup.broker.post(MESSAGES, TOKEN, "{").await, 400),
    ];
    for (index, (answer, status)) in denied.iter().enumerate() {
        answer.expect_status(*status);
        let records = setup.broker.wait_for_records(denied.len()).await;
        let record = &records[index];
        assert_eq!(record.count("llm.status"), u64::from(*status));
        assert_eq!(record.text("llm.decision"), "deny");
        assert!(!record.text("llm.reason").is_empty());
        assert!(
            !record.has("llm.provider") && !record.has("llm.tokens.input"),
            "{record:?}"
        );
    }
    let records = setup.broker.records();
    assert!(!records[0].has("llm.agent"), "nobody is known by a wrong token");
    assert_eq!(records[1].text("llm.agent"), "bot");
    assert_eq!(records[1].text("llm.model.requested"), "nobody-knows");
}

#[tokio::test]
async fn failed_calls_are_recorded() {
    let setup = Setup::new().await;
    setup.openai.behave(Behaviour::status(503));
    setup
        .broker
        .post(CHAT, TOKEN, call("gpt", false))
        .await
        .expect_status(503);
    let record = setup.record(1).await;
    assert_eq!(record.count("llm.status"), 503);
    assert_eq!(record.ways(), [("openai-a".to_owned(), "503".to_owned())]);
    assert!(!record.has("llm.tokens.output"));
}

#[tokio::test]
async fn a_call_whose_agent_leaves_is_recorded() {
    let setup = Setup::new().await;
    let mut calls = 0;
    for (path, model, _, provider) in setup.surfaces() {
        provider.behave(Behaviour::silent_after(4));
        let mut response = setup
            .broker
            .call(path, TOKEN, call(model, true))
            .send()
            .await
            .unwrap();
        assert!(response.chunk().await.unwrap().is_some());
        drop(response);
        calls += 1;
        let record = setup.record(calls).await;
        assert_eq!(record.text("llm.agent"), "bot");
        assert_eq!(record.text("llm.model"), format!("{model}-up"));
        assert!(record.flag("llm.stream"));
        assert_eq!(record.attempts().len(), 1);
    }
}

#[tokio::test]
async fn records_hold_no_content() {
    let setup = Setup::new().await;
    let secret = "the quick brown fox of the prompt";
    setup.openai.behave(Behaviour::text("the lazy dog of the answer"));
    let body = json!({"model": "gpt", "messages": [{"role": "user", "content": secret}]}).to_string();
    setup.broker.post(CHAT, TOKEN, body).await.expect_status(200);
    setup.record(1).await;
    assert!(
        !setup.broker.access_log().contains("quick brown") && !setup.broker.access_log().contains("lazy dog")
    );
    let output = setup.broker.output();
    assert!(!output.contains("quick brown") && !output.contains("lazy dog"));
}

//! A cascade asks the cheapest model first and goes on to the next one until an answer is good enough. Nothing of an
//! answer that is not reaches the agent.

use provider_simulator::{Answer as Told, Behaviour, Finish, Simulator};
use serde_json::{Value, json};

use crate::harness::{Answer, Broker, CHAT, Config, MESSAGES, PATIENCE, Record, TOKEN, until};

/// What each criterion is called here, how it is written, and the answer that does not meet it.
fn criteria() -> Vec<(&'static str, Value, &'static str, Behaviour)> {
    let schema = json!({"schema": {"type": "object", "required": ["city"]}});
    let cut = Told {
        text: Some("SECRET {}".to_owned()),
        finish: Finish::Length,
        ..Told::default()
    };
    vec![
        (
            "json",
            json!({"json": "valid"}),
            "json",
            Behaviour::text("SECRET"),
        ),
        (
            "schema",
            json!({"json": schema}),
            "schema",
            Behaviour::text(r#"{"SECRET": 1}"#),
        ),
        (
            "finish",
            json!({"finish_reason": "stop"}),
            "finish_reason",
            cut.into(),
        ),
        (
            "short",
            json!({"min_characters": 9}),
            "too_short",
            Behaviour::text("SECRET"),
        ),
        (
            "refusal",
            json!({"refusal_patterns": ["i (cannot|can't)"]}),
            "refusal",
            Behaviour::text("SECRET, but I cannot help with that."),
        ),
    ]
}

/// What every criterion accepts.
const GOOD: &str = r#"{"city": "Rome"}"#;

/// Two accounts and a cascade over both for each criterion.
struct Cascade {
    small: Simulator,
    large: Simulator,
    broker: Broker,
}

impl Cascade {
    /// `kinds`: those of the small and the large account.
    async fn start(kinds: [&str; 2]) -> Self {
        let (small, large) = (Simulator::start("small").await, Simulator::start("large").await);
        let mut config = Config::new()
            .provider(kinds[0], &small)
            .provider(kinds[1], &large)
            .set(
                "prices",
                json!({"m-small": {"input": 1, "output": 10}, "m-large": {"input": 20, "output": 200}}),
            );
        for (name, accept, ..) in criteria() {
            config = config.pool(name, members(&accept)).model(name, name);
        }
        large.behave(Behaviour::text(GOOD));
        let broker = Broker::start(&config).await;
        Self { small, large, broker }
    }

    /// A call and its record.
    async fn call(&self, path: &str, model: &str, is_stream: bool) -> (Answer, Record) {
        let count = self.broker.records().len();
        let answer = self.broker.post(path, TOKEN, body(model, is_stream)).await;
        let record = self.broker.wait_for_records(count + 1).await.pop();
        (answer, record.expect("a record"))
    }
}

fn members(accept: &Value) -> Value {
    json!({"routing": "cascade", "accept": accept, "members": [
        {"provider": "small", "model": "m-small"},
        {"provider": "large", "model": "m-large"},
    ]})
}

fn body(model: &str, is_stream: bool) -> String {
    let message = json!({"role": "user", "content": "hi"});
    json!({"model": model, "max_tokens": 99, "stream": is_stream, "messages": [message]}).to_string()
}

fn attempts(record: &Record) -> Vec<Value> {
    record.value("llm.attempts").as_array().expect("a list").clone()
}

async fn every_criterion(kinds: [&str; 2], path: &str) {
    let cascade = Cascade::start(kinds).await;
    for is_stream in [false, true] {
        for (name, _, unmet, bad) in criteria() {
            let case = format!("{kinds:?} {name}, stream: {is_stream}");
            cascade.small.behave(bad);
            let asked = (cascade.small.count(), cascade.large.count());
            let (answer, record) = cascade.call(path, name, is_stream).await;
            answer.expect_status(200);
            assert_eq!(answer.said(), GOOD, "{case}");
            assert!(!answer.text().contains("SECRET"), "{case}: {}", answer.text());
            assert_eq!(
                (cascade.small.count(), cascade.large.count()),
                (asked.0 + 1, asked.1 + 1),
                "{case}"
            );
            let rungs = attempts(&record);
            assert_eq!(rungs[0]["rung"], 1, "{case}: {rungs:?}");
            assert_eq!(rungs[0]["status"], "not_accepted", "{case}");
            assert_eq!(rungs[0]["unmet"], unmet, "{case}");
            assert_eq!((&rungs[1]["rung"], &rungs[1]["status"]), (&json!(2), &json!(200)));
            assert_eq!(record.text("llm.outcome"), "ok");
            assert!(
                record
                    .text("llm.reason")
                    .ends_with(&format!("; escalated to rung 2: rung 1 {unmet}")),
                "{}",
                record.text("llm.reason")
            );

            cascade.small.behave(Behaviour::text(GOOD));
            let (answer, record) = cascade.call(path, name, is_stream).await;
            assert_eq!(answer.said(), GOOD, "{case}");
            assert_eq!(cascade.large.count(), asked.1 + 1, "{case}");
            assert_eq!(attempts(&record)[0]["accepted"], true, "{case}");
        }
    }
}

#[tokio::test]
async fn an_openai_agent_gets_only_what_is_accepted() {
    every_criterion(["openai", "openai"], CHAT).await;
}

#[tokio::test]
async fn an_anthropic_agent_gets_only_what_is_accepted() {
    every_criterion(["anthropic", "anthropic"], MESSAGES).await;
}

#[tokio::test]
async fn an_openai_agent_gets_only_what_is_accepted_of_anthropic_rungs() {
    every_criterion(["anthropic", "openai"], CHAT).await;
}

#[tokio::test]
async fn an_anthropic_agent_gets_only_what_is_accepted_of_openai_rungs() {
    every_criterion(["openai", "anthropic"], MESSAGES).await;
}

#[tokio::test]
async fn the_schema_that_the_request_asks_for_can_be_the_measure() {
    let (small, large) = (Simulator::start("small").await, Simulator::start("large").await);
    let config = Config::new()
        .provider("openai", &small)
        .provider("openai", &large)
        .pool("rungs", members(&json!({"json": "schema"})))
        .model("rungs", "rungs");
    let broker = Broker::start(&config).await;
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": false});
    let call = json!({
        "model": "rungs", "messages": [{"role": "user", "content": "hi"}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "city", "strict": true, "schema": schema}},
    });
    small.behave(Behaviour::text(r#"{"city": 7}"#));
    large.behave(Behaviour::text(GOOD));
    assert_eq!(broker.post(CHAT, TOKEN, call.to_string()).await.said(), GOOD);
    assert_eq!((small.count(), large.count()), (1, 1));
    small.behave(Behaviour::text(GOOD));
    assert_eq!(broker.post(CHAT, TOKEN, call.to_string()).await.said(), GOOD);
    assert_eq!((small.count(), large.count()), (2, 1));
}

#[tokio::test]
async fn a_failure_escalates_as_well_and_the_last_rung_passes_unjudged() {
    let cascade = Cascade::start(["openai", "openai"]).await;
    cascade.small.behave(Behaviour::status(500));
    cascade.large.behave(Behaviour::text("no JSON"));
    for is_stream in [false, true] {
        let (answer, record) = cascade.call(CHAT, "json", is_stream).await;
        answer.expect_status(200);
        assert_eq!(answer.said(), "no JSON");
        let rungs = attempts(&record);
        assert_eq!(
            (&rungs[0]["status"], &rungs[1]["status"]),
            (&json!(500), &json!(200))
        );
        assert!(rungs[1].get("accepted").is_none(), "{rungs:?}");
        assert!(
            record
                .text("llm.reason")
                .ends_with("; escalated to rung 2: rung 1 500")
        );
    }
}

#[tokio::test]
async fn a_stream_that_breaks_while_it_is_held_back_escalates() {
    let cascade = Cascade::start(["openai", "openai"]).await;
    for broken in [Behaviour::broken_after(3), Behaviour::error_event(3)] {
        cascade.small.behave(broken);
        let (answer, record) = cascade.call(CHAT, "json", true).await;
        answer.expect_status(200);
        assert_eq!(answer.said(), GOOD, "{:?}", attempts(&record));
    }
}

#[tokio::test]
async fn each_retry_of_the_client_begins_a_rung_higher() {
    let cascade = Cascade::start(["openai", "openai"]).await;
    cascade.small.behave(Behaviour::text(GOOD));
    for (number, (count, answers)) in [("0", "small"), ("1", "large"), ("7", "large"), ("many", "small")]
        .into_iter()
        .enumerate()
    {
        let call = cascade.broker.call(CHAT, TOKEN, body("json", false));
        let answer = Answer::of(call.header("x-stainless-retry-count", count)).await;
        answer.expect_status(200);
        let record = cascade
            .broker
            .wait_for_records(number + 1)
            .await
            .pop()
            .expect("a record");
        assert_eq!(record.text("llm.provider"), answers, "{count}");
        assert_eq!(
            record
                .text("llm.reason")
                .ends_with("; the client's retry began at rung 2"),
            answers == "large"
        );
    }
    // The rungs below stand in for it.
    cascade.large.behave(Behaviour::status(500));
    let call = cascade.broker.call(CHAT, TOKEN, body("json", false));
    let answer = Answer::of(call.header("x-stainless-retry-count", "1")).await;
    assert_eq!(answer.expect_status(200).said(), GOOD);
}

#[tokio::test]
async fn a_long_stream_that_was_held_back_arrives_whole_and_in_order() {
    for kinds in [["openai", "openai"], ["anthropic", "openai"]] {
        let cascade = Cascade::start(kinds).await;
        let words: Vec<String> = (0..30_000).map(|number| format!("word-{number}")).collect();
        let text = serde_json::to_string(&words).expect("JSON");
        cascade.small.behave(Told {
            text: Some(text.clone()),
            chunks: Some(2_000),
            ..Told::default()
        });
        let (answer, record) = cascade.call(CHAT, "json", true).await;
        assert!(answer.body.len() > 700_000, "{}", answer.body.len());
        assert_eq!(answer.said(), text, "{kinds:?}");
        assert_eq!(answer.events().last().expect("an event").data, "[DONE]");
        assert_eq!(attempts(&record)[0]["accepted"], true);
        assert_eq!(cascade.large.count(), 0);
    }
}

#[tokio::test]
async fn what_is_too_long_to_be_judged_passes_and_the_record_says_so() {
    let cascade = Cascade::start(["openai", "openai"]).await;
    let text = "no JSON ".repeat(200_000);
    for is_stream in [false, true] {
        cascade.small.behave(Told {
            text: Some(text.clone()),
            chunks: Some(500),
            ..Told::default()
        });
        let (answer, record) = cascade.call(CHAT, "json", is_stream).await;
        answer.expect_status(200);
        assert!(answer.said() == text, "stream: {is_stream}");
        assert_eq!(
            attempts(&record)[0]["unjudged"],
            "too_long",
            "stream: {is_stream}"
        );
    }
}

#[tokio::test]
async fn what_is_too_slow_to_be_judged_passes_before_envoy_gives_it_up() {
    let (small, large) = (Simulator::start("small").await, Simulator::start("large").await);
    let config = Config::new()
        .provider_with("openai", &small, json!({"timeout": {"first_byte": "2s"}}))
        .provider_with("openai", &large, json!({"timeout": {"first_byte": "2s"}}))
        .pool("rungs", members(&json!({"json": "valid"})))
        .model("rungs", "rungs");
    let broker = Broker::start(&config).await;
    small.behave(Told {
        text: Some("a stream that takes its time".to_owned()),
        chunks: Some(50),
        between_chunks_ms: 60,
        ..Told::default()
    });
    let answer = broker.post(CHAT, TOKEN, body("rungs", true)).await;
    answer.expect_status(200);
    assert_eq!(answer.said(), "a stream that takes its time");
    let record = broker.wait_for_records(1).await.pop().expect("a record");
    assert_eq!(attempts(&record)[0]["unjudged"], "too_slow");
    assert_eq!(large.count(), 0);
}

#[tokio::test]
async fn refused_answers_do_not_count_against_their_account() {
    let cascade = Cascade::start(["openai", "openai"]).await;
    cascade.small.behave(Behaviour::text("no JSON"));
    for _ in 0..12 {
        cascade.call(CHAT, "json", false).await.0.expect_status(200);
    }
    assert_eq!((cascade.small.count(), cascade.large.count()), (12, 12));
}

#[tokio::test]
async fn the_record_and_the_stats_tell_what_each_rung_cost_and_what_was_saved() {
    let cascade = Cascade::start(["openai", "openai"]).await;
    cascade.small.behave(Behaviour::text("no JSON"));
    let (_, refused) = cascade.call(CHAT, "json", false).await;
    let rungs = attempts(&refused);
    let cost = |rung: &Value, input: f64, output: f64| {
        let tokens = |key: &str| rung[key].as_f64().unwrap_or_else(|| panic!("no {key} in {rung}"));
        (tokens("input") * input + tokens("output") * output) / 1e6
    };
    let (small, large) = (cost(&rungs[0], 1.0, 10.0), cost(&rungs[1], 20.0, 200.0));
    let close = |one: f64, other: f64| (one - other).abs() < 2e-6;
    assert!(
        close(rungs[0]["cost_usd"].as_f64().unwrap_or_default(), small),
        "{rungs:?}"
    );
    assert!(close(refused.number("llm.cost.usd"), small + large));
    assert!(close(refused.number("llm.cost.saved_usd"), -small));

    cascade.small.behave(Behaviour::text(GOOD));
    let (_, accepted) = cascade.call(CHAT, "json", false).await;
    let rung = &attempts(&accepted)[0];
    let saved = cost(rung, 20.0, 200.0) - cost(rung, 1.0, 10.0);
    assert!(close(accepted.number("llm.cost.saved_usd"), saved));

    let micro = |dollars: f64| (dollars * 1e6).round();
    for (metric, labels, expected) in [
        (
            "rungs",
            &[
                ("pool", "json"),
                ("rung", "1"),
                ("model", "m-small"),
                ("outcome", "refused"),
                ("cause", "json"),
            ][..],
            1.0,
        ),
        ("rungs", &[("rung", "1"), ("outcome", "accepted")], 1.0),
        ("rungs", &[("rung", "2"), ("outcome", "unjudged")], 1.0),
        (
            "saved_micro_usd",
            &[("agent", "bot"), ("pool", "json")],
            micro(saved),
        ),
        (
            "overspent_micro_usd",
            &[("agent", "bot"), ("pool", "json")],
            micro(small),
        ),
    ] {
        let name = format!("model_broker_cascade_{metric}");
        until(
            PATIENCE,
            &format!("{expected} of {name} {labels:?}"),
            async || {
                let value = cascade.broker.metric(&name, labels).await;
                ((value - expected).abs() < 1.5 && value > 0.0).then_some(())
            },
        )
        .await;
    }
    until(PATIENCE, "the cost of both models", async || {
        let cost = async |model| {
            cascade
                .broker
                .metric("model_broker_cost_micro_usd", &[("model", model)])
                .await
        };
        (cost("m-small").await > 0.0 && cost("m-large").await > 0.0).then_some(())
    })
    .await;
}

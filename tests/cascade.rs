//! A cascade asks the cheapest model first and goes on to the next one until an answer is good enough. Nothing of an
//! answer that is not reaches the agent.

use provider_simulator::{Answer as Told, Behaviour, Finish, Simulator};
use serde_json::{Value, json};

use crate::harness::{Answer, Broker, CHAT, Config, MESSAGES, RESPONSES, Record, TOKEN};

mod bounds;
mod money;

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
            json!({"json": "always"}),
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
        let body = match path {
            RESPONSES => response_body(model, is_stream),
            _ => body(model, is_stream),
        };
        let answer = self.broker.post(path, TOKEN, body).await;
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

fn response_body(model: &str, is_stream: bool) -> String {
    json!({"model": model, "max_output_tokens": 99, "stream": is_stream, "input": "hi"}).to_string()
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
async fn an_agent_of_responses_gets_only_what_is_accepted() {
    every_criterion(["openai", "openai"], RESPONSES).await;
}

#[tokio::test]
async fn an_agent_of_responses_gets_only_what_is_accepted_of_anthropic_rungs() {
    every_criterion(["anthropic", "openai"], RESPONSES).await;
}

#[tokio::test]
async fn an_agent_of_responses_gets_only_what_is_accepted_before_anthropic_rungs() {
    every_criterion(["openai", "anthropic"], RESPONSES).await;
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
async fn refused_answers_do_not_count_against_their_account() {
    let cascade = Cascade::start(["openai", "openai"]).await;
    cascade.small.behave(Behaviour::text("no JSON"));
    for _ in 0..12 {
        cascade.call(CHAT, "json", false).await.0.expect_status(200);
    }
    assert_eq!((cascade.small.count(), cascade.large.count()), (12, 12));
}

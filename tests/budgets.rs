//! Budgets on a real Envoy with several workers: what providers counted is what is spent, and no more than allowed.

mod alerts;
mod restarts;
mod stops;

use provider_simulator::{Behaviour, Simulator};
use serde_json::{Value, json};

use crate::harness::{Answer, Broker, CHAT, Config, PATIENCE, TOKEN, until};

const CALL: &str = r#"{"model":"fast","max_tokens":60,"messages":[{"role":"user","content":"hi"}]}"#;

fn config(provider: &Simulator, budgets: Value) -> Config {
    Config::new()
        .provider("openai", provider)
        .single("fast", provider, "a")
        .set("budgets", budgets)
}

/// Makes calls at once, each on a connection of its own so that all workers get some; gives their statuses.
async fn at_once(broker: &Broker, bodies: impl Iterator<Item = String>) -> Vec<u16> {
    let calls: Vec<_> = bodies
        .map(|body| {
            let call = broker.call(CHAT, TOKEN, body).header("connection", "close");
            tokio::spawn(async move {
                let answer = call.send().await.expect("an answer");
                let status = answer.status().as_u16();
                // A stream that breaks off is none of the test's business here.
                let _body = answer.bytes().await;
                status
            })
        })
        .collect();
    let mut statuses = Vec::with_capacity(calls.len());
    for call in calls {
        statuses.push(call.await.expect("a call"));
    }
    statuses
}

/// The tokens that the provider itself says it was asked for.
fn counted(provider: &Simulator) -> u64 {
    let received = provider.received();
    received
        .iter()
        .filter_map(|call| call.usage)
        .map(provider_simulator::Usage::total)
        .sum()
}

#[tokio::test]
async fn what_all_workers_spend_is_what_the_provider_counted() {
    let provider = Simulator::start("provider").await;
    let budgets = json!([{"name": "lab", "scope": "workspace", "tokens": 1_000_000, "per": "total"}]);
    let broker = config(&provider, budgets).broker().concurrency(4).start().await;
    let mut made = 0;
    for round in 0..6 {
        // Some of each round fail; what fails costs nothing.
        provider.then((0..round).map(|_| Behaviour::status(400)).collect());
        let bodies = (0..60_usize).map(|n| {
            let content = "word ".repeat(1 + n * 3);
            let body = json!({
                "model": "fast", "max_tokens": 60, "stream": n % 2 == 0,
                "messages": [{"role": "user", "content": content}],
            });
            body.to_string()
        });
        at_once(&broker, bodies).await;
        made += 60;
        broker.wait_for_records(made).await;
    }
    broker.post(CHAT, TOKEN, CALL).await.expect_status(200);
    let records = broker.wait_for_records(made + 1).await;
    let statement = &records.last().expect("a record").value("llm.budgets")[0];
    assert_eq!(statement["left"], 1_000_000 - counted(&provider));
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let expected = counted(&provider) as f64;
    until(PATIENCE, "the metric", async || {
        let spent = broker
            .metric("model_broker_budget_spent_tokens", &[("budget", "lab")])
            .await;
        (spent >= expected).then_some(())
    })
    .await;
    let spent = broker
        .metric("model_broker_budget_spent_tokens", &[("budget", "lab")])
        .await;
    assert!((spent - expected).abs() < f64::EPSILON, "{spent}");
}

#[tokio::test]
async fn a_call_for_more_answers_than_are_left_is_refused_before_it_goes_out() {
    let provider = Simulator::start("provider").await;
    let budgets = json!([{"name": "bot-day", "scope": "agent", "tokens": 300, "per": "day"}]);
    let broker = config(&provider, budgets).broker().start().await;
    let many = CALL.replace(r#""max_tokens":60"#, r#""max_tokens":60,"n":10"#);
    let refused = broker.post(CHAT, TOKEN, many).await;
    refused.expect_status(429);
    assert_eq!(refused.json()["error"]["code"], "budget_exhausted");
    assert_eq!(provider.count(), 0);
    // One of them alone fits, and nothing of the refused call is held.
    broker.post(CHAT, TOKEN, CALL).await.expect_status(200);
    let records = broker.wait_for_records(2).await;
    assert!(records[1].value("llm.budgets")[0]["reserved"].as_u64() < Some(100));
}

#[tokio::test]
async fn calls_of_all_workers_together_spend_no_more_than_the_ceiling() {
    let provider = Simulator::start("provider").await;
    let budgets = json!([{
        "name": "bot-day", "scope": "agent", "of": "bot", "tokens": 2_000, "per": "day", "alert_at": ["50%"],
        "header": true,
    }]);
    let broker = config(&provider, budgets).broker().concurrency(4).start().await;
    let statuses = at_once(&broker, (0..200).map(|_| CALL.to_owned())).await;
    let mut made = statuses.len();
    assert!(statuses.contains(&429), "{statuses:?}");
    // What was held for calls under way is free again.
    let refused: Answer = loop {
        let answer = broker.post(CHAT, TOKEN, CALL).await;
        made += 1;
        broker.wait_for_records(made).await;
        if answer.status != 200 {
            break answer;
        }
        let left = answer
            .header("x-broker-budget-left")
            .and_then(|left| left.strip_prefix("bot-day="));
        assert!(left.is_some_and(|left| left.parse::<u64>().is_ok()), "{left:?}");
    };
    assert!(counted(&provider) <= 2_000, "{}", counted(&provider));
    assert!(counted(&provider) > 1_800, "{}", counted(&provider));
    refused.expect_status(429);
    assert_eq!(refused.json()["error"]["code"], "budget_exhausted");
    assert_eq!(refused.header("x-should-retry"), Some("false"));
    let wait = refused
        .header("retry-after")
        .and_then(|wait| wait.parse::<u64>().ok());
    assert!(wait.is_some_and(|wait| wait <= 86_400), "{wait:?}");
    let records = broker.records();
    let alerts = records
        .iter()
        .filter(|record| record.has("llm.budgets"))
        .filter(|record| record.value("llm.budgets")[0]["alert"] == 50);
    assert_eq!(alerts.count(), 1);
}

#[tokio::test]
async fn a_stream_that_breaks_off_and_an_agent_that_leaves_are_settled_with_what_they_took() {
    let provider = Simulator::start("provider").await;
    let budgets = json!([{"name": "bot", "scope": "agent", "tokens": 100_000, "per": "hour"}]);
    let broker = config(&provider, budgets).broker().start().await;
    let stream = CALL.replace(r#""max_tokens""#, r#""stream":true,"max_tokens""#);
    provider.then(vec![Behaviour::broken_after(2), Behaviour::silent_after(2)]);
    at_once(&broker, std::iter::once(stream.clone())).await;
    let mut answer = broker.call(CHAT, TOKEN, stream).send().await.expect("an answer");
    answer.chunk().await.expect("a chunk");
    drop(answer);
    for record in broker.wait_for_records(2).await {
        let statement = &record.value("llm.budgets")[0];
        assert_eq!(record.text("llm.outcome"), "aborted");
        assert!(statement["used"].as_u64() > Some(0), "{statement}");
    }
    let last = broker.post(CHAT, TOKEN, CALL).await;
    last.expect_status(200);
    let records = broker.wait_for_records(3).await;
    let used: u64 = records
        .iter()
        .filter_map(|record| record.value("llm.budgets")[0]["used"].as_u64())
        .sum();
    // Nothing is held any more.
    assert_eq!(records[2].value("llm.budgets")[0]["left"], 100_000 - used);
}

#[tokio::test]
async fn a_spent_account_is_left_out_and_the_next_one_serves() {
    let (first, second) = (Simulator::start("first").await, Simulator::start("second").await);
    let members = json!([
        {"provider": "first", "model": "a", "priority": 0},
        {"provider": "second", "model": "a", "priority": 1},
    ]);
    let broker = Config::new()
        .provider_with("openai", &first, json!({"budget": {"usd": 0.2, "per": "month"}}))
        .provider("openai", &second)
        .pool("pair", json!({"members": members}))
        .model("fast", "pair")
        .set("prices", json!({"a": {"input": 0, "output": 1_000}}))
        .broker()
        .concurrency(4)
        .start()
        .await;
    // Each may cost 6 cents, and most cost less.
    let statuses = at_once(&broker, (0..40).map(|_| CALL.to_owned())).await;
    assert_eq!(statuses, vec![200; 40]);
    for n in 41..=100 {
        broker.post(CHAT, TOKEN, CALL).await.expect_status(200);
        broker.wait_for_records(n).await;
    }
    let spent: u64 = first
        .received()
        .iter()
        .filter_map(|call| call.usage)
        .map(|usage| usage.output)
        .sum();
    assert!((140..=200).contains(&spent), "{spent} tenths of a cent");
    assert!(second.count() > 0);
    let records = broker.records();
    let last = records.last().expect("a record");
    assert_eq!(last.text("llm.provider"), "second");
    assert_eq!(last.value("llm.excluded")[0]["reason"], "budget");
}

#[tokio::test]
async fn near_its_end_a_budget_sends_calls_to_a_cheaper_pool_and_a_reload_forgets_nothing() {
    let (dear, cheap) = (Simulator::start("dear").await, Simulator::start("cheap").await);
    let budget = json!({
        "name": "lab", "scope": "workspace", "of": "lab", "tokens": 1_000, "per": "day",
        "downgrade": {"at": "50%", "pool": "small"},
    });
    let config = Config::new()
        .provider("openai", &dear)
        .provider("openai", &cheap)
        .single("fast", &dear, "a")
        .single("small", &cheap, "b");
    let broker = config
        .clone()
        .set("budgets", json!([budget]))
        .broker()
        .start()
        .await;
    let mut made = 0;
    while cheap.count() == 0 {
        broker.post(CHAT, TOKEN, CALL).await.expect_status(200);
        made += 1;
        broker.wait_for_records(made).await;
    }
    let spent = counted(&dear);
    assert!((500..540).contains(&spent), "{spent}");
    let records = broker.records();
    let last = records.last().expect("a record");
    assert_eq!(
        last.text("llm.reason"),
        "the model's own pool is fast; budget lab downgraded it to pool small"
    );

    // The same budget with another amount knows what was spent.
    let mut larger = budget;
    larger["tokens"] = json!(10_000);
    broker.rewrite_config(&config.set("budgets", json!([larger])).yaml());
    let version = last.text("llm.config").to_owned();
    let record = until(PATIENCE, "the new configuration", async || {
        broker.post(CHAT, TOKEN, CALL).await.expect_status(200);
        made += 1;
        let records = broker.wait_for_records(made).await;
        records
            .last()
            .filter(|record| record.text("llm.config") != version)
            .cloned()
    })
    .await;
    let statement = &record.value("llm.budgets")[0];
    assert_eq!(statement["left"], 10_000 - counted(&dear) - counted(&cheap));
    assert_eq!(record.text("llm.pool"), "fast");
}

#[tokio::test]
async fn a_budget_that_clamps_is_spent_to_its_end_and_no_further() {
    let provider = Simulator::start("provider").await;
    let budgets = json!([{"name": "bot", "scope": "agent", "tokens": 1_500, "per": "day", "clamp": true}]);
    let broker = config(&provider, budgets).broker().concurrency(4).start().await;
    let call = CALL.replace("60", "100000");
    let mut made = 0;
    // The first takes all that is left until it is over.
    let refused = loop {
        let answer = broker.post(CHAT, TOKEN, call.as_str()).await;
        made += 1;
        broker.wait_for_records(made).await;
        if answer.status != 200 {
            break answer;
        }
    };
    refused.expect_status(429);
    let asked: Vec<u64> = provider
        .received()
        .iter()
        .filter_map(|call| call.json()["max_tokens"].as_u64())
        .collect();
    assert!(asked.windows(2).all(|pair| pair[0] > pair[1]), "{asked:?}");
    assert!(asked.first().is_some_and(|most| *most < 1_500), "{asked:?}");
    assert!(
        (1_400..=1_500).contains(&counted(&provider)),
        "{}",
        counted(&provider)
    );
    let records = broker.records();
    assert_eq!(records[0].count("llm.tokens.clamped"), asked[0]);
}

#[tokio::test]
async fn days_begin_at_midnight_where_the_budget_says() {
    let provider = Simulator::start("provider").await;
    let budgets = ["Asia/Kathmandu", "Europe/Berlin", "UTC"].map(|zone| {
        let name = zone.replace('/', "-");
        json!({"name": name, "scope": "agent", "tokens": 1_000_000, "per": "day", "time_zone": zone})
    });
    let broker = config(&provider, json!(budgets)).broker().start().await;
    broker.post(CHAT, TOKEN, CALL).await.expect_status(200);
    let records = broker.wait_for_records(1).await;
    let statements = records[0].value("llm.budgets").clone();
    let since = |name: &str| {
        let statements = statements.as_array().expect("statements");
        let meant = statements
            .iter()
            .find(|said| said["name"] == name)
            .expect("a budget");
        meant["since"].as_str().expect("a window").to_owned()
    };
    assert!(since("UTC").ends_with("T00:00:00.000Z"), "{statements}");
    assert!(
        since("Asia-Kathmandu").ends_with("T18:15:00.000Z"),
        "{statements}"
    );
    // In winter and in summer.
    let berlin = since("Europe-Berlin");
    assert!(
        berlin.ends_with("T23:00:00.000Z") || berlin.ends_with("T22:00:00.000Z"),
        "{statements}"
    );
}

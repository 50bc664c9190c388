//! The status page: what all workers know together.

use provider_simulator::{Behaviour, Simulator};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Broker, CHAT, Config, PATIENCE, TOKEN, binary, key_of, sha256_hex, until};

const CALL: &str = r#"{"model":"fast","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;
const OTHER: &str = r#"{"model":"slow","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;

/// A rule and a model's own pool, over two accounts.
fn config(first: &Simulator, second: &Simulator) -> Config {
    let member = |provider: &str, model: &str, priority: u32| json!({"provider": provider, "model": model, "priority": priority});
    Config::new()
        .provider("openai", first)
        .provider("openai", second)
        .pool(
            "ruled",
            json!({"members": [member("first", "a", 0), member("second", "b", 1)], "failover": 0}),
        )
        .pool("own", json!({"members": [member("second", "b", 0)]}))
        .model("fast", "own")
        .model("slow", "own")
        .set(
            "rules",
            json!([{"name": "quick", "match": {"request.model": "fast"}, "pool": "ruled"}]),
        )
        .set(
            "prices",
            json!({"a": {"input": 1000, "output": 1000}, "b": {"input": 1, "output": 1}}),
        )
}

async fn started() -> (Simulator, Simulator, Broker) {
    let (first, second) = (Simulator::start("first").await, Simulator::start("second").await);
    let config = config(&first, &second);
    let broker = Broker::start(&config).await;
    (first, second, broker)
}

async fn json_page(broker: &Broker) -> Value {
    let answer = broker.status(Method::GET, "/status.json").await;
    answer.expect_status(200).json()
}

/// The figures of a rule once so many calls are among them: workers hand theirs over every second.
async fn figures(broker: &Broker, rule: &Value, matches: u64) -> Value {
    until(PATIENCE, &format!("{matches} calls of {rule}"), async || {
        let page = json_page(broker).await;
        let rules = page["rules"].as_array().expect("rules").clone();
        let figures = rules.into_iter().find(|figures| figures["rule"] == *rule)?;
        (figures["matches"] == matches).then_some(figures)
    })
    .await
}

#[tokio::test]
async fn the_figures_of_all_workers_add_up() {
    let (first, _second, broker) = started().await;
    // Connections of their own, so that both workers take calls.
    let calls: Vec<_> = (0..40)
        .map(|_| {
            let call = broker.call(CHAT, TOKEN, CALL).header("connection", "close");
            tokio::spawn(Answer::of(call))
        })
        .collect();
    for call in calls {
        call.await.expect("a call").expect_status(200);
    }
    let listener = broker.address().to_string().replace(':', "_");
    for worker in 0..2 {
        let stat = format!("listener.{listener}.worker_{worker}.downstream_cx_total");
        assert!(broker.stat(&stat).await > Some(0.0), "both workers take calls");
    }
    broker.post(CHAT, TOKEN, OTHER).await.expect_status(200);
    first.then(vec![Behaviour::status(400)]);
    broker.post(CHAT, TOKEN, CALL).await.expect_status(400);
    first.then(vec![Behaviour::status(503)]);
    broker.post(CHAT, TOKEN, CALL).await.expect_status(503);

    let quick = figures(&broker, &json!("quick"), 42).await;
    assert_eq!(
        ["successes", "errors", "refusals", "abandoned"].map(|key| quick[key].as_u64()),
        [40, 1, 1, 0].map(Some)
    );
    let near = |key: &str, expected: f64| {
        let found = quick[key].as_f64().expect("a figure");
        assert!(
            (found - expected).abs() < 1e-9,
            "{key} is {found} and not {expected}"
        );
    };
    near("success_rate", 40.0 / 42.0);
    near("error_rate", 1.0 / 42.0);
    assert!(quick["p50_ms"].as_u64() <= quick["p95_ms"].as_u64() && quick["p95_ms"].is_u64());
    let spent: f64 = broker
        .wait_for_records(43)
        .await
        .iter()
        .filter(|record| record.has("llm.rule") && record.has("llm.cost.usd"))
        .map(|record| record.number("llm.cost.usd"))
        .sum();
    assert!(spent > 0.0);
    near("cost_usd", spent);
    let own = figures(&broker, &Value::Null, 1).await;
    assert_eq!((&own["pool"], &own["successes"]), (&json!("own"), &json!(1)));

    // The same as Envoy's stats, by rule.
    for (outcome, calls) in [("ok", 40.0), ("provider_error", 2.0)] {
        let labels = [("rule", "quick"), ("pool", "ruled"), ("outcome", outcome)];
        until(PATIENCE, &format!("{calls} calls with {outcome}"), async || {
            let counted = broker.metric("model_broker_rule_calls", &labels).await;
            ((counted - calls).abs() < f64::EPSILON).then_some(())
        })
        .await;
    }
    let labels = [("rule", "quick")];
    assert!(broker.metric("model_broker_rule_cost_micro_usd", &labels).await > 0.0);
    until(PATIENCE, "the durations", async || {
        let counted = broker
            .metric("model_broker_rule_duration_ms_count", &labels)
            .await;
        ((counted - 42.0).abs() < f64::EPSILON).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_account_that_asks_for_a_pause_is_shown_as_cooling_down() {
    let (first, _second, broker) = started().await;
    let member = async || json_page(&broker).await["pools"][0]["members"][0].clone();
    assert_eq!(member().await["standing"], "healthy");
    first.then(vec![Behaviour::rate_limited(20)]);
    broker.post(CHAT, TOKEN, CALL).await.expect_status(429);
    let shown = member().await;
    assert_eq!(
        (&shown["provider"], &shown["standing"], &shown["cause"]),
        (&json!("first"), &json!("cooling_down"), &json!("throttled"))
    );
    assert!(
        shown["for_ms"]
            .as_u64()
            .is_some_and(|left| (1..=20_000).contains(&left))
    );
    let page = broker.status(Method::GET, "/status").await;
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let page = page.expect_status(200).text();
    assert!(page.contains("cooling down, throttled, for"), "{page}");
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("<script"));
}

#[tokio::test]
async fn how_long_streams_take_to_their_first_byte_is_shown_once_one_came() {
    let (_first, _second, broker) = started().await;
    let first_byte = async || json_page(&broker).await["pools"][0]["members"][0]["first_byte_ms"].clone();
    assert_eq!(first_byte().await, Value::Null);
    let stream = CALL.replacen('{', "{\"stream\":true,", 1);
    broker.post(CHAT, TOKEN, stream).await.expect_status(200);
    until(PATIENCE, "a time to the first byte", async || {
        first_byte().await.is_u64().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_new_configuration_is_shown_with_the_old_figures() {
    let (first, second, broker) = started().await;
    broker.post(CHAT, TOKEN, CALL).await.expect_status(200);
    let before = figures(&broker, &json!("quick"), 1).await;
    let version = json_page(&broker).await["config"].clone();
    let renewed = config(&first, &second).model("third", "own");
    broker.rewrite_config(&renewed.yaml());
    until(PATIENCE, "the new configuration on every worker", async || {
        let mut versions = Vec::new();
        for _ in 0..10 {
            versions.push(json_page(&broker).await["config"].clone());
        }
        versions.iter().all(|shown| *shown != version).then_some(())
    })
    .await;
    assert_eq!(figures(&broker, &json!("quick"), 1).await, before);
}

#[tokio::test]
async fn nothing_secret_is_shown_and_nothing_else_is_there() {
    let (_first, _second, broker) = started().await;
    for path in ["/status", "/status.json"] {
        let page = broker.status(Method::GET, path).await;
        let text = page.expect_status(200).text();
        for secret in [TOKEN, &sha256_hex(TOKEN), &key_of("first"), "bot"] {
            assert!(
                !text.replace("border-bottom", "").contains(secret),
                "{secret} at {path}"
            );
        }
        assert_eq!(page.header("cache-control"), Some("no-store"));
    }
    for path in ["/", "/status/x", "/v1/models", "/stats"] {
        broker.status(Method::GET, path).await.expect_status(404);
    }
    let refused = broker.status(Method::POST, "/status").await;
    assert_eq!(refused.expect_status(405).header("allow"), Some("GET, HEAD"));
    // What is no call leaves no record.
    assert!(broker.records().is_empty());
    // And the agents' listener knows nothing of the page.
    let answer = Answer::of(broker.request(Method::GET, "/status").bearer_auth(TOKEN)).await;
    answer.expect_status(404);
}

#[tokio::test]
async fn the_command_shows_it_as_tables() {
    let (_first, _second, broker) = started().await;
    broker.post(CHAT, TOKEN, CALL).await.expect_status(200);
    figures(&broker, &json!("quick"), 1).await;
    let output = std::process::Command::new(binary())
        .args(["status", "--address", &broker.status_address().to_string()])
        .output()
        .expect("the command");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let quick = text
        .lines()
        .find(|line| line.starts_with("quick"))
        .expect("the rule");
    assert!(
        quick
            .split_whitespace()
            .take(4)
            .eq(["quick", "ruled", "1", "100.0"]),
        "{text}"
    );
    assert!(
        text.lines()
            .any(|line| line.starts_with("ruled  first    a      healthy")),
        "{text}"
    );
}

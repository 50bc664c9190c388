//! The service is down, slow, or of no use.

use provider_simulator::Simulator;
use serde_json::json;
use tokio::net::TcpListener;

use super::{CALL, Fleet, assert_delay_below_fifty_milliseconds, config, counted_call, drain, statement};
use crate::harness::{CHAT, MESSAGES, PATIENCE, RateLimit, Redis, TOKEN, free_address, until};

#[tokio::test]
async fn an_envoy_counts_by_itself_and_says_so_and_tells_the_service_when_it_is_back() {
    let mut fleet = Fleet::start(json!({"tokens": 2_000, "per": "day"}), json!({})).await;
    let envoy = fleet.envoy().await;
    envoy.post(CHAT, TOKEN, CALL).await.expect_status(200);
    envoy.wait_for_records(1).await;
    fleet.service.end();
    envoy.post(CHAT, TOKEN, CALL).await.expect_status(200);
    let record = envoy.wait_for_records(2).await.remove(1);
    assert!(["unreachable", "resting"].contains(&record.text("llm.rate_limit_service")));
    assert_eq!(statement(&record)["counted"], "local");
    // It still holds the ceiling, as far as it knows.
    drain(&envoy).await;
    assert!((1_900..=2_000).contains(&fleet.counted()), "{}", fleet.counted());
    until(PATIENCE, "the metric", async || {
        let labels = [("outcome", "local")];
        let metric = envoy
            .metric("model_broker_rate_limit_service_calls", &labels)
            .await;
        (metric > 0.5).then_some(())
    })
    .await;
    fleet.service.restart().await;
    let other = fleet.envoy().await;
    until(PATIENCE, "what was spent meanwhile", async || {
        (other.post(CHAT, TOKEN, CALL).await.status == 429).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_closed_budget_refuses_in_the_callers_words() {
    let mut fleet = Fleet::of_tokens(2_000).await;
    let envoy = fleet.envoy().await;
    counted_call(&envoy, CALL).await.expect_status(200);
    fleet.service.end();
    let answer = envoy.post(CHAT, TOKEN, CALL).await;
    answer.expect_status(503);
    assert_eq!(answer.json()["error"]["code"], "budget_unavailable");
    assert_eq!(answer.header("retry-after"), Some("1"));
    let answer = envoy.post(MESSAGES, TOKEN, CALL).await;
    answer.expect_status(503);
    assert_eq!(answer.json()["error"]["type"], "api_error");
    let made = fleet.provider.count();
    assert_eq!(made, 1);
    fleet.service.restart().await;
    until(PATIENCE, "the service", async || {
        (envoy.post(CHAT, TOKEN, CALL).await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn without_redis_the_service_fails_and_no_call_with_it() {
    let mut fleet = Fleet::start(json!({"tokens": 2_000, "per": "day"}), json!({})).await;
    let envoy = fleet.envoy().await;
    fleet.redis.end();
    envoy.post(CHAT, TOKEN, CALL).await.expect_status(200);
    let record = envoy.wait_for_records(1).await.remove(0);
    let trouble = record.text("llm.rate_limit_service");
    assert!(["failed", "timed_out"].contains(&trouble), "{trouble}");
}

#[tokio::test]
async fn a_service_of_other_budgets_is_as_good_as_none() {
    let provider = Simulator::start("provider").await;
    let redis = Redis::start().await;
    let address = free_address();
    let budget = json!({"tokens": 2_000, "per": "day"});
    let hourly = config(
        &provider,
        address,
        json!({"tokens": 2_000, "per": "hour"}),
        json!({}),
    );
    let _service = RateLimit::start(address, &hourly.yaml(), &redis).await;
    let envoy = config(&provider, address, budget, json!({}))
        .broker()
        .start()
        .await;
    envoy.post(CHAT, TOKEN, CALL).await.expect_status(200);
    let record = envoy.wait_for_records(1).await.remove(0);
    assert_eq!(record.text("llm.rate_limit_service"), "unknown_budget");
}

#[tokio::test]
async fn a_service_that_never_answers_delays_no_call_by_more_than_fifty_milliseconds() {
    let provider = Simulator::start("provider").await;
    // Connections wait in its queue, and nobody ever reads them.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = silent.local_addr().expect("its address");
    let budget = json!({"tokens": 1_000_000, "per": "day"});
    let closed = config(&provider, address, budget, json!({"when_down": "closed"}))
        .agent("stranger", "other", "token-of-stranger")
        .set("workspaces", json!([{"name": "lab"}, {"name": "other"}]));
    let envoy = closed.broker().concurrency(1).start().await;
    envoy
        .post(CHAT, "token-of-stranger", CALL)
        .await
        .expect_status(200);
    assert_delay_below_fifty_milliseconds(&envoy).await;
}

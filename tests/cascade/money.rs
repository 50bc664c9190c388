//! What a cascade costs and saves, in the record and in the stats.

use provider_simulator::Behaviour;
use serde_json::Value;

use super::{Cascade, GOOD, attempts};
use crate::harness::{CHAT, PATIENCE, until};

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

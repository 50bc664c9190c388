//! What calls cost: each attempt, those in vain apart, streams that nobody counted, prices that nobody knows.

use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Dialect, Driver, JSON, STREAM, body, headers_with, last, part, status};

fn stream(model: &str) -> String {
    json!({"model": model, "stream": true, "messages": [{"role": "user", "content": "hi"}]}).to_string()
}

fn answer(model: &str, more: &str) -> String {
    format!(
        r#"{{"model":"{model}","choices":[{{"message":{{"content":"x"}},"finish_reason":"stop"}}],
            "usage":{{"prompt_tokens":1000,"completion_tokens":100}}{more}}}"#
    )
}

fn metrics(call: &Driver, name: &str) -> Vec<String> {
    let prefix = format!("model_broker.{name};");
    let metrics = call.host.metrics.iter();
    let found = metrics.filter_map(|metric| metric.strip_prefix(&prefix));
    found.map(str::to_owned).collect()
}

fn usage(call: &Driver) -> [&Value; 4] {
    let record = call.record();
    [
        "llm.usage",
        "llm.tokens.input",
        "llm.tokens.output",
        "llm.cost.usd",
    ]
    .map(|key| record.get(key).unwrap_or(&Value::Null))
}

/// A stream of which these events came, and then the agent left.
fn left(dialect: Dialect, model: &str, account: &str, events: &[&str]) -> Driver {
    let mut call = Driver::forwarded(dialect, &stream(model));
    let text = format!("data: {}\n\n", events.join("\n\ndata: "));
    call.attempt(account, [(5, status(200, STREAM)), (5, part(&text))]);
    call.answered();
    call.finish();
    call
}

#[test]
fn a_stream_that_its_agent_left_is_estimated_from_what_was_told() {
    let chunk = r#"{"choices":[{"index":0,"delta":{"content":"forty bytes of text, for ten of tokens.."}}]}"#;
    let call = left(Dialect::OpenAi, "careful", "openai-a", &[chunk, chunk]);
    let expected = call.record()["llm.context.tokens"].as_u64().unwrap();
    let [usage, input, output, _] = usage(&call);
    assert_eq!((usage, output), (&json!("estimated"), &json!(20)));
    assert!(input.as_u64().unwrap() <= expected, "{input} of {expected}");
    assert_eq!(call.record()["llm.outcome"], "aborted");
}

#[test]
fn of_a_message_that_broke_off_the_input_is_known_and_the_output_estimated() {
    let start = r#"{"type":"message_start","message":{"usage":{"input_tokens":1000,"output_tokens":1}}}"#;
    let text = "x".repeat(400);
    let delta = format!(
        r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{text}"}}}}"#
    );
    let call = left(
        Dialect::Anthropic,
        "claude",
        "anthropic-a",
        &[start, delta.as_str()],
    );
    // 1000 tokens at 3 dollars, 100 at 15.
    assert_eq!(
        usage(&call),
        [&json!("estimated"), &json!(1000), &json!(100), &json!(0.0045)]
    );
}

#[test]
fn what_the_provider_counted_is_not_estimated() {
    let text = "x".repeat(400);
    let finish = format!(
        r#"{{"choices":[{{"index":0,"delta":{{"content":"{text}"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":7,"completion_tokens":2}}}}"#
    );
    let call = left(Dialect::OpenAi, "careful", "openai-a", &[&finish]);
    assert_eq!(usage(&call), [&Value::Null, &json!(7), &json!(2), &Value::Null]);
    // Nor is what nobody said anything of.
    let silent = left(
        Dialect::OpenAi,
        "careful",
        "openai-a",
        &[r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#],
    );
    assert_eq!(usage(&silent), [&Value::Null; 4]);
}

#[test]
fn an_answer_that_no_agent_got_is_paid_for_and_told_apart() {
    let mut call = Driver::forwarded(Dialect::OpenAi, &body("cheap"));
    let broken =
        r#"{"error":{"message":"overloaded"},"usage":{"prompt_tokens":1000,"completion_tokens":100}}"#;
    call.attempt("openai-a", [(5, status(200, JSON)), (5, last(broken))]);
    call.attempt(
        "openai-b",
        [(5, status(200, JSON)), (5, last(&answer("gpt-mini", "")))],
    );
    call.answered();
    call.finish();
    let record = call.record();
    // 1000 at 2 and 100 at 8 dollars in vain, then 1000 at 0.2 and 100 at 30.
    assert_eq!(
        (&record["llm.cost.usd"], &record["llm.cost.failed_usd"]),
        (&json!(0.006), &json!(0.0028))
    );
    let costs = [0, 1].map(|index| &record["llm.attempts"][index]["cost_usd"]);
    assert_eq!(costs, [&json!(0.0028), &json!(0.0032)]);
    let of = "agent=bot;pool=cheapest;provider";
    assert_eq!(
        metrics(&call, "cost_micro_usd"),
        [
            format!("{of}=openai-a;model=gpt-b;workspace=lab;tenant=acme=2800"),
            format!("{of}=openai-b;model=gpt-mini;workspace=lab;tenant=acme=3200"),
        ]
    );
    assert_eq!(
        metrics(&call, "failed_cost_micro_usd"),
        [format!(
            "{of}=openai-a;model=gpt-b;workspace=lab;tenant=acme=2800"
        )]
    );
}

#[test]
fn an_answer_without_a_price_has_no_cost_and_is_counted() {
    let mut call = Driver::forwarded(Dialect::OpenAi, &body("careful"));
    call.attempt(
        "openai-a",
        [(5, status(200, JSON)), (5, last(&answer("gpt-t", "")))],
    );
    call.answered();
    call.finish();
    assert_eq!(call.record().get("llm.cost.usd"), None);
    assert_eq!(call.record().get("llm.cost.failed_usd"), None);
    assert_eq!(
        metrics(&call, "unpriced_calls"),
        ["provider=openai-a;model=gpt-t=1"]
    );
    assert!(metrics(&call, "cost_micro_usd").is_empty());
}

#[test]
fn a_tier_whose_price_is_not_known_leaves_the_cost_open() {
    let served = |tier: &str| {
        let mut call = Driver::forwarded(Dialect::OpenAi, &body("cheap"));
        let answer = answer("gpt-b", &format!(r#","service_tier":"{tier}""#));
        call.attempt("openai-a", [(5, status(200, JSON)), (5, last(&answer))]);
        call.answered();
        call.finish();
        call
    };
    assert_eq!(served("default").record()["llm.cost.usd"], json!(0.0028));
    let scale = served("scale");
    assert_eq!(scale.record().get("llm.cost.usd"), None);
    assert_eq!(metrics(&scale, "unpriced_calls").len(), 1);
}

#[test]
fn a_call_may_name_the_feature_that_it_is_for() {
    let mut call = Driver::arrived(headers_with(Dialect::OpenAi, &[]));
    call.complete(r#"{"model":"gpt","metadata":{"feature":"search"}}"#);
    call.finish();
    assert_eq!(call.record()["llm.feature"], "search");
    let mut call = Driver::arrived(headers_with(Dialect::OpenAi, &[("x-broker-feature", "inbox")]));
    call.complete(r#"{"model":"gpt","metadata":{"feature":"search"}}"#);
    call.finish();
    assert_eq!(call.record()["llm.feature"], "inbox");
}

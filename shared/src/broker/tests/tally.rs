//! What a call adds to the figures of the rule that took it.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Driver, JSON, Pairs, STREAM, body, closed, headers, headers_with, last, part, status};
use crate::wire::Dialect;

const ANSWER: &str = r#"{"id":"1","model":"claude-a","content":[{"type":"text","text":"hi"}],
    "stop_reason":"end_turn","usage":{"input_tokens":1000,"output_tokens":100}}"#;

/// The headers of the agent whose calls for `deep` the rule `vip` takes.
fn boss() -> Pairs {
    headers_with(Dialect::Anthropic, &[("x-api-key", "boss-token")])
}

/// A call that the rule takes, on its way to `anthropic-a`.
fn ruled() -> Driver {
    let mut call = Driver::arrived(boss());
    call.complete(body("deep"));
    call
}

fn rule_metrics(call: &Driver) -> Vec<&str> {
    let metrics = call.host.metrics.iter().map(String::as_str);
    metrics
        .filter_map(|metric| metric.strip_prefix("model_broker.rule_"))
        .collect()
}

#[test]
fn a_call_counts_for_its_rule_with_its_time_and_its_cost() {
    let mut call = ruled();
    call.attempt("anthropic-a", [(20, status(200, JSON)), (5, last(ANSWER))]);
    call.answered();
    call.finish();
    assert_eq!(call.host.tallies, ["rule/vip/mixed: Success, asked, 4500"]);
    assert_eq!(
        rule_metrics(&call),
        [
            "calls;pool=mixed;outcome=ok;rule=vip=1",
            "duration_ms;pool=mixed;rule=vip=25",
            "cost_micro_usd;pool=mixed;rule=vip=4500",
        ]
    );
}

#[test]
fn a_call_that_no_rule_took_counts_for_its_models_pool_and_in_no_rules_metric() {
    let mut call = Driver::forwarded(Dialect::OpenAi, &body("gpt"));
    for account in ["openai-a", "openai-b"] {
        call.attempt(account, [(3, closed(true))]);
    }
    call.answered();
    call.finish();
    assert_eq!(call.host.tallies, ["rule//pair: Error, asked, 0"]);
    assert!(rule_metrics(&call).is_empty());
}

#[test]
fn a_call_that_is_refused_after_its_pool_was_chosen_counts_as_refused() {
    let mut call = Driver::arrived(headers(Dialect::OpenAi));
    call.complete(r#"{"model":"tiny","tools":[{"type":"function","function":{"name":"f"}}],"messages":[]}"#);
    call.finish();
    assert_eq!(call.host.tallies, ["rule//limited: Refused, not asked, 0"]);
}

#[test]
fn a_call_that_no_pool_takes_counts_for_nobody() {
    let mut call = Driver::arrived(headers(Dialect::OpenAi));
    call.complete(body("nobody-knows"));
    call.finish();
    assert!(call.host.tallies.is_empty());
}

#[test]
fn who_broke_a_stream_off_decides_whether_it_is_an_error() {
    let asked = body("gpt").replacen('{', "{\"stream\":true,", 1);
    for (has_provider_broken_off, ending) in [(true, "Error"), (false, "Abandoned")] {
        let mut call = Driver::forwarded(Dialect::OpenAi, &asked);
        let event = "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"}}]}\n\n";
        call.attempt("openai-a", [(1, status(200, STREAM)), (1, part(event))]);
        call.answered();
        call.host.has_provider_broken_off = has_provider_broken_off;
        call.finish();
        assert_eq!(call.host.tallies, [format!("rule//pair: {ending}, asked, 0")]);
    }
}

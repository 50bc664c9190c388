//! What a record holds and what is measured.

use serde_json::json;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Driver, JSON, STREAM, body, closed, headers_with, last, part, snapshot, status, status_with};
use crate::wire::Dialect;

const ANSWER: &str = r#"{"id":"1","model":"gpt-b-2026","choices":[{"index":0,"finish_reason":"stop"}],
    "usage":{"prompt_tokens":1000,"completion_tokens":100,"prompt_tokens_details":{"cached_tokens":400},
    "completion_tokens_details":{"reasoning_tokens":60}}}"#;

/// A call that its first account fails and its second one answers.
fn failed_over() -> Driver {
    let mut call = Driver::forwarded(Dialect::OpenAi, &body("gpt"));
    call.wait(2);
    call.attempt("openai-a", [(100, status(503, JSON))]);
    call.wait(1);
    let (head, tail) = ANSWER.split_at(50);
    call.attempt(
        "openai-b",
        [(200, status(200, JSON)), (30, part(head)), (20, last(tail))],
    );
    call.answered();
    call.wait(7);
    call.finish();
    call
}

#[test]
fn a_call_is_recorded_with_who_asked_for_what_and_how_it_went() {
    let call = failed_over();
    assert_eq!(
        *call.record(),
        json!({
            "time": "2026-11-21T09:44:05.678Z",
            "llm.request_id": "req-1",
            "llm.config": snapshot().version,
            "llm.agent": "bot",
            "llm.workspace": "lab",
            "llm.tenant": "acme",
            "llm.identity": "token",
            "llm.tier": "standard",
            "llm.classification": "internal",
            "llm.purpose": "support",
            "llm.api": "openai.chat",
            "llm.stream": false,
            "llm.needs": [],
            "llm.model.requested": "gpt",
            "llm.pool": "pair",
            "llm.provider": "openai-b",
            "llm.region": "eu",
            "llm.model": "gpt-b",
            "llm.model.response": "gpt-b-2026",
            "llm.attempts": [
                {"provider": "openai-a", "model": "gpt-a", "status": 503, "ms": 100},
                {
                    "provider": "openai-b", "model": "gpt-b", "status": 200, "ms": 200,
                    "input": 1000, "output": 100, "cost_usd": 0.002_08,
                },
            ],
            "llm.decision": "allow",
            "llm.reason": "the model's own pool is pair",
            "llm.tokens.estimated": 19,
            "llm.outcome": "ok",
            "llm.status": 200,
            "llm.tokens.input": 1000,
            "llm.tokens.output": 100,
            "llm.tokens.total": 1100,
            "llm.tokens.cached": 400,
            "llm.tokens.reasoning": 60,
            "llm.context.tokens": body("gpt").len().div_ceil(4),
            "llm.cost.usd": 0.002_08,
            "llm.ttft_ms": 333,
            "llm.duration_ms": 360,
            "llm.finish_reason": "stop",
        })
    );
}

#[test]
fn a_call_is_measured_with_its_attempts_tokens_cost_and_times() {
    let served = "pool=pair;provider=openai-b;model=gpt-b";
    assert_eq!(
        failed_over().host.metrics,
        [
            format!("model_broker.calls;agent=bot;{served};outcome=ok=1"),
            "model_broker.attempts;pool=pair;provider=openai-a;model=gpt-a;status=503=1".to_owned(),
            format!("model_broker.attempts;{served};status=200=1"),
            format!("model_broker.input_tokens;agent=bot;{served}=1000"),
            format!("model_broker.output_tokens;agent=bot;{served}=100"),
            format!("model_broker.cached_tokens;agent=bot;{served}=400"),
            format!("model_broker.cost_micro_usd;agent=bot;{served};workspace=lab;tenant=acme=2080"),
            format!("model_broker.duration_ms;{served}=360"),
            format!("model_broker.ttft_ms;{served}=333"),
        ]
    );
}

#[test]
fn a_denied_call_is_recorded_with_what_was_known_by_then() {
    let mut call = Driver::arrived(headers_with(Dialect::OpenAi, &[("authorization", "")]));
    call.answered();
    call.wait(3);
    call.finish();
    assert_eq!(
        *call.record(),
        json!({
            "time": "2026-11-21T09:44:05.678Z",
            "llm.request_id": "req-1",
            "llm.config": snapshot().version,
            "llm.api": "openai.chat",
            "llm.decision": "deny",
            "llm.reason": "invalid_api_key",
            "llm.outcome": "denied",
            "llm.status": 401,
            "llm.duration_ms": 3,
            "llm.error": "invalid_api_key",
        })
    );
    assert_eq!(
        call.host.metrics,
        ["model_broker.calls;agent=none;pool=none;provider=none;model=none;outcome=denied=1"]
    );
}

#[test]
fn attempts_that_all_failed_are_recorded_and_measured_each_with_its_reason() {
    let mut call = Driver::forwarded(Dialect::OpenAi, &body("gpt"));
    call.attempt("openai-a", [(30, closed(true))]);
    call.attempt("openai-b", [(45_000, closed(false))]);
    call.answered();
    call.finish();
    assert_eq!(
        call.record()["llm.attempts"],
        json!([
            {"provider": "openai-a", "model": "gpt-a", "status": "connect_failure", "ms": 30},
            {"provider": "openai-b", "model": "gpt-b", "status": "timeout", "ms": 45_000},
        ])
    );
    let served = "pool=pair;provider=openai-b;model=gpt-b";
    assert_eq!(
        call.host.metrics,
        [
            format!("model_broker.calls;agent=bot;{served};outcome=unavailable=1"),
            "model_broker.attempts;pool=pair;provider=openai-a;model=gpt-a;status=connect_failure=1"
                .to_owned(),
            format!("model_broker.attempts;{served};status=timeout=1"),
            format!("model_broker.duration_ms;{served}=45030"),
        ]
    );
}

#[test]
fn an_attempt_is_recorded_with_the_providers_own_id() {
    let mut call = Driver::forwarded(Dialect::OpenAi, &body("gpt"));
    let headers = [("content-type", JSON), ("x-request-id", "provider-1")];
    call.attempt("openai-a", [(5, status_with(400, &headers)), (1, last("{}"))]);
    call.answered();
    call.finish();
    assert_eq!(call.record()["llm.request_id"], "req-1");
    assert_eq!(call.record()["llm.attempts"][0]["request_id"], "provider-1");
}

#[test]
fn a_rule_is_named_as_the_reason() {
    let mut call = Driver::arrived(headers_with(
        Dialect::OpenAi,
        &[("authorization", "Bearer boss-token")],
    ));
    call.complete(body("deep"));
    call.finish();
    let record = call.record();
    assert_eq!(
        (&record["llm.rule"], &record["llm.pool"]),
        (&json!("vip"), &json!("mixed"))
    );
    assert_eq!(record["llm.reason"], "rule vip chose pool mixed");
    assert_eq!(record.get("llm.workspace"), None);
}

#[test]
fn a_call_says_in_its_body_what_it_is_for_but_not_which_tier_it_has() {
    let mut call = Driver::arrived(headers_with(Dialect::OpenAi, &[("x-broker-step", "plan")]));
    call.complete(r#"{"model":"gpt","metadata":{"step":"act","purpose":"triage","tier":"premium"}}"#);
    call.finish();
    let record = call.record();
    assert_eq!(
        [&record["llm.step"], &record["llm.purpose"], &record["llm.tier"]],
        ["plan", "triage", "standard"]
    );
}

#[test]
fn a_calls_own_step_and_purpose_go_before_the_agents() {
    let steps = [("x-broker-step", "plan"), ("x-broker-purpose", "triage")];
    let mut call = Driver::arrived(headers_with(Dialect::OpenAi, &steps));
    call.finish();
    let record = call.record();
    assert_eq!(
        (&record["llm.step"], &record["llm.purpose"]),
        (&json!("plan"), &json!("triage"))
    );
}

#[test]
fn a_stream_of_messages_is_recorded_in_the_same_words() {
    let events = [
        r#"{"type":"message_start","message":{"model":"claude-x","usage":{"input_tokens":10,"cache_read_input_tokens":90,"cache_creation_input_tokens":5,"output_tokens":1}}}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":7}}"#,
        r#"{"type":"message_stop"}"#,
    ];
    let stream = events.map(|event| format!("data: {event}\n\n")).concat();
    let request = r#"{"model":"claude","stream":true,"max_tokens":5}"#;
    let mut call = Driver::forwarded(Dialect::Anthropic, request);
    call.attempt(
        "anthropic-a",
        [(5, status(200, STREAM)), (5, part(&stream)), (5, last(""))],
    );
    call.answered();
    call.finish();
    let record = call.record();
    assert_eq!(record["llm.api"], "anthropic.messages");
    assert_eq!(record["llm.stream"], true);
    assert_eq!(record["llm.needs"], json!(["streaming"]));
    assert_eq!(record["llm.outcome"], "ok");
    assert_eq!(record["llm.tokens.input"], 105);
    assert_eq!(record["llm.tokens.cached"], 90);
    assert_eq!(record["llm.tokens.cache_write"], 5);
    assert_eq!(record["llm.tokens.output"], 7);
    assert_eq!(record["llm.finish_reason"], "tool_calls");
    assert_eq!(record["llm.ttft_ms"], 10);
}

#[test]
fn a_model_without_a_price_has_usage_but_no_cost() {
    let mut call = Driver::forwarded(Dialect::OpenAi, &body("gpt"));
    call.attempt("openai-a", [(5, status(200, JSON)), (5, last(ANSWER))]);
    call.answered();
    call.finish();
    let record = call.record();
    assert_eq!(
        (record["llm.tokens.input"].as_u64(), record.get("llm.cost.usd")),
        (Some(1000), None)
    );
    assert!(!call.host.metrics.iter().any(|metric| metric.contains("cost")));
}

#[test]
fn a_record_knows_no_content_and_no_token() {
    let secret = r#"{"model":"gpt","messages":[{"role":"user","content":"launch code 0000"}]}"#;
    let mut call = Driver::forwarded(Dialect::OpenAi, secret);
    call.attempt(
        "openai-a",
        [
            (5, status(200, JSON)),
            (5, last(r#"{"choices":[{"message":"code 0000"}]}"#)),
        ],
    );
    call.answered();
    call.finish();
    let line = call.record().to_string();
    assert!(!line.contains("0000") && !line.contains("bot-token"), "{line}");
}

#[test]
fn a_long_text_of_the_caller_is_recorded_in_part() {
    let long = "é".repeat(400);
    let mut call = Driver::arrived(headers_with(Dialect::OpenAi, &[("x-broker-step", &long)]));
    call.complete(body(&"m".repeat(500)));
    call.finish();
    let record = call.record();
    let length = |key: &str| record[key].as_str().unwrap().chars().count();
    assert_eq!((length("llm.step"), length("llm.model.requested")), (203, 203));
}

#[test]
fn an_attempt_does_not_inherit_what_an_earlier_one_said() {
    let usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2}}\n\n";
    {
        let streamed = body("gpt").replacen('{', "{\"stream\":true,", 1);
        let mut call = Driver::forwarded(Dialect::OpenAi, &streamed);
        call.attempt(
            "openai-a",
            [
                (5, status(200, STREAM)),
                (5, part(usage)),
                (5, last("data: {\"error\":{}}\n\n")),
            ],
        );
        assert!(call.call().borrow().observation.usage().is_some());
        let content = "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"}}]}\n\n";
        call.attempt(
            "openai-b",
            [(5, status(200, STREAM)), (5, part(content)), (5, closed(false))],
        );
        call.answered();
        call.finish();
        let record = call.record();
        for key in ["llm.model.response", "llm.tokens.reasoning", "llm.finish_reason"] {
            assert_eq!(record.get(key), None, "{record}");
        }
        assert_eq!(
            (&record["llm.usage"], &record["llm.tokens.output"]),
            (&json!("estimated"), &json!(1))
        );
        assert_eq!(record["llm.attempts"][0]["output"], 2);
        assert_eq!(
            record["llm.error"], "answer_broke_off",
            "the earlier answer's end is not this one's"
        );
    }
}

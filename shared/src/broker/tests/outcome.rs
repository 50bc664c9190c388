//! What an agent is answered after its call went on, and how each ending is recorded.

use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{
    DIALECTS, Driver, JSON, START, STREAM, Told, Unseen, body, closed, config, headers, last, part, status,
    status_with,
};
use crate::broker::Flow;
use crate::egress::Egress;
use crate::wire::Dialect;

const HTML: &str = "text/html";

/// A call over two accounts whose attempts were reset after so many milliseconds.
fn after_two(millis: u64, is_connect_failure: bool) -> Driver {
    let mut call = Driver::forwarded(Dialect::OpenAi, &body("gpt"));
    call.attempt("openai-a", [(millis, closed(is_connect_failure))]);
    call.attempt("openai-b", [(millis, closed(is_connect_failure))]);
    call
}

/// The broker answers instead of the provider, and the record tells that no provider could.
fn expect_unavailable(mut call: Driver, expected: u16, code: &str) -> Value {
    call.answered();
    assert_eq!(call.machine().flow(), Flow::Pause);
    let (reply, answer) = call.reply();
    assert_eq!(reply.status, expected, "{answer}");
    let error = &answer["error"];
    let given_code = if answer["type"] == "error" {
        &error["details"]["error_code"]
    } else {
        &error["code"]
    };
    assert_eq!(given_code, code, "{answer}");
    call.answered();
    call.finish();
    call.reply();
    let record = call.record();
    assert_eq!(
        (
            &record["llm.decision"],
            &record["llm.outcome"],
            &record["llm.error"],
            &record["llm.status"]
        ),
        (
            &json!("allow"),
            &json!("unavailable"),
            &json!(code),
            &json!(expected)
        )
    );
    answer
}

/// How a call that was passed on ended: outcome, error, status.
fn ending(call: &Driver) -> (&str, &str, Option<u64>) {
    assert!(call.host.replies.is_empty(), "{:?}", call.host);
    let record = call.record();
    let text = |key: &str| record[key].as_str().unwrap_or_default();
    assert_eq!(text("llm.decision"), "allow");
    (
        text("llm.outcome"),
        text("llm.error"),
        record["llm.status"].as_u64(),
    )
}

#[test]
fn a_providers_error_in_its_own_format_is_the_agents() {
    for (dialect, model) in DIALECTS {
        let account = if dialect == Dialect::OpenAi {
            "openai-a"
        } else {
            "anthropic-a"
        };
        for code in [400, 404, 429, 500, 529] {
            let mut call = Driver::forwarded(dialect, &body(model));
            call.attempt(
                account,
                [
                    (5, status(code, "application/json; charset=utf-8")),
                    (1, last("{}")),
                ],
            );
            call.answered();
            assert_eq!(call.machine().flow(), Flow::Continue);
            call.finish();
            assert_eq!(ending(&call), ("provider_error", "", Some(code.into())));
        }
    }
}

#[test]
fn an_error_that_is_not_in_the_providers_format_is_told_in_the_callers() {
    for (dialect, model) in DIALECTS {
        let account = if dialect == Dialect::OpenAi {
            "openai-a"
        } else {
            "anthropic-a"
        };
        for (given, expected) in [(500, 500), (503, 503), (404, 502), (302, 502)] {
            let mut call = Driver::forwarded(dialect, &body(model));
            call.attempt(account, [(5, status(given, HTML))]);
            let answer = expect_unavailable(call, expected, "upstream_error");
            let kind = if dialect == Dialect::OpenAi {
                "server_error"
            } else {
                "api_error"
            };
            assert_eq!(answer["error"]["type"], kind);
        }
    }
}

#[test]
fn a_refusal_of_the_brokers_credential_says_nothing_to_the_agent() {
    for given in [401, 403] {
        let mut call = Driver::forwarded(Dialect::OpenAi, &body("gpt"));
        call.attempt("openai-a", [(5, status(given, JSON))]);
        expect_unavailable(call, 502, "upstream_credential_refused");
    }
}

#[test]
fn an_account_that_cannot_be_reached_is_told_from_one_that_is_late() {
    expect_unavailable(after_two(1, true), 503, "upstream_unavailable");
    expect_unavailable(after_two(1, false), 503, "upstream_unavailable");
    let late = expect_unavailable(after_two(45_000, false), 504, "upstream_timeout");
    assert_eq!(late["error"]["type"], "server_error");
    let mut call = Driver::forwarded(Dialect::Anthropic, &body("claude"));
    call.attempt("anthropic-a", [(30_000, closed(false))]);
    let late = expect_unavailable(call, 504, "upstream_timeout");
    assert_eq!(late["error"]["type"], "timeout_error");
}

#[test]
fn envoys_answer_without_any_attempt_means_that_nothing_was_reached() {
    let call = Driver::forwarded(Dialect::OpenAi, &body("gpt"));
    expect_unavailable(call, 503, "upstream_unavailable");
}

#[test]
fn the_last_attempt_decides_what_the_agent_is_told() {
    let mut call = Driver::forwarded(Dialect::OpenAi, &body("gpt"));
    call.attempt("openai-a", [(5, status(401, JSON))]);
    call.attempt("openai-b", [(5, status(429, JSON)), (1, last("{}"))]);
    call.answered();
    call.finish();
    assert_eq!(ending(&call), ("provider_error", "", Some(429)));
}

/// An event with content.
const CONTENTS: [(Dialect, &str); 2] = [
    (
        Dialect::OpenAi,
        "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"}}]}\n\n",
    ),
    (
        Dialect::Anthropic,
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\
         \"delta\":{\"type\":\"text_delta\",\"text\":\"hi\"}}\n\n",
    ),
];

/// A request for a stream.
fn stream_body(model: &str) -> String {
    body(model).replacen('{', "{\"stream\":true,", 1)
}

#[test]
fn a_stream_that_carries_an_error_is_a_providers_error() {
    for (dialect, model, account, event) in [
        (
            Dialect::OpenAi,
            "gpt",
            "openai-a",
            "data: {\"error\":{\"message\":\"overloaded\"}}\n\n",
        ),
        (
            Dialect::Anthropic,
            "claude",
            "anthropic-a",
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}\n\n",
        ),
    ] {
        let mut call = Driver::forwarded(dialect, &stream_body(model));
        let content = CONTENTS
            .into_iter()
            .find(|content| content.0 == dialect)
            .unwrap()
            .1;
        call.attempt(
            account,
            [(5, status(200, STREAM)), (5, part(content)), (5, last(event))],
        );
        call.answered();
        call.finish();
        assert_eq!(ending(&call), ("provider_error", "error_in_stream", Some(200)));
    }
}

#[test]
fn an_answer_that_breaks_off_is_aborted_with_what_was_told_so_far() {
    let mut call = Driver::forwarded(Dialect::Anthropic, &stream_body("claude"));
    let start = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"claude-x\",\
                 \"usage\":{\"input_tokens\":10,\"output_tokens\":1}}}\n\n";
    call.attempt(
        "anthropic-a",
        [
            (5, status(200, STREAM)),
            (5, part(start)),
            (5, part(CONTENTS[1].1)),
            (5, closed(false)),
        ],
    );
    call.answered();
    call.finish();
    assert_eq!(ending(&call), ("aborted", "answer_broke_off", Some(200)));
    let record = call.record();
    assert_eq!(
        (&record["llm.tokens.input"], &record["llm.tokens.output"]),
        (&json!(10), &json!(1))
    );
    assert_eq!(record["llm.cost.usd"], json!(0.000_045));
}

#[test]
fn an_agent_that_goes_away_aborts_its_call_wherever_it_is() {
    let mut waiting = Driver::forwarded(Dialect::OpenAi, &body("gpt"));
    waiting.attempt("openai-a", []);
    waiting.wait(70);
    waiting.finish();
    assert_eq!(ending(&waiting), ("aborted", "agent_went_away", None));
    let attempts = json!([{"provider": "openai-a", "model": "gpt-a", "ms": 70}]);
    assert_eq!(waiting.record()["llm.attempts"], attempts);

    let mut sending = Driver::arrived(headers(Dialect::OpenAi));
    sending.finish();
    assert_eq!(ending(&sending), ("aborted", "", None));

    let mut at_once = Driver::new();
    at_once.finish();
    assert_eq!(ending(&at_once), ("aborted", "", None));
}

#[test]
fn a_record_is_written_exactly_once_whatever_happens() {
    let openai = || Driver::forwarded(Dialect::OpenAi, &body("gpt"));
    let mut answered = openai();
    answered.attempt("openai-a", [(5, status(200, JSON)), (5, last("{}"))]);
    answered.answered();
    let mut unavailable = after_two(1, false);
    unavailable.answered();
    let mut refused = Driver::arrived(headers(Dialect::OpenAi));
    refused.complete("");
    let arrived = Driver::arrived(headers(Dialect::OpenAi));
    for mut call in [Driver::new(), arrived, refused, openai(), answered, unavailable] {
        call.finish();
        let metrics = call.host.metrics.len();
        call.finish();
        call.answered();
        call.complete(body("gpt"));
        call.finish();
        call.record();
        assert_eq!(call.host.metrics.len(), metrics);
        assert_eq!(call.machine().flow(), Flow::Continue);
    }
}

#[test]
fn an_answer_without_a_body_is_none() {
    let mut call = Driver::forwarded(Dialect::OpenAi, &body("gpt"));
    let Told::Headers { headers, .. } = status(204, JSON) else {
        panic!()
    };
    let ended = Told::Headers {
        headers,
        is_end: true,
    };
    call.attempt("openai-a", [(5, ended)]);
    expect_unavailable(call, 502, "upstream_answer_flawed");
}

#[test]
fn a_providers_limit_that_is_not_in_its_format_stays_a_limit() {
    for (dialect, model) in DIALECTS {
        let account = if dialect == Dialect::OpenAi {
            "openai-a"
        } else {
            "anthropic-a"
        };
        let mut call = Driver::forwarded(dialect, &body(model));
        call.attempt(account, [(5, status(429, HTML))]);
        let answer = expect_unavailable(call, 429, "rate_limit_exceeded");
        assert_eq!(answer["error"]["type"], "rate_limit_error");
    }
}

#[test]
fn an_attempt_that_was_not_planned_leaves_no_answer_to_deliver() {
    for wrong in ["openai-a", "anthropic-a"] {
        let mut call = Driver::forwarded(Dialect::OpenAi, &body("gpt"));
        call.attempt("openai-a", [(5, status(503, JSON)), (1, last("{}"))]);
        assert!(call.call().borrow().attempts[0].is_deliverable);
        assert!(Egress::start(call.call(), &config(wrong), START, &mut Unseen::default()).is_err());
        expect_unavailable(call, 503, "upstream_error");
    }
}

#[test]
fn what_a_hop_gave_up_is_told_as_what_it_was() {
    for (flags, given, expected, code, recorded) in [
        ("UT", 504, 504, "upstream_timeout", "timeout"),
        ("UF,URX", 503, 503, "upstream_unavailable", "connect_failure"),
        ("UC", 503, 503, "upstream_unavailable", "reset"),
        ("UH", 503, 503, "upstream_unavailable", "unhealthy"),
    ] {
        let mut call = Driver::forwarded(Dialect::Anthropic, &body("claude"));
        call.attempt(
            "anthropic-a",
            [
                (5, status_with(given, &[("x-broker-failure", flags)])),
                (0, last("late")),
            ],
        );
        let host = call.call();
        expect_unavailable(call, expected, code);
        assert_eq!(host.borrow().attempts[0].outcome.unwrap().label(), recorded);
    }
}

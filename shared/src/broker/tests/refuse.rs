#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{DIALECTS, Driver, body, headers, headers_with};
use crate::broker::{Event, Flow};
use crate::headers::Headers;
use crate::limits::{MAX_REQUEST_BODY, MAX_TOKEN};
use crate::wire::Dialect;

mod unfit;

/// What a refusal looks like in each dialect.
struct Refused {
    status: u16,
    code: &'static str,
    openai_type: &'static str,
    anthropic_type: &'static str,
    param: Option<&'static str>,
}

const INVALID: Refused = Refused {
    status: 400,
    code: "invalid_request",
    openai_type: "invalid_request_error",
    anthropic_type: "invalid_request_error",
    param: None,
};
const UNAUTHENTICATED: Refused = Refused {
    status: 401,
    code: "invalid_api_key",
    anthropic_type: "authentication_error",
    ..INVALID
};
const TOO_LARGE: Refused = Refused {
    status: 413,
    code: "request_too_large",
    openai_type: "request_too_large",
    anthropic_type: "request_too_large",
    ..INVALID
};

/// The call is answered in its caller's words and recorded as denied, and nothing that follows changes that.
fn expect(mut call: Driver, dialect: Dialect, expected: &Refused) {
    let (reply, body) = call.reply();
    assert_eq!(reply.status, expected.status, "{body}");
    assert!(
        reply
            .headers
            .contains(&("content-type", "application/json".to_owned()))
    );
    let error = &body["error"];
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|message| !message.is_empty()),
        "{body}"
    );
    let id = match dialect {
        Dialect::OpenAi => {
            assert_eq!(error["code"], expected.code);
            assert_eq!(error["type"], expected.openai_type);
            assert_eq!(error["param"].as_str(), expected.param, "{body}");
            "x-request-id"
        }
        Dialect::Anthropic => {
            assert_eq!(body["type"], "error");
            assert_eq!(error["details"]["error_code"], expected.code);
            assert_eq!(error["type"], expected.anthropic_type);
            assert_eq!(body["request_id"], "req-1");
            "request-id"
        }
    };
    assert!(reply.headers.contains(&(id, "req-1".to_owned())));
    assert!(call.machine().has_replied() && !call.machine().wants_body());
    assert_eq!(call.machine().flow(), Flow::Pause);

    call.complete(super::body("gpt"));
    call.handle(Event::RequestBodyGrew {
        length: MAX_REQUEST_BODY + 1,
    });
    call.answered();
    call.handle(Event::EnvoyReplied {
        status: expected.status,
    });
    call.handle(Event::NeverArrived {
        status: expected.status,
    });
    call.finish();
    call.reply();
    assert!(call.host.forwards.is_empty());
    let record = call.record();
    assert_eq!(record["llm.decision"], "deny");
    assert_eq!(record["llm.outcome"], "denied");
    assert_eq!(record["llm.reason"], expected.code);
    assert_eq!(record["llm.error"], expected.code);
    assert_eq!(record["llm.status"], expected.status);
}

/// Calls with changed headers are refused before their body is awaited.
fn expect_at_headers(dialect: Dialect, changes: &[(&str, &str)], expected: &Refused) {
    expect(Driver::arrived(headers_with(dialect, changes)), dialect, expected);
}

fn expect_at_body(dialect: Dialect, body: impl AsRef<[u8]>, expected: &Refused) {
    let mut call = Driver::arrived(headers(dialect));
    call.complete(body);
    expect(call, dialect, expected);
}

#[test]
fn a_path_without_an_api_is_not_found() {
    let expected = Refused {
        status: 404,
        code: "unknown_path",
        anthropic_type: "not_found_error",
        ..INVALID
    };
    for (dialect, _) in DIALECTS {
        expect_at_headers(dialect, &[(":path", "/v1/assistants")], &expected);
        expect_at_headers(dialect, &[(":path", "")], &expected);
    }
}

#[test]
fn a_wrong_method_is_told_the_right_one() {
    let expected = Refused {
        status: 405,
        code: "method_not_allowed",
        ..INVALID
    };
    for (dialect, _) in DIALECTS {
        let call = Driver::arrived(headers_with(dialect, &[(":method", "PUT")]));
        assert!(call.reply().0.headers.contains(&("allow", "POST".to_owned())));
        expect(call, dialect, &expected);
    }
}

#[test]
fn a_call_without_one_known_token_is_not_authenticated() {
    let long = "x".repeat(MAX_TOKEN + 1);
    for (dialect, _) in DIALECTS {
        for changes in [
            &[("authorization", ""), ("x-api-key", "")][..],
            &[("authorization", "Bearer nobodys"), ("x-api-key", "")],
            &[("authorization", "Basic bot-token"), ("x-api-key", "")],
            &[("authorization", ""), ("x-api-key", &long)],
            &[("authorization", "Bearer bot-token"), ("x-api-key", "boss-token")],
        ] {
            expect_at_headers(dialect, changes, &UNAUTHENTICATED);
        }
    }
}

#[test]
fn a_path_is_judged_before_a_token() {
    let changes = [(":path", "/health"), ("authorization", "")];
    let call = Driver::arrived(headers_with(Dialect::OpenAi, &changes));
    assert_eq!(call.reply().0.status, 404);
}

#[test]
fn an_empty_body_is_no_request() {
    for (dialect, _) in DIALECTS {
        let mut call = Driver::new();
        call.handle(Event::RequestHeaders {
            headers: Headers::new(headers(dialect)),
            is_end: true,
        });
        expect(call, dialect, &INVALID);
        expect_at_body(dialect, "", &INVALID);
    }
}

#[test]
fn a_body_that_is_no_request_says_what_is_wrong() {
    for (dialect, _) in DIALECTS {
        for body in [
            &b"hello"[..],
            b"[]",
            b"{\"model\":\"gpt\"",
            b"{\"model\":\"gpt\"} {}",
            b"{\"model\":\"\xff\"}",
        ] {
            expect_at_body(dialect, body, &INVALID);
        }
        for body in [
            r#"{"messages":[]}"#,
            r#"{"model":7}"#,
            r#"{"model":""}"#,
            r#"{"model":"a","model":"b"}"#,
        ] {
            expect_at_body(
                dialect,
                body,
                &Refused {
                    param: Some("model"),
                    ..INVALID
                },
            );
        }
        expect_at_body(
            dialect,
            r#"{"model":"gpt","stream":1}"#,
            &Refused {
                param: Some("stream"),
                ..INVALID
            },
        );
    }
}

#[test]
fn a_body_that_is_too_large_is_refused_as_soon_as_that_is_known() {
    let too_large = MAX_REQUEST_BODY + 1;
    for (dialect, _) in DIALECTS {
        expect_at_headers(dialect, &[("content-length", &too_large.to_string())], &TOO_LARGE);
        let mut growing = Driver::arrived(headers_with(dialect, &[("content-length", "5")]));
        growing.handle(Event::RequestBodyGrew {
            length: MAX_REQUEST_BODY,
        });
        assert!(growing.host.replies.is_empty());
        growing.handle(Event::RequestBodyGrew { length: too_large });
        expect(growing, dialect, &TOO_LARGE);
        expect_at_body(dialect, vec![b' '; too_large], &TOO_LARGE);
    }
    let largest = MAX_REQUEST_BODY.to_string();
    assert!(
        Driver::arrived(headers_with(Dialect::OpenAi, &[("content-length", &largest)]))
            .host
            .replies
            .is_empty()
    );
}

#[test]
fn a_model_that_nothing_takes_is_not_found() {
    let expected = Refused {
        status: 404,
        code: "model_not_found",
        anthropic_type: "not_found_error",
        param: Some("model"),
        ..INVALID
    };
    for (dialect, _) in DIALECTS {
        for model in ["nonsense", "gpt-a", "deep", "GPT"] {
            expect_at_body(dialect, body(model), &expected);
        }
    }
}

#[test]
fn a_call_that_no_member_can_be_told_is_refused_with_the_place_that_is_too_much() {
    for (dialect, model, beyond) in [
        (Dialect::OpenAi, "claude", "n"),
        (Dialect::Anthropic, "gpt", "mcp_servers"),
    ] {
        let expected = Refused {
            code: "unsupported_by_provider",
            param: Some(beyond),
            ..INVALID
        };
        let body = body(model).replacen('{', &format!("{{\"{beyond}\":3,"), 1);
        expect_at_body(dialect, body, &expected);
    }
}

#[test]
fn envoys_own_answer_becomes_the_callers() {
    let server = Refused {
        code: "broker_unavailable",
        openai_type: "server_error",
        anthropic_type: "api_error",
        ..INVALID
    };
    for (dialect, _) in DIALECTS {
        for expected in [
            TOO_LARGE,
            Refused {
                status: 408,
                code: "request_timeout",
                ..INVALID
            },
            Refused {
                status: 400,
                code: "bad_request",
                ..INVALID
            },
            Refused {
                status: 503,
                ..server
            },
        ] {
            let mut call = Driver::arrived(headers(dialect));
            call.handle(Event::EnvoyReplied {
                status: expected.status,
            });
            expect(call, dialect, &expected);
        }
    }
}

#[test]
fn envoys_answer_before_any_header_is_told_in_openais_words() {
    let mut call = Driver::new();
    call.handle(Event::EnvoyReplied { status: 503 });
    assert_eq!(call.reply().1["error"]["code"], "broker_unavailable");
}

#[test]
fn a_call_whose_headers_never_arrived_is_recorded_as_denied_without_a_reply() {
    for (status, code) in [
        (431, "bad_request"),
        (408, "request_timeout"),
        (503, "broker_unavailable"),
    ] {
        let mut call = Driver::new();
        assert!(call.machine().is_untouched());
        call.handle(Event::NeverArrived { status });
        call.finish();
        assert!(call.host.replies.is_empty(), "Envoy's own answer is out already");
        let record = call.record();
        for (key, expected) in [
            ("llm.decision", "deny"),
            ("llm.outcome", "denied"),
            ("llm.reason", code),
            ("llm.error", code),
        ] {
            assert_eq!(record[key], expected, "{record}");
        }
        assert_eq!(record["llm.status"], status);
    }
}

#[test]
fn headers_that_arrived_cannot_have_been_missing() {
    let mut call = Driver::arrived(headers(Dialect::OpenAi));
    call.handle(Event::NeverArrived { status: 503 });
    assert!(call.machine().wants_body() && !call.machine().is_untouched());
}

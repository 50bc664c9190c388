use serde_json::{Value, json};

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const KINDS: [(ErrorKind, &str); 11] = [
    (ErrorKind::InvalidRequest, "invalid_request_error"),
    (ErrorKind::Authentication, "authentication_error"),
    (ErrorKind::Billing, "billing_error"),
    (ErrorKind::Permission, "permission_error"),
    (ErrorKind::NotFound, "not_found_error"),
    (ErrorKind::Conflict, "conflict_error"),
    (ErrorKind::TooLarge, "request_too_large"),
    (ErrorKind::RateLimit, "rate_limit_error"),
    (ErrorKind::Internal, "api_error"),
    (ErrorKind::Timeout, "timeout_error"),
    (ErrorKind::Overloaded, "overloaded_error"),
];

#[test]
fn an_error_of_each_kind_is_written_and_read_back() {
    for (kind, name) in KINDS {
        let mut error = ProviderError::of(kind, "a \"b\"");
        error.code = Some(Text::of_plain("c"));
        let body = write(&error, "req");
        let written: Value = serde_json::from_slice(&body).unwrap();
        let expected = json!({
            "type": "error",
            "error": {"type": name, "message": "a \"b\"", "details": {"error_code": "c"}},
            "request_id": "req",
        });
        assert_eq!(written, expected);
        assert_eq!(read(&body, 0), Some(error));
    }
}

#[test]
fn an_unknown_type_is_what_the_status_says() {
    for (body, status, kind) in [
        (
            r#"{"type":"error","error":{"type":"new_error","message":"m"}}"#,
            429,
            ErrorKind::RateLimit,
        ),
        (r#"{"error":"no model"}"#, 404, ErrorKind::NotFound),
        (r#"{"error":{}}"#, 0, ErrorKind::Internal),
        (r#"{"error":{"code":400}}"#, 400, ErrorKind::InvalidRequest),
    ] {
        assert_eq!(
            read(body.as_bytes(), status).map(|error| error.kind),
            Some(kind),
            "{body}"
        );
    }
}

#[test]
fn what_is_no_error_is_none() {
    for body in [
        "",
        "[]",
        "<html>",
        r#"{"type":"error"}"#,
        r#"{"error":null}"#,
        r#"{"error":1}"#,
    ] {
        assert_eq!(read(body.as_bytes(), 500), None, "{body}");
    }
}

use serde_json::{Value, json};

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn kind_of(body: &str, status: u16) -> Option<ErrorKind> {
    read(body.as_bytes(), status).map(|error| error.kind)
}

#[test]
fn the_status_says_what_an_error_is_but_for_the_quota() {
    for (body, status, kind) in [
        (
            r#"{"error":{"message":"m","type":"x"}}"#,
            404,
            ErrorKind::NotFound,
        ),
        (
            r#"{"error":{"message":"m","code":"insufficient_quota"}}"#,
            429,
            ErrorKind::Billing,
        ),
        (
            r#"{"error":{"message":"m","type":"server_error"}}"#,
            429,
            ErrorKind::RateLimit,
        ),
        (r#"{"error":{"message":"m"}}"#, 424, ErrorKind::Internal),
        (r#"{"error":{}}"#, 529, ErrorKind::Overloaded),
    ] {
        assert_eq!(kind_of(body, status), Some(kind), "{body}");
    }
}

#[test]
fn within_a_stream_the_code_and_the_type_say_it() {
    for (members, kind) in [
        (
            r#""code":"rate_limit_exceeded","type":"tokens""#,
            ErrorKind::RateLimit,
        ),
        (r#""code":503"#, ErrorKind::Overloaded),
        (
            r#""code":"400","type":"BadRequestError""#,
            ErrorKind::InvalidRequest,
        ),
        (r#""code":null,"type":"overloaded_error""#, ErrorKind::Overloaded),
        (r#""code":7,"type":"never heard of""#, ErrorKind::Internal),
        (r#""code":99999999999"#, ErrorKind::Internal),
    ] {
        let body = format!(r#"{{"error":{{"message":"m",{members}}}}}"#);
        assert_eq!(kind_of(&body, 0), Some(kind), "{body}");
    }
}

#[test]
fn what_is_no_error_is_none() {
    for body in [
        "",
        "null",
        "[]",
        "<html>",
        r#"{"id":"1"}"#,
        r#"{"error":null}"#,
        r#"{"error":false}"#,
        r#"[{"error":{}},{"error":{}}]"#,
        r#"{"detail":{}}"#,
    ] {
        assert_eq!(kind_of(body, 500), None, "{body}");
    }
}

#[test]
fn codes_and_parameters_are_kept_and_texts_are_bounded() {
    let body =
        json!({"error": {"message": "é".repeat(3_000), "code": 42, "param": "p".repeat(900)}}).to_string();
    let error = read(body.as_bytes(), 400).unwrap();
    assert_eq!(error.message.plain().unwrap().chars().count(), MAX_ERROR_MESSAGE);
    assert_eq!(error.code, Some(Text::of_plain("42")));
    assert_eq!(error.parameter.unwrap().escaped().len(), MAX_QUOTED);
}

#[test]
fn an_error_of_each_kind_has_its_type_and_usual_code() {
    for (kind, name, code) in [
        (ErrorKind::InvalidRequest, "invalid_request_error", Value::Null),
        (
            ErrorKind::Authentication,
            "authentication_error",
            json!("invalid_api_key"),
        ),
        (
            ErrorKind::Billing,
            "insufficient_quota",
            json!("insufficient_quota"),
        ),
        (ErrorKind::Permission, "permission_error", Value::Null),
        (
            ErrorKind::NotFound,
            "invalid_request_error",
            json!("model_not_found"),
        ),
        (ErrorKind::Conflict, "conflict", Value::Null),
        (ErrorKind::TooLarge, "request_too_large", Value::Null),
        (
            ErrorKind::RateLimit,
            "rate_limit_error",
            json!("rate_limit_exceeded"),
        ),
        (ErrorKind::Internal, "server_error", Value::Null),
        (ErrorKind::Timeout, "timeout", Value::Null),
        (ErrorKind::Overloaded, "server_error", json!("overloaded")),
    ] {
        let body: Value = serde_json::from_slice(&write(&ProviderError::of(kind, "m"), "id")).unwrap();
        let expected = json!({"error": {"message": "m", "type": name, "param": null, "code": code}});
        assert_eq!(body, expected);
        let mut own = ProviderError::of(kind, "m");
        own.code = Some(Text::of_plain("own"));
        let body: Value = serde_json::from_slice(&write(&own, "id")).unwrap();
        assert_eq!(body["error"]["code"], "own", "{kind:?}");
    }
}

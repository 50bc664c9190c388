//! Errors in a provider's own shape.

use serde_json::{Value, json};

use crate::behaviour::StatusError;
use crate::request::Dialect;

/// The JSON body of an error.
pub(crate) fn body(dialect: Dialect, error: &StatusError, request_id: &str) -> Value {
    let usual = usual(error.status);
    let message = error.message.as_deref().unwrap_or(usual.message);
    match dialect {
        Dialect::OpenAi | Dialect::Responses => json!({"error": {
            "message": message,
            "type": error.error_type.as_deref().unwrap_or(usual.openai_type),
            "param": error.param,
            "code": error.code.as_deref().or(usual.openai_code),
        }}),
        Dialect::Cohere => json!({"message": message, "id": request_id}),
        Dialect::Anthropic => json!({
            "type": "error",
            "error": {
                "type": error.error_type.as_deref().unwrap_or(usual.anthropic_type),
                "message": message,
            },
            "request_id": request_id,
        }),
        Dialect::Gemini => crate::google::answer::error(error, message),
    }
}

/// The response headers of an error, besides those of every answer.
pub(crate) fn headers(dialect: Dialect, error: &StatusError) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    if dialect == Dialect::Gemini {
        return error.headers.clone();
    }
    if let Some(seconds) = error.retry_after {
        headers.push(("retry-after".to_owned(), seconds.to_string()));
    }
    if error.rate_limit_headers {
        let family: &[(&str, &str)] = match dialect {
            Dialect::OpenAi | Dialect::Responses | Dialect::Gemini => &OPENAI_LIMITS,
            Dialect::Anthropic => &ANTHROPIC_LIMITS,
            Dialect::Cohere => &[("x-trial-endpoint-call-remaining", "0")],
        };
        headers.extend(
            family
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned())),
        );
    }
    headers.extend(error.headers.iter().cloned());
    headers
}

struct Usual {
    message: &'static str,
    openai_type: &'static str,
    openai_code: Option<&'static str>,
    anthropic_type: &'static str,
}

const fn is(
    message: &'static str,
    openai_type: &'static str,
    openai_code: Option<&'static str>,
    anthropic_type: &'static str,
) -> Usual {
    Usual {
        message,
        openai_type,
        openai_code,
        anthropic_type,
    }
}

/// What providers say with a status when nothing else is known.
fn usual(status: u16) -> Usual {
    match status {
        401 => is(
            "Incorrect API key provided",
            "authentication_error",
            Some("invalid_api_key"),
            "authentication_error",
        ),
        402 => is(
            "You exceeded your current quota",
            "insufficient_quota",
            Some("insufficient_quota"),
            "billing_error",
        ),
        403 => is("Permission denied", "permission_error", None, "permission_error"),
        404 => is(
            "The model does not exist",
            "invalid_request_error",
            Some("model_not_found"),
            "not_found_error",
        ),
        409 => is("Conflict", "conflict", None, "conflict_error"),
        413 => is(
            "Request too large",
            "request_too_large",
            None,
            "request_too_large",
        ),
        429 => is(
            "Rate limit reached",
            "rate_limit_error",
            Some("rate_limit_exceeded"),
            "rate_limit_error",
        ),
        503 | 529 => is(
            "Overloaded",
            "server_error",
            Some("overloaded"),
            "overloaded_error",
        ),
        504 => is("Timed out", "timeout", None, "timeout_error"),
        400..=499 => is(
            "Invalid request",
            "invalid_request_error",
            None,
            "invalid_request_error",
        ),
        _ => is(
            "The server had an error while processing your request",
            "server_error",
            None,
            "api_error",
        ),
    }
}

const OPENAI_LIMITS: [(&str, &str); 6] = [
    ("x-ratelimit-limit-requests", "500"),
    ("x-ratelimit-remaining-requests", "0"),
    ("x-ratelimit-reset-requests", "120ms"),
    ("x-ratelimit-limit-tokens", "30000"),
    ("x-ratelimit-remaining-tokens", "29000"),
    ("x-ratelimit-reset-tokens", "6m0s"),
];

const ANTHROPIC_LIMITS: [(&str, &str); 6] = [
    ("anthropic-ratelimit-requests-limit", "50"),
    ("anthropic-ratelimit-requests-remaining", "0"),
    ("anthropic-ratelimit-requests-reset", "2026-11-21T10:00:00Z"),
    ("anthropic-ratelimit-tokens-limit", "40000"),
    ("anthropic-ratelimit-tokens-remaining", "39000"),
    ("anthropic-ratelimit-tokens-reset", "2026-11-21T10:00:00Z"),
];

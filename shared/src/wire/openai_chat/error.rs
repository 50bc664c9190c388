//! OpenAI's errors: <https://platform.openai.com/docs/guides/error-codes>, and what servers that are compatible with
//! it make of them.

use crate::limits::{MAX_ERROR_MESSAGE, MAX_QUOTED};
use crate::wire::ir::{ErrorKind, ProviderError};
use crate::wire::openai_chat::answer::read::{FAILED, first_choice};
use json::{Kind, Node, Text, write};

/// Reads the body of an error that came with `status`; `None` if it says nothing of one.
#[must_use]
pub fn read(body: &[u8], status: u16) -> Option<ProviderError<'_>> {
    // Google's compatible endpoint wraps its errors in an array.
    let body = body.trim_ascii();
    let inner = body.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]"));
    let (object, []) = Node::sound(inner.unwrap_or(body), [])?;
    of_object(object, status)
}

/// Whether OpenAI's clients find what they look for in the body of an error.
pub(in crate::wire) fn is_usual(body: &[u8]) -> bool {
    let error = Node::sound(body.trim_ascii(), ["error"]).and_then(|(_, [error])| error);
    error.is_some_and(|error| error.field("message").and_then(Node::text).is_some())
}

/// Reads an object that may be an error, or hold one.
///
/// `{"error":{…}}` is OpenAI's own, `{"error":"…"}` and `{"detail":…}` are those of small servers, and a flat
/// `{"object":"error",…}` that of older vLLM; a flat message without anything else is taken for one, too.
pub(super) fn of_object(object: Node<'_>, status: u16) -> Option<ProviderError<'_>> {
    let [error, detail] = object.fields(["error", "detail"]);
    if let Some(error) = error {
        return match error.kind() {
            Kind::Object => Some(of_members(error, message(error, "message"), status)),
            Kind::String => Some(of_members(object, error.text(), status)),
            _ => None,
        };
    }
    if let Some([_, Some(reason), _]) = object
        .field("choices")
        .and_then(|choices| first_choice(choices, "message"))
    {
        return reason.is(FAILED).then(of_failed_model);
    }
    let message = message(object, "message").or_else(|| {
        let detail = detail?;
        let first = detail.elements().first().copied().unwrap_or(detail);
        first.text().or_else(|| message(first, "msg"))
    });
    Some(of_members(object, Some(message?), status))
}

/// What is told of an answer that ended because the model failed.
pub(super) fn of_failed_model() -> ProviderError<'static> {
    ProviderError::of(ErrorKind::Internal, "the provider's model failed")
}

fn message<'a>(object: Node<'a>, key: &str) -> Option<Text<'a>> {
    let message = object.field(key)?;
    Some(message.text().unwrap_or_else(|| Text::of_document(message.raw())))
}

fn of_members<'a>(error: Node<'a>, message: Option<Text<'a>>, status: u16) -> ProviderError<'a> {
    let [name, code, parameter] = error.fields(["type", "code", "param"]);
    let name = name.and_then(Node::text);
    let code = code.and_then(|code| match code.kind() {
        Kind::String => code.text(),
        Kind::Number => std::str::from_utf8(code.raw()).ok().map(Text::of_plain),
        _ => None,
    });
    let is_given = |text: &Text<'_>| !text.is_empty();
    ProviderError {
        kind: kind(name.as_ref(), code.as_ref(), status),
        message: message
            .filter(is_given)
            .unwrap_or_else(|| Text::of_plain("the provider reported an error without a message"))
            .bounded(MAX_ERROR_MESSAGE),
        code: code.filter(is_given).map(|code| code.bounded(MAX_QUOTED)),
        parameter: parameter
            .and_then(Node::text)
            .filter(is_given)
            .map(|name| name.bounded(MAX_QUOTED)),
    }
}

/// The kind of an error. The account's quota has no status of its own; otherwise the status says most, and where
/// there is none, within a stream, the code and the type do.
fn kind(name: Option<&Text<'_>>, code: Option<&Text<'_>>, status: u16) -> ErrorKind {
    let code = code.and_then(Text::plain).unwrap_or_default();
    let name = name.and_then(Text::plain).unwrap_or_default();
    if code == "insufficient_quota" || name == "insufficient_quota" {
        return ErrorKind::Billing;
    }
    if status >= 400 {
        return ErrorKind::of_status(status);
    }
    if let Some(status) = code.parse().ok().filter(|status| (400..600).contains(status)) {
        return ErrorKind::of_status(status);
    }
    of_name(&code)
        .or_else(|| of_name(&name))
        .unwrap_or(ErrorKind::Internal)
}

fn of_name(name: &str) -> Option<ErrorKind> {
    Some(match name {
        "invalid_api_key" | "authentication_error" => ErrorKind::Authentication,
        "billing_error" => ErrorKind::Billing,
        "permission_error" | "permission_denied" => ErrorKind::Permission,
        "model_not_found" | "not_found_error" | "NotFoundError" => ErrorKind::NotFound,
        "conflict" => ErrorKind::Conflict,
        "request_too_large" => ErrorKind::TooLarge,
        "rate_limit_exceeded" | "rate_limit_error" | "rate_limited" | "requests" | "tokens" => {
            ErrorKind::RateLimit
        }
        "timeout" | "timeout_error" => ErrorKind::Timeout,
        "overloaded" | "overloaded_error" | "unavailable_error" | "server_overloaded" => {
            ErrorKind::Overloaded
        }
        "invalid_request_error" | "BadRequestError" | "context_length_exceeded" | "content_filter" => {
            ErrorKind::InvalidRequest
        }
        _ => return None,
    })
}

/// Writes the body of an error. OpenAI's errors do not name the call: `_request_id` travels in a header.
#[must_use]
pub fn write(error: &ProviderError<'_>, _request_id: &str) -> Vec<u8> {
    let mut out = Vec::new();
    write::object(&mut out, |body| write_member(error, body));
    out
}

/// Writes the member that makes an object an error; streams have it alone.
pub(super) fn write_member(error: &ProviderError<'_>, body: &mut write::Object<'_>) {
    let (name, usual_code) = words(error.kind);
    body.object("error", |object| {
        object.text("message", &error.message);
        object.string("type", name);
        match &error.parameter {
            Some(parameter) => object.text("param", parameter),
            None => object.null("param"),
        }
        match (&error.code, usual_code) {
            (Some(code), _) => object.text("code", code),
            (None, Some(code)) => object.string("code", code),
            (None, None) => object.null("code"),
        }
    });
}

/// The type of an error, and the code that it has if the provider gave none.
fn words(kind: ErrorKind) -> (&'static str, Option<&'static str>) {
    match kind {
        ErrorKind::InvalidRequest => ("invalid_request_error", None),
        ErrorKind::Authentication => ("authentication_error", Some("invalid_api_key")),
        ErrorKind::Billing => ("insufficient_quota", Some("insufficient_quota")),
        ErrorKind::Permission => ("permission_error", None),
        ErrorKind::NotFound => ("invalid_request_error", Some("model_not_found")),
        ErrorKind::Conflict => ("conflict", None),
        ErrorKind::TooLarge => ("request_too_large", None),
        ErrorKind::RateLimit => ("rate_limit_error", Some("rate_limit_exceeded")),
        ErrorKind::Internal => ("server_error", None),
        ErrorKind::Timeout => ("timeout", None),
        ErrorKind::Overloaded => ("server_error", Some("overloaded")),
    }
}

#[cfg(test)]
mod tests;

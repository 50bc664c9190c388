//! Anthropic's errors: <https://platform.claude.com/docs/en/api/errors>

use crate::limits::{MAX_ERROR_MESSAGE, MAX_QUOTED};
use crate::wire::ir::{ErrorKind, ProviderError};
use json::{Kind, Node, Text, write};

/// Reads the body of an error that came with `status`; `None` if it says nothing of one.
#[must_use]
pub fn read(body: &[u8], status: u16) -> Option<ProviderError<'_>> {
    let (object, []) = Node::sound(body, [])?;
    of_object(object, status)
}

/// Reads an object that may hold an error. Servers that only speak Anthropic's format may give `error` as a string,
/// or with OpenAI's `code`.
pub(super) fn of_object(object: Node<'_>, status: u16) -> Option<ProviderError<'_>> {
    let error = object.field("error")?;
    let [name, message, details, code] = error.fields(["type", "message", "details", "code"]);
    let message = match error.kind() {
        Kind::Object => message.and_then(Node::text),
        Kind::String => error.text(),
        _ => return None,
    };
    let name = name.and_then(Node::text);
    let code = details.and_then(|details| details.field("error_code")).or(code);
    let is_given = |text: &Text<'_>| !text.is_empty();
    Some(ProviderError {
        kind: kind(name.as_ref(), status),
        message: message
            .filter(is_given)
            .unwrap_or_else(|| Text::of_plain("the provider reported an error without a message"))
            .bounded(MAX_ERROR_MESSAGE),
        code: code
            .and_then(|code| match code.kind() {
                Kind::Number => std::str::from_utf8(code.raw()).ok().map(Text::of_plain),
                _ => code.text(),
            })
            .filter(is_given)
            .map(|code| code.bounded(MAX_QUOTED)),
        parameter: None,
    })
}

/// The kind of an error: its type is exact; an unknown one, or none, is what the status says, if there is one.
fn kind(name: Option<&Text<'_>>, status: u16) -> ErrorKind {
    match name.map(Text::escaped).unwrap_or_default() {
        b"invalid_request_error" => ErrorKind::InvalidRequest,
        b"authentication_error" => ErrorKind::Authentication,
        b"billing_error" => ErrorKind::Billing,
        b"permission_error" => ErrorKind::Permission,
        b"not_found_error" => ErrorKind::NotFound,
        b"conflict_error" => ErrorKind::Conflict,
        b"request_too_large" => ErrorKind::TooLarge,
        b"rate_limit_error" => ErrorKind::RateLimit,
        b"timeout_error" => ErrorKind::Timeout,
        b"overloaded_error" => ErrorKind::Overloaded,
        _ if status >= 400 => ErrorKind::of_status(status),
        _ => ErrorKind::Internal,
    }
}

/// Writes the body of an error, which is also the data of a stream's `error` event.
#[must_use]
pub fn write(error: &ProviderError<'_>, request_id: &str) -> Vec<u8> {
    let mut out = Vec::new();
    write::object(&mut out, |body| write_members(error, request_id, body));
    out
}

/// Writes the members of an error's body.
pub(super) fn write_members(error: &ProviderError<'_>, request_id: &str, body: &mut write::Object<'_>) {
    body.string("type", "error");
    body.object("error", |object| {
        object.string("type", word(error.kind));
        object.text("message", &error.message);
        if let Some(code) = &error.code {
            object.object("details", |details| details.text("error_code", code));
        }
    });
    body.string("request_id", request_id);
}

/// The type of an error of a kind.
pub(in crate::wire) fn word(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidRequest => "invalid_request_error",
        ErrorKind::Authentication => "authentication_error",
        ErrorKind::Billing => "billing_error",
        ErrorKind::Permission => "permission_error",
        ErrorKind::NotFound => "not_found_error",
        ErrorKind::Conflict => "conflict_error",
        ErrorKind::TooLarge => "request_too_large",
        ErrorKind::RateLimit => "rate_limit_error",
        ErrorKind::Internal => "api_error",
        ErrorKind::Timeout => "timeout_error",
        ErrorKind::Overloaded => "overloaded_error",
    }
}

#[cfg(test)]
mod tests;

//! Errors: before an answer they are those of chat completions, within one they are the answer's own.

use crate::limits::{MAX_ERROR_MESSAGE, MAX_QUOTED};
use crate::wire::ir::{ErrorKind, ProviderError};
pub use crate::wire::openai_chat::error::{read, write};
use json::{Node, Text, write};

/// What a response that failed says of it: `{"code","message"}`, also flat in an `error` event.
pub(super) fn of_response(error: Node<'_>) -> ProviderError<'_> {
    let [code, message] = error.fields(["code", "message"]);
    let code = code.and_then(Node::text).filter(|text| !text.is_empty());
    let message = message.and_then(Node::text).filter(|text| !text.is_empty());
    ProviderError {
        kind: code.as_ref().map_or(ErrorKind::Internal, kind),
        message: message
            .unwrap_or_else(|| Text::of_plain("the provider reported an error without a message"))
            .bounded(MAX_ERROR_MESSAGE),
        code: code.map(|code| code.bounded(MAX_QUOTED)),
        parameter: None,
    }
}

/// The kind of an error by its code. Those that are not named here are about what the caller sent, if they are about a
/// picture, and the provider's own otherwise.
fn kind(code: &Text<'_>) -> ErrorKind {
    match code.escaped() {
        b"rate_limit_exceeded" => ErrorKind::RateLimit,
        b"insufficient_quota" => ErrorKind::Billing,
        b"invalid_prompt" | b"context_length_exceeded" => ErrorKind::InvalidRequest,
        b"server_is_overloaded" | b"slow_down" => ErrorKind::Overloaded,
        code if code.windows(5).any(|part| part == b"image") => ErrorKind::InvalidRequest,
        _ => ErrorKind::Internal,
    }
}

/// Writes the `error` of a response that failed. Its codes are a closed list, which strict clients know by heart:
/// <https://platform.openai.com/docs/api-reference/responses/object>
pub(super) fn write_failure(error: &ProviderError<'_>, object: &mut write::Object<'_>) {
    object.string(
        "code",
        match error.kind {
            ErrorKind::RateLimit => "rate_limit_exceeded",
            ErrorKind::InvalidRequest | ErrorKind::TooLarge => "invalid_prompt",
            _ => "server_error",
        },
    );
    object.text("message", &error.message);
}

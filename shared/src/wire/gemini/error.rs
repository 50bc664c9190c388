//! Google's errors: <https://google.aip.dev/193>. The body is an object, or an array with that one object in it.

use crate::limits::{MAX_ERROR_MESSAGE, MAX_QUOTED};
use crate::wire::ir::{ErrorKind, ProviderError};
use json::{Kind, Node, Text};

use super::said::{failure, finish, first_candidate, given_text};

/// Reads the body of an error that came under a status, 0 under a success; `None` if it is none. An answer that ended
/// before it said anything is one, too.
pub(super) fn read(body: &[u8], status: u16) -> Option<ProviderError<'_>> {
    let body = body.trim_ascii();
    let inner = body.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]"));
    let (object, [candidates]) = Node::sound(inner.unwrap_or(body), ["candidates"])?;
    of_object(object, status).or_else(|| {
        let [_, reason] = candidates.and_then(first_candidate)?;
        let message = failure(&finish(given_text(reason)?))?;
        Some(ProviderError::of(ErrorKind::Internal, &message))
    })
}

/// Reads an object that holds an error.
pub(super) fn of_object(object: Node<'_>, status: u16) -> Option<ProviderError<'_>> {
    let error = object
        .field("error")
        .filter(|error| error.kind() == Kind::Object)?;
    let [code, message, name] = error.fields(["code", "message", "status"]);
    let name = given_text(name);
    let code = code
        .and_then(Node::unsigned)
        .and_then(|code| u16::try_from(code).ok());
    let known = [Some(status), code]
        .into_iter()
        .flatten()
        .find(|status| *status >= 400);
    let kind = known
        .map(ErrorKind::of_status)
        .or_else(|| of_name(name.as_ref()?))
        .unwrap_or(ErrorKind::Internal);
    Some(ProviderError {
        kind,
        message: given_text(message)
            .unwrap_or_else(|| Text::of_plain("the provider reported an error without a message"))
            .bounded(MAX_ERROR_MESSAGE),
        code: name.map(|name| name.bounded(MAX_QUOTED)),
        parameter: None,
    })
}

/// The kind of an error by its canonical code: <https://grpc.io/docs/guides/status-codes/>.
fn of_name(name: &Text<'_>) -> Option<ErrorKind> {
    Some(match name.escaped() {
        b"INVALID_ARGUMENT" | b"FAILED_PRECONDITION" | b"OUT_OF_RANGE" => ErrorKind::InvalidRequest,
        b"UNAUTHENTICATED" => ErrorKind::Authentication,
        b"PERMISSION_DENIED" => ErrorKind::Permission,
        b"NOT_FOUND" => ErrorKind::NotFound,
        b"ABORTED" | b"ALREADY_EXISTS" => ErrorKind::Conflict,
        b"RESOURCE_EXHAUSTED" => ErrorKind::RateLimit,
        b"DEADLINE_EXCEEDED" => ErrorKind::Timeout,
        b"UNAVAILABLE" => ErrorKind::Overloaded,
        _ => return None,
    })
}

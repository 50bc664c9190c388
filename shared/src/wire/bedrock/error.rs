//! Bedrock's errors: <https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html> and those of each
//! operation.

use crate::limits::{MAX_ERROR_MESSAGE, MAX_QUOTED};
use crate::wire::anthropic;
use crate::wire::ir::{ErrorKind, ProviderError};
use json::{Node, Text};

/// Reads the body of an error that came with `status`; `None` if it says nothing of one. Claude's own errors may come in
/// Anthropic's shape.
#[must_use]
pub fn read(body: &[u8], status: u16) -> Option<ProviderError<'_>> {
    let keys = ["message", "Message", "__type", "error"];
    let (_, [message, capital, name, error]) = Node::sound(body, keys)?;
    if error.is_some() {
        return anthropic::error::read(body, status);
    }
    let message = message.or(capital).and_then(Node::text);
    let name = name.and_then(Node::text);
    if message.is_none() && name.is_none() {
        return None;
    }
    Some(of(name.as_ref(), message, status))
}

/// An error by its name, which a status may stand in for.
pub(super) fn of<'a>(name: Option<&Text<'_>>, message: Option<Text<'a>>, status: u16) -> ProviderError<'a> {
    let plain = name.and_then(Text::plain);
    let exact = plain.as_deref().map(short).and_then(kind);
    let code = plain.as_deref().map(short).filter(|name| !name.is_empty());
    ProviderError {
        kind: exact.unwrap_or_else(|| {
            if status >= 400 {
                ErrorKind::of_status(status)
            } else {
                ErrorKind::Internal
            }
        }),
        code: code.map(|code| Text::of_plain(code).bounded(MAX_QUOTED)),
        message: message
            .filter(|message| !message.is_blank())
            .unwrap_or_else(|| Text::of_plain("the provider reported an error without a message"))
            .bounded(MAX_ERROR_MESSAGE),
        parameter: None,
    }
}

/// A name without the namespace before it and the address behind it: `com.amazon.coral.service#ThrottlingException`,
/// `ThrottlingException:http://internal.amazon.com/`.
fn short(name: &str) -> &str {
    let name = name.split(':').next().unwrap_or_default();
    name.rsplit('#').next().unwrap_or_default().trim()
}

/// The status that stands for an error of AWS: its name, from `x-amzn-errortype`, decides where the status would say that
/// the request is wrong though the account is at its limit, or its model failed.
#[must_use]
pub fn status(name: &str, status: u16) -> u16 {
    match (short(name), status) {
        ("ServiceQuotaExceededException", 400) => 429,
        ("ModelTimeoutException", 408) => 504,
        ("ModelErrorException" | "ModelStreamErrorException", 424) => 502,
        _ => status,
    }
}

/// The kind of an error. Events of streams begin the same names with a small letter.
pub(super) fn kind(name: &str) -> Option<ErrorKind> {
    let name = name.strip_suffix("Exception").unwrap_or(name);
    Some(match name.to_ascii_lowercase().as_str() {
        "validation" | "serialization" | "malformedquerystring" => ErrorKind::InvalidRequest,
        "accessdenied" | "optinrequired" => ErrorKind::Permission,
        "unrecognizedclient"
        | "expiredtoken"
        | "invalidsignature"
        | "incompletesignature"
        | "missingauthenticationtoken"
        | "invalidclienttokenid"
        | "signaturedoesnotmatch" => ErrorKind::Authentication,
        "resourcenotfound" => ErrorKind::NotFound,
        "conflict" => ErrorKind::Conflict,
        "throttling" | "servicequotaexceeded" | "modelnotready" | "toomanyrequests" => ErrorKind::RateLimit,
        "modeltimeout" | "requesttimeout" => ErrorKind::Timeout,
        "serviceunavailable" => ErrorKind::Overloaded,
        "modelerror" | "modelstreamerror" | "internalserver" | "internalfailure" => ErrorKind::Internal,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn an_error_is_what_its_name_says_or_else_its_status() {
        for (body, status, kind, message, code) in [
            (
                r#"{"message":"slow down"}"#,
                429,
                ErrorKind::RateLimit,
                "slow down",
                None,
            ),
            (r#"{"Message":"no"}"#, 403, ErrorKind::Permission, "no", None),
            (
                r#"{"__type":"com.amazon.coral.service#UnrecognizedClientException","message":"m"}"#,
                403,
                ErrorKind::Authentication,
                "m",
                Some("UnrecognizedClientException"),
            ),
            (
                r#"{"__type":"ServiceQuotaExceededException:http://x/"}"#,
                400,
                ErrorKind::RateLimit,
                "the provider reported an error without a message",
                Some("ServiceQuotaExceededException"),
            ),
            (
                r#"{"type":"error","error":{"type":"overloaded_error","message":"o"}}"#,
                503,
                ErrorKind::Overloaded,
                "o",
                None,
            ),
        ] {
            let error = read(body.as_bytes(), status).unwrap();
            assert_eq!(error.kind, kind, "{body}");
            assert!(error.message.is(message), "{body}");
            let told = error.code.as_ref().and_then(Text::plain);
            assert_eq!(told.as_deref(), code, "{body}");
        }
        assert_eq!(read(br#"{"output":{}}"#, 200), None);
        assert_eq!(read(b"<html>", 502), None);
    }
}

//! Every answer that the broker gives itself, in the caller's dialect. One exhaustive table says what each refusal
//! looks like.

mod not_stored;
mod overdrawn;
mod unfit;

pub use not_stored::NotStored;

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::api::ApiError;
use crate::budget::Overdrawn;
use crate::headers::{REQUEST_ID, X_REQUEST_ID};
use crate::identity::IdentityError;
use crate::limits::{MAX_QUOTED, MAX_REQUEST_BODY};
use crate::request::RequestError;
use crate::routing::Unfit;
use crate::units::Millis;
use crate::wire::{Dialect, Untranslatable};

/// Why the broker answers itself instead of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The path or the method is wrong.
    Api(ApiError),
    /// Nobody is known to call.
    Identity(IdentityError),
    /// The body is no request.
    Request(RequestError),
    /// The body is larger than [`MAX_REQUEST_BODY`].
    TooLarge,
    /// No model of this name, for this agent.
    UnknownModel(String),
    /// The model is known, but the call cannot be said in the format of any member of its pool.
    Untranslatable(Untranslatable),
    /// The response that the call names is not kept for this agent where the call may go.
    NotStored(NotStored),
    /// The model is known, but no member of its pool can or may serve the call.
    Unfit(Unfit),
    /// Everybody who could serve the call is at a limit, for this much longer.
    AtLimit(Millis),
    /// A budget of the caller has too little left.
    Overdrawn(Box<Overdrawn>),
    /// A budget of the caller is counted by a rate limit service that does not answer.
    Uncounted,
    /// So are the limits of all accounts that could serve the call.
    UncountedLimits,
    /// No provider gave an answer that could be passed on.
    Upstream(UpstreamFailure),
    /// Envoy answered in the broker's place, with this status, before the call was forwarded.
    Envoy(u16),
}

/// Why no provider's answer could be passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpstreamFailure {
    /// No connection, or it broke before an answer.
    Unreachable,
    /// No answer in time.
    TimedOut,
    /// The provider refused the broker's own credential: nothing that the agent could mend.
    CredentialRefused,
    /// An error that is not in the provider's own format, with its status.
    Unreadable(u16),
    /// An answer that began with a success and was none.
    Flawed,
}

/// An answer of the broker itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Headers beside the status.
    pub headers: Vec<(&'static str, String)>,
    /// The body, JSON but for the status page.
    pub body: Vec<u8>,
}

/// What a refusal looks like.
struct Row {
    status: u16,
    /// A machine-readable code, the same in replies, records and metrics.
    code: &'static str,
    openai_type: &'static str,
    anthropic_type: &'static str,
    parameter: Option<Cow<'static, str>>,
    message: Cow<'static, str>,
    /// The message to callers of Anthropic's API, where its clients look for words of its own.
    anthropic_message: Option<Cow<'static, str>>,
}

impl Refusal {
    /// The machine-readable code of the refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.row().code
    }

    /// The answer to a caller of `dialect`.
    #[must_use]
    pub fn reply(&self, dialect: Dialect, request_id: &str) -> Reply {
        let row = self.row();
        let message = row.anthropic_message.as_ref().unwrap_or(&row.message);
        let (body, id_header) = match dialect {
            Dialect::OpenAi => (
                json!({"error": {
                    "message": row.message, "type": row.openai_type, "param": row.parameter, "code": row.code,
                }}),
                X_REQUEST_ID,
            ),
            Dialect::Anthropic => (
                json!({
                    "type": "error",
                    "error": {"type": row.anthropic_type, "message": message, "details": {"error_code": row.code}},
                    "request_id": request_id,
                }),
                REQUEST_ID,
            ),
        };
        let mut reply = Reply::json(row.status, &body);
        if !request_id.is_empty() {
            reply.headers.push((id_header, request_id.to_owned()));
        }
        if let Self::AtLimit(wait) = self {
            let seconds = wait.0.div_ceil(1_000).max(1);
            reply.headers.push(("retry-after", seconds.to_string()));
            reply.headers.push(("retry-after-ms", wait.0.to_string()));
        }
        if matches!(self, Self::Uncounted | Self::UncountedLimits) {
            reply.headers.push(("retry-after", "1".to_owned()));
        }
        if let Self::Overdrawn(overdrawn) = self {
            reply.headers.extend(overdrawn.headers());
        }
        if let Self::Api(ApiError::WrongMethod(_, method)) = self {
            reply.headers.push(("allow", (*method).to_owned()));
        }
        reply
    }

    fn row(&self) -> Row {
        match self {
            Self::Api(ApiError::UnknownPath(_)) => Row {
                anthropic_type: "not_found_error",
                ..invalid(404, "unknown_path", "there is no API at this path".into())
            },
            Self::Api(ApiError::WrongMethod(_, method)) => invalid(
                405,
                "method_not_allowed",
                format!("this path takes {method} only").into(),
            ),
            Self::Identity(error) => Row {
                anthropic_type: "authentication_error",
                ..invalid(401, error.code(), error.to_string().into())
            },
            Self::Request(error) => Row {
                parameter: error.parameter().map(Cow::Borrowed),
                ..invalid(400, "invalid_request", error.to_string().into())
            },
            Self::TooLarge => Row {
                openai_type: "request_too_large",
                anthropic_type: "request_too_large",
                ..invalid(
                    413,
                    "request_too_large",
                    format!("the body is larger than {} MiB", MAX_REQUEST_BODY >> 20).into(),
                )
            },
            Self::UnknownModel(model) => Row {
                anthropic_type: "not_found_error",
                parameter: Some("model".into()),
                ..invalid(
                    404,
                    "model_not_found",
                    format!(
                        "there is no model `{}` for this agent; GET /v1/models lists them",
                        quoted(model)
                    )
                    .into(),
                )
            },
            Self::Untranslatable(reason) => Row {
                parameter: Some(quoted(reason.place()).into_owned().into()),
                ..invalid(400, reason.code(), reason.to_string().into())
            },
            Self::NotStored(missing) => missing.row(),
            Self::Unfit(unfit) => unfit.row(),
            Self::AtLimit(wait) => Row {
                openai_type: "rate_limit_error",
                anthropic_type: "rate_limit_error",
                message: format!(
                    "the providers of this model are at their limit; try again in {} s",
                    wait.0.div_ceil(1_000).max(1)
                )
                .into(),
                ..upstream(429, "upstream_at_limit", "")
            },
            Self::Overdrawn(overdrawn) => overdrawn.row(),
            Self::Uncounted => upstream(
                503,
                "budget_unavailable",
                "what is left of a budget of this agent cannot be found out now; try again in a moment",
            ),
            Self::UncountedLimits => upstream(
                503,
                "limits_unavailable",
                "whether a provider of this model may be asked cannot be found out now; try again in a moment",
            ),
            Self::Upstream(failure) => failure.row(),
            Self::Envoy(408) => invalid(
                408,
                "request_timeout",
                "the request did not arrive in time".into(),
            ),
            Self::Envoy(413) => Self::TooLarge.row(),
            Self::Envoy(status) if *status < 500 => invalid(
                *status,
                "bad_request",
                "the request was refused before it was read".into(),
            ),
            Self::Envoy(status) => upstream(
                *status,
                "broker_unavailable",
                "the broker cannot take this call now",
            ),
        }
    }
}

impl UpstreamFailure {
    fn row(self) -> Row {
        match self {
            Self::Unreachable => upstream(
                503,
                "upstream_unavailable",
                "no provider of this model could be reached",
            ),
            Self::TimedOut => upstream(
                504,
                "upstream_timeout",
                "no provider of this model answered in time",
            ),
            Self::CredentialRefused => upstream(
                502,
                "upstream_credential_refused",
                "the provider refused the broker's credential; the agent's own token is fine",
            ),
            Self::Unreadable(429) => Row {
                openai_type: "rate_limit_error",
                anthropic_type: "rate_limit_error",
                ..upstream(
                    429,
                    "rate_limit_exceeded",
                    "the providers of this model are at their limit",
                )
            },
            Self::Flawed => upstream(
                502,
                "upstream_answer_flawed",
                "the provider's answer broke off, was empty or was not in its own format",
            ),
            Self::Unreadable(status) => upstream(
                if status >= 500 { status } else { 502 },
                "upstream_error",
                "the provider answered with an error that is not in its own format",
            ),
        }
    }
}

/// A refusal that is the caller's to mend.
fn invalid(status: u16, code: &'static str, message: Cow<'static, str>) -> Row {
    Row {
        status,
        code,
        openai_type: "invalid_request_error",
        anthropic_type: "invalid_request_error",
        parameter: None,
        message,
        anthropic_message: None,
    }
}

/// A refusal that is nothing of the caller's doing.
fn upstream(status: u16, code: &'static str, message: &'static str) -> Row {
    Row {
        status,
        code,
        openai_type: "server_error",
        anthropic_type: if status == 504 {
            "timeout_error"
        } else {
            "api_error"
        },
        parameter: None,
        message: message.into(),
        anthropic_message: None,
    }
}

impl Reply {
    /// An answer with a JSON body.
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: vec![("content-type", "application/json".to_owned())],
            body: body.to_string().into_bytes(),
        }
    }
}

/// One model that an agent may ask for, in its dialect.
#[must_use]
pub fn model(dialect: Dialect, name: &str) -> Reply {
    Reply::json(200, &described(dialect, name))
}

fn described(dialect: Dialect, name: &str) -> Value {
    match dialect {
        Dialect::OpenAi => json!({"id": name, "object": "model", "created": 0, "owned_by": "model-broker"}),
        Dialect::Anthropic => json!({
            "type": "model", "lifecycle": "active", "id": name, "display_name": name,
            "created_at": "1970-01-01T00:00:00Z",
        }),
    }
}

/// The models that an agent may ask for, in its dialect.
#[must_use]
pub fn model_list<'a>(dialect: Dialect, names: impl Iterator<Item = &'a str>) -> Reply {
    let data: Vec<_> = names.map(|name| described(dialect, name)).collect();
    let body = match dialect {
        Dialect::OpenAi => json!({"object": "list", "data": data}),
        Dialect::Anthropic => {
            let id = |model: Option<&Value>| model.map(|model| model["id"].clone());
            json!({"has_more": false, "first_id": id(data.first()), "last_id": id(data.last()), "data": data})
        }
    };
    Reply::json(200, &body)
}

/// A caller's text, short enough to repeat.
pub(crate) fn quoted(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MAX_QUOTED) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned([text.get(..end).unwrap_or_default(), "..."].concat()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_refusal_has_the_shape_of_the_callers_dialect() {
        let refusal = Refusal::UnknownModel("gp\"t\u{0}".to_owned());
        let openai = refusal.reply(Dialect::OpenAi, "id-1");
        let body: Value = serde_json::from_slice(&openai.body).unwrap();
        assert_eq!(openai.status, 404);
        assert_eq!(body["error"]["type"], "invalid_request_error");
        assert_eq!(body["error"]["code"], "model_not_found");
        assert_eq!(body["error"]["param"], "model");
        assert!(openai.headers.contains(&(X_REQUEST_ID, "id-1".to_owned())));
        let anthropic = refusal.reply(Dialect::Anthropic, "id-1");
        let body: Value = serde_json::from_slice(&anthropic.body).unwrap();
        assert_eq!(body["type"], "error");
        assert_eq!(body["error"]["type"], "not_found_error");
        assert_eq!(body["request_id"], "id-1");
        assert!(anthropic.headers.contains(&("request-id", "id-1".to_owned())));
    }

    #[test]
    fn a_long_text_of_the_caller_is_repeated_in_part() {
        let reply = Refusal::UnknownModel("é".repeat(10_000)).reply(Dialect::OpenAi, "");
        assert!(reply.body.len() < 1_000);
    }

    #[test]
    fn a_wrong_method_says_which_is_allowed() {
        let refusal = Refusal::Api(ApiError::WrongMethod(Dialect::OpenAi, "POST"));
        let reply = refusal.reply(Dialect::OpenAi, "");
        assert_eq!(reply.status, 405);
        assert!(reply.headers.contains(&("allow", "POST".to_owned())));
    }

    #[test]
    fn lists_of_models_have_the_dialects_shape_and_may_be_empty() {
        let list = |dialect, names: &[&str]| -> Value {
            serde_json::from_slice(&model_list(dialect, names.iter().copied()).body).unwrap()
        };
        assert_eq!(list(Dialect::OpenAi, &["a"])["data"][0]["object"], "model");
        let anthropic = list(Dialect::Anthropic, &["a", "b"]);
        assert_eq!(
            (&anthropic["first_id"], &anthropic["last_id"]),
            (&json!("a"), &json!("b"))
        );
        assert_eq!(list(Dialect::Anthropic, &[])["first_id"], Value::Null);
    }
}

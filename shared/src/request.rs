//! The facts of a request: what the broker reads of a body, once, without building a tree of it.

use crate::json::scan::{self, Kind, ScanError, Value};
use crate::json::{Span, splice::Edit};
use crate::limits::MAX_MODEL_NAME;
use crate::units::Tokens;

/// Bytes of a JSON request per input token, in the middle of English prose, code and JSON.
const BYTES_PER_TOKEN: u64 = 4;

/// What the broker read of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The model that the agent asked for.
    pub model: String,
    /// The value of `model`, quotes included.
    pub model_span: Span,
    /// Whether the answer is to be a stream.
    pub stream: bool,
    /// Whether and how the agent asked for usage within a stream; only OpenAI's chat format knows that.
    pub stream_usage: StreamUsage,
    /// Which of the parameters with defaults the agent gave.
    pub given: Given,
    /// The input's tokens, estimated from its bytes.
    pub estimated_input: Tokens,
    /// Where the members of the body begin: one past its opening brace.
    pub members_at: usize,
}

/// What a body says of usage within the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamUsage {
    /// The agent gets it without asking, or asked for it.
    Wanted,
    /// There are no stream options.
    NoOptions,
    /// There are stream options that do not ask for it: the options' value and, if it is there, that of
    /// `include_usage`.
    NotAsked {
        /// The value of `stream_options`.
        options: Value,
        /// Whether that is an object without members.
        is_empty: bool,
        /// The value of `include_usage` in it.
        include_usage: Option<Span>,
    },
}

/// Which parameters the agent gave.
#[expect(
    clippy::struct_excessive_bools,
    reason = "four parameters that do not depend on each other"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// The sampling temperature.
    pub temperature: bool,
    /// The nucleus sampling bound.
    pub top_p: bool,
    /// The most tokens of the answer.
    pub max_tokens: bool,
    /// Stop sequences.
    pub stop: bool,
}

/// Why a body is no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Some bytes are not UTF-8.
    #[error("the body is not valid UTF-8")]
    NotUtf8,
    /// The body is no JSON object.
    #[error("the body is not a JSON object: {0}")]
    NotJson(#[from] ScanError),
    /// A key that the broker reads is there twice.
    #[error("`{0}` is given twice")]
    Repeated(&'static str),
    /// No model.
    #[error("`model` is missing")]
    NoModel,
    /// The model is no text, or an absurd one.
    #[error("`model` must be the name of a model")]
    BadModel,
    /// `stream` is neither true nor false.
    #[error("`stream` must be true or false")]
    BadStream,
}

impl RequestError {
    /// The parameter that is wrong, for OpenAI's `param`.
    #[must_use]
    pub fn parameter(&self) -> Option<&'static str> {
        match self {
            Self::NotUtf8 | Self::NotJson(_) => None,
            Self::Repeated(key) => Some(key),
            Self::NoModel | Self::BadModel => Some("model"),
            Self::BadStream => Some("stream"),
        }
    }
}

/// The members that a format's reader looks at: `model`, `stream` and its own.
pub(crate) struct Top<const N: usize> {
    pub model: String,
    pub model_span: Span,
    pub stream: bool,
    /// The values of the format's own keys.
    pub own: [Option<Value>; N],
}

/// Reads `model`, `stream` and a format's own keys; `keys` begins with these two.
pub(crate) fn read_top<const M: usize, const N: usize>(
    body: &[u8],
    keys: [&'static str; M],
) -> Result<Top<N>, RequestError> {
    simdutf8::basic::from_utf8(body).map_err(|_| RequestError::NotUtf8)?;
    let members = scan::members(body, keys)?;
    if let Some(key) = members.repeated.and_then(|index| keys.get(index)) {
        return Err(RequestError::Repeated(key));
    }
    let mut values = members.values.into_iter();
    let model = values.next().flatten().ok_or(RequestError::NoModel)?;
    let stream = match values.next().flatten().map(|value| value.kind) {
        None | Some(Kind::False | Kind::Null) => false,
        Some(Kind::True) => true,
        Some(_) => return Err(RequestError::BadStream),
    };
    let name = scan::string(model.span.of(body)).ok_or(RequestError::BadModel)?;
    if name.is_empty() || name.len() > MAX_MODEL_NAME {
        return Err(RequestError::BadModel);
    }
    let mut own = [None; N];
    own.iter_mut().zip(values).for_each(|(slot, value)| *slot = value);
    Ok(Top {
        model: name.into_owned(),
        model_span: model.span,
        stream,
        own,
    })
}

/// A value that says something: there and not null.
pub(crate) fn is_given(value: Option<Value>) -> bool {
    value.is_some_and(|value| value.kind != Kind::Null)
}

/// The input's tokens, from the bytes of the body.
pub(crate) fn estimate(body: &[u8]) -> Tokens {
    Tokens((body.len() as u64).div_ceil(BYTES_PER_TOKEN))
}

/// One past the opening brace of a body that was scanned.
pub(crate) fn members_at(body: &[u8]) -> usize {
    memchr::memchr(b'{', body).map_or(0, |brace| brace + 1)
}

/// Inserts a member at the beginning of the body's object, which has at least one.
pub(crate) fn insert_member(request: &Request, key: &str, value: &impl serde::Serialize) -> Option<Edit> {
    let value = serde_json::to_string(value).ok()?;
    Some(Edit::insert(request.members_at, format!("\"{key}\":{value},")))
}

/// Puts the provider's name of the model where the agent's stood.
pub(crate) fn replace_model(request: &Request, model: &str) -> Option<Edit> {
    if request.model == model {
        return None;
    }
    Some(Edit::replace(request.model_span, serde_json::to_vec(model).ok()?))
}

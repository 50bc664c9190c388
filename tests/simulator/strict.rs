//! What the real providers refuse, in their own words, so that a wrong call fails as it would there.

use hyper::HeaderMap;
use serde_json::{Map, Value};

use crate::behaviour::StatusError;
use crate::request::Dialect;
use crate::vendor::Vendor;

mod anthropic;
mod anthropic_messages;
mod anthropic_tools;
mod azure;
pub(crate) mod bedrock;
mod cohere;
mod mistral;
mod openai;
mod openai_messages;
pub(crate) mod responses;
mod schema;
mod tgi;

pub(crate) use openai::is_reasoning;

/// Why a provider refuses a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) status: u16,
    pub(crate) message: String,
    pub(crate) param: Option<String>,
    pub(crate) code: Option<&'static str>,
}

pub(crate) type Checked = Result<(), Fault>;

impl Fault {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            status: 400,
            message: message.into(),
            param: None,
            code: None,
        }
    }

    fn at(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            param: Some(param.into()),
            ..Self::new(message)
        }
    }

    fn code(self, code: &'static str) -> Self {
        Self {
            code: Some(code),
            ..self
        }
    }

    fn unauthorized(message: &str) -> Self {
        Self {
            status: 401,
            ..Self::new(message)
        }
    }

    /// The answer that says so.
    pub(crate) fn error(&self) -> StatusError {
        StatusError {
            status: self.status,
            message: Some(self.message.clone()),
            param: self.param.clone(),
            code: self.code.map(str::to_owned),
            ..StatusError::default()
        }
    }
}

/// What this vendor says to this call.
pub(crate) fn check(vendor: Vendor, dialect: Dialect, headers: &HeaderMap, body: &Value) -> Checked {
    match vendor {
        // Bedrock's and Google's calls are checked where they are read.
        Vendor::Any | Vendor::Bedrock | Vendor::Gemini | Vendor::Vertex => Ok(()),
        Vendor::Anthropic => anthropic::check(headers, body),
        Vendor::OpenAi if dialect == Dialect::Responses => responses::check(headers, body),
        Vendor::OpenAi => openai::check(headers, body),
        Vendor::Azure => azure::check(dialect, headers, body),
        Vendor::Mistral => mistral::check(headers, body),
        Vendor::Cohere => cohere::check(headers, body),
        Vendor::Tgi => tgi::check(body),
        Vendor::Compatible | Vendor::Vllm | Vendor::Ollama | Vendor::LlamaCpp => {
            openai_messages::check(body, openai_messages::Manners::Compatible)
        }
    }
}

fn ensure(holds: bool, fault: impl FnOnce() -> Fault) -> Checked {
    if holds { Ok(()) } else { Err(fault()) }
}

fn object(value: &Value, fault: impl FnOnce() -> Fault) -> Result<&Map<String, Value>, Fault> {
    value.as_object().ok_or_else(fault)
}

/// A field that is there and is not null.
fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.get(name).filter(|value| !value.is_null())
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str()
}

fn items<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value
        .get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Whether a name consists of letters, digits, `_` and `-`, and has 1 to `longest` of them.
fn is_plain(name: &str, longest: usize) -> bool {
    (1..=longest).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

/// The number of bytes that base64 stands for, if it is base64.
pub(crate) fn base64_bytes(data: &str) -> Option<usize> {
    let digits = data.trim_end_matches('=');
    let padding = data.len() - digits.len();
    let known = digits
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte));
    (known && data.len().is_multiple_of(4) && padding <= 2 && !digits.is_empty())
        .then(|| digits.len() * 3 / 4)
}

const IMAGES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

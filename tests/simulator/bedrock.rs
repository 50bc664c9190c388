//! AWS Bedrock's runtime: Converse, and Claude through `InvokeModel`, whole and in binary frames. What is asked is read as
//! an Anthropic message, which says the same in other words; what is answered is put in Bedrock's.

use hyper::HeaderMap;
use hyper::http::request::Parts;
use serde_json::{Value, json};

use crate::behaviour::StatusError;
use crate::conversation::Conversation;
use crate::request::{Asked, Dialect};
use crate::strict;
use crate::vendor::Vendor;

mod answer;
mod encoding;
pub mod frames;
mod message;
pub mod signature;

pub(crate) use answer::{events, whole};
pub(crate) use encoding::decoded;

/// What is asked for, as the path says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Operation {
    /// The model.
    pub(crate) model: String,
    /// In whose words.
    pub(crate) words: Words,
    /// Whether the answer is to be a stream.
    pub(crate) stream: bool,
}

/// In whose words a model is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    /// Those for all models.
    Converse,
    /// The model's own: Claude's.
    Invoke,
}

impl Operation {
    /// Reads `/model/{id}/{verb}`, where the id is one segment.
    pub(crate) fn of(parts: &Parts) -> Option<Self> {
        let mut segments = parts.uri.path().strip_prefix("/model/")?.split('/');
        let (id, verb) = (segments.next()?, segments.next()?);
        let (words, stream) = match verb {
            "converse" => (Words::Converse, false),
            "converse-stream" => (Words::Converse, true),
            "invoke" => (Words::Invoke, false),
            "invoke-with-response-stream" => (Words::Invoke, true),
            _ => return None,
        };
        let is_right = parts.method == "POST" && parts.uri.query().is_none() && segments.next().is_none();
        // The service takes no colon as it is: what is signed would not be what is sent.
        let model = encoding::decoded(id).filter(|_| is_right && !id.contains(':'))?;
        Some(Self { model, words, stream })
    }

    /// What a call asks.
    ///
    /// # Errors
    /// Says what Bedrock would say about a call that it does not take.
    pub(crate) fn read(&self, headers: &HeaderMap, body: &[u8]) -> Result<Asked, Box<StatusError>> {
        let refused = |message: String| {
            Box::new(StatusError {
                status: 400,
                message: Some(message),
                ..StatusError::default()
            })
        };
        let document: Value = serde_json::from_slice(body)
            .map_err(|error| refused(format!("Unable to parse request body: {error}")))?;
        let accept = headers.get("accept").and_then(|value| value.to_str().ok());
        if self.stream && accept != Some("application/vnd.amazon.eventstream") {
            return Err(refused(
                "a stream comes in frames and must be accepted so".to_owned(),
            ));
        }
        let message = match self.words {
            Words::Converse => {
                strict::bedrock::check(&self.model, &document).map_err(|fault| Box::new(fault.error()))?;
                message::of_converse(&document)
            }
            Words::Invoke => {
                strict::bedrock::claude(&self.model, &document).map_err(|fault| Box::new(fault.error()))?
            }
        };
        Ok(Asked {
            dialect: Dialect::Anthropic,
            vendor: Vendor::Bedrock,
            conversation: Some(Conversation::read(Dialect::Anthropic, &message)),
            model: self.model.clone(),
            stream: self.stream,
            include_usage: true,
            tool: None,
            body_bytes: body.len(),
            previous: None,
            is_stored: false,
        })
    }
}

/// The body of an error.
pub(crate) fn error(error: &StatusError) -> Value {
    json!({"message": error.message.as_deref().unwrap_or("Something is wrong.")})
}

/// What an error of this status is called.
pub(crate) fn error_name(status: u16) -> &'static str {
    match status {
        400 => "ValidationException",
        401 | 403 => "AccessDeniedException",
        404 => "ResourceNotFoundException",
        408 => "ModelTimeoutException",
        424 => "ModelErrorException",
        429 => "ThrottlingException",
        503 | 529 => "ServiceUnavailableException",
        _ => "InternalServerException",
    }
}

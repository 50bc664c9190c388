//! What an account does with a call, as data.
//!
//! The JSON form is the enum's tag beside the fields of its struct, all of them optional:
//! `{"kind":"answer","text":"Hi","between_chunks_ms":20}`, `{"kind":"status","status":429,"retry_after":1}`.

use serde::{Deserialize, Serialize};

mod answer;

pub use answer::{Answer, Ending, Finish, LineEnding};

/// What an account does with one call.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Behaviour {
    /// A model's answer, whole or streamed as the call asked.
    Answer(Answer),
    /// An error status with the provider's own error body.
    Status(StatusError),
    /// An error page of something in front of the provider: HTML, no JSON.
    HtmlError {
        /// The HTTP status.
        status: u16,
    },
    /// Reads the call and never answers.
    Hang,
    /// Reads the call and ends the connection without a byte of answer.
    Reset {
        /// How the connection ends.
        #[serde(default)]
        how: Cut,
    },
    /// 200 with `text/event-stream` and no event at all.
    EmptyStream,
    /// Exactly these bytes.
    Raw(Raw),
}

impl Default for Behaviour {
    fn default() -> Self {
        Self::Answer(Answer::default())
    }
}

impl Behaviour {
    /// Answers with this text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Answer {
            text: Some(text.into()),
            ..Answer::default()
        }
        .into()
    }

    /// Fails with this status and the provider's usual body for it.
    #[must_use]
    pub fn status(status: u16) -> Self {
        StatusError {
            status,
            ..StatusError::default()
        }
        .into()
    }

    /// Fails with 429, `retry-after` in seconds and the provider's rate-limit headers.
    #[must_use]
    pub fn rate_limited(retry_after: u64) -> Self {
        StatusError {
            status: 429,
            retry_after: Some(retry_after),
            rate_limit_headers: true,
            ..StatusError::default()
        }
        .into()
    }

    /// Refuses a call that is too long for the model, in the words of both dialects.
    #[must_use]
    pub fn too_long() -> Self {
        StatusError {
            status: 400,
            message: Some("prompt is too long: 200001 tokens > 200000 maximum".to_owned()),
            code: Some("context_length_exceeded".to_owned()),
            param: Some("messages".to_owned()),
            ..StatusError::default()
        }
        .into()
    }

    /// Answers 200 with this body, as JSON, whatever it is.
    #[must_use]
    pub fn body(body: impl Into<String>) -> Self {
        Raw {
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            chunks: vec![body.into()],
            ..Raw::default()
        }
        .into()
    }

    /// Resets the connection after it has read the call.
    #[must_use]
    pub fn reset() -> Self {
        Self::Reset { how: Cut::Reset }
    }

    /// Starts to answer with 200 and breaks the connection after this many events of the stream.
    #[must_use]
    pub fn broken_after(after_events: usize) -> Self {
        Answer {
            ending: Ending::Broken {
                after_events,
                how: Cut::Close,
            },
            ..Answer::default()
        }
        .into()
    }

    /// Starts to answer with 200 and sends an error event in place of the rest after this many events.
    #[must_use]
    pub fn error_event(after_events: usize) -> Self {
        Answer {
            ending: Ending::Error {
                after_events,
                status: answer::overloaded(),
            },
            ..Answer::default()
        }
        .into()
    }

    /// Starts to answer with 200 and falls silent, with the connection open, after this many events.
    #[must_use]
    pub fn silent_after(after_events: usize) -> Self {
        Answer {
            ending: Ending::Silent { after_events },
            ..Answer::default()
        }
        .into()
    }
}

/// How a connection is ended in the middle.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// TCP RST. Bytes the peer has not read yet may be lost to it.
    #[default]
    Reset,
    /// TCP FIN, as of a process that ended.
    Close,
}

/// An error status in the provider's shape.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct StatusError {
    /// The HTTP status.
    pub status: u16,
    /// The message; without one, the provider's usual one.
    pub message: Option<String>,
    /// `error.type`; without one, the provider's usual one for the status.
    pub error_type: Option<String>,
    /// `error.code` (`OpenAI` only); without one, the provider's usual one for the status.
    pub code: Option<String>,
    /// `error.param` (`OpenAI` only).
    pub param: Option<String>,
    /// `retry-after` in seconds.
    pub retry_after: Option<u64>,
    /// Adds `x-ratelimit-*` or `anthropic-ratelimit-*`.
    pub rate_limit_headers: bool,
    /// Milliseconds before the first byte.
    pub first_byte_ms: u64,
    /// Further response headers.
    pub headers: Vec<(String, String)>,
}

impl Default for StatusError {
    fn default() -> Self {
        Self {
            status: 500,
            message: None,
            error_type: None,
            code: None,
            param: None,
            retry_after: None,
            rate_limit_headers: false,
            first_byte_ms: 0,
            headers: Vec::new(),
        }
    }
}

impl From<StatusError> for Behaviour {
    fn from(error: StatusError) -> Self {
        Self::Status(error)
    }
}

/// An answer given byte for byte.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Raw {
    /// The HTTP status.
    pub status: u16,
    /// All response headers but those of framing.
    pub headers: Vec<(String, String)>,
    /// The body, in pieces that are each sent on their own. One piece is sent with its length.
    pub chunks: Vec<String>,
    /// The same for bytes that are no text, as hexadecimal digits; they come after `chunks`.
    pub hex_chunks: Vec<String>,
    /// Milliseconds before each piece but the first.
    pub between_chunks_ms: u64,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            chunks: Vec::new(),
            hex_chunks: Vec::new(),
            between_chunks_ms: 0,
        }
    }
}

impl From<Raw> for Behaviour {
    fn from(raw: Raw) -> Self {
        Self::Raw(raw)
    }
}

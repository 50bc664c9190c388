//! The wire formats: one folder each, with what is read of requests and answers and how errors look.

pub mod anthropic;
pub mod ir;
pub mod openai_chat;

mod answer_id;
mod codec;
mod flaw;
mod observe;
mod translate;

pub use codec::{
    Caller, Dropped, StreamReader, StreamWriter, Target, TooMuchHeld, Untranslatable, status_for,
};
pub use flaw::Flaw;
pub use observe::{Observation, Observer, Progress, Relay};
pub use translate::AnswerTranslator;

use self::ir::{Answer, ProviderError};
use crate::config::{Defaults, ProviderKind};
use crate::json::splice::Edit;
use crate::request::{Request, RequestError};

/// In whose shape the caller expects errors and lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// OpenAI's.
    OpenAi,
    /// Anthropic's.
    Anthropic,
}

/// A wire format in which models are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// OpenAI's chat completions.
    OpenAiChat,
    /// Anthropic's messages.
    AnthropicMessages,
}

/// What a stream's event is, beside what was noted from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventClass {
    /// Something that comes before the answer proper or keeps the connection alive: were it all, nothing would have
    /// been said.
    Preamble,
    /// A piece of the answer, or its end.
    Content,
    /// Usage and nothing else, in the way of OpenAI's last chunk.
    UsageOnly,
    /// The answer breaks off.
    Error,
}

impl Dialect {
    /// The status under which a provider's status of another format reaches a caller.
    #[must_use]
    pub fn status(self, theirs: u16) -> u16 {
        match (self, theirs) {
            // Anthropic's own word for an overload; OpenAI's clients know 503.
            (Self::OpenAi, 529) => 503,
            (Self::Anthropic, 422) => 400,
            _ => theirs,
        }
    }
}

impl Format {
    /// In whose shape callers of this format expect errors.
    #[must_use]
    pub fn dialect(self) -> Dialect {
        match self {
            Self::OpenAiChat => Dialect::OpenAi,
            Self::AnthropicMessages => Dialect::Anthropic,
        }
    }

    /// Where providers of this format take requests, after their base path.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::OpenAiChat => "/v1/chat/completions",
            Self::AnthropicMessages => "/v1/messages",
        }
    }

    /// Reads the facts of a request.
    pub fn read_request(self, body: &[u8]) -> Result<Request, RequestError> {
        match self {
            Self::OpenAiChat => openai_chat::request::read(body),
            Self::AnthropicMessages => anthropic::request::read(body),
        }
    }

    /// The edits that make of the agent's body the one for a provider of the same format.
    #[must_use]
    pub fn edits(self, request: &Request, model: &str, kind: ProviderKind, defaults: &Defaults) -> Vec<Edit> {
        match self {
            Self::OpenAiChat => openai_chat::request::edits(request, model, kind, defaults),
            Self::AnthropicMessages => anthropic::request::edits(request, model, defaults),
        }
    }

    /// Reads a request of this format into the intermediate form.
    pub fn read_chat(self, _body: &[u8]) -> Result<ir::ChatRequest<'_>, Untranslatable> {
        Err(Untranslatable::Unsupported {
            place: "model".to_owned(),
        })
    }

    /// Whether a request can be asked of a target of this format.
    pub fn check_chat(self, _: &ir::ChatRequest<'_>, _: &Target<'_>) -> Result<(), Untranslatable> {
        Ok(())
    }

    /// Writes a request in this format.
    pub fn write_chat(self, _: &ir::ChatRequest<'_>, _: &Target<'_>, _: &mut Dropped) -> Vec<u8> {
        Vec::new()
    }

    /// Reads a stream of the format.
    fn stream_reader(self) -> Box<dyn StreamReader> {
        match self {
            Self::OpenAiChat => Box::<openai_chat::stream::read::StreamReader>::default(),
            Self::AnthropicMessages => Box::<anthropic::stream::read::StreamReader>::default(),
        }
    }

    /// Writes a stream of the format.
    fn stream_writer(self, caller: Caller) -> Box<dyn StreamWriter> {
        match self {
            Self::OpenAiChat => Box::new(openai_chat::stream::write::StreamWriter::new(caller)),
            Self::AnthropicMessages => Box::new(anthropic::stream::write::StreamWriter::new(caller)),
        }
    }

    /// Reads an answer in one piece; `None` if it is none of the format.
    fn read_answer(self, body: &[u8]) -> Option<Answer<'_>> {
        match self {
            Self::OpenAiChat => openai_chat::answer::read::read(body),
            Self::AnthropicMessages => anthropic::answer::read::read(body),
        }
    }

    /// Writes an answer in one piece.
    fn write_answer(self, answer: &Answer<'_>, caller: &Caller) -> Vec<u8> {
        match self {
            Self::OpenAiChat => openai_chat::answer::write::write(answer, caller),
            Self::AnthropicMessages => anthropic::answer::write::write(answer, caller),
        }
    }

    /// Reads the body of an error; `None` if it is none of the format.
    fn read_error(self, body: &[u8], status: u16) -> Option<ProviderError<'_>> {
        match self {
            Self::OpenAiChat => openai_chat::error::read(body, status),
            Self::AnthropicMessages => anthropic::error::read(body, status),
        }
    }

    /// Writes the body of an error.
    fn write_error(self, error: &ProviderError<'_>, request_id: &str) -> Vec<u8> {
        match self {
            Self::OpenAiChat => openai_chat::error::write(error, request_id),
            Self::AnthropicMessages => anthropic::error::write(error, request_id),
        }
    }

    /// What ends a stream of this format that broke off.
    fn cut_event(self) -> &'static [u8] {
        match self {
            Self::OpenAiChat => openai_chat::stream::CUT,
            Self::AnthropicMessages => anthropic::stream::CUT,
        }
    }

    /// Notes what an answer that is not a stream says of itself, and whether it is one; `None` if it is no whole JSON
    /// object (yet).
    fn observe_answer(self, body: &[u8], observation: &mut Observation) -> Option<Result<(), Flaw>> {
        match self {
            Self::OpenAiChat => openai_chat::answer::observe(body, observation),
            Self::AnthropicMessages => anthropic::answer::observe(body, observation),
        }
    }

    /// Notes what an event of a stream says of it.
    fn observe_event(self, data: &[u8], observation: &mut Observation) -> EventClass {
        match self {
            Self::OpenAiChat => openai_chat::stream::observe(data, observation),
            Self::AnthropicMessages => anthropic::stream::observe(data, observation),
        }
    }
}

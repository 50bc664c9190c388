//! The wire formats: one folder each, with what is read of requests and answers and how errors look.

pub mod anthropic;
pub mod ir;
pub mod openai_chat;

pub(crate) mod arguments;
mod codec;
mod media;
mod observe;
mod opaque;
mod place;
mod tool_ids;

pub use codec::{Caller, Dropped, StreamReader, StreamWriter, Target, Untranslatable, status_for};
pub use observe::{Observation, Observer, Relay};

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

/// What a stream's event is good for, beside what was noted from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventRole {
    /// Something for the agent.
    Content,
    /// Usage and nothing else, in the way of OpenAI's last chunk.
    UsageOnly,
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

    /// Notes what an answer that is not a stream says of itself; false if it is not (yet) an answer.
    fn observe_answer(self, body: &[u8], observation: &mut Observation) -> bool {
        match self {
            Self::OpenAiChat => openai_chat::answer::observe(body, observation),
            Self::AnthropicMessages => anthropic::answer::observe(body, observation),
        }
    }

    /// Notes what an event of a stream says of it.
    fn observe_event(self, data: &[u8], observation: &mut Observation) -> EventRole {
        match self {
            Self::OpenAiChat => openai_chat::stream::observe(data, observation),
            Self::AnthropicMessages => {
                anthropic::stream::observe(data, observation);
                EventRole::Content
            }
        }
    }
}

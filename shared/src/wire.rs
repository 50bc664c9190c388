//! The wire formats: one folder each, with what is read of requests and answers and how errors look.

pub mod anthropic;
pub mod bedrock;
mod cohere;
mod gemini;
pub mod ir;
mod mistral;
pub mod openai_chat;
pub mod openai_responses;

mod answer_id;
pub(crate) mod arguments;
mod codec;
mod counts;
mod embeddings;
mod ending;
mod flaw;
mod json_instruction;
mod kept;
mod media;
mod members;
mod observation;
mod observe;
pub(crate) mod opaque;
mod place;
pub mod readings;
mod tool_ids;
mod tool_schema;
mod transcript;
mod translate;
mod upstream;

#[cfg(test)]
mod blessing;
#[cfg(test)]
mod request_tests;

#[cfg(test)]
pub(crate) use media::encode as base64;

pub use bedrock::{Unframer, aws_status};
pub use codec::{
    Caller, Dropped, Namespaced, Repeated, StreamReader, StreamWriter, Target, TooMuchHeld, Untranslatable,
};
pub use counts::{CountTranslator, Counted, Counter};
pub use embeddings::{Embedder, EmbeddingRequest, EmbeddingTranslator, Encoding};
pub use ending::Ending;
pub use flaw::Flaw;
pub use observation::{Observation, Progress};
pub use observe::{Observer, Relay};
pub use readings::Reading;
pub use transcript::{Transcriber, Transcript};
pub use translate::AnswerTranslator;
pub use upstream::UpstreamFormat;

use self::codec::AgentCodec;
use self::ir::ChatRequest;
use crate::request::{Request, RequestError};
use json::splice::Edit;

/// In whose shape the caller expects errors and lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// OpenAI's.
    OpenAi,
    /// Anthropic's.
    Anthropic,
}

/// A wire format in which agents call models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// OpenAI's chat completions.
    OpenAiChat,
    /// Anthropic's messages.
    AnthropicMessages,
    /// OpenAI's responses.
    OpenAiResponses,
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
    /// The table of formats: a new one is a folder and a row here.
    fn codec(self) -> &'static AgentCodec {
        match self {
            Self::OpenAiChat => &openai_chat::AGENT,
            Self::AnthropicMessages => &anthropic::AGENT,
            Self::OpenAiResponses => &openai_responses::AGENT,
        }
    }

    /// In whose shape callers of this format expect errors.
    #[must_use]
    pub fn dialect(self) -> Dialect {
        self.codec().dialect
    }

    /// Reads the facts of a request.
    pub fn read_request(self, body: &[u8]) -> Result<Request, RequestError> {
        (self.codec().same.read_facts)(body)
    }

    /// The edits that make of the agent's body the one for a provider of the same format.
    #[must_use]
    pub fn edits(self, request: &Request, target: &Target<'_>) -> Vec<Edit> {
        (self.codec().same.edits)(request, target)
    }

    /// The JSON schema that a request of this format wants its answer to fit, as it was written.
    #[must_use]
    pub fn wanted_schema(self, body: &[u8]) -> Option<&[u8]> {
        (self.codec().same.wanted_schema)(body)
    }

    /// What answers in this format repeat of a request.
    #[must_use]
    pub fn repeats(self, body: &[u8]) -> Repeated {
        (self.codec().repeats)(body)
    }

    /// Reads a request of this format into the intermediate form.
    pub fn read_chat(self, body: &[u8]) -> Result<ChatRequest<'_>, Untranslatable> {
        (self.codec().read_request)(body)
    }
}

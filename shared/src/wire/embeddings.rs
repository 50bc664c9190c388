//! Embeddings: asked in OpenAI's format, <https://platform.openai.com/docs/api-reference/embeddings>, and of providers
//! in theirs. The numbers of a vector pass as they are written, or as the nearest 32-bit floats where base64 is asked for.

mod answer;
mod bedrock;
mod cohere;
mod gemini;
mod mistral;
mod request;
mod translate;

pub use request::{EmbeddingRequest, Encoding};
pub use translate::EmbeddingTranslator;

use self::answer::EmbeddingAnswer;
use super::{Target, Untranslatable};
use crate::config::ProviderKind;

/// How a provider is asked for embeddings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Embedder {
    /// As OpenAI's own API: calls pass as they are.
    OpenAi,
    /// Mistral's API.
    Mistral,
    /// Cohere's second API.
    Cohere,
    /// The Gemini API.
    Gemini,
    /// Google's models at Vertex AI.
    Vertex,
    /// Amazon's Titan at Bedrock.
    Titan,
    /// Cohere's models at Bedrock.
    CohereBedrock,
}

/// What the broker can do with one of them.
struct Codec {
    /// Writes a request for a model.
    write: fn(&EmbeddingRequest<'_>, &str) -> Result<Vec<u8>, Untranslatable>,
    /// Reads an answer; `None` if it is none.
    read: for<'a> fn(&'a [u8]) -> Option<EmbeddingAnswer<'a>>,
    /// The path at which a model is asked, after what the account's address puts before every path.
    path: fn(&str) -> String,
}

impl ProviderKind {
    /// How a provider of this kind is asked for embeddings of a model; `None` if it has none.
    #[must_use]
    pub fn embedder(self, model: &str) -> Option<Embedder> {
        match self {
            Self::OpenAi | Self::AzureOpenAi | Self::OpenAiCompatible | Self::SelfHosted(_) => {
                Some(Embedder::OpenAi)
            }
            Self::Mistral => Some(Embedder::Mistral),
            Self::Cohere => Some(Embedder::Cohere),
            Self::Gemini => Some(Embedder::Gemini),
            Self::Vertex => Some(Embedder::Vertex),
            Self::Bedrock => Embedder::of_bedrock(model),
            Self::Anthropic => None,
        }
    }
}

impl Embedder {
    /// How Bedrock is asked for embeddings of a model, by its name.
    #[must_use]
    pub fn of_bedrock(model: &str) -> Option<Self> {
        if model.contains("amazon.titan-embed") {
            Some(Self::Titan)
        } else if model.contains("cohere.embed") {
            Some(Self::CohereBedrock)
        } else {
            None
        }
    }

    fn codec(self) -> Option<&'static Codec> {
        match self {
            Self::OpenAi => None,
            Self::Mistral => Some(&mistral::CODEC),
            Self::Cohere => Some(&cohere::CODEC),
            Self::Gemini => Some(&gemini::CODEC),
            Self::Vertex => Some(&gemini::VERTEX),
            Self::Titan => Some(&bedrock::TITAN),
            Self::CohereBedrock => Some(&bedrock::COHERE),
        }
    }

    /// Whether a request can be asked of a target.
    pub fn check(self, body: &[u8], target: &Target<'_>) -> Result<(), Untranslatable> {
        match self.codec() {
            None => Ok(()),
            Some(codec) => (codec.write)(&EmbeddingRequest::read(body)?, target.model).map(drop),
        }
    }

    /// The body for a model, made out of the agent's.
    pub fn write(self, body: &[u8], model: &str) -> Result<Vec<u8>, Untranslatable> {
        match self.codec() {
            None => Ok(body.to_vec()),
            Some(codec) => (codec.write)(&EmbeddingRequest::read(body)?, model),
        }
    }

    /// The path at which a model is asked.
    #[must_use]
    pub fn path(self, model: &str) -> String {
        self.codec()
            .map_or_else(|| "/v1/embeddings".to_owned(), |codec| (codec.path)(model))
    }

    fn read(self, body: &[u8]) -> Option<EmbeddingAnswer<'_>> {
        (self.codec()?.read)(body)
    }
}

#[cfg(test)]
mod tests;

//! Counts of tokens: asked in Anthropic's format, <https://platform.claude.com/docs/en/api/messages-count-tokens>, and of
//! other services that count in theirs. Mistral and Cohere have no count of a conversation. Azure has none of `OpenAI`'s
//! either: `404 Unknown request URL: POST /v1/responses/input_tokens`, openai/openai-dotnet#1165.

mod claude;
mod gemini;
mod openai;
mod translate;

pub use translate::CountTranslator;

use super::Untranslatable;
use crate::config::ProviderKind;
use crate::request::Request;
use json::Node;

/// How a provider is asked for the tokens of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// As Anthropic's own API: calls pass as they are.
    Anthropic,
    /// Claude at Vertex AI.
    VertexClaude,
    /// Claude at Bedrock, the only models that it counts for.
    BedrockClaude,
    /// The Gemini API.
    Gemini,
    /// Google's models at Vertex AI.
    Vertex,
    /// `OpenAI`'s own models.
    OpenAi,
}

/// What is to be counted.
#[derive(Clone, Copy, Debug)]
pub struct Counted<'a> {
    /// The agent's call, in Anthropic's format.
    pub body: &'a [u8],
    /// Its facts.
    pub request: &'a Request,
    /// The value of its header `anthropic-beta`.
    pub features: Option<&'a [u8]>,
}

/// What the broker can do with one of them.
struct Codec {
    /// Writes a request for a model.
    write: fn(Counted<'_>, &str) -> Result<Vec<u8>, Untranslatable>,
    /// The member of an answer that is the count.
    count: &'static str,
    /// The path at which a model is asked, after what the account's address puts before every path.
    path: fn(&str) -> String,
}

impl ProviderKind {
    /// How a provider of this kind is asked for the tokens of a call for a model; `None` if it does not count them.
    #[must_use]
    pub fn counter(self, model: &str) -> Option<Counter> {
        match self {
            Self::Anthropic => Some(Counter::Anthropic),
            Self::Vertex if model.starts_with("claude") => Some(Counter::VertexClaude),
            Self::Vertex => Some(Counter::Vertex),
            Self::Gemini => Some(Counter::Gemini),
            Self::Bedrock => claude::of_bedrock(model).map(|_| Counter::BedrockClaude),
            Self::OpenAi => Some(Counter::OpenAi),
            Self::AzureOpenAi
            | Self::OpenAiCompatible
            | Self::SelfHosted(_)
            | Self::Mistral
            | Self::Cohere => None,
        }
    }
}

impl Counter {
    fn codec(self) -> Option<&'static Codec> {
        match self {
            Self::Anthropic => None,
            Self::VertexClaude => Some(&claude::VERTEX),
            Self::BedrockClaude => Some(&claude::BEDROCK),
            Self::Gemini => Some(&gemini::CODEC),
            Self::Vertex => Some(&gemini::VERTEX),
            Self::OpenAi => Some(&openai::CODEC),
        }
    }

    /// Whether it is asked in the caller's own API.
    #[must_use]
    pub fn is_asked_as_it_is(self) -> bool {
        self.codec().is_none()
    }

    /// The body for a model, made out of the agent's; `None` if that goes on with the model's name in it.
    pub fn write(self, counted: Counted<'_>, model: &str) -> Result<Option<Vec<u8>>, Untranslatable> {
        let codec = self.codec();
        codec.map(|codec| (codec.write)(counted, model)).transpose()
    }

    /// The path at which a model is asked.
    #[must_use]
    pub fn path(self, model: &str) -> String {
        self.codec().map_or_else(
            || "/v1/messages/count_tokens".to_owned(),
            |codec| (codec.path)(model),
        )
    }

    /// Reads an answer; `None` if it is none.
    fn read(self, body: &[u8]) -> Option<u64> {
        let (_, [count]) = Node::sound(body, [self.codec()?.count])?;
        count?.unsigned()
    }
}

#[cfg(test)]
mod tests;

//! Whose manners an account has.

use std::str::FromStr;

use hyper::Uri;
use serde::{Deserialize, Serialize};

use crate::request::Dialect;

/// Whose manners an account has: which API it serves, what it refuses and what it makes of a conversation.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Vendor {
    /// Nobody's: both APIs, and nearly everything is taken. For bytes that must arrive as they are, and for the benchmark.
    #[default]
    Any,
    /// `OpenAI`'s: chat completions and responses only, as strict as the real ones.
    OpenAi,
    /// Anthropic's: messages only, as strict as the real ones.
    Anthropic,
    /// Those of a server that is compatible with `OpenAI`'s: fields nobody knows are welcome, and thoughts are told.
    Compatible,
    /// AWS Bedrock's runtime, as strict as the real one. It has paths of its own.
    Bedrock,
    /// Azure's, of `OpenAI`'s models: both of its paths, its own header for the key, and what its filters say.
    Azure,
    /// Mistral's: its own keys, ids and order of messages.
    Mistral,
    /// Cohere's, of a format of its own.
    Cohere,
    /// vLLM's: a newer name for thoughts, an id in every fragment, errors with numbers.
    Vllm,
    /// Ollama's: whole calls, all under the number 0, and a stop after them.
    Ollama,
    /// llama.cpp's: times beside the usage.
    LlamaCpp,
    /// Those of text-generation-inference: only the oldest keys, errors of two texts.
    Tgi,
    /// Google's Gemini API: `generateContent` only.
    Gemini,
    /// Google's Vertex AI: `generateContent`, and Anthropic's messages by `rawPredict`.
    Vertex,
}

impl Vendor {
    /// Whether this vendor serves this API.
    pub(crate) fn serves(self, dialect: Dialect) -> bool {
        match self {
            Self::Any => dialect != Dialect::Cohere,
            Self::Cohere => dialect == Dialect::Cohere,
            Self::OpenAi | Self::Azure => matches!(dialect, Dialect::OpenAi | Dialect::Responses),
            Self::Compatible | Self::Mistral | Self::Vllm | Self::Ollama | Self::LlamaCpp | Self::Tgi => {
                dialect == Dialect::OpenAi
            }
            Self::Anthropic => dialect == Dialect::Anthropic,
            Self::Gemini => dialect == Dialect::Gemini,
            Self::Vertex => matches!(dialect, Dialect::Gemini | Dialect::Anthropic),
            Self::Bedrock => false,
        }
    }

    /// Whether it tells what its models think.
    pub(crate) fn tells_thoughts(self) -> bool {
        matches!(
            self,
            Self::Compatible | Self::Mistral | Self::Vllm | Self::Ollama | Self::LlamaCpp
        )
    }

    /// Whether it tells the usage of streams without being asked.
    pub(crate) fn always_tells_usage(self) -> bool {
        self == Self::Mistral
    }

    /// Whether this vendor has something at this address; most do not mind what stands before the end of a path.
    pub(crate) fn knows(self, address: &Uri) -> bool {
        match self {
            Self::Azure => azure_knows(address),
            _ => true,
        }
    }
}

impl FromStr for Vendor {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_value(text.into())
    }
}

/// One path has no date, the other has one and names the deployment.
fn azure_knows(address: &Uri) -> bool {
    let version = address
        .query()
        .and_then(|query| query.strip_prefix("api-version="));
    let segments: Vec<&str> = address.path().split('/').skip(1).collect();
    match segments.as_slice() {
        ["openai", "v1", "chat", "completions"] | ["openai", "v1", "responses"] => version.is_none(),
        ["openai", "deployments", deployment, "chat", "completions"] => {
            !deployment.is_empty() && version.is_some_and(|version| version.starts_with("20"))
        }
        _ => false,
    }
}

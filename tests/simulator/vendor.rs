//! Whose manners an account has.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::request::Dialect;

/// Whose manners an account has: which API it serves, what it refuses and what it makes of a conversation.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Vendor {
    /// Nobody's: both APIs, and nearly everything is taken. For bytes that must arrive as they are, and for the benchmark.
    #[default]
    Any,
    /// `OpenAI`'s: chat completions only, as strict as the real ones.
    OpenAi,
    /// Anthropic's: messages only, as strict as the real ones.
    Anthropic,
    /// Those of a server that is compatible with `OpenAI`'s: fields nobody knows are welcome, and thoughts are told.
    Compatible,
    /// Google's Gemini API: `generateContent` only.
    Gemini,
    /// Google's Vertex AI: `generateContent`, and Anthropic's messages by `rawPredict`.
    Vertex,
}

impl Vendor {
    /// Whether this vendor serves this API.
    pub(crate) fn serves(self, dialect: Dialect) -> bool {
        match self {
            Self::Any => true,
            Self::OpenAi | Self::Compatible => dialect == Dialect::OpenAi,
            Self::Anthropic => dialect == Dialect::Anthropic,
            Self::Gemini => dialect == Dialect::Gemini,
            Self::Vertex => dialect != Dialect::OpenAi,
        }
    }
}

impl FromStr for Vendor {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_value(text.into())
    }
}

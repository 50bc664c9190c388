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
    /// `OpenAI`'s: chat completions and responses only, as strict as the real ones.
    OpenAi,
    /// Anthropic's: messages only, as strict as the real ones.
    Anthropic,
    /// Those of a server that is compatible with `OpenAI`'s: fields nobody knows are welcome, and thoughts are told.
    Compatible,
}

impl Vendor {
    /// Whether this vendor serves this API.
    pub(crate) fn serves(self, dialect: Dialect) -> bool {
        match self {
            Self::Any => true,
            Self::OpenAi => matches!(dialect, Dialect::OpenAi | Dialect::Responses),
            Self::Compatible => dialect == Dialect::OpenAi,
            Self::Anthropic => dialect == Dialect::Anthropic,
        }
    }
}

impl FromStr for Vendor {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_value(text.into())
    }
}

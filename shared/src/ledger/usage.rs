//! Tokens in one convention, whatever the provider's.

use crate::units::Tokens;

/// What a provider says an answer used.
///
/// The convention: `input` and `output` are totals. `cache_read` and `cache_write` are parts of `input`,
/// `cache_write_hour` is a part of `cache_write`, `reasoning` is a part of `output`. `media` is a part of `input` that no cache had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// All tokens of the input, cached ones included.
    pub input: Tokens,
    /// Input that came from the provider's cache.
    pub cache_read: Tokens,
    /// Input that went into the provider's cache.
    pub cache_write: Tokens,
    /// Of that, what is kept there for an hour rather than for minutes.
    pub cache_write_hour: Tokens,
    /// Images and sound among the input, where a model has a price of their own for them and its provider tells them apart.
    pub media: Tokens,
    /// All tokens of the output, reasoning included.
    pub output: Tokens,
    /// Output that the model thought and did not say.
    pub reasoning: Tokens,
    /// The tier of service that the answer was served in.
    pub tier: ServiceTier,
}

/// The tier of service that a provider says an answer was served in, as far as prices differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServiceTier {
    /// The usual one, also where the provider says nothing or a word that is not known.
    #[default]
    Standard,
    /// Cheaper, and slower.
    Flex,
    /// Dearer, and quicker.
    Priority,
    /// Cheaper, within a day.
    Batch,
    /// Capacity that was bought beforehand: what a token of it costs, only the contract says.
    Contracted,
}

impl ServiceTier {
    /// All tiers.
    pub const ALL: [Self; 5] = [
        Self::Standard,
        Self::Flex,
        Self::Priority,
        Self::Batch,
        Self::Contracted,
    ];

    /// Reads `OpenAI`'s `service_tier`: <https://developers.openai.com/api/docs/guides/priority-processing>. `fast` is
    /// the later name of `priority`; `scale` is bought beforehand, and what `ultrafast` costs changes with time.
    #[must_use]
    pub fn of_openai(quoted: &[u8]) -> Self {
        match quoted {
            b"\"flex\"" => Self::Flex,
            b"\"priority\"" | b"\"fast\"" => Self::Priority,
            b"\"batch\"" => Self::Batch,
            b"\"scale\"" | b"\"ultrafast\"" => Self::Contracted,
            _ => Self::Standard,
        }
    }

    /// Reads Anthropic's `usage.service_tier`: <https://platform.claude.com/docs/en/api/service-tiers>. Its `priority` is
    /// bought beforehand.
    #[must_use]
    pub fn of_anthropic(quoted: &[u8]) -> Self {
        match quoted {
            b"\"batch\"" => Self::Batch,
            b"\"priority\"" => Self::Contracted,
            _ => Self::Standard,
        }
    }
}

impl Usage {
    /// Input and output together.
    #[must_use]
    pub fn total(&self) -> Tokens {
        self.input.saturating_add(self.output)
    }
}

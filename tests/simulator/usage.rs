//! The token counts a call is told.

use serde::Serialize;

/// Tokens of one call, as the provider reports them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// All input tokens: those read from and written to the prompt cache are part of them.
    pub input: u64,
    /// Input tokens read from the prompt cache.
    pub cached: u64,
    /// Input tokens written to the prompt cache.
    pub cache_write: u64,
    /// Of those written to the prompt cache, how many are kept for an hour.
    pub cache_write_1h: u64,
    /// Output tokens, those of thoughts among them.
    pub output: u64,
    /// Output tokens that were thought and not said.
    pub reasoning: u64,
}

impl Usage {
    /// Input and output together.
    #[must_use]
    pub fn total(self) -> u64 {
        self.input + self.output
    }

    /// Input tokens that had nothing to do with the cache: what Anthropic calls `input_tokens`.
    #[must_use]
    pub fn uncached(self) -> u64 {
        self.input.saturating_sub(self.cached + self.cache_write)
    }
}

/// The input tokens of a body of this many bytes.
#[must_use]
pub(crate) fn input_tokens(bytes: usize) -> u64 {
    u64::try_from(bytes.div_ceil(4)).unwrap_or(u64::MAX)
}

/// The output tokens of a text.
#[must_use]
pub(crate) fn output_tokens(text: &str) -> u64 {
    u64::try_from(text.split_whitespace().count()).unwrap_or(u64::MAX)
}

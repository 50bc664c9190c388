//! Tokens in one convention, whatever the provider's.

use crate::units::Tokens;

/// What a provider says an answer used.
///
/// The convention: `input` and `output` are totals. `cache_read` and `cache_write` are parts of `input`,
/// `cache_write_hour` is a part of `cache_write`, `reasoning` is a part of `output`.
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
    /// All tokens of the output, reasoning included.
    pub output: Tokens,
    /// Output that the model thought and did not say.
    pub reasoning: Tokens,
}

impl Usage {
    /// Input and output together.
    #[must_use]
    pub fn total(&self) -> Tokens {
        self.input.saturating_add(self.output)
    }
}

//! Turns a provider's count into Anthropic's format.

use super::Counter;
use crate::json::write;
use crate::ledger::Usage;
use crate::limits::MAX_OBSERVED_ANSWER;
use crate::wire::{Flaw, Observation};

/// Translates one answer, which is kept until it is whole.
#[derive(Debug)]
pub struct CountTranslator {
    counter: Counter,
    kept: Vec<u8>,
}

impl CountTranslator {
    /// Translates what a counter answers.
    #[must_use]
    pub fn new(counter: Counter) -> Self {
        Self {
            counter,
            kept: Vec::new(),
        }
    }

    /// Takes the next chunk and gives what the agent gets for it: nothing before the last one. What is no count is noted
    /// as a flaw. Counting costs nothing.
    pub fn push(&mut self, chunk: &[u8], is_last: bool, observation: &mut Observation) -> Vec<u8> {
        if self.kept.len().saturating_add(chunk.len()) > MAX_OBSERVED_ANSWER {
            observation.note_flaw(Flaw::TooLong);
            return Vec::new();
        }
        self.kept.extend_from_slice(chunk);
        if !is_last {
            return Vec::new();
        }
        observation.note_usage(Some(Usage::default()));
        let Some(tokens) = self.counter.read(&self.kept) else {
            let is_empty = self.kept.trim_ascii().is_empty();
            observation.note_flaw(if is_empty { Flaw::Empty } else { Flaw::Unreadable });
            return Vec::new();
        };
        observation.note_content();
        let mut out = Vec::new();
        write::object(&mut out, |answer| answer.number("input_tokens", tokens));
        out
    }
}

//! Turns a provider's count into Anthropic's format.

use super::Counter;
use crate::ledger::Usage;
use crate::wire::Observation;
use crate::wire::kept::Kept;
use json::write;

/// Translates one answer, which is kept until it is whole.
#[derive(Debug)]
pub struct CountTranslator {
    counter: Counter,
    kept: Kept,
}

impl CountTranslator {
    /// Translates what a counter answers.
    #[must_use]
    pub fn new(counter: Counter) -> Self {
        Self {
            counter,
            kept: Kept::default(),
        }
    }

    /// Takes the next chunk and gives what the agent gets for it: nothing before the last one. What is no count is noted
    /// as a flaw. Counting costs nothing.
    pub fn push(&mut self, chunk: &[u8], is_last: bool, observation: &mut Observation) -> Vec<u8> {
        let Some(answer) = self.kept.push(chunk, is_last, observation) else {
            return Vec::new();
        };
        observation.note_usage(Some(Usage::default()));
        let Some(tokens) = self.counter.read(answer) else {
            self.kept.note_unreadable(observation);
            return Vec::new();
        };
        observation.note_content();
        let mut out = Vec::new();
        write::object(&mut out, |answer| answer.number("input_tokens", tokens));
        out
    }
}

//! An answer on its way to the agent: it passes as it is, or in the agent's format.

use crate::wire::{AnswerTranslator, EmbeddingTranslator, Observation, Observer, Relay};

/// What becomes of the body of an answer.
#[derive(Debug)]
pub enum Passage {
    /// Provider and agent speak the same format.
    Same(Observer),
    /// They do not.
    Translated(AnswerTranslator),
    /// The provider embeds in a format of its own.
    Embedded(EmbeddingTranslator),
}

impl Passage {
    /// Takes the next chunk and gives what passes in its place; `is_last` if none follows.
    pub fn push(&mut self, chunk: &[u8], is_last: bool, observation: &mut Observation) -> Relay {
        match self {
            Self::Same(observer) => observer.push(chunk, is_last, observation),
            Self::Embedded(translator) => Relay::Replaced(translator.push(chunk, is_last, observation)),
            Self::Translated(translator) => Relay::Replaced(translator.push(chunk, is_last, observation)),
        }
    }
}

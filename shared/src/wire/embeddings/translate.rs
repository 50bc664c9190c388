//! Turns a provider's embeddings into OpenAI's format.

use super::answer::EmbeddingAnswer;
use super::{Embedder, Encoding};
use crate::ledger::Usage;
use crate::units::Tokens;
use crate::wire::Observation;
use crate::wire::kept::Kept;

/// Translates one answer, which is kept until it is whole.
#[derive(Debug)]
pub struct EmbeddingTranslator {
    embedder: Embedder,
    encoding: Encoding,
    /// The caller's name of the model.
    model: String,
    /// How many texts were to be embedded.
    inputs: usize,
    kept: Kept,
}

impl EmbeddingTranslator {
    /// Translates for a caller that asked for vectors of so many texts from `model`.
    #[must_use]
    pub fn new(embedder: Embedder, encoding: Encoding, model: String, inputs: usize) -> Self {
        Self {
            embedder,
            encoding,
            model,
            inputs,
            kept: Kept::default(),
        }
    }

    /// Takes the next chunk and gives what the agent gets for it: nothing before the last one. What is no answer, or not
    /// one in every number, is noted as a flaw.
    pub fn push(&mut self, chunk: &[u8], is_last: bool, observation: &mut Observation) -> Vec<u8> {
        let Some(answer) = self.kept.push(chunk, is_last, observation) else {
            return Vec::new();
        };
        // With one vector too few or too many, nobody could tell whose each of them is.
        let is_whole = |answer: &EmbeddingAnswer<'_>| answer.vectors.len() == self.inputs;
        let answer = self.embedder.read(answer).filter(is_whole);
        let written = answer.and_then(|answer| {
            let usage = answer.input_tokens.map(|tokens| Usage {
                input: Tokens(tokens),
                ..Usage::default()
            });
            observation.note_usage(usage);
            answer.write(self.encoding, &self.model)
        });
        if let Some(body) = written {
            observation.note_content();
            return body;
        }
        self.kept.note_unreadable(observation);
        Vec::new()
    }
}

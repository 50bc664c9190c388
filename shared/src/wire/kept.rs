//! A whole answer that is kept until nothing of it is missing.

use super::{Flaw, Observation};
use crate::limits::MAX_OBSERVED_ANSWER;

/// What came of an answer so far.
#[derive(Debug, Default)]
pub(super) struct Kept(Vec<u8>);

impl Kept {
    /// Takes the next chunk, and gives the whole with the last one. What is too long to be kept is noted as a flaw.
    pub fn push(&mut self, chunk: &[u8], is_last: bool, observation: &mut Observation) -> Option<&[u8]> {
        if self.0.len().saturating_add(chunk.len()) > MAX_OBSERVED_ANSWER {
            observation.note_flaw(Flaw::TooLong);
            return None;
        }
        self.0.extend_from_slice(chunk);
        is_last.then_some(&self.0)
    }

    /// Notes that the whole is not what was asked for.
    pub fn note_unreadable(&self, observation: &mut Observation) {
        let is_empty = self.0.trim_ascii().is_empty();
        observation.note_flaw(if is_empty { Flaw::Empty } else { Flaw::Unreadable });
    }
}

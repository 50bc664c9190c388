//! An answer on its way to the agent: it passes as it is, or in the agent's format.

use crate::ledger::Usage;
use crate::wire::{AnswerTranslator, Ending, Observation, Observer, Relay};

/// What becomes of the body of an answer.
#[derive(Debug)]
pub enum Passage {
    /// Provider and agent speak the same format.
    Same(Observer),
    /// The same, of a stream that may have to be ended before its time.
    Leashed(Observer, Box<Ending>),
    /// They do not.
    Translated(AnswerTranslator),
}

impl Passage {
    /// Takes the next chunk and gives what passes in its place; `is_last` if none follows.
    pub fn push(&mut self, chunk: &[u8], is_last: bool, observation: &mut Observation) -> Relay {
        match self {
            Self::Same(observer) => observer.push(chunk, is_last, observation),
            Self::Leashed(observer, ending) => {
                ending.note(chunk);
                observer.push(chunk, is_last, observation)
            }
            Self::Translated(translator) => Relay::Replaced(translator.push(chunk, is_last, observation)),
        }
    }

    /// Ends the stream after the chunk that was pushed last, for which `relay` came back, and gives what passes of that with
    /// the end; `None` if it cannot be ended here.
    pub fn stop(
        &mut self,
        chunk: &[u8],
        relay: &Relay,
        usage: &Usage,
        observation: &mut Observation,
    ) -> Option<Vec<u8>> {
        match (self, relay) {
            (Self::Same(_), _) | (Self::Translated(_), Relay::Unchanged) => None,
            (Self::Leashed(_, ending), relay) => {
                let passed = ending.after(chunk, relay, usage)?;
                observation.note_stopped();
                Some(passed)
            }
            (Self::Translated(translator), Relay::Replaced(passed)) => {
                let end = translator.stop(usage, observation)?;
                Some([passed.as_slice(), &end].concat())
            }
        }
    }
}

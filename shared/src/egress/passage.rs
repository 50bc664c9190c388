//! An answer on its way to the agent: it passes as it is, or in the agent's format.

use crate::ledger::Usage;
use crate::stored::{Labeller, Place};
use crate::wire::{
    AnswerTranslator, CountTranslator, EmbeddingTranslator, Ending, Observation, Observer, Relay, Unframer,
};

/// What becomes of the body of an answer.
#[derive(Debug)]
pub enum Passage {
    /// Provider and agent speak the same format.
    Same(Observer),
    /// The same, of a stream that may have to be ended before its time.
    Leashed(Observer, Box<Ending>),
    /// They do not.
    Translated(AnswerTranslator),
    /// The provider embeds in a format of its own.
    Embedded(EmbeddingTranslator),
    /// The provider counts tokens in a format of its own.
    Counted(CountTranslator),
    /// The provider's stream comes in binary frames.
    Unframed(Box<Unframed>),
    /// The provider keeps the answer, and the agent gets its id with a tag.
    Labelled(Box<Labelled>),
}

/// A stream that is taken out of its frames first.
#[derive(Debug)]
pub struct Unframed {
    unframer: Unframer,
    /// The events of the last chunk.
    events: Vec<u8>,
    rest: Passage,
}

/// An answer that gets tags on its way.
#[derive(Debug)]
pub struct Labelled {
    labeller: Labeller,
    /// How far that was before the last chunk.
    before: Place,
    /// What passed of the last chunk, without tags.
    relay: Relay,
    rest: Passage,
}

impl Passage {
    /// The same way with tags.
    #[must_use]
    pub fn labelled(self, labeller: Labeller) -> Self {
        Self::Labelled(Box::new(Labelled {
            before: labeller.place(),
            relay: Relay::Unchanged,
            rest: self,
            labeller,
        }))
    }

    /// The same way for a stream that comes in frames.
    #[must_use]
    pub fn after(self, unframer: Unframer) -> Self {
        Self::Unframed(Box::new(Unframed {
            unframer,
            events: Vec::new(),
            rest: self,
        }))
    }

    /// Whether the agent gets another format than the provider's.
    pub fn is_translated(&self) -> bool {
        match self {
            Self::Same(_) | Self::Leashed(..) => false,
            Self::Translated(_) | Self::Embedded(_) | Self::Counted(_) => true,
            Self::Unframed(unframed) => unframed.rest.is_translated(),
            Self::Labelled(labelled) => labelled.rest.is_translated(),
        }
    }

    /// Whether the agent gets the broker's words and not the provider's.
    pub fn is_rewritten(&self) -> bool {
        match self {
            Self::Same(_) | Self::Leashed(..) => false,
            Self::Labelled(labelled) => labelled.rest.is_rewritten(),
            Self::Translated(_) | Self::Embedded(_) | Self::Counted(_) | Self::Unframed(_) => true,
        }
    }

    /// Whether the agent gets as many bytes as the provider sends.
    pub fn keeps_length(&self) -> bool {
        !self.is_rewritten() && !matches!(self, Self::Labelled(_))
    }

    /// The last chunk as it is to be read: without frames.
    pub fn read<'c>(&'c self, chunk: &'c [u8]) -> &'c [u8] {
        match self {
            Self::Same(_)
            | Self::Leashed(..)
            | Self::Translated(_)
            | Self::Embedded(_)
            | Self::Counted(_) => chunk,
            Self::Unframed(unframed) => &unframed.events,
            Self::Labelled(labelled) => labelled.rest.read(chunk),
        }
    }

    /// Takes the next chunk and gives what passes in its place; `is_last` if none follows.
    pub fn push(&mut self, chunk: &[u8], is_last: bool, observation: &mut Observation) -> Relay {
        match self {
            Self::Same(observer) => observer.push(chunk, is_last, observation),
            Self::Leashed(observer, ending) => {
                ending.note(chunk);
                observer.push(chunk, is_last, observation)
            }
            Self::Counted(translator) => Relay::Replaced(translator.push(chunk, is_last, observation)),
            Self::Embedded(translator) => Relay::Replaced(translator.push(chunk, is_last, observation)),
            Self::Translated(translator) => Relay::Replaced(translator.push(chunk, is_last, observation)),
            Self::Unframed(unframed) => Relay::Replaced(unframed.push(chunk, is_last, observation)),
            Self::Labelled(labelled) => labelled.push(chunk, is_last, observation),
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
            (Self::Same(_) | Self::Embedded(_) | Self::Counted(_), _)
            | (Self::Translated(_), Relay::Unchanged) => None,
            (Self::Unframed(unframed), relay) => {
                let Unframed { events, rest, .. } = unframed.as_mut();
                rest.stop(events, relay, usage, observation)
            }
            (Self::Labelled(labelled), _) => labelled.stop(chunk, usage, observation),
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

impl Labelled {
    fn push(&mut self, chunk: &[u8], is_last: bool, observation: &mut Observation) -> Relay {
        self.before = self.labeller.place();
        self.relay = self.rest.push(chunk, is_last, observation);
        let labelled = match &self.relay {
            Relay::Unchanged => self.labeller.push(chunk),
            Relay::Replaced(passed) => self.labeller.push(passed),
        };
        match labelled {
            Some(labelled) => Relay::Replaced(labelled),
            None => self.relay.clone(),
        }
    }

    fn stop(&mut self, chunk: &[u8], usage: &Usage, observation: &mut Observation) -> Option<Vec<u8>> {
        let passed = self.rest.stop(chunk, &self.relay, usage, observation)?;
        self.labeller.go_back(self.before);
        Some(self.labeller.push(&passed).unwrap_or(passed))
    }
}

impl Unframed {
    fn push(&mut self, chunk: &[u8], is_last: bool, observation: &mut Observation) -> Vec<u8> {
        self.events.clear();
        let read = self.unframer.push(chunk, &mut self.events);
        let is_cut = is_last && self.unframer.is_cut() && observation.finish_reason().is_none();
        let why = match read {
            Err(damage) => damage.to_string(),
            Ok(()) if is_cut => "the provider's stream broke off within a message".to_owned(),
            Ok(()) => return self.pass(0, is_last, observation),
        };
        // What was whole comes first, and counts.
        let mut passed = self.pass(0, false, observation);
        observation.note_unreadable();
        let sound = self.events.len();
        self.unframer.break_off(&why, &mut self.events);
        passed.extend(self.pass(sound, is_last, observation));
        passed
    }

    /// Passes the events from a place on.
    fn pass(&mut self, from: usize, is_last: bool, observation: &mut Observation) -> Vec<u8> {
        let events = self.events.get(from..).unwrap_or_default();
        match self.rest.push(events, is_last, observation) {
            Relay::Unchanged => events.to_vec(),
            Relay::Replaced(passed) => passed,
        }
    }
}

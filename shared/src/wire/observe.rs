//! Watches an answer while it passes, changing nothing but what the agent did not ask for.

use super::{EventClass, Flaw, Format, Observation, Progress, Reading};
use crate::limits::{MAX_HELD_ANSWER, MAX_OBSERVED_ANSWER};
use crate::sse::{Event, Piece, Splitter};

/// What becomes of a chunk on its way to the agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relay {
    /// It passes as it is.
    Unchanged,
    /// This passes instead; it may be empty while an event is incomplete.
    Replaced(Vec<u8>),
}

/// Watches one answer.
#[derive(Debug)]
pub struct Observer {
    reading: Reading,
    body: Body,
}

#[derive(Debug)]
enum Body {
    /// An answer in one piece, kept until it is whole.
    Whole(Vec<u8>),
    /// A stream; nothing of it is kept but an event that is cut.
    Stream(Splitter),
    /// A stream from which the chunk of usage is left out, since the agent did not ask for it.
    StreamWithoutUsage(Splitter),
    /// Nothing that can be read: too long, or in a form that is not the format's.
    Unread,
}

impl Observer {
    /// Watches an answer in one piece.
    #[must_use]
    pub fn of_answer(format: Format) -> Self {
        Self::of_other_answer(Reading::of(format))
    }

    /// Watches an answer in one piece that is not one of a conversation.
    #[must_use]
    pub fn of_other_answer(reading: Reading) -> Self {
        Self {
            reading,
            body: Body::Whole(Vec::new()),
        }
    }

    /// Watches a stream; `leave_usage_out` if the broker asked for usage that the agent did not want.
    #[must_use]
    pub fn of_stream(format: Format, leave_usage_out: bool) -> Self {
        Self::of_other_stream(Reading::of(format), leave_usage_out)
    }

    /// Watches a stream that is not one of a conversation.
    #[must_use]
    pub fn of_other_stream(reading: Reading, leave_usage_out: bool) -> Self {
        let splitter = Splitter::default();
        let body = if leave_usage_out {
            Body::StreamWithoutUsage(splitter)
        } else {
            Body::Stream(splitter)
        };
        Self { reading, body }
    }

    /// Lets an answer pass that is none of the format's.
    #[must_use]
    pub fn of_nothing(format: Format) -> Self {
        Self {
            reading: Reading::of(format),
            body: Body::Unread,
        }
    }

    /// Takes the next chunk of the answer, and notes what it says; `is_last` if none follows.
    pub fn push(&mut self, chunk: &[u8], is_last: bool, observation: &mut Observation) -> Relay {
        let body = std::mem::replace(&mut self.body, Body::Unread);
        match body {
            Body::Whole(kept) => {
                self.push_whole(kept, chunk, is_last, observation);
                Relay::Unchanged
            }
            Body::Stream(splitter) => self.push_stream(splitter, chunk, is_last, observation),
            Body::StreamWithoutUsage(splitter) => self.push_filtered(splitter, chunk, is_last, observation),
            Body::Unread => Relay::Unchanged,
        }
    }

    fn push_whole(&mut self, mut kept: Vec<u8>, chunk: &[u8], is_last: bool, observation: &mut Observation) {
        // Most answers come in one chunk, and only an empty one follows: that chunk need not be kept.
        let may_be_whole = kept.is_empty() && chunk.trim_ascii_end().ends_with(b"}");
        let mut judged = None;
        if may_be_whole {
            judged = (self.reading.observe_answer)(chunk, observation);
        }
        let kept_too_long = kept.len().saturating_add(chunk.len()) > MAX_OBSERVED_ANSWER;
        if judged.is_none() && !kept_too_long {
            kept.extend_from_slice(chunk);
            if is_last {
                let flaw = if kept.trim_ascii().is_empty() {
                    Flaw::Empty
                } else {
                    Flaw::Unreadable
                };
                judged = Some((self.reading.observe_answer)(&kept, observation).unwrap_or(Err(flaw)));
            } else {
                if kept.len() > MAX_HELD_ANSWER {
                    observation.note_content();
                }
                self.body = Body::Whole(kept);
            }
        }
        match judged {
            Some(Ok(())) => observation.note_content(),
            Some(Err(flaw)) => observation.note_flaw(flaw),
            // Too long to be read.
            None if kept_too_long => observation.note_content(),
            None => {}
        }
    }

    fn push_stream(
        &mut self,
        mut splitter: Splitter,
        chunk: &[u8],
        is_last: bool,
        observation: &mut Observation,
    ) -> Relay {
        let reading = self.reading;
        splitter.push(chunk, |piece| {
            observe_piece(reading, piece, observation);
        });
        if !is_last {
            self.body = Body::Stream(splitter);
            return Relay::Unchanged;
        }
        let rest = splitter.finish();
        observe_piece(reading, Piece::Event(Event { raw: &rest }), observation);
        match self.ending(&rest, observation) {
            Some(ending) => Relay::Replaced([chunk, &ending].concat()),
            None => Relay::Unchanged,
        }
    }

    fn push_filtered(
        &mut self,
        mut splitter: Splitter,
        chunk: &[u8],
        is_last: bool,
        observation: &mut Observation,
    ) -> Relay {
        let reading = self.reading;
        let mut passed = Vec::with_capacity(chunk.len().saturating_add(splitter.held()));
        let mut pass = |piece: Piece<'_>, observation: &mut Observation| {
            if observe_piece(reading, piece, observation) != EventClass::UsageOnly {
                let (Piece::Event(Event { raw }) | Piece::Unread(raw)) = piece;
                passed.extend_from_slice(raw);
            }
        };
        splitter.push(chunk, |piece| pass(piece, observation));
        if is_last {
            let rest = splitter.finish();
            pass(Piece::Event(Event { raw: &rest }), observation);
            passed.extend(self.ending(&rest, observation).unwrap_or_default());
        } else {
            self.body = Body::StreamWithoutUsage(splitter);
        }
        if passed == chunk {
            Relay::Unchanged
        } else {
            Relay::Replaced(passed)
        }
    }

    /// What is to follow a stream that is over: an error, if it broke off after something was said. `rest` is what
    /// stands after the last whole event.
    fn ending(&self, rest: &[u8], observation: &mut Observation) -> Option<Vec<u8>> {
        // Some servers leave the terminator out; a stream that has said why it ends is whole all the same.
        if observation.has_ended()
            || observation.finish_reason().is_some()
            || observation.broke_off().is_some()
        {
            if observation.progress() == Progress::Nothing {
                observation.note_flaw(Flaw::Empty);
            }
            return None;
        }
        let had_content = observation.has_content();
        observation.note_flaw(if rest.is_empty() {
            Flaw::Empty
        } else {
            Flaw::Unreadable
        });
        had_content.then(|| {
            // An event that is cut must not swallow the one that follows.
            let close: &[u8] = if rest.is_empty() { b"" } else { b"\n\n" };
            [close, &(self.reading.cut_event)(observation)].concat()
        })
    }
}

fn observe_piece(reading: Reading, piece: Piece<'_>, observation: &mut Observation) -> EventClass {
    let class = match piece {
        Piece::Event(event) => match event.data() {
            Some(data) => (reading.observe_event)(&data, observation),
            None => EventClass::Preamble,
        },
        // Too long to be looked at, and surely content.
        Piece::Unread(_) => EventClass::Content,
    };
    observation.note_class(class);
    class
}

#[cfg(test)]
mod tests;

//! Reads usage, model and finish reason from an answer while it passes, changing nothing but what the agent did
//! not ask for.

use std::borrow::Cow;

use super::ir::{Answer, Delta, Finish};
use super::openai_chat::answer::write::word;
use super::{EventRole, Format};
use crate::json::{Text, scan};
use crate::ledger::Usage;
use crate::limits::{MAX_OBSERVED_ANSWER, MAX_QUOTED};
use crate::sse::{Event, Piece, Splitter};
use crate::wire::anthropic::PartialUsage;

/// What an answer said of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observation {
    partial_usage: Option<PartialUsage>,
    usage: Option<Usage>,
    model: Option<String>,
    finish_reason: Option<String>,
    has_ended: bool,
    has_failed: bool,
}

impl Observation {
    /// What the provider says was used, if it does.
    #[must_use]
    pub fn usage(&self) -> Option<Usage> {
        self.usage
    }

    /// The model that answered, in the provider's words.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// Why the answer ended, in OpenAI's words whatever the provider's; a reason without an equivalent is kept.
    #[must_use]
    pub fn finish_reason(&self) -> Option<&str> {
        self.finish_reason.as_deref()
    }

    /// Whether a stream said that it is complete.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Whether a stream carried an error.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.has_failed
    }

    pub(super) fn note_usage(&mut self, usage: Option<Usage>) {
        self.usage = usage.or(self.usage);
    }

    pub(super) fn note_partial_usage(&mut self, later: PartialUsage) {
        let usage = self.partial_usage.unwrap_or_default().updated(later);
        self.partial_usage = Some(usage);
        self.usage = Some(usage.normalised());
    }

    pub(super) fn note_model(&mut self, quoted: Option<&[u8]>) {
        if self.model.is_none() {
            self.model = quoted.and_then(short_text);
        }
    }

    pub(super) fn note_finish_reason(&mut self, quoted: Option<&[u8]>) {
        self.finish_reason = quoted.and_then(short_text).or_else(|| self.finish_reason.take());
    }

    /// Notes what a step of a translated stream says.
    pub(super) fn note_delta(&mut self, delta: &Delta<'_>) {
        match delta {
            Delta::Start { model, .. } => self.note_model_name(model.as_ref()),
            Delta::Usage(usage) => self.note_usage(Some(*usage)),
            Delta::Finish(finish) => self.note_finish(finish),
            Delta::Error(_) => self.note_error(),
            Delta::End => self.note_end(),
            _ => {}
        }
    }

    /// Notes what a whole translated answer says.
    pub(super) fn note_answer(&mut self, answer: &Answer<'_>) {
        self.note_model_name(answer.model.as_ref());
        self.note_usage(answer.usage);
        if let Some(finish) = &answer.finish {
            self.note_finish(finish);
        }
    }

    fn note_model_name(&mut self, name: Option<&Text<'_>>) {
        if self.model.is_none() {
            self.model = name.and_then(Text::plain).and_then(short);
        }
    }

    fn note_finish(&mut self, finish: &Finish<'_>) {
        let reason = match finish {
            Finish::Other(reason) => reason.plain().and_then(short),
            known => Some(word(known).to_owned()),
        };
        self.finish_reason = reason.or_else(|| self.finish_reason.take());
    }

    pub(super) fn note_end(&mut self) {
        self.has_ended = true;
    }

    pub(super) fn note_error(&mut self) {
        self.has_failed = true;
    }
}

/// A JSON string that is short enough to record.
fn short_text(quoted: &[u8]) -> Option<String> {
    short(scan::string(quoted)?)
}

fn short(text: Cow<'_, str>) -> Option<String> {
    (!text.is_empty() && text.len() <= MAX_QUOTED).then(|| text.into_owned())
}

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
    format: Format,
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
        Self {
            format,
            body: Body::Whole(Vec::new()),
        }
    }

    /// Watches a stream; `leave_usage_out` if the broker asked for usage that the agent did not want.
    #[must_use]
    pub fn of_stream(format: Format, leave_usage_out: bool) -> Self {
        let splitter = Splitter::default();
        let body = if leave_usage_out {
            Body::StreamWithoutUsage(splitter)
        } else {
            Body::Stream(splitter)
        };
        Self { format, body }
    }

    /// Takes the next chunk of the answer, and notes what it says; `is_last` if none follows.
    pub fn push(&mut self, chunk: &[u8], is_last: bool, observation: &mut Observation) -> Relay {
        let format = self.format;
        let body = std::mem::replace(&mut self.body, Body::Unread);
        match body {
            Body::Whole(mut kept) => {
                // Most answers come in one chunk, and only an empty one follows: that chunk need not be kept.
                let may_be_whole = kept.is_empty() && chunk.trim_ascii_end().ends_with(b"}");
                if may_be_whole && format.observe_answer(chunk, observation) {
                    return Relay::Unchanged;
                }
                if kept.len().saturating_add(chunk.len()) <= MAX_OBSERVED_ANSWER {
                    kept.extend_from_slice(chunk);
                    if is_last {
                        format.observe_answer(&kept, observation);
                    } else {
                        self.body = Body::Whole(kept);
                    }
                }
                Relay::Unchanged
            }
            Body::Stream(mut splitter) => {
                splitter.push(chunk, |piece| {
                    observe_piece(format, piece, observation);
                });
                if is_last {
                    observe_piece(
                        format,
                        Piece::Event(Event {
                            raw: &splitter.finish(),
                        }),
                        observation,
                    );
                } else {
                    self.body = Body::Stream(splitter);
                }
                Relay::Unchanged
            }
            Body::StreamWithoutUsage(mut splitter) => {
                let mut passed = Vec::with_capacity(chunk.len().saturating_add(splitter.held()));
                let mut pass = |piece: Piece<'_>| {
                    if observe_piece(format, piece, observation) == EventRole::Content {
                        let (Piece::Event(Event { raw }) | Piece::Unread(raw)) = piece;
                        passed.extend_from_slice(raw);
                    }
                };
                splitter.push(chunk, &mut pass);
                if is_last {
                    pass(Piece::Event(Event {
                        raw: &splitter.finish(),
                    }));
                } else {
                    self.body = Body::StreamWithoutUsage(splitter);
                }
                if passed == chunk {
                    Relay::Unchanged
                } else {
                    Relay::Replaced(passed)
                }
            }
            Body::Unread => Relay::Unchanged,
        }
    }
}

fn observe_piece(format: Format, piece: Piece<'_>, observation: &mut Observation) -> EventRole {
    match piece {
        Piece::Event(event) => match event.data() {
            Some(data) => format.observe_event(&data, observation),
            None => EventRole::Content,
        },
        Piece::Unread(_) => EventRole::Content,
    }
}

#[cfg(test)]
mod tests;

//! Reads usage, model and finish reason from an answer while it passes, changing nothing but what the agent did
//! not ask for.

use std::borrow::Cow;

use super::ir::{Answer, Delta, Finish};
use super::openai_chat::answer::write::word;
use super::{EventClass, Flaw, Format};
use crate::json::{Text, scan};
use crate::ledger::Usage;
use crate::limits::{MAX_HELD_ANSWER, MAX_OBSERVED_ANSWER, MAX_QUOTED};
use crate::sse::{Event, Piece, Splitter};
use crate::wire::anthropic::PartialUsage;

/// What an answer said of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observation {
    partial_usage: Option<PartialUsage>,
    usage: Option<Usage>,
    model: Option<String>,
    finish_reason: Option<String>,
    progress: Progress,
    has_ended: bool,
    broke_off: Option<Flaw>,
}

/// How far an answer has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Progress {
    /// Nothing was said yet that another provider's answer could not replace.
    #[default]
    Nothing,
    /// Something was.
    Content,
    /// Before anything was said it turned out that nothing will be.
    Failed(Flaw),
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

    /// Why an answer broke off after something was said: with an error, or before its end.
    #[must_use]
    pub fn broke_off(&self) -> Option<Flaw> {
        self.broke_off
    }

    /// How far the answer has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// Whether something was said.
    pub(super) fn has_content(&self) -> bool {
        self.progress == Progress::Content
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
            Delta::End => self.note_end(),
            _ => {}
        }
        if delta.is_content() {
            self.note_content();
        }
    }

    /// Notes what a whole translated answer says.
    pub(super) fn note_answer(&mut self, answer: &Answer<'_>) {
        self.note_model_name(answer.model.as_ref());
        self.note_usage(answer.usage);
        if let Some(finish) = &answer.finish {
            self.note_finish(finish);
        }
        self.note_content();
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

    /// Notes that something was said.
    pub fn note_content(&mut self) {
        if self.progress == Progress::Nothing {
            self.progress = Progress::Content;
        }
    }

    /// Notes that no more comes of the answer: if nothing was said, another provider may be asked.
    pub(super) fn note_flaw(&mut self, flaw: Flaw) {
        match self.progress {
            Progress::Nothing => self.progress = Progress::Failed(flaw),
            Progress::Content => self.broke_off = self.broke_off.or(Some(flaw)),
            Progress::Failed(_) => {}
        }
    }

    fn note_class(&mut self, class: EventClass) {
        match class {
            EventClass::Preamble | EventClass::UsageOnly => {}
            EventClass::Content => self.note_content(),
            EventClass::Error => self.note_flaw(Flaw::Error),
        }
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

    /// Lets an answer pass that is none of the format's.
    #[must_use]
    pub fn of_nothing(format: Format) -> Self {
        Self {
            format,
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
            judged = (self.format.codec().same.observe_answer)(chunk, observation);
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
                judged =
                    Some((self.format.codec().same.observe_answer)(&kept, observation).unwrap_or(Err(flaw)));
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
        let format = self.format;
        splitter.push(chunk, |piece| {
            observe_piece(format, piece, observation);
        });
        if !is_last {
            self.body = Body::Stream(splitter);
            return Relay::Unchanged;
        }
        let rest = splitter.finish();
        observe_piece(format, Piece::Event(Event { raw: &rest }), observation);
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
        let format = self.format;
        let mut passed = Vec::with_capacity(chunk.len().saturating_add(splitter.held()));
        let mut pass = |piece: Piece<'_>, observation: &mut Observation| {
            if observe_piece(format, piece, observation) != EventClass::UsageOnly {
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
        if observation.has_ended || observation.finish_reason.is_some() || observation.broke_off.is_some() {
            if observation.progress == Progress::Nothing {
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
            [close, self.format.codec().cut_event].concat()
        })
    }
}

fn observe_piece(format: Format, piece: Piece<'_>, observation: &mut Observation) -> EventClass {
    let class = match piece {
        Piece::Event(event) => match event.data() {
            Some(data) => (format.codec().same.observe_event)(&data, observation),
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

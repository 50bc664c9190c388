//! What an answer says of itself: usage, model, finish reason, and how far it has come.

use std::borrow::Cow;

use super::ir::{Answer, Delta, Finish};
use super::openai_chat::answer::write::word;
use super::{EventClass, Flaw};
use crate::ledger::Usage;
use crate::limits::MAX_QUOTED;
use crate::wire::anthropic::PartialUsage;
use json::{Text, scan};

/// What an answer said of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observation {
    partial_usage: Option<PartialUsage>,
    usage: Option<Usage>,
    model: Option<String>,
    finish_reason: Option<String>,
    progress: Progress,
    has_ended: bool,
    said: u64,
    broke_off: Option<Flaw>,
    next_event: u64,
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

    /// The bytes of text, thought and arguments that a stream has told so far.
    #[must_use]
    pub fn said(&self) -> u64 {
        self.said
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

    /// The number of a stream's next event, in formats that number them.
    pub(super) fn next_event(&self) -> u64 {
        self.next_event
    }

    pub(super) fn note_event_number(&mut self, number: Option<u64>) {
        self.next_event = number.unwrap_or(self.next_event).saturating_add(1);
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
            Delta::Text(text) | Delta::Refusal(text) | Delta::Thinking(text) => {
                self.note_said(text.escaped().len());
            }
            Delta::Arguments { fragment, .. } => self.note_said(fragment.escaped().len()),
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

    /// Notes that a stream was ended because the bound on its length is reached.
    pub fn note_stopped(&mut self) {
        self.finish_reason = Some(word(&Finish::Length).to_owned());
        self.has_ended = true;
    }

    /// Notes that a stream has told so many bytes more.
    pub(super) fn note_said(&mut self, bytes: usize) {
        self.said = self.said.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
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

    /// Notes that nothing more of the answer can be read.
    pub fn note_unreadable(&mut self) {
        self.note_flaw(Flaw::Unreadable);
    }

    /// Notes that no more comes of the answer: if nothing was said, another provider may be asked.
    pub(super) fn note_flaw(&mut self, flaw: Flaw) {
        match self.progress {
            Progress::Nothing => self.progress = Progress::Failed(flaw),
            Progress::Content => self.broke_off = self.broke_off.or(Some(flaw)),
            Progress::Failed(_) => {}
        }
    }

    pub(super) fn note_class(&mut self, class: EventClass) {
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

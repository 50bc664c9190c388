//! The items of an answer's output, as they stand in it and in the events about them.

use super::{own, tool_name};
use crate::wire::answer_id;
use crate::wire::codec::Namespaced;
use crate::wire::ir::{Finish, ProviderError};
use json::Text;
use json::write::{self, Object};

/// Whether an item is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// More of it is to come.
    InProgress,
    /// It is.
    Completed,
    /// No more of it comes.
    Incomplete,
}

impl Status {
    fn word(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Incomplete => "incomplete",
        }
    }
}

/// A kind of words within a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Words {
    /// Text.
    Text,
    /// A refusal.
    Refusal,
}

impl Words {
    /// What such a part is called.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Text => "output_text",
            Self::Refusal => "refusal",
        }
    }

    /// The member that has its words.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Refusal => "refusal",
        }
    }
}

/// The id of the item at a place: at most 64 characters, or nobody takes it back.
pub(super) fn id(prefix: &str, tail: &str, index: usize) -> String {
    format!("{prefix}{}_{index}", answer_id::short(tail))
}

/// The members of a part of a message.
pub(super) fn write_part(words: Words, text: &Text<'_>, part: &mut Object<'_>) {
    part.string("type", words.kind());
    part.text(words.key(), text);
    if words == Words::Text {
        part.array("annotations", |_| ());
        part.array("logprobs", |_| ());
    }
}

/// A part of a message, written.
pub(super) fn part(words: Words, text: &Text<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.escaped().len() + 64);
    write::object(&mut out, |part| write_part(words, text, part));
    out
}

/// The members of a message; its parts are written.
pub(super) fn write_message(id: &str, status: Status, parts: &[Vec<u8>], item: &mut Object<'_>) {
    item.string("id", id);
    item.string("type", "message");
    item.string("status", status.word());
    item.string("role", "assistant");
    item.array("content", |content| {
        for part in parts {
            content.raw(part);
        }
    });
}

/// The members of a thought.
pub(super) fn write_thought(id: &str, text: &Text<'_>, seal: Option<&Text<'_>>, item: &mut Object<'_>) {
    item.string("id", id);
    item.string("type", "reasoning");
    item.array("summary", |summary| {
        if !text.is_empty() {
            summary.object(|part| write_summary(text, part));
        }
    });
    if let Some(seal) = seal {
        item.text("encrypted_content", seal);
    }
}

/// The members of the part that a thought has.
pub(super) fn write_summary(text: &Text<'_>, part: &mut Object<'_>) {
    part.string("type", "summary_text");
    part.text("text", text);
}

/// A call of a tool.
pub(super) struct Call<'c> {
    pub(super) id: &'c str,
    pub(super) pairing: &'c Text<'c>,
    pub(super) name: &'c Text<'c>,
    pub(super) namespaced: &'c [Namespaced],
}

impl Call<'_> {
    /// The members of the call, without the arguments' value, which `arguments` writes.
    pub(super) fn write(&self, status: Status, item: &mut Object<'_>, arguments: impl FnOnce(&mut Vec<u8>)) {
        item.string("id", self.id);
        item.string("type", "function_call");
        item.string("status", status.word());
        item.escaped("arguments", arguments);
        item.text("call_id", self.pairing);
        match tool_name::behind(self.namespaced, self.name) {
            Some((namespace, name)) => {
                item.text("name", name);
                item.text("namespace", namespace);
            }
            None => item.text("name", self.name),
        }
    }
}

/// The prefix of a thought's id.
pub(super) const THOUGHT: &str = own::ID;

/// How a whole answer ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum End<'e> {
    /// It is under way.
    InProgress,
    /// All is said.
    Completed,
    /// No more of it comes, for a reason.
    Incomplete(&'static str),
    /// It broke off.
    Failed(&'e ProviderError<'e>),
}

impl End<'_> {
    /// The end that a reason stands for. A model that says in words that it refuses has said all.
    pub(super) fn of(finish: &Finish<'_>, has_refusal: bool) -> Self {
        match finish {
            Finish::Length => Self::Incomplete("max_output_tokens"),
            Finish::ContentFilter if !has_refusal => Self::Incomplete("content_filter"),
            _ => Self::Completed,
        }
    }

    /// The word for it, which is also that of the event.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Incomplete(_) => "incomplete",
            Self::Failed(_) => "failed",
        }
    }

    /// What the item is that was not finished when the answer ended.
    pub(super) fn of_open_item(self) -> Status {
        match self {
            Self::InProgress => Status::InProgress,
            Self::Completed => Status::Completed,
            Self::Incomplete(_) | Self::Failed(_) => Status::Incomplete,
        }
    }
}

//! The message or the thought that is under way.

use super::events::{Page, number};
use crate::wire::openai_responses::item::{self, Status, Words};
use crate::wire::openai_responses::own;
use json::Text;
use json::write::{Object, object};

/// A message under way: parts that are whole, and one that may not be.
#[derive(Debug)]
pub struct Message {
    place: usize,
    id: String,
    parts: Vec<Vec<u8>>,
    open: Option<(Words, Text<'static>)>,
}

/// A thought under way.
#[derive(Debug)]
pub struct Thought {
    place: usize,
    id: String,
    text: Text<'static>,
    signature: Option<Text<'static>>,
}

impl Message {
    /// Begins a message.
    pub fn begin(tail: &str, place: usize, page: &mut Page<'_>) -> Self {
        let id = item::id("msg_", tail, place);
        page.item("response.output_item.added", place, |event| {
            event.object("item", |item| {
                item::write_message(&id, Status::InProgress, &[], item);
            });
        });
        Self {
            place,
            id,
            parts: Vec::new(),
            open: None,
        }
    }

    /// More words of a kind.
    pub fn say(&mut self, words: Words, text: &Text<'_>, page: &mut Page<'_>) {
        if self.open.as_ref().is_some_and(|(last, _)| *last != words) {
            self.end_part(page);
        }
        if self.open.is_none() {
            self.part_event("response.content_part.added", page, |event| {
                event.object("part", |part| item::write_part(words, &Text::default(), part));
            });
        }
        let name = match words {
            Words::Text => "response.output_text.delta",
            Words::Refusal => "response.refusal.delta",
        };
        self.part_event(name, page, |event| {
            event.text("delta", text);
            if words == Words::Text {
                event.array("logprobs", |_| ());
            }
        });
        let (_, said) = self.open.get_or_insert_with(|| (words, Text::default()));
        said.push(text);
    }

    /// Ends it, and gives its place and what it is as a whole.
    pub fn end(mut self, status: Status, page: &mut Page<'_>) -> (usize, Vec<u8>) {
        self.end_part(page);
        let mut written = Vec::new();
        object(&mut written, |item| {
            item::write_message(&self.id, status, &self.parts, item);
        });
        (self.place, written)
    }

    fn end_part(&mut self, page: &mut Page<'_>) {
        let Some((words, said)) = self.open.take() else {
            return;
        };
        let name = match words {
            Words::Text => "response.output_text.done",
            Words::Refusal => "response.refusal.done",
        };
        self.part_event(name, page, |event| {
            event.text(words.key(), &said);
            if words == Words::Text {
                event.array("logprobs", |_| ());
            }
        });
        let part = item::part(words, &said);
        self.part_event("response.content_part.done", page, |event| {
            event.raw("part", &part);
        });
        self.parts.push(part);
    }

    fn part_event(&self, name: &str, page: &mut Page<'_>, fill: impl FnOnce(&mut Object<'_>)) {
        page.within(name, &self.id, self.place, |event| {
            event.number("content_index", number(self.parts.len()));
            fill(event);
        });
    }
}

impl Thought {
    /// Begins a thought.
    pub fn begin(tail: &str, place: usize, page: &mut Page<'_>) -> Self {
        let id = item::id(item::THOUGHT, tail, place);
        page.item("response.output_item.added", place, |event| {
            event.object("item", |item| {
                item::write_thought(&id, &Text::default(), None, item);
            });
        });
        Self {
            place,
            id,
            text: Text::default(),
            signature: None,
        }
    }

    /// More words, which are one part.
    pub fn think(&mut self, more: &Text<'_>, page: &mut Page<'_>) {
        if self.text.is_empty() {
            self.summary_event("response.reasoning_summary_part.added", page, |event| {
                event.object("part", |part| item::write_summary(&Text::default(), part));
            });
        }
        self.summary_event("response.reasoning_summary_text.delta", page, |event| {
            event.text("delta", more);
        });
        self.text.push(more);
    }

    /// The seal, which may come in pieces.
    pub fn seal(&mut self, signature: &Text<'_>) {
        self.signature.get_or_insert_default().push(signature);
    }

    /// Ends it, and gives its place and what it is as a whole.
    pub fn end(self, page: &mut Page<'_>) -> (usize, Vec<u8>) {
        if !self.text.is_empty() {
            self.summary_event("response.reasoning_summary_text.done", page, |event| {
                event.text("text", &self.text);
            });
            self.summary_event("response.reasoning_summary_part.done", page, |event| {
                event.object("part", |part| item::write_summary(&self.text, part));
            });
        }
        let sealed = page.maker.zip(self.signature.as_ref());
        let seal = sealed.map(|(maker, signature)| own::seal_signature(maker, &self.text, signature));
        self.written(seal.as_ref())
    }

    /// Ends one without words, which only its maker can read.
    pub fn end_sealed(self, data: &Text<'_>, page: &Page<'_>) -> (usize, Vec<u8>) {
        let seal = page.maker.map(|maker| own::seal_thought(maker, data));
        self.written(seal.as_ref())
    }

    fn written(&self, seal: Option<&Text<'_>>) -> (usize, Vec<u8>) {
        let mut written = Vec::new();
        object(&mut written, |item| {
            item::write_thought(&self.id, &self.text, seal, item);
        });
        (self.place, written)
    }

    fn summary_event(&self, name: &str, page: &mut Page<'_>, fill: impl FnOnce(&mut Object<'_>)) {
        page.within(name, &self.id, self.place, |event| {
            event.number("summary_index", 0);
            fill(event);
        });
    }
}

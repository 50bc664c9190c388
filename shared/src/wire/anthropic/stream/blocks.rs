//! The blocks of a message stream: numbered from 0 without gaps, one open at a time, each with a beginning, pieces
//! and an end. Other formats let tool calls take turns; then one is told as it comes and the others wait.

use std::collections::VecDeque;

use crate::limits::{MAX_HELD, MAX_TOOL_CALLS};
use crate::sse;
use crate::wire::TooMuchHeld;
use json::write::Object;
use json::{Partial, Text};

/// A kind of block that is words alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// Text.
    Text,
    /// A thought.
    Thinking,
}

/// The blocks of one answer so far.
#[derive(Debug, Default)]
pub struct Blocks {
    /// The number of the next block.
    next: usize,
    open: Option<Open>,
    /// The calls of the caller's tools, by their place.
    calls: Vec<Call>,
    /// What comes once the open call is whole, in order.
    waiting: VecDeque<Waiting>,
    /// White space that may begin a text. Alone it would be a block that Anthropic refuses in the next turn.
    blank: Text<'static>,
    /// How many bytes wait.
    held: usize,
}

#[derive(Debug)]
enum Open {
    Words(Words),
    Sealed,
    Call { place: usize, arguments: Partial },
}

#[derive(Debug)]
enum Call {
    /// Its block comes later.
    Waiting {
        id: String,
        name: Text<'static>,
        arguments: Text<'static>,
    },
    /// Its block has begun.
    Told,
}

#[derive(Debug)]
enum Waiting {
    Words(Words, Text<'static>),
    Call(usize),
}

impl Blocks {
    /// How many calls there were.
    pub fn calls(&self) -> usize {
        self.calls.len()
    }

    /// More words of a kind.
    pub fn say(&mut self, kind: Words, text: &Text<'_>, out: &mut Vec<u8>) -> Result<(), TooMuchHeld> {
        if self.gives_way(out) {
            self.write_words(kind, text, out);
            return self.bounded();
        }
        let is_full = self.waiting.len() >= MAX_TOOL_CALLS;
        match self.waiting.back_mut() {
            Some(Waiting::Words(last, waiting)) if *last == kind => waiting.push(text),
            _ if is_full => return Err(TooMuchHeld::new()),
            _ => self
                .waiting
                .push_back(Waiting::Words(kind, text.clone().into_owned())),
        }
        self.hold(text)
    }

    /// The seal of a thought. A thought may be all sealed and have no words.
    pub fn seal(&mut self, signature: &Text<'_>, out: &mut Vec<u8>) {
        if self.gives_way(out) {
            self.open_words(Words::Thinking, out);
            self.delta(out, "signature_delta", "signature", signature);
        }
    }

    /// A block that is whole from the beginning.
    pub fn sealed(&mut self, data: &Text<'_>, out: &mut Vec<u8>) {
        if self.gives_way(out) {
            self.begin(Open::Sealed, out, |block| {
                block.string("type", "redacted_thinking");
                block.text("data", data);
            });
            self.end(out);
        }
    }

    /// A tool is called.
    pub fn call(&mut self, id: String, name: &Text<'_>, out: &mut Vec<u8>) -> Result<(), TooMuchHeld> {
        let place = self.calls.len();
        if self.gives_way(out) {
            self.calls.push(Call::Told);
            self.begin_call(place, &id, name, out);
            return Ok(());
        }
        self.held = self.held.saturating_add(id.len());
        self.calls.push(Call::Waiting {
            id,
            name: name.clone().into_owned(),
            arguments: Text::default(),
        });
        self.waiting.push_back(Waiting::Call(place));
        self.hold(name)
    }

    /// More arguments of a call. What follows the end of a call that is told is not.
    pub fn arguments(
        &mut self,
        place: usize,
        fragment: &Text<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), TooMuchHeld> {
        match (&mut self.open, self.calls.get_mut(place)) {
            (
                Some(Open::Call {
                    place: open,
                    arguments,
                }),
                _,
            ) if *open == place => {
                arguments.push(fragment);
                self.delta(out, "input_json_delta", "partial_json", fragment);
            }
            (_, Some(Call::Waiting { arguments, .. })) => {
                arguments.push(fragment);
                self.hold(fragment)?;
            }
            _ => return Ok(()),
        }
        if !self.waiting.is_empty() {
            self.gives_way(out);
        }
        Ok(())
    }

    /// The block of words that is open ends.
    pub fn end_words(&mut self, out: &mut Vec<u8>) {
        if let Some(Open::Words(_)) = self.open {
            self.end(out);
        }
    }

    /// Ends the open block and tells all that waits, be it whole or not.
    pub fn end_all(&mut self, out: &mut Vec<u8>) {
        self.end(out);
        while let Some(next) = self.waiting.pop_front() {
            self.write_waiting(next, out);
            self.end(out);
        }
        self.blank = Text::default();
        self.held = 0;
    }

    /// Whether another block may be written. The block of a call gives way when its arguments are whole, and first
    /// to what waits.
    fn gives_way(&mut self, out: &mut Vec<u8>) -> bool {
        loop {
            if let Some(Open::Call { arguments, .. }) = &self.open {
                if !arguments.is_whole() {
                    return false;
                }
                self.end(out);
            }
            let Some(next) = self.waiting.pop_front() else {
                self.held = self.blank.escaped().len();
                return true;
            };
            self.write_waiting(next, out);
        }
    }

    fn write_waiting(&mut self, next: Waiting, out: &mut Vec<u8>) {
        match next {
            Waiting::Words(kind, text) => {
                self.held = self.held.saturating_sub(text.escaped().len());
                self.write_words(kind, &text, out);
            }
            Waiting::Call(place) => {
                let told = self
                    .calls
                    .get_mut(place)
                    .map(|call| std::mem::replace(call, Call::Told));
                if let Some(Call::Waiting { id, name, arguments }) = told {
                    let size = id.len() + name.escaped().len() + arguments.escaped().len();
                    self.held = self.held.saturating_sub(size);
                    self.begin_call(place, &id, &name, out);
                    if let (Some(Open::Call { arguments: told, .. }), false) =
                        (&mut self.open, arguments.is_empty())
                    {
                        told.push(&arguments);
                        self.delta(out, "input_json_delta", "partial_json", &arguments);
                    }
                }
            }
        }
    }

    fn write_words(&mut self, kind: Words, text: &Text<'_>, out: &mut Vec<u8>) {
        let is_open = matches!(&self.open, Some(Open::Words(open)) if *open == kind);
        match kind {
            Words::Text if !is_open && text.is_blank() => {
                self.blank.push(text);
                self.held = self.held.saturating_add(text.escaped().len());
            }
            Words::Text => {
                let blank = std::mem::take(&mut self.blank);
                self.open_words(kind, out);
                for text in [&blank, text] {
                    if !text.is_empty() {
                        self.delta(out, "text_delta", "text", text);
                    }
                }
            }
            Words::Thinking => {
                self.open_words(kind, out);
                self.delta(out, "thinking_delta", "thinking", text);
            }
        }
    }

    fn open_words(&mut self, kind: Words, out: &mut Vec<u8>) {
        if matches!(&self.open, Some(Open::Words(open)) if *open == kind) {
            return;
        }
        self.begin(Open::Words(kind), out, |block| match kind {
            Words::Text => {
                block.string("type", "text");
                block.string("text", "");
            }
            // Strict clients ask for the signature; one without a seal is empty.
            Words::Thinking => {
                block.string("type", "thinking");
                block.string("thinking", "");
                block.string("signature", "");
            }
        });
    }

    fn begin_call(&mut self, place: usize, id: &str, name: &Text<'_>, out: &mut Vec<u8>) {
        let arguments = Partial::default();
        self.begin(Open::Call { place, arguments }, out, |block| {
            block.string("type", "tool_use");
            block.string("id", id);
            block.text("name", name);
            block.object("input", |_| ());
        });
    }

    /// Begins a block, after the end of the one that is open.
    fn begin(&mut self, open: Open, out: &mut Vec<u8>, fill: impl FnOnce(&mut Object<'_>)) {
        self.end(out);
        // White space before anything but text says nothing.
        self.blank = Text::default();
        self.event(out, "content_block_start", |event| {
            event.object("content_block", fill);
        });
        self.open = Some(open);
    }

    fn delta(&self, out: &mut Vec<u8>, kind: &str, key: &str, text: &Text<'_>) {
        self.event(out, "content_block_delta", |event| {
            event.object("delta", |delta| {
                delta.string("type", kind);
                delta.text(key, text);
            });
        });
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if self.open.take().is_some() {
            self.event(out, "content_block_stop", |_| ());
            self.next += 1;
        }
    }

    /// Writes an event about the block that is open, or begins.
    fn event(&self, out: &mut Vec<u8>, name: &str, fill: impl FnOnce(&mut Object<'_>)) {
        sse::write_event(out, Some(name), |event| {
            event.string("type", name);
            event.number("index", u64::try_from(self.next).unwrap_or_default());
            fill(event);
        });
    }

    fn hold(&mut self, text: &Text<'_>) -> Result<(), TooMuchHeld> {
        self.held = self.held.saturating_add(text.escaped().len());
        self.bounded()
    }

    fn bounded(&self) -> Result<(), TooMuchHeld> {
        if self.held > MAX_HELD {
            return Err(TooMuchHeld::new());
        }
        Ok(())
    }
}

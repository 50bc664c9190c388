//! The items of a stream's output: each has a beginning, pieces and an end, and the last event repeats all of them.
//! Messages and thoughts come one after the other; calls of tools may take turns.

use crate::json::write::{Array, Object};
use crate::json::{Partial, Text};
use crate::limits::{MAX_REPEATED_OUTPUT, MAX_TOOL_CALLS};
use crate::sse;
use crate::wire::TooMuchHeld;
use crate::wire::codec::Namespaced;
use crate::wire::ir::Maker;
use crate::wire::openai_responses::item::{self, Call, Status, Words};
use crate::wire::openai_responses::{own, tool_name};

/// Writes events, and counts them.
#[derive(Debug, Default)]
pub struct Events(u64);

impl Events {
    /// Writes the next one.
    pub fn write(&mut self, out: &mut Vec<u8>, name: &str, fill: impl FnOnce(&mut Object<'_>)) {
        sse::write_event(out, Some(name), |event| {
            event.string("type", name);
            event.number("sequence_number", self.0);
            fill(event);
        });
        self.0 = self.0.saturating_add(1);
    }
}

/// The items of one answer so far.
#[derive(Debug, Default)]
pub struct Items {
    /// What is kept of the answer's id: ids of items are made of it.
    tail: String,
    /// The items that are whole, as they were written; one that is still under way has its place.
    written: Vec<Vec<u8>>,
    words: Option<OpenWords>,
    /// The calls, by their number; `None` once they are whole.
    calls: Vec<Option<OpenCall>>,
    has_refusal: bool,
    /// How many bytes are kept.
    kept: usize,
}

/// The message or the thought that is under way: always the last item.
#[derive(Debug)]
enum OpenWords {
    Message {
        place: usize,
        parts: Vec<Vec<u8>>,
        open: Option<(Words, Text<'static>)>,
    },
    Thought {
        place: usize,
        text: Text<'static>,
        signature: Option<Text<'static>>,
    },
}

#[derive(Debug)]
struct OpenCall {
    place: usize,
    id: String,
    call_id: Text<'static>,
    name: Text<'static>,
    arguments: Text<'static>,
    progress: Partial,
}

/// Whose answer it is: what the items need of it.
#[derive(Clone, Copy)]
pub struct Told<'c> {
    pub maker: Option<Maker>,
    pub namespaced: &'c [Namespaced],
}

impl Items {
    /// The items of the answer with this id.
    pub fn new(tail: String) -> Self {
        Self {
            tail,
            ..Self::default()
        }
    }

    /// What is kept of the answer's id.
    pub fn tail(&self) -> &str {
        &self.tail
    }

    /// How many calls there were.
    pub fn calls(&self) -> usize {
        self.calls.len()
    }

    /// Whether the model refused in words.
    pub fn has_refusal(&self) -> bool {
        self.has_refusal
    }

    /// Writes the output, all of it.
    pub fn write(&self, output: &mut Array<'_>) {
        self.written.iter().for_each(|item| output.raw(item));
    }

    /// More words of a message.
    pub fn say(
        &mut self,
        words: Words,
        text: &Text<'_>,
        told: Told<'_>,
        events: &mut Events,
        out: &mut Vec<u8>,
    ) -> Result<(), TooMuchHeld> {
        self.keep(text.escaped().len())?;
        self.has_refusal |= words == Words::Refusal;
        if !matches!(self.words, Some(OpenWords::Message { .. })) {
            self.make_room(told, events, out);
            let place = self.begin(
                events,
                out,
                |id, item| {
                    item::write_message(id, Status::InProgress, &[], item);
                },
                "msg_",
            );
            self.words = Some(OpenWords::Message {
                place,
                parts: Vec::new(),
                open: None,
            });
        }
        if let Some(OpenWords::Message { place, parts, open }) = &mut self.words {
            let id = item::id("msg_", &self.tail, *place);
            if open.as_ref().is_some_and(|(last, _)| *last != words) {
                end_part(&id, *place, parts, open, events, out);
            }
            if open.is_none() {
                part_event(
                    events,
                    out,
                    "response.content_part.added",
                    &id,
                    *place,
                    parts.len(),
                    |event| {
                        event.object("part", |part| item::write_part(words, &Text::default(), part));
                    },
                );
            }
            let (_, said) = open.get_or_insert_with(|| (words, Text::default()));
            said.push(text);
            let name = match words {
                Words::Text => "response.output_text.delta",
                Words::Refusal => "response.refusal.delta",
            };
            part_event(events, out, name, &id, *place, parts.len(), |event| {
                event.text("delta", text);
                if words == Words::Text {
                    event.array("logprobs", |_| ());
                }
            });
        }
        Ok(())
    }

    /// More of a thought.
    pub fn think(
        &mut self,
        more: &Text<'_>,
        told: Told<'_>,
        events: &mut Events,
        out: &mut Vec<u8>,
    ) -> Result<(), TooMuchHeld> {
        self.keep(more.escaped().len())?;
        self.open_thought(told, events, out);
        if let Some(OpenWords::Thought { place, text, .. }) = &mut self.words {
            let id = item::id(item::THOUGHT, &self.tail, *place);
            if text.is_empty() {
                let name = "response.reasoning_summary_part.added";
                summary_event(events, out, name, &id, *place, |event| {
                    event.object("part", |part| item::write_summary(&Text::default(), part));
                });
            }
            text.push(more);
            let name = "response.reasoning_summary_text.delta";
            summary_event(events, out, name, &id, *place, |event| event.text("delta", more));
        }
        Ok(())
    }

    /// The seal of a thought, which may have no words.
    pub fn seal(
        &mut self,
        seal: &Text<'_>,
        told: Told<'_>,
        events: &mut Events,
        out: &mut Vec<u8>,
    ) -> Result<(), TooMuchHeld> {
        if told.maker.is_none() {
            return Ok(());
        }
        self.keep(seal.escaped().len())?;
        self.open_thought(told, events, out);
        if let Some(OpenWords::Thought { signature, .. }) = &mut self.words {
            signature.get_or_insert_default().push(seal);
        }
        Ok(())
    }

    /// A thought that only its maker can read.
    pub fn sealed(
        &mut self,
        data: &Text<'_>,
        told: Told<'_>,
        events: &mut Events,
        out: &mut Vec<u8>,
    ) -> Result<(), TooMuchHeld> {
        let Some(maker) = told.maker else {
            return Ok(());
        };
        self.keep(data.escaped().len())?;
        self.make_room(told, events, out);
        let nothing = Text::default();
        let place = self.begin(
            events,
            out,
            |id, item| item::write_thought(id, &nothing, None, item),
            item::THOUGHT,
        );
        let id = item::id(item::THOUGHT, &self.tail, place);
        let seal = own::seal_thought(maker, data);
        self.end_item(place, events, out, |item| {
            item::write_thought(&id, &nothing, Some(&seal), item);
        });
        Ok(())
    }

    /// The thought that is under way ends. Text goes on: its pieces are one part for whoever reads it as JSON.
    pub fn end_thought(&mut self, told: Told<'_>, events: &mut Events, out: &mut Vec<u8>) {
        if let Some(OpenWords::Thought { .. }) = self.words {
            self.end_words(Status::Completed, told, events, out);
        }
    }

    /// A tool is called.
    pub fn call(
        &mut self,
        call_id: &Text<'_>,
        name: &Text<'_>,
        told: Told<'_>,
        events: &mut Events,
        out: &mut Vec<u8>,
    ) -> Result<(), TooMuchHeld> {
        if self.calls.len() >= MAX_TOOL_CALLS {
            return Err(TooMuchHeld::new());
        }
        self.keep(call_id.escaped().len().saturating_add(name.escaped().len()))?;
        self.make_room(told, events, out);
        let place = self.begin(
            events,
            out,
            |id, item| {
                let call = Call {
                    id,
                    pairing: call_id,
                    name,
                    namespaced: told.namespaced,
                };
                call.write(Status::InProgress, item, |_| ());
            },
            "fc_",
        );
        self.calls.push(Some(OpenCall {
            place,
            id: item::id("fc_", &self.tail, place),
            call_id: call_id.clone().into_owned(),
            name: name.clone().into_owned(),
            arguments: Text::default(),
            progress: Partial::default(),
        }));
        Ok(())
    }

    /// More arguments of a call. What follows the end of a call that was told is not.
    pub fn arguments(
        &mut self,
        index: usize,
        fragment: &Text<'_>,
        events: &mut Events,
        out: &mut Vec<u8>,
    ) -> Result<(), TooMuchHeld> {
        self.keep(fragment.escaped().len())?;
        if let Some(Some(call)) = self.calls.get_mut(index) {
            call.tell(fragment, events, out);
        }
        Ok(())
    }

    /// Ends all items; `status` is that of those that are not whole.
    pub fn end_all(&mut self, status: Status, told: Told<'_>, events: &mut Events, out: &mut Vec<u8>) {
        for index in 0..self.calls.len() {
            self.end_call(index, status, told, events, out);
        }
        self.end_words(status, told, events, out);
    }

    fn open_thought(&mut self, told: Told<'_>, events: &mut Events, out: &mut Vec<u8>) {
        if matches!(self.words, Some(OpenWords::Thought { .. })) {
            return;
        }
        self.make_room(told, events, out);
        let place = self.begin(
            events,
            out,
            |id, item| {
                item::write_thought(id, &Text::default(), None, item);
            },
            item::THOUGHT,
        );
        self.words = Some(OpenWords::Thought {
            place,
            text: Text::default(),
            signature: None,
        });
    }

    /// Ends what gives way to another item: words do, and calls whose arguments are whole.
    fn make_room(&mut self, told: Told<'_>, events: &mut Events, out: &mut Vec<u8>) {
        for index in 0..self.calls.len() {
            let is_whole = |call: &OpenCall| call.progress.is_whole();
            if self
                .calls
                .get(index)
                .and_then(Option::as_ref)
                .is_some_and(is_whole)
            {
                self.end_call(index, Status::Completed, told, events, out);
            }
        }
        self.end_words(Status::Completed, told, events, out);
    }

    fn begin(
        &mut self,
        events: &mut Events,
        out: &mut Vec<u8>,
        fill: impl FnOnce(&str, &mut Object<'_>),
        prefix: &str,
    ) -> usize {
        let place = self.written.len();
        self.written.push(Vec::new());
        let id = item::id(prefix, &self.tail, place);
        events.write(out, "response.output_item.added", |event| {
            event.number("output_index", number(place));
            event.object("item", |item| fill(&id, item));
        });
        place
    }

    fn end_item(
        &mut self,
        place: usize,
        events: &mut Events,
        out: &mut Vec<u8>,
        fill: impl FnOnce(&mut Object<'_>),
    ) {
        let mut written = Vec::new();
        crate::json::write::object(&mut written, fill);
        events.write(out, "response.output_item.done", |event| {
            event.number("output_index", number(place));
            event.raw("item", &written);
        });
        if let Some(slot) = self.written.get_mut(place) {
            *slot = written;
        }
    }

    fn end_words(&mut self, status: Status, told: Told<'_>, events: &mut Events, out: &mut Vec<u8>) {
        match self.words.take() {
            None => {}
            Some(OpenWords::Message {
                place,
                mut parts,
                mut open,
            }) => {
                let id = item::id("msg_", &self.tail, place);
                end_part(&id, place, &mut parts, &mut open, events, out);
                self.end_item(place, events, out, |item| {
                    item::write_message(&id, status, &parts, item);
                });
            }
            Some(OpenWords::Thought {
                place,
                text,
                signature,
            }) => {
                let id = item::id(item::THOUGHT, &self.tail, place);
                if !text.is_empty() {
                    let name = "response.reasoning_summary_text.done";
                    summary_event(events, out, name, &id, place, |event| event.text("text", &text));
                    let name = "response.reasoning_summary_part.done";
                    summary_event(events, out, name, &id, place, |event| {
                        event.object("part", |part| item::write_summary(&text, part));
                    });
                }
                let seal = told
                    .maker
                    .zip(signature)
                    .map(|(maker, signature)| own::seal_signature(maker, &text, &signature));
                self.end_item(place, events, out, |item| {
                    item::write_thought(&id, &text, seal.as_ref(), item);
                });
            }
        }
    }

    fn end_call(
        &mut self,
        index: usize,
        status: Status,
        told: Told<'_>,
        events: &mut Events,
        out: &mut Vec<u8>,
    ) {
        let Some(mut call) = self.calls.get_mut(index).and_then(Option::take) else {
            return;
        };
        if call.arguments.is_blank() && status == Status::Completed {
            // No arguments are an object without members.
            call.tell(&Text::of_plain("{}"), events, out);
        }
        let status = if call.progress.is_whole() {
            Status::Completed
        } else {
            status
        };
        let name = tool_name::behind(told.namespaced, &call.name).map_or(&call.name, |(_, name)| name);
        events.write(out, "response.function_call_arguments.done", |event| {
            event.string("item_id", &call.id);
            event.number("output_index", number(call.place));
            event.text("name", name);
            event.text("arguments", &call.arguments);
        });
        self.end_item(call.place, events, out, |item| {
            let written = Call {
                id: &call.id,
                pairing: &call.call_id,
                name: &call.name,
                namespaced: told.namespaced,
            };
            written.write(status, item, |out| {
                out.extend_from_slice(call.arguments.escaped());
            });
        });
    }

    /// An item more takes some memory beside its words.
    fn keep(&mut self, bytes: usize) -> Result<(), TooMuchHeld> {
        const AROUND: usize = 256;
        self.kept = self.kept.saturating_add(bytes);
        let items = self.written.len().saturating_mul(AROUND);
        if self.kept.saturating_add(items) > MAX_REPEATED_OUTPUT {
            return Err(TooMuchHeld::new());
        }
        Ok(())
    }
}

impl OpenCall {
    fn tell(&mut self, fragment: &Text<'_>, events: &mut Events, out: &mut Vec<u8>) {
        self.arguments.push(fragment);
        self.progress.push(fragment);
        events.write(out, "response.function_call_arguments.delta", |event| {
            event.string("item_id", &self.id);
            event.number("output_index", number(self.place));
            event.text("delta", fragment);
        });
    }
}

fn end_part(
    id: &str,
    place: usize,
    parts: &mut Vec<Vec<u8>>,
    open: &mut Option<(Words, Text<'static>)>,
    events: &mut Events,
    out: &mut Vec<u8>,
) {
    let Some((words, said)) = open.take() else {
        return;
    };
    let name = match words {
        Words::Text => "response.output_text.done",
        Words::Refusal => "response.refusal.done",
    };
    part_event(events, out, name, id, place, parts.len(), |event| {
        event.text(words.key(), &said);
        if words == Words::Text {
            event.array("logprobs", |_| ());
        }
    });
    let part = item::part(words, &said);
    part_event(
        events,
        out,
        "response.content_part.done",
        id,
        place,
        parts.len(),
        |event| {
            event.raw("part", &part);
        },
    );
    parts.push(part);
}

/// An event about a part of a message.
fn part_event(
    events: &mut Events,
    out: &mut Vec<u8>,
    name: &str,
    id: &str,
    place: usize,
    part: usize,
    fill: impl FnOnce(&mut Object<'_>),
) {
    events.write(out, name, |event| {
        event.string("item_id", id);
        event.number("output_index", number(place));
        event.number("content_index", number(part));
        fill(event);
    });
}

/// An event about the words of a thought, which are one part.
fn summary_event(
    events: &mut Events,
    out: &mut Vec<u8>,
    name: &str,
    id: &str,
    place: usize,
    fill: impl FnOnce(&mut Object<'_>),
) {
    events.write(out, name, |event| {
        event.string("item_id", id);
        event.number("output_index", number(place));
        event.number("summary_index", 0);
        fill(event);
    });
}

fn number(place: usize) -> u64 {
    u64::try_from(place).unwrap_or(u64::MAX)
}

//! The end of a response's stream that is stopped on its way. It repeats the whole output, which is kept for that while it
//! passes.

mod item;
mod part;
mod telling;

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::events::Page;
use crate::ledger::Usage;
use crate::limits::MAX_REPEATED_OUTPUT;
use crate::wire::ir::{ErrorKind, ProviderError};
use crate::wire::openai_responses::item::End;
use crate::wire::openai_responses::{error, usage};
use item::Open;
use json::scan::{self, Value};
use json::write::Object;

/// What an item or a part of one takes of the bound beside its bytes: so many small ones must not become many times
/// their size.
const EACH: usize = 256;

/// What is told of an answer of which more was said than is kept.
const TOO_LONG: &str = "the answer was ended before its time, and is too long to be repeated at its end";

/// What the end of a stream needs.
#[derive(Debug, Default)]
pub struct Seen {
    /// The number of the next event.
    next: u64,
    /// The response as it was when it began, as the provider wrote it.
    begun: Option<Vec<u8>>,
    /// The output so far, by its places.
    items: BTreeMap<u64, Item>,
    /// How much of the output is kept, in bytes.
    kept: usize,
    /// Whether there was more of it than is kept.
    is_beyond: bool,
    is_over: bool,
}

#[derive(Debug)]
enum Item {
    /// As the provider wrote it.
    Whole(Vec<u8>),
    Open(Open),
}

/// What an event says, as it is written there.
struct Event<'e> {
    kind: &'e [u8],
    /// Where within its item.
    content: Option<&'e [u8]>,
    summary: Option<&'e [u8]>,
    part: Option<&'e [u8]>,
    delta: Option<&'e [u8]>,
    annotation: Option<&'e [u8]>,
}

impl Seen {
    /// Notes what an event says.
    pub fn note(&mut self, data: &[u8]) {
        let keys = [
            "type",
            "sequence_number",
            "response",
            "output_index",
            "item",
            "content_index",
            "summary_index",
            "part",
            "delta",
            "annotation",
        ];
        let Ok(members) = scan::members(data, keys) else {
            return;
        };
        let of = |value: Option<Value>| value.map(|value| value.span.of(data));
        let [
            kind,
            number,
            response,
            place,
            item,
            content,
            summary,
            part,
            delta,
            annotation,
        ] = members.values.map(of);
        let number = number.and_then(scan::unsigned);
        self.next = number.unwrap_or(self.next).saturating_add(1);
        let kind = kind.unwrap_or_default();
        let kind = kind.strip_prefix(b"\"").and_then(|kind| kind.strip_suffix(b"\""));
        let kind = kind.unwrap_or_default();
        match (kind, place.and_then(scan::unsigned)) {
            (b"response.created" | b"response.in_progress" | b"response.queued", _) => {
                if self.begun.is_none() {
                    self.begun = response.map(<[u8]>::to_vec);
                }
            }
            (
                b"response.completed"
                | b"response.incomplete"
                | b"response.failed"
                | b"response.cancelled"
                | b"error",
                _,
            ) => self.is_over = true,
            (_, None) => {}
            (_, Some(_)) if self.is_beyond => {}
            (b"response.output_item.added", Some(place)) => {
                if let Some(item) = item {
                    self.put(place, Item::Open(Open::new(item)));
                }
            }
            (b"response.output_item.done", Some(place)) => {
                if let Some(item) = item {
                    self.put(place, Item::Whole(item.to_vec()));
                }
            }
            (kind, Some(place)) => {
                let event = Event {
                    kind,
                    content,
                    summary,
                    part,
                    delta,
                    annotation,
                };
                if let Some(Item::Open(open)) = self.items.get_mut(&place) {
                    self.kept = self.kept.saturating_add(open.note(&event));
                }
            }
        }
        self.bound();
    }

    /// Notes an event that is too long to be looked at: what it had of the output is not kept.
    pub fn note_unread(&mut self) {
        self.next = self.next.saturating_add(1);
        self.kept = usize::MAX;
        self.bound();
    }

    /// Ends every open item and then the response, if it is not over. `None` if it is: its own end is all there is to say.
    pub fn end(&self, used: &Usage, out: &mut Vec<u8>) -> Option<()> {
        if self.is_over {
            return None;
        }
        let mut next = self.next;
        let mut page = Page {
            next: &mut next,
            out,
            maker: None,
            namespaced: &[],
        };
        if self.is_beyond {
            // An end without a part of the output would be taken for the whole.
            let error = ProviderError::of(ErrorKind::Internal, TOO_LONG);
            self.end_response(End::Failed(&error), used, &[], &mut page);
            return Some(());
        }
        let items: Vec<Cow<'_, [u8]>> = self
            .items
            .iter()
            .map(|(place, item)| match item {
                Item::Whole(item) => Cow::Borrowed(item.as_slice()),
                Item::Open(open) => Cow::Owned(open.end(*place, &mut page)),
            })
            .collect();
        self.end_response(End::Incomplete("max_output_tokens"), used, &items, &mut page);
        Some(())
    }

    fn end_response(&self, end: End<'_>, used: &Usage, items: &[Cow<'_, [u8]>], page: &mut Page<'_>) {
        page.event(&["response.", end.word()].concat(), |event| {
            event.object("response", |response| {
                let own = ["status", "error", "incomplete_details", "output", "usage"];
                match &self.begun {
                    Some(begun) => copy_but(begun, &own, response),
                    None => response.string("object", "response"),
                }
                response.string("status", end.word());
                match end {
                    End::Failed(error) => {
                        response.object("error", |object| error::write_failure(error, object));
                    }
                    _ => response.null("error"),
                }
                match end {
                    End::Incomplete(reason) => {
                        response.object("incomplete_details", |details| details.string("reason", reason));
                    }
                    _ => response.null("incomplete_details"),
                }
                response.array("output", |output| {
                    for item in items {
                        output.raw(item);
                    }
                });
                response.object("usage", |object| usage::write(used, object));
            });
        });
    }

    /// Puts an item in its place; what was kept of it before is not any more.
    fn put(&mut self, place: u64, item: Item) {
        self.kept = self.kept.saturating_add(item.kept());
        if let Some(before) = self.items.insert(place, item) {
            self.kept = self.kept.saturating_sub(before.kept());
        }
    }

    fn bound(&mut self) {
        if self.kept > MAX_REPEATED_OUTPUT {
            self.is_beyond = true;
            self.items = BTreeMap::new();
            self.kept = 0;
        }
    }
}

impl Item {
    fn kept(&self) -> usize {
        match self {
            Self::Whole(item) => item.len().saturating_add(EACH),
            Self::Open(open) => open.kept(),
        }
    }
}

/// Writes the members of an object as they are, without those that have these names.
fn copy_but(from: &[u8], names: &[&str], object: &mut Object<'_>) {
    let _scanned_before = scan::object(from, |key, value| {
        if !names.iter().any(|name| name.as_bytes() == key.as_ref()) {
            object.member(&key, |out| out.extend_from_slice(value.span.of(from)));
        }
    });
}

#[cfg(test)]
mod tests;

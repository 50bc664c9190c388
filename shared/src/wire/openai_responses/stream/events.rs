//! The events about items: numbered, each about a place in the output.

use crate::sse;
use crate::wire::codec::Namespaced;
use crate::wire::ir::Maker;
use json::write::Object;

/// Where events go, and what they need of whose answer it is.
pub struct Page<'p> {
    /// The number of the next event.
    pub next: &'p mut u64,
    /// The stream.
    pub out: &'p mut Vec<u8>,
    /// Whose seals thoughts carry.
    pub maker: Option<Maker>,
    /// The tools that stand in namespaces.
    pub namespaced: &'p [Namespaced],
}

impl Page<'_> {
    /// Writes an event.
    pub fn event(&mut self, name: &str, fill: impl FnOnce(&mut Object<'_>)) {
        sse::write_event(self.out, Some(name), |event| {
            event.string("type", name);
            event.number("sequence_number", *self.next);
            fill(event);
        });
        *self.next = self.next.saturating_add(1);
    }

    /// Writes an event about an item as a whole.
    pub fn item(&mut self, name: &str, place: usize, fill: impl FnOnce(&mut Object<'_>)) {
        self.event(name, |event| {
            event.number("output_index", number(place));
            fill(event);
        });
    }

    /// Writes an event about something within an item.
    pub fn within(&mut self, name: &str, id: &str, place: usize, fill: impl FnOnce(&mut Object<'_>)) {
        self.event(name, |event| {
            event.string("item_id", id);
            event.number("output_index", number(place));
            fill(event);
        });
    }
}

/// A place as it is written.
pub fn number(place: usize) -> u64 {
    u64::try_from(place).unwrap_or(u64::MAX)
}

//! A call of a tool that is under way.

use super::events::Page;
use crate::wire::openai_responses::item::{self, Call, Status};
use crate::wire::openai_responses::tool_name;
use json::write::object;
use json::{Partial, Text};

/// A call under way.
#[derive(Debug)]
pub struct OpenCall {
    place: usize,
    id: String,
    pairing: Text<'static>,
    name: Text<'static>,
    arguments: Text<'static>,
    progress: Partial,
}

impl OpenCall {
    /// Begins a call; `pairing` is the id that its result will have.
    pub fn begin(tail: &str, place: usize, pairing: &Text<'_>, name: &Text<'_>, page: &mut Page<'_>) -> Self {
        let call = Self {
            place,
            id: item::id("fc_", tail, place),
            pairing: pairing.clone().into_owned(),
            name: name.clone().into_owned(),
            arguments: Text::default(),
            progress: Partial::default(),
        };
        let item = call.written(Status::InProgress, page);
        page.item("response.output_item.added", place, |event| {
            event.raw("item", &item);
        });
        call
    }

    /// Whether its arguments are whole.
    pub fn is_whole(&self) -> bool {
        self.progress.is_whole()
    }

    /// More arguments.
    pub fn tell(&mut self, fragment: &Text<'_>, page: &mut Page<'_>) {
        self.arguments.push(fragment);
        self.progress.push(fragment);
        let name = "response.function_call_arguments.delta";
        page.within(name, &self.id, self.place, |event| event.text("delta", fragment));
    }

    /// Ends it, and gives its place and what it is as a whole; `status` counts if its arguments are not whole.
    pub fn end(mut self, status: Status, page: &mut Page<'_>) -> (usize, Vec<u8>) {
        if self.arguments.is_blank() && status == Status::Completed {
            // No arguments are an object without members.
            self.tell(&Text::of_plain("{}"), page);
        }
        let status = if self.is_whole() {
            Status::Completed
        } else {
            status
        };
        let both = tool_name::behind(page.namespaced, &self.name);
        let name = both.map_or(&self.name, |(_, name)| name);
        page.within(
            "response.function_call_arguments.done",
            &self.id,
            self.place,
            |event| {
                event.text("name", name);
                event.text("arguments", &self.arguments);
            },
        );
        (self.place, self.written(status, page))
    }

    fn written(&self, status: Status, page: &Page<'_>) -> Vec<u8> {
        let call = Call {
            id: &self.id,
            pairing: &self.pairing,
            name: &self.name,
            namespaced: page.namespaced,
        };
        let mut written = Vec::new();
        object(&mut written, |item| {
            call.write(status, item, |out| {
                out.extend_from_slice(self.arguments.escaped());
            });
        });
        written
    }
}

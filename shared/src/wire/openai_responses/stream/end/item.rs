//! An item of the output that is under way: what it began as, and what was said of it since.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::part::Part;
use super::telling::{List, Telling};
use super::{EACH, Event, copy_but};
use crate::wire::openai_responses::stream::events::Page;
use json::scan;
use json::write::{Object, object};
use json::{Partial, Text};

/// An item under way.
#[derive(Debug)]
pub struct Open {
    /// As the provider wrote it when it began.
    begun: Vec<u8>,
    /// Its parts by their places.
    parts: BTreeMap<(List, u64), Part>,
    /// What a call is told, and whether it was told as a whole.
    said: Option<(&'static Telling, Text<'static>, bool)>,
    /// How much of all that is kept.
    kept: usize,
}

impl Open {
    pub fn new(item: &[u8]) -> Self {
        Self {
            begun: item.to_vec(),
            parts: BTreeMap::new(),
            said: None,
            kept: item.len().saturating_add(EACH),
        }
    }

    /// How much of it is kept, in bytes.
    pub fn kept(&self) -> usize {
        self.kept
    }

    /// Notes what an event says of it, and gives how much more of it is kept.
    pub fn note(&mut self, event: &Event<'_>) -> usize {
        let Some((stem, word)) =
            memchr::memrchr(b'.', event.kind).and_then(|dot| event.kind.split_at_checked(dot))
        else {
            return 0;
        };
        let is_whole = word == b".done";
        let more = if let Some(list) = List::of_events(stem) {
            self.note_part(list, is_whole, event)
        } else if let Some(telling) = Telling::of_events(stem) {
            self.note_telling(telling, is_whole, event)
        } else if stem == b"response.output_text.annotation"
            && let Some(annotation) = event.annotation
        {
            self.change(List::Content, event, |part| part.annotate(annotation))
        } else {
            0
        };
        self.kept = self.kept.saturating_add(more);
        more
    }

    /// Ends it, and gives what it is as a whole.
    pub fn end(&self, place: u64, page: &mut Page<'_>) -> Vec<u8> {
        let members = scan::members(&self.begun, ["id", "type", "status", "name"]);
        let members = members.map_or([None; 4], |members| members.values);
        let [id, kind, status, name] = members.map(|value| value.map(|value| value.span.of(&self.begun)));
        let start = |event: &mut Object<'_>| {
            if let Some(id) = id {
                event.raw("item_id", id);
            }
            event.number("output_index", place);
        };
        let mut parts: Vec<(List, Vec<u8>)> = Vec::with_capacity(self.parts.len());
        for ((list, index), part) in &self.parts {
            let place = |event: &mut Object<'_>| {
                start(event);
                event.number(list.index(), *index);
            };
            parts.push((*list, part.end(*list, place, page)));
        }
        if let Some((telling, said, false)) = &self.said {
            page.event(&[telling.stem, ".done"].concat(), |event| {
                start(event);
                if let Some(name) = name.filter(|_| telling.is_document) {
                    event.raw("name", name);
                }
                event.text(telling.key, said);
            });
        }
        let mut whole = Vec::new();
        object(&mut whole, |item| {
            let lists = [List::Content, List::Summary];
            let mut own = vec!["status"];
            own.extend(self.said.iter().map(|(telling, ..)| telling.key));
            let told = |list: &List| parts.iter().any(|(of, _)| of == list);
            own.extend(lists.iter().filter(|list| told(list)).map(|list| list.key()));
            copy_but(&self.begun, &own, item);
            if status.is_some() {
                item.string("status", self.status(kind));
            }
            if let Some((telling, said, _)) = &self.said {
                item.text(telling.key, said);
            }
            for list in lists.iter().filter(|list| told(list)) {
                item.array(list.key(), |array| {
                    for (_, part) in parts.iter().filter(|(of, _)| of == list) {
                        array.raw(part);
                    }
                });
            }
        });
        page.event("response.output_item.done", |event| {
            event.number("output_index", place);
            event.raw("item", &whole);
        });
        whole
    }

    /// What it is when no more of it comes: a call whose arguments are whole can be made. Some tools of the provider's
    /// know no incomplete calls: <https://platform.openai.com/docs/api-reference/responses/object>
    fn status(&self, kind: Option<&[u8]>) -> &'static str {
        let is_whole = self.said.as_ref().is_some_and(|(telling, said, is_told)| {
            let mut progress = Partial::default();
            progress.push(said);
            *is_told || (telling.is_document && progress.is_whole())
        });
        match kind.unwrap_or_default() {
            b"\"function_call\"" | b"\"custom_tool_call\"" if is_whole => "completed",
            b"\"web_search_call\"" | b"\"image_generation_call\"" => "failed",
            _ => "incomplete",
        }
    }

    fn note_part(&mut self, list: List, is_whole: bool, event: &Event<'_>) -> usize {
        let Some(written) = event.part else { return 0 };
        self.change(list, event, |part| part.write(written, is_whole))
    }

    fn note_telling(&mut self, telling: &'static Telling, is_whole: bool, event: &Event<'_>) -> usize {
        let delta = event.delta.and_then(Text::of_quoted).unwrap_or_default();
        if let Some((list, _)) = telling.part {
            return self.change(list, event, |part| part.tell(telling, &delta, is_whole));
        }
        let (_, said, is_told) = self.said.get_or_insert((telling, Text::default(), false));
        *is_told |= is_whole;
        said.push(&delta);
        delta.escaped().len()
    }

    /// Changes the part that an event is about, which begins with it if it is new, and gives how much more is kept.
    fn change(&mut self, list: List, event: &Event<'_>, change: impl FnOnce(&mut Part) -> usize) -> usize {
        let index = match list {
            List::Content => event.content,
            List::Summary => event.summary,
        };
        let index = index.and_then(scan::unsigned).unwrap_or_default();
        match self.parts.entry((list, index)) {
            Entry::Occupied(mut known) => change(known.get_mut()),
            Entry::Vacant(new) => change(new.insert(Part::default())).saturating_add(EACH),
        }
    }
}

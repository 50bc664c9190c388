//! A part of an item: words of a kind, under way or whole.

use super::telling::{List, Telling};
use super::{EACH, copy_but};
use crate::wire::openai_responses::stream::events::Page;
use json::Text;
use json::scan;
use json::write::{Object, object};

/// A part.
#[derive(Debug, Default)]
pub struct Part {
    /// As the provider wrote it when it began or when it was whole; empty if it did neither.
    written: Vec<u8>,
    telling: Option<&'static Telling>,
    said: Text<'static>,
    annotations: Vec<Vec<u8>>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// More is to come.
    #[default]
    Open,
    /// Its words were told as a whole.
    Told,
    /// It was.
    Whole,
}

impl Part {
    /// Takes it as the provider wrote it, and gives how many bytes more are kept.
    pub fn write(&mut self, written: &[u8], is_whole: bool) -> usize {
        let [kind] = scan::members(written, ["type"]).map_or([None], |members| members.values);
        let telling = kind.and_then(|kind| Telling::of_type(kind.span.of(written)));
        self.telling = telling.or(self.telling);
        let had = std::mem::replace(&mut self.written, written.to_vec()).len();
        if is_whole {
            self.stage = Stage::Whole;
        }
        written.len().saturating_sub(had)
    }

    /// Takes more words, or that those so far are all, and gives how many bytes more are kept.
    pub fn tell(&mut self, telling: &'static Telling, delta: &Text<'_>, is_whole: bool) -> usize {
        self.telling = Some(telling);
        if is_whole && self.stage == Stage::Open {
            self.stage = Stage::Told;
        }
        self.said.push(delta);
        delta.escaped().len()
    }

    /// Takes what its words refer to, and gives how many bytes more are kept.
    pub fn annotate(&mut self, annotation: &[u8]) -> usize {
        self.annotations.push(annotation.to_vec());
        annotation.len().saturating_add(EACH)
    }

    /// Ends it, unless it is whole, and gives what it is then; `place` writes where it is.
    pub fn end(&self, list: List, place: impl Fn(&mut Object<'_>), page: &mut Page<'_>) -> Vec<u8> {
        if self.stage == Stage::Whole {
            return self.written.clone();
        }
        if let Some(telling) = self.telling.filter(|_| self.stage == Stage::Open) {
            page.event(&[telling.stem, ".done"].concat(), |event| {
                place(event);
                event.text(telling.key, &self.said);
                if telling.has_logprobs() {
                    event.array("logprobs", |_| ());
                }
            });
        }
        let mut whole = Vec::new();
        object(&mut whole, |part| self.write_members(part));
        page.event(list.done(), |event| {
            place(event);
            event.raw("part", &whole);
        });
        whole
    }

    fn write_members(&self, part: &mut Object<'_>) {
        let mut own = Vec::new();
        own.extend(self.telling.map(|telling| telling.key));
        if !self.annotations.is_empty() {
            own.push("annotations");
        }
        if !self.written.is_empty() {
            copy_but(&self.written, &own, part);
        } else if let Some((_, kind)) = self.telling.and_then(|telling| telling.part) {
            part.string("type", kind);
        }
        if let Some(telling) = self.telling {
            part.text(telling.key, &self.said);
            let is_new = self.written.is_empty() && telling.has_logprobs();
            if is_new || !self.annotations.is_empty() {
                part.array("annotations", |array| {
                    for annotation in &self.annotations {
                        array.raw(annotation);
                    }
                });
            }
        }
    }
}

//! Puts tags into the ids of responses while they pass. Nothing is held back, and every other byte stays as it is.

use memchr::{memchr2, memchr3, memmem, memrchr};

use super::PREFIX;

#[cfg(all(test, not(target_family = "wasm")))]
mod properties;
#[cfg(test)]
mod tests;

/// The longest key that is of interest, and one more.
const KEY: usize = 21;

/// Where the ids stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The answer is the response, or what became of it.
    Whole,
    /// Events of a stream have it as their member `response`.
    Stream,
}

/// Puts tags into one answer.
#[derive(Clone, Debug)]
pub struct Labeller {
    shape: Shape,
    own: String,
    previous: String,
    at: Place,
}

/// How far it has come.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    line: Line,
    /// How many objects and lists are open.
    depth: u32,
    is_object: bool,
    /// Whether the second of them is an event's response.
    in_response: bool,
    expects_key: bool,
    /// What the value is that comes next.
    next: Wanted,
    string: Within,
    key: [u8; KEY],
    /// How long the key is, as far as it is of interest.
    length: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    /// So many bytes of `data:` have come.
    Begun(usize),
    /// JSON.
    Data,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Nothing,
    Response,
    Id,
    PreviousId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    /// No string.
    Nothing,
    Key,
    /// An id of which so many bytes of the prefix have come.
    Id(usize, Wanted),
    Text,
    /// After a backslash. None of these keys and ids needs one, so what follows is any text.
    Escape,
}

const FIELD: &[u8] = b"data:";

const BEGINNING: Place = Place {
    line: Line::Begun(0),
    depth: 0,
    is_object: false,
    in_response: false,
    expects_key: false,
    next: Wanted::Nothing,
    string: Within::Nothing,
    key: [0; KEY],
    length: 0,
};

impl Labeller {
    /// `own`: the text of the tag of the answer itself; `previous`: that of the response that it goes on with.
    #[must_use]
    pub fn new(shape: Shape, own: String, previous: String) -> Self {
        let line = match shape {
            Shape::Whole => Line::Data,
            Shape::Stream => Line::Begun(0),
        };
        Self {
            shape,
            own,
            previous,
            at: Place { line, ..BEGINNING },
        }
    }

    /// How far it has come.
    #[must_use]
    pub fn place(&self) -> Place {
        self.at
    }

    /// Goes back to where it was: what came since does not pass.
    pub fn go_back(&mut self, place: Place) {
        self.at = place;
    }

    /// Takes the next chunk and gives what passes in its place; `None` if that is the same.
    pub fn push(&mut self, chunk: &[u8]) -> Option<Vec<u8>> {
        let mut passed = Vec::new();
        let mut done = 0;
        let mut next = self.skip(chunk);
        while next < chunk.len() {
            let (end, tag) = self.step(chunk, next);
            if let Some(tag) = tag {
                let tag = match tag {
                    Wanted::PreviousId => &self.previous,
                    _ => &self.own,
                };
                passed.reserve(chunk.len().saturating_add(tag.len()).saturating_sub(done));
                passed.extend_from_slice(chunk.get(done..end).unwrap_or_default());
                passed.extend_from_slice(tag.as_bytes());
                done = end;
            }
            next = end;
        }
        if done == 0 {
            return None;
        }
        passed.extend_from_slice(chunk.get(done..).unwrap_or_default());
        Some(passed)
    }

    /// How many bytes need not be looked at: whole lines without a response, which nearly all events are.
    fn skip(&self, chunk: &[u8]) -> usize {
        if self.shape == Shape::Whole || self.at.line != Line::Begun(0) {
            return 0;
        }
        let end = memrchr(b'\n', chunk).map_or(0, |last| last.saturating_add(1));
        let lines = chunk.get(..end).unwrap_or_default();
        match memmem::find(lines, b"\"response\"") {
            None => end,
            Some(found) => {
                let before = lines.get(..found).unwrap_or_default();
                memrchr(b'\n', before).map_or(0, |last| last.saturating_add(1))
            }
        }
    }

    /// Looks at the bytes from `from` on, one or more, and gives where it stopped and whose tag is to be put there.
    fn step(&mut self, chunk: &[u8], from: usize) -> (usize, Option<Wanted>) {
        let after = from.saturating_add(1);
        let Some((byte, rest)) = chunk.get(from..).and_then(<[u8]>::split_first) else {
            return (chunk.len(), None);
        };
        let at = &mut self.at;
        if self.shape == Shape::Stream && matches!(byte, b'\n' | b'\r') {
            *at = BEGINNING;
            return (after, None);
        }
        match at.line {
            Line::Begun(matched) => {
                let is_field = FIELD.get(matched) == Some(byte);
                let matched = matched.saturating_add(1);
                at.line = match matched == FIELD.len() {
                    _ if !is_field => Line::Other,
                    true => Line::Data,
                    false => Line::Begun(matched),
                };
                (after, None)
            }
            Line::Other => {
                let length = memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
                (after.saturating_add(length), None)
            }
            Line::Data => match at.string {
                Within::Text if !matches!(byte, b'"' | b'\\') => {
                    let length = memchr3(b'"', b'\\', b'\n', rest).unwrap_or(rest.len());
                    (after.saturating_add(length), None)
                }
                Within::Nothing => {
                    at.token(*byte, self.shape);
                    (after, None)
                }
                _ => (after, at.letter(*byte, self.shape)),
            },
        }
    }
}

impl Place {
    /// Whether the object that is open is one whose keys are of interest.
    fn is_of_interest(&self) -> bool {
        (self.depth == 1 && self.is_object) || (self.depth == 2 && self.in_response)
    }

    /// A byte outside strings.
    fn token(&mut self, byte: u8, shape: Shape) {
        let next = self.next;
        if !byte.is_ascii_whitespace() && byte != b':' {
            self.next = Wanted::Nothing;
        }
        match byte {
            b'"' => {
                self.length = 0;
                self.string = match next {
                    _ if self.expects_key && self.is_of_interest() => Within::Key,
                    Wanted::Id | Wanted::PreviousId => Within::Id(0, next),
                    Wanted::Nothing | Wanted::Response => Within::Text,
                };
            }
            b'{' | b'[' => {
                self.depth = self.depth.saturating_add(1);
                let is_object = byte == b'{';
                if self.depth == 1 {
                    self.is_object = is_object;
                }
                if self.depth == 2 {
                    self.in_response = is_object && shape == Shape::Stream && next == Wanted::Response;
                }
                self.expects_key = true;
            }
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                self.expects_key = false;
            }
            b',' => self.expects_key = true,
            b':' => self.expects_key = false,
            _ => {}
        }
    }

    /// A byte of a string; gives whose tag follows it.
    fn letter(&mut self, byte: u8, shape: Shape) -> Option<Wanted> {
        match (byte, self.string) {
            (_, Within::Escape) => self.string = Within::Text,
            (b'"', string) => {
                if string == Within::Key {
                    self.next = self.wanted(shape);
                }
                self.string = Within::Nothing;
            }
            (b'\\', _) => self.string = Within::Escape,
            (_, Within::Key) => {
                if let Some(slot) = self.key.get_mut(self.length) {
                    *slot = byte;
                    self.length = self.length.saturating_add(1);
                }
            }
            (_, Within::Id(matched, whose)) => {
                let is_prefix = PREFIX.as_bytes().get(matched) == Some(&byte);
                let matched = matched.saturating_add(1);
                if is_prefix && matched == PREFIX.len() {
                    self.string = Within::Text;
                    return Some(whose);
                }
                self.string = if is_prefix {
                    Within::Id(matched, whose)
                } else {
                    Within::Text
                };
            }
            (_, Within::Nothing | Within::Text) => {}
        }
        None
    }

    /// What the key that has ended names.
    fn wanted(&self, shape: Shape) -> Wanted {
        let holds_ids = shape == Shape::Whole || self.depth == 2;
        match self.key.get(..self.length).unwrap_or_default() {
            b"response" if !holds_ids => Wanted::Response,
            b"id" if holds_ids => Wanted::Id,
            b"previous_response_id" if holds_ids => Wanted::PreviousId,
            _ => Wanted::Nothing,
        }
    }
}

//! Server-sent events out of chunks that are cut anywhere. The only place that knows lines, `event:` and `data:`.
//! The format: <https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream>

use std::borrow::Cow;

use memchr::memchr2;

use crate::limits::MAX_EVENT;
use json::write;

/// One event as it stood in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// All its bytes, the blank line included.
    pub raw: &'a [u8],
}

impl<'a> Event<'a> {
    /// Whether it is a comment: the way to keep a connection alive.
    #[must_use]
    pub fn is_comment(&self) -> bool {
        self.raw.starts_with(b":")
    }

    /// What its `data` lines carry; `None` if it has none (a comment, a keep-alive).
    #[must_use]
    pub fn data(&self) -> Option<Cow<'a, [u8]>> {
        let mut data: Option<Cow<'a, [u8]>> = None;
        let mut rest = self.raw;
        while !rest.is_empty() {
            let end = memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
            if let Some(value) = rest.get(..end).and_then(|line| line.strip_prefix(b"data:")) {
                let value = value.strip_prefix(b" ").unwrap_or(value);
                data = Some(match data {
                    None => Cow::Borrowed(value),
                    Some(before) => {
                        let mut joined = before.into_owned();
                        joined.push(b'\n');
                        joined.extend_from_slice(value);
                        Cow::Owned(joined)
                    }
                });
            }
            rest = rest.get(end + 1..).unwrap_or_default();
        }
        data
    }
}

/// What the splitter found, in the order of the stream; together the pieces are the stream, byte for byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A whole event.
    Event(Event<'a>),
    /// A part of an event longer than [`MAX_EVENT`], to be passed on unread.
    Unread(&'a [u8]),
}

/// Writes an event whose data is one JSON object. Whatever text is put into it must come out of sound JSON, which
/// has no line breaks in its strings.
pub fn write_event(out: &mut Vec<u8>, name: Option<&str>, fill: impl FnOnce(&mut write::Object<'_>)) {
    if let Some(name) = name {
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(name.as_bytes());
        out.push(b'\n');
    }
    out.extend_from_slice(b"data: ");
    write::object(out, fill);
    out.extend_from_slice(b"\n\n");
}

/// The comment that keeps a silent connection alive.
pub const PING: &[u8] = b": ping\n\n";

/// What of a stream is not yet a whole event.
#[derive(Debug, Default)]
pub struct Splitter {
    /// The beginning of the event under way; while `oversized`, only what its last line needs to be recognised.
    pending: Vec<u8>,
    /// Where in `pending` the line begins that is not yet whole.
    line: usize,
    /// The event under way is longer than [`MAX_EVENT`]: its bytes are handed on as they come.
    oversized: bool,
}

impl Splitter {
    /// Takes a chunk and calls `each` with every piece that it completes. An event that came whole is a slice of
    /// the chunk; only one that was cut is copied.
    pub fn push(&mut self, chunk: &[u8], mut each: impl FnMut(Piece<'_>)) {
        let mut rest = chunk;
        if self.oversized || !self.pending.is_empty() {
            let joined_at = self.pending.len();
            self.pending.extend_from_slice(chunk);
            let Some(end) = event_end(&self.pending, &mut self.line) else {
                return self.bound(chunk, each);
            };
            // The end lies in the chunk, or the pending part would have been a whole event before.
            let (taken, after) = chunk
                .split_at_checked(end.saturating_sub(joined_at))
                .unwrap_or((chunk, b""));
            if self.oversized {
                each(Piece::Unread(taken));
            } else {
                each(Piece::Event(Event {
                    raw: self.pending.get(..end).unwrap_or_default(),
                }));
            }
            rest = after;
            *self = Self::default();
        }
        let mut line = 0;
        while let Some(end) = event_end(rest, &mut line) {
            let (event, after) = rest.split_at_checked(end).unwrap_or((rest, b""));
            each(Piece::Event(Event { raw: event }));
            rest = after;
            line = 0;
        }
        self.pending.extend_from_slice(rest);
        self.line = line;
        self.bound(rest, each);
    }

    /// What is left when the stream ends: an event without its blank line, or nothing.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        if self.oversized { Vec::new() } else { self.pending }
    }

    /// How many bytes wait for the rest of their event.
    #[must_use]
    pub fn held(&self) -> usize {
        if self.oversized { 0 } else { self.pending.len() }
    }

    /// Keeps the pending part below its bound; `chunk` is its newest part.
    fn bound(&mut self, chunk: &[u8], mut each: impl FnMut(Piece<'_>)) {
        if self.oversized {
            each(Piece::Unread(chunk));
        } else if self.pending.len() > MAX_EVENT {
            each(Piece::Unread(&self.pending));
        } else {
            return;
        }
        // Of a line that goes on, all that matters is whether it is blank so far and ends in a CR.
        let unfinished = self.pending.get(self.line..).unwrap_or_default();
        let (content, carriage_return) = match unfinished.split_last() {
            Some((b'\r', content)) => (content, &b"\r"[..]),
            _ => (unfinished, &b""[..]),
        };
        let content: &[u8] = if content.is_empty() { b"" } else { b":" };
        *self = Self {
            pending: [content, carriage_return].concat(),
            line: 0,
            oversized: true,
        };
    }
}

/// One past the blank line that ends the first event of `text`, or `None`; `line` is where to go on: the beginning
/// of the first line that was not yet whole.
fn event_end(text: &[u8], line: &mut usize) -> Option<usize> {
    loop {
        let rest = text.get(*line..)?;
        let length = memchr2(b'\n', b'\r', rest)?;
        let mut next = *line + length + 1;
        if rest.get(length) == Some(&b'\r') {
            // A CR at the end of what is there may be half of a CRLF.
            match text.get(next) {
                Some(b'\n') => next += 1,
                Some(_) => {}
                None => return None,
            }
        }
        *line = next;
        if length == 0 {
            return Some(next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn split(chunks: &[&[u8]]) -> (Vec<Vec<u8>>, Vec<u8>, Vec<u8>) {
        let mut splitter = Splitter::default();
        let mut events = Vec::new();
        let mut all = Vec::new();
        for chunk in chunks {
            splitter.push(chunk, |piece| match piece {
                Piece::Event(event) => {
                    events.push(event.raw.to_vec());
                    all.extend_from_slice(event.raw);
                }
                Piece::Unread(bytes) => all.extend_from_slice(bytes),
            });
        }
        let left = splitter.finish();
        all.extend_from_slice(&left);
        (events, left, all)
    }

    const STREAMS: [&str; 5] = [
        "event: a\ndata: {\"x\":1}\n\ndata: é日🎉\n\n",
        "event: a\r\ndata: 1\r\n\r\n: comment\r\n\r\ndata: 2\r\n\r\n",
        "data: 1\r\rdata: 2\r\r:\r\r",
        "data: 1\n\r\ndata: 2\r\n\n\ndata: 3\n\n",
        "data:1\ndata: 2\n\ndata: unfinished",
    ];

    #[test]
    fn any_cut_of_a_stream_gives_the_same_data() {
        for stream in STREAMS {
            let bytes = stream.as_bytes();
            let data = |chunks: &[&[u8]]| {
                let (events, left, all) = split(chunks);
                assert_eq!(all, bytes, "no byte is lost");
                let data: Vec<_> = events
                    .iter()
                    .filter_map(|raw| Event { raw }.data().map(Cow::into_owned))
                    .collect();
                (data, left)
            };
            let whole = data(&[bytes]);
            for cut in 0..=bytes.len() {
                let (head, tail) = bytes.split_at(cut);
                assert_eq!(data(&[head, tail]), whole, "cut at {cut} of {stream:?}");
            }
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            assert_eq!(data(&single), whole, "byte by byte: {stream:?}");
        }
    }

    #[test]
    fn data_lines_are_joined_and_comments_carry_none() {
        assert_eq!(
            Event {
                raw: b"data: a\ndata:b\n\n"
            }
            .data()
            .as_deref(),
            Some(&b"a\nb"[..])
        );
        assert_eq!(Event { raw: b": ping\n\n" }.data(), None);
        assert_eq!(
            Event {
                raw: b"event: x\r\ndata:\r\n\r\n"
            }
            .data()
            .as_deref(),
            Some(&b""[..])
        );
    }

    #[test]
    fn an_event_beyond_the_bound_passes_unread_and_the_next_one_is_read() {
        let long = [b"data: ".to_vec(), vec![b'x'; MAX_EVENT], b"\n".to_vec()].concat();
        let endless = vec![b'x'; MAX_EVENT + 1];
        for chunks in [
            [&long[..], b"data: more\n", b"\n", b"data: next\n\n"],
            [&endless, &endless, b"\r\n\r", b"\ndata: next\n\n"],
            [&long, b"data: more\r", b"\r", b"data: next\n\n"],
            [&endless, b"\n", b"", b"\ndata: next\n\n"],
        ] {
            let (events, left, all) = split(&chunks);
            assert_eq!(events, [b"data: next\n\n".to_vec()]);
            assert_eq!((left, all), (Vec::new(), chunks.concat()));
        }
    }
}

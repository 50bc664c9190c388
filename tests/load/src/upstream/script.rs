//! The pieces of a stream, made from the events in `answers/`.

use bytes::Bytes;
use memchr::memmem;
use provider_simulator::frames;

use super::{CHUNKS, WORD};
use crate::peer::Peer;

/// Stands in an event that repeats at the end all that was said.
const WHOLE_TEXT: &str = "{text}";

/// What is sent at once: the events before the first chunk, one chunk, and the events after the last.
pub(super) struct Script {
    pub(super) before: Bytes,
    pub(super) chunk: Bytes,
    pub(super) after: Bytes,
}

impl Script {
    /// The chunk is the first event with the word.
    pub(super) fn of(peer: Peer) -> Self {
        let said = format!(" {}", String::from_utf8_lossy(WORD)).repeat(CHUNKS);
        let events: Vec<&str> = peer.stream().split_inclusive("\n\n").collect();
        let is_chunk = |event: &&str| memmem::find(event.as_bytes(), WORD).is_some();
        let chunk = events.iter().position(is_chunk).unwrap_or_default();
        let (before, rest) = events.split_at(chunk);
        let (chunk, after) = rest.split_at(rest.len().min(1));
        let piece = |events: &[&str]| -> Bytes {
            let events = events.iter().map(|event| event.replace(WHOLE_TEXT, &said));
            events.flat_map(|event| on_wire(peer, event)).collect()
        };
        Self {
            before: piece(before),
            chunk: piece(chunk),
            after: piece(after),
        }
    }
}

/// An event as this provider sends it.
fn on_wire(peer: Peer, event: String) -> Vec<u8> {
    let framed = event.strip_prefix("event: ").filter(|_| peer == Peer::Converse);
    match framed.and_then(|event| event.split_once("\ndata: ")) {
        Some((name, data)) => frames::event(name, data.trim_end()),
        None => event.into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stream_is_told_apart() {
        for peer in Peer::ALL {
            let Script { before, chunk, after } = &Script::of(peer);
            let has_word = |piece: &[u8]| memmem::find(piece, WORD).is_some();
            assert!(!has_word(before) && has_word(chunk) && !after.is_empty());
            assert_eq!(before.is_empty(), peer == Peer::Gemini);
            assert!(memmem::find(after, WHOLE_TEXT.as_bytes()).is_none());
        }
    }

    #[test]
    fn the_events_of_converse_are_frames() {
        let Script { chunk, .. } = &Script::of(Peer::Converse);
        let length = u32::try_from(chunk.len()).unwrap().to_be_bytes();
        assert!(chunk.starts_with(&length));
        assert!(memmem::find(chunk, b":event-type").is_some());
    }
}

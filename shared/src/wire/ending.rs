//! Ends a stream before its provider does, where it passes in its own format: what has passed stays as it was, and an end
//! in the format's words follows.

use super::anthropic::stream::end as anthropic;
use super::openai_chat::stream::end as openai_chat;
use super::openai_responses::stream::end as openai_responses;
use super::{Format, Relay};
use crate::ledger::Usage;
use crate::sse::{Piece, Splitter};

/// What must be known of a stream to end it at any time.
#[derive(Debug)]
pub struct Ending {
    splitter: Splitter,
    seen: Seen,
    /// Whether an event is under way that is too long to be looked at.
    is_within: bool,
}

#[derive(Debug)]
enum Seen {
    OpenAiChat(openai_chat::Seen),
    Anthropic(anthropic::Seen),
    OpenAiResponses(openai_responses::Seen),
}

impl Ending {
    /// Of a stream in a format. `with_usage`: whether its end tells what was used, where the format leaves that to the
    /// caller.
    #[must_use]
    pub fn of(format: Format, with_usage: bool) -> Self {
        Self {
            splitter: Splitter::default(),
            seen: match format {
                Format::OpenAiChat => Seen::OpenAiChat(openai_chat::Seen::new(with_usage)),
                Format::AnthropicMessages => Seen::Anthropic(anthropic::Seen::default()),
                Format::OpenAiResponses => Seen::OpenAiResponses(openai_responses::Seen::default()),
            },
            is_within: false,
        }
    }

    /// Takes the next chunk.
    pub fn note(&mut self, chunk: &[u8]) {
        let Self {
            splitter,
            seen,
            is_within,
        } = self;
        splitter.push(chunk, |piece| match piece {
            Piece::Event(event) => {
                *is_within = false;
                if let Some(data) = event.data() {
                    match seen {
                        Seen::OpenAiChat(seen) => seen.note(&data),
                        Seen::Anthropic(seen) => seen.note(&data),
                        Seen::OpenAiResponses(seen) => seen.note(&data),
                    }
                }
            }
            Piece::Unread(_) => {
                if let (Seen::OpenAiResponses(seen), false) = (&mut *seen, *is_within) {
                    seen.note_unread();
                }
                *is_within = true;
            }
        });
    }

    /// What passes in place of the chunk that was noted last, with the end after it. `None` if that would tear an event
    /// apart whose beginning has passed already.
    #[must_use]
    pub fn after(&self, chunk: &[u8], relay: &Relay, usage: &Usage) -> Option<Vec<u8>> {
        if self.is_within {
            return None;
        }
        let whole = match relay {
            Relay::Unchanged => chunk.get(..chunk.len().checked_sub(self.splitter.held())?)?,
            // What is replaced passes in whole events.
            Relay::Replaced(passed) => passed,
        };
        let mut passed = whole.to_vec();
        match &self.seen {
            Seen::OpenAiChat(seen) => seen.end(usage, &mut passed),
            Seen::Anthropic(seen) => seen.end(usage, &mut passed),
            Seen::OpenAiResponses(seen) => seen.end(usage, &mut passed)?,
        }
        Some(passed)
    }
}

#[cfg(test)]
mod tests;

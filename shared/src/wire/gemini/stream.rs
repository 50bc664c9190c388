//! Reads the chunks of a stream into steps. Each is an answer of its own, with the parts that are new; no event ends the
//! stream but its end.

use super::said::{self, Said, failure, finish, first_candidate, given_text, is_blocked};
use super::{error, seal, usage};
use crate::limits::MAX_TOOL_CALLS;
use crate::wire::arguments::compact_into_string;
use crate::wire::codec::{self, NOT_JSON, TooMuchHeld};
use crate::wire::ir::{Arguments, Delta, ErrorKind, Finish, ProviderError, ToolIndex};
use json::Node;

/// What of a stream must be remembered to read the rest of it.
#[derive(Debug, Default)]
pub(super) struct StreamReader {
    has_started: bool,
    last: Last,
    has_finished: bool,
    /// How many tools were called.
    calls: usize,
}

/// What was said last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Last {
    /// Nothing was said so far.
    #[default]
    Nothing,
    Text,
    Other,
}

impl codec::StreamReader for StreamReader {
    fn read(&mut self, data: &[u8], tell: &mut dyn FnMut(Delta<'_>)) {
        let keys = [
            "responseId",
            "modelVersion",
            "candidates",
            "promptFeedback",
            "usageMetadata",
            "error",
        ];
        let Some((chunk, [id, model, candidates, feedback, metadata, failed])) = Node::sound(data, keys)
        else {
            // Proxies before it may end a stream in the way of OpenAI's.
            if data.trim_ascii() != b"[DONE]" {
                tell(Delta::Error(ProviderError::of(ErrorKind::Internal, NOT_JSON)));
            }
            return;
        };
        if failed.is_some() {
            let unnamed = || ProviderError::of(ErrorKind::Internal, "the provider broke its answer off");
            return tell(Delta::Error(error::of_object(chunk, 0).unwrap_or_else(unnamed)));
        }
        let candidate = candidates.and_then(first_candidate);
        let is_blocked = candidate.is_none() && is_blocked(feedback);
        if candidate.is_none() && !is_blocked && metadata.is_none() {
            return;
        }
        if !self.has_started {
            self.has_started = true;
            tell(Delta::Start {
                id: given_text(id),
                model: given_text(model),
            });
        }
        if let Some(usage) = metadata.and_then(usage::read) {
            tell(Delta::Usage(usage));
        }
        if let Some([parts, reason]) = candidate {
            if let Some(parts) = parts {
                said::read(parts, &mut |said| self.say(said, tell));
            }
            if let Some(reason) = given_text(reason) {
                self.finish(finish(reason), tell);
            }
        }
        if is_blocked {
            self.finish(Finish::ContentFilter, tell);
        }
    }
}

impl StreamReader {
    fn say(&mut self, said: Said<'_>, tell: &mut dyn FnMut(Delta<'_>)) {
        let is_text = matches!(said, Said::Text { .. });
        let last = std::mem::replace(&mut self.last, if is_text { Last::Text } else { Last::Other });
        match said {
            Said::Thinking(text) => tell(Delta::Thinking(text)),
            Said::Text { text, seal } => {
                // One in the middle would cut the text in two.
                if let Some(own) = seal.filter(|_| last != Last::Text) {
                    tell_seal(&own, tell);
                }
                tell(Delta::Text(text));
            }
            Said::Seal(own) => tell_seal(&own, tell),
            Said::Call { id, name, arguments } => {
                if self.calls >= MAX_TOOL_CALLS {
                    let message = TooMuchHeld::new().to_string();
                    return tell(Delta::Error(ProviderError::of(ErrorKind::Internal, &message)));
                }
                let index = ToolIndex(self.calls);
                self.calls += 1;
                tell(Delta::ToolCall { index, id, name });
                tell(Delta::Arguments {
                    index,
                    fragment: whole(&arguments),
                });
            }
        }
    }

    /// Tells the reason once.
    fn finish(&mut self, finish: Finish<'_>, tell: &mut dyn FnMut(Delta<'_>)) {
        if self.has_finished {
            return;
        }
        self.has_finished = true;
        match failure(&finish) {
            Some(message) if self.last == Last::Nothing => {
                tell(Delta::Error(ProviderError::of(ErrorKind::Internal, &message)));
            }
            _ => tell(Delta::Finish(finish.confirmed(self.calls > 0, false))),
        }
    }
}

/// Each seal is that of a thought of its own.
fn tell_seal(own: &json::Text<'_>, tell: &mut dyn FnMut(Delta<'_>)) {
    tell(Delta::Signature(seal::marked(own)));
    tell(Delta::BlockEnd);
}

/// The arguments of a call, which come in one piece.
fn whole(arguments: &Arguments<'_>) -> json::Text<'static> {
    let mut text = Vec::new();
    compact_into_string(&arguments.to_object(), &mut text);
    json::Text::of_escaped(text)
}

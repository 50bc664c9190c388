//! Reads the chunks of a chat completion stream into steps.

use super::calls::Calls;
use crate::wire::codec::{self, NOT_JSON, TooMuchHeld};
use crate::wire::ir::{Delta, ErrorKind, Finish, ProviderError};
use crate::wire::openai_chat::answer::read::{FAILED, UsageReader, finish, first_choice, given_text};
use crate::wire::openai_chat::error;
use crate::wire::openai_chat::said::{self, Said};
use json::Node;

/// What of a stream must be remembered to read the rest of it.
#[derive(Debug)]
pub struct StreamReader {
    read_usage: UsageReader,
    stage: Stage,
    has_refusal: bool,
    calls: Calls,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    #[default]
    Silent,
    Started,
    Said,
    Finished,
}

impl codec::StreamReader for StreamReader {
    fn read(&mut self, data: &[u8], tell: &mut dyn FnMut(Delta<'_>)) {
        if data.trim_ascii() == b"[DONE]" {
            return self.end(tell);
        }
        let keys = ["id", "model", "choices", "usage", "error", "service_tier"];
        let Some((chunk, [id, model, choices, reported, error, tier])) = Node::sound(data, keys) else {
            return tell(Delta::Error(ProviderError::of(ErrorKind::Internal, NOT_JSON)));
        };
        if (error.is_some() || choices.is_none())
            && let Some(error) = error::of_object(chunk, 0)
        {
            return tell(Delta::Error(error));
        }
        let choice = choices.and_then(|choices| first_choice(choices, "delta"));
        let usage = reported.and_then(|usage| (self.read_usage)(usage.raw(), tier.map(Node::raw)));
        // Azure begins with a chunk that has neither, nor an id: only what its filter thinks of the prompt.
        if (choice.is_some() || usage.is_some()) && self.stage == Stage::Silent {
            self.stage = Stage::Started;
            tell(Delta::Start {
                id: given_text(id),
                model: given_text(model),
            });
        }
        if let Some(choice) = choice
            && let Err(error) = self.read_choice(choice, tell)
        {
            return tell(Delta::Error(ProviderError::of(
                ErrorKind::Internal,
                &error.to_string(),
            )));
        }
        if let Some(usage) = usage {
            tell(Delta::Usage(usage));
        }
    }
}

impl StreamReader {
    /// Reads a stream of a provider that tells its usage in this way.
    #[must_use]
    pub(in crate::wire) fn with(read_usage: UsageReader) -> Self {
        Self {
            read_usage,
            stage: Stage::default(),
            has_refusal: false,
            calls: Calls::default(),
        }
    }

    fn read_choice(
        &mut self,
        [delta, reason, stop]: [Option<Node<'_>>; 3],
        tell: &mut dyn FnMut(Delta<'_>),
    ) -> Result<(), TooMuchHeld> {
        if let Some(delta) = delta {
            self.read_delta(delta, tell)?;
        }
        if reason.is_some_and(|reason| reason.is(FAILED)) {
            tell(Delta::Error(error::of_failed_model()));
        } else if let Some(reason) = given_text(reason) {
            self.finish(finish(reason, given_text(stop)), tell);
        }
        Ok(())
    }

    fn read_delta(&mut self, delta: Node<'_>, tell: &mut dyn FnMut(Delta<'_>)) -> Result<(), TooMuchHeld> {
        let tool_calls = said::read(delta, &mut |said| {
            self.stage = self.stage.max(Stage::Said);
            tell(match said {
                Said::Thinking(text) => Delta::Thinking(text),
                Said::Text(text) => Delta::Text(text),
                Said::Refusal(text) => {
                    self.has_refusal = true;
                    Delta::Refusal(text)
                }
            });
        });
        let mut result = Ok(());
        if let Some(tool_calls) = tool_calls {
            tool_calls.each(|entry| {
                if result.is_ok() {
                    result = self.calls.read(entry, tell);
                }
            });
        }
        result
    }

    /// Tells the reason once; servers that repeat it add nothing.
    fn finish(&mut self, finish: Finish<'_>, tell: &mut dyn FnMut(Delta<'_>)) {
        if self.stage < Stage::Finished {
            self.stage = Stage::Finished;
            tell(Delta::Finish(
                finish.confirmed(self.calls.has_begun(), self.has_refusal),
            ));
        }
    }

    /// Some servers never give a reason, but say that they are done.
    fn end(&mut self, tell: &mut dyn FnMut(Delta<'_>)) {
        if self.stage == Stage::Said || self.calls.has_begun() {
            self.finish(Finish::Stop, tell);
        }
        tell(Delta::End);
    }
}

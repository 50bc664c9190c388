//! Reads the events of a stream: `message-start`, blocks of text and thought, a plan, calls of tools one after the other,
//! `message-end`. <https://docs.cohere.com/docs/streaming>

use super::answer::{finish, given_text, is_failure, is_no_arguments};
use super::{error, usage};
use crate::limits::MAX_TOOL_CALLS;
use crate::wire::TooMuchHeld;
use crate::wire::codec::{self, NOT_JSON};
use crate::wire::ir::{Delta, ErrorKind, ProviderError, ToolIndex};
use json::{Node, Text};

/// What of a stream must be remembered to read the rest of it.
#[derive(Debug, Default)]
pub(super) struct StreamReader {
    has_started: bool,
    has_ended: bool,
    /// How many calls of tools began.
    calls: usize,
    /// Cohere's numbers of them.
    numbers: Vec<Option<u64>>,
}

impl codec::StreamReader for StreamReader {
    fn read(&mut self, data: &[u8], tell: &mut dyn FnMut(Delta<'_>)) {
        if data.trim_ascii() == b"[DONE]" {
            return self.end(tell);
        }
        let keys = ["type", "id", "index", "delta"];
        let Some((event, [kind, id, index, delta])) = Node::sound(data, keys) else {
            return tell(Delta::Error(ProviderError::of(ErrorKind::Internal, NOT_JSON)));
        };
        let Some(kind) = kind.and_then(Node::text) else {
            // Whatever is no event at all is an error, as Cohere answers it.
            if let Some(error) = error::read(event.raw(), 0) {
                tell(Delta::Error(error));
            }
            return;
        };
        let message = || delta?.field("message");
        let index = index.and_then(Node::unsigned);
        match kind.escaped() {
            b"message-start" => self.start(given_text(id), tell),
            b"content-start" | b"content-delta" => {
                if let Some(content) = message().and_then(|message| message.field("content")) {
                    self.words(content, tell);
                }
            }
            b"content-end" => tell(Delta::BlockEnd),
            b"tool-plan-delta" => {
                let plan = message().and_then(|message| message.field("tool_plan"));
                if let Some(plan) = given_text(plan) {
                    self.start(None, tell);
                    tell(Delta::Thinking(plan));
                }
            }
            b"tool-call-start" => self.call(index, message(), tell),
            b"tool-call-delta" => {
                if let Some(call) = message().and_then(first_call) {
                    self.arguments(index, call, tell);
                }
            }
            b"message-end" => self.message_end(delta, tell),
            _ => {}
        }
    }
}

impl StreamReader {
    fn start(&mut self, id: Option<Text<'_>>, tell: &mut dyn FnMut(Delta<'_>)) {
        if !std::mem::replace(&mut self.has_started, true) {
            tell(Delta::Start { id, model: None });
        }
    }

    fn words(&mut self, content: Node<'_>, tell: &mut dyn FnMut(Delta<'_>)) {
        self.start(None, tell);
        let [text, thought] = content.fields(["text", "thinking"]);
        if let Some(thought) = given_text(thought) {
            tell(Delta::Thinking(thought));
        }
        if let Some(text) = given_text(text) {
            tell(Delta::Text(text));
        }
    }

    fn call(&mut self, number: Option<u64>, message: Option<Node<'_>>, tell: &mut dyn FnMut(Delta<'_>)) {
        self.start(None, tell);
        let Some(call) = message.and_then(first_call) else {
            return;
        };
        let [id, function] = call.fields(["id", "function"]);
        let Some(name) = function.and_then(|function| given_text(function.field("name"))) else {
            return;
        };
        if self.calls >= MAX_TOOL_CALLS {
            let error = TooMuchHeld::new().to_string();
            return tell(Delta::Error(ProviderError::of(ErrorKind::Internal, &error)));
        }
        let index = ToolIndex(self.calls);
        self.calls += 1;
        self.numbers.push(number);
        tell(Delta::ToolCall {
            index,
            id: given_text(id),
            name,
        });
        self.arguments(number, call, tell);
    }

    /// More of the arguments of the call with this number, or of the last one.
    fn arguments(&self, number: Option<u64>, call: Node<'_>, tell: &mut dyn FnMut(Delta<'_>)) {
        let found = self.numbers.iter().rposition(|own| *own == number);
        let last = self.calls.checked_sub(1);
        let fragment = call
            .field("function")
            .and_then(|function| function.field("arguments"));
        if let (Some(index), Some(fragment)) = (found.or(last), given_text(fragment))
            && !is_no_arguments(&fragment)
        {
            tell(Delta::Arguments {
                index: ToolIndex(index),
                fragment,
            });
        }
    }

    fn message_end(&mut self, delta: Option<Node<'_>>, tell: &mut dyn FnMut(Delta<'_>)) {
        self.start(None, tell);
        let keys = ["finish_reason", "usage", "error"];
        let [reason, reported, error] = delta.map_or([None; 3], |delta| delta.fields(keys));
        let reason = given_text(reason);
        if let Some(usage) = reported.and_then(usage::read) {
            tell(Delta::Usage(usage));
        }
        if error.is_some() || reason.as_ref().is_some_and(is_failure) {
            return tell(Delta::Error(ProviderError {
                message: given_text(error).unwrap_or_else(|| Text::of_plain("the provider's model failed")),
                ..ProviderError::of(ErrorKind::Internal, "")
            }));
        }
        if let Some(reason) = reason {
            self.has_ended = true;
            tell(Delta::Finish(finish(reason).confirmed(self.calls > 0, false)));
            tell(Delta::End);
        }
    }

    /// Cohere says that a message has ended; whoever speaks its format may say so in OpenAI's way besides.
    fn end(&mut self, tell: &mut dyn FnMut(Delta<'_>)) {
        if !self.has_ended {
            tell(Delta::End);
        }
    }
}

/// The call that an event is about; some servers put it into a list.
fn first_call(message: Node<'_>) -> Option<Node<'_>> {
    let calls = message.field("tool_calls")?;
    calls.elements().first().copied().or(Some(calls))
}

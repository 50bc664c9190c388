//! Reads the events of a `ConverseStream` into steps. Each is an object with one member, the event's name:
//! `{"contentBlockDelta":{...}}`, or `{"exception":{...},"type":NAME}`, as [`super::Unframer`] writes them.

use super::answer::{finish, given_text, is_malformed};
use super::{error, usage};
use crate::limits::MAX_TOOL_CALLS;
use crate::wire::codec::{self, NOT_JSON, TooMuchHeld};
use crate::wire::ir::{Delta, ErrorKind, Finish, ProviderError, ToolIndex};
use json::{Node, Text};

/// What is told of an answer that Bedrock could make nothing of.
const MALFORMED: &str = "the provider's model wrote what cannot be read";

/// What of a stream must be remembered to read the rest of it.
#[derive(Debug, Default)]
pub struct StreamReader {
    has_started: bool,
    has_finished: bool,
    /// How many tools were called.
    calls: usize,
    /// The calls whose blocks are open.
    open: Vec<OpenCall>,
}

#[derive(Debug)]
struct OpenCall {
    /// The number of its block, which counts other blocks, too.
    block: u64,
    index: ToolIndex,
    has_arguments: bool,
}

impl codec::StreamReader for StreamReader {
    fn read(&mut self, data: &[u8], tell: &mut dyn FnMut(Delta<'_>)) {
        let keys = [
            "contentBlockDelta",
            "messageStart",
            "contentBlockStart",
            "contentBlockStop",
            "messageStop",
            "metadata",
            "exception",
            "type",
        ];
        let Some((_, [delta, message, start, stop, end, metadata, exception, name])) =
            Node::sound(data, keys)
        else {
            tell(Delta::Error(ProviderError::of(ErrorKind::Internal, NOT_JSON)));
            return;
        };
        if let Some(exception) = exception {
            let message = exception.field("message").or_else(|| exception.field("Message"));
            let error = error::of(
                name.and_then(Node::text).as_ref(),
                message.and_then(Node::text),
                0,
            );
            tell(Delta::Error(error));
        } else if message.is_some() {
            self.start(tell);
        } else if let Some(event) = delta {
            self.start(tell);
            let [block, delta] = event.fields(["contentBlockIndex", "delta"]);
            if let Some(delta) = delta {
                self.read_delta(number(block), delta, tell);
            }
        } else if let Some(event) = start {
            self.start(tell);
            let [block, start] = event.fields(["contentBlockIndex", "start"]);
            if let Some(call) = start.and_then(|start| start.field("toolUse"))
                && let Err(error) = self.begin_call(number(block), call, tell)
            {
                let error = ProviderError::of(ErrorKind::Internal, &error.to_string());
                tell(Delta::Error(error));
            }
        } else if let Some(event) = stop {
            self.end_block(number(event.field("contentBlockIndex")), tell);
        } else if let Some(event) = end {
            self.start(tell);
            let [reason, additional] = event.fields(["stopReason", "additionalModelResponseFields"]);
            if reason.is_some_and(is_malformed) {
                let error = error::of(
                    reason.and_then(Node::text).as_ref(),
                    Some(Text::of_plain(MALFORMED)),
                    0,
                );
                return tell(Delta::Error(error));
            }
            self.finish(given_text(reason), additional, tell);
        } else if let Some(event) = metadata {
            let [used, tier] = event.fields(["usage", "serviceTier"]);
            if let Some(used) = used {
                tell(Delta::Usage(usage::read(used, tier)));
            }
            // The last event; if the reason was not told, the stream is left to break off.
            if self.has_finished {
                tell(Delta::End);
            }
        }
    }
}

impl StreamReader {
    fn start(&mut self, tell: &mut dyn FnMut(Delta<'_>)) {
        if !self.has_started {
            self.has_started = true;
            tell(Delta::Start {
                id: None,
                model: None,
            });
        }
    }

    fn begin_call(
        &mut self,
        block: u64,
        call: Node<'_>,
        tell: &mut dyn FnMut(Delta<'_>),
    ) -> Result<(), TooMuchHeld> {
        let [id, name] = call.fields(["toolUseId", "name"]);
        // A call of nothing cannot be made.
        let Some(name) = given_text(name) else {
            return Ok(());
        };
        if self.calls >= MAX_TOOL_CALLS {
            return Err(TooMuchHeld::new());
        }
        self.end_block(block, tell);
        let index = ToolIndex(self.calls);
        self.calls += 1;
        self.open.push(OpenCall {
            block,
            index,
            has_arguments: false,
        });
        tell(Delta::ToolCall {
            index,
            id: given_text(id),
            name,
        });
        Ok(())
    }

    fn read_delta(&mut self, block: u64, delta: Node<'_>, tell: &mut dyn FnMut(Delta<'_>)) {
        let [text, call, thought] = delta.fields(["text", "toolUse", "reasoningContent"]);
        if let Some(text) = given_text(text) {
            tell(Delta::Text(text));
        } else if let Some(fragment) = given_text(call.and_then(|call| call.field("input"))) {
            if let Some(call) = self.open.iter_mut().find(|call| call.block == block) {
                call.has_arguments = true;
                tell(Delta::Arguments {
                    index: call.index,
                    fragment,
                });
            }
        } else if let Some(thought) = thought {
            let [text, signature, sealed] = thought.fields(["text", "signature", "redactedContent"]);
            let thought = given_text(text).map(Delta::Thinking);
            let seal = || given_text(signature).map(Delta::Signature);
            let sealed = || given_text(sealed).map(Delta::SealedThinking);
            if let Some(delta) = thought.or_else(seal).or_else(sealed) {
                tell(delta);
            }
        }
    }

    /// A call of which no arguments were told has none: `{}`.
    fn end_block(&mut self, block: u64, tell: &mut dyn FnMut(Delta<'_>)) {
        let Some(place) = self.open.iter().position(|call| call.block == block) else {
            if self.has_started {
                tell(Delta::BlockEnd);
            }
            return;
        };
        let call = self.open.swap_remove(place);
        if !call.has_arguments {
            tell(Delta::Arguments {
                index: call.index,
                fragment: Text::of_plain("{}"),
            });
        }
    }

    fn finish(
        &mut self,
        reason: Option<Text<'_>>,
        additional: Option<Node<'_>>,
        tell: &mut dyn FnMut(Delta<'_>),
    ) {
        if self.has_finished {
            return;
        }
        self.has_finished = true;
        let finish = reason.map_or(Finish::Stop, |reason| finish(reason, additional));
        tell(Delta::Finish(finish.confirmed(self.calls > 0, false)));
    }
}

fn number(node: Option<Node<'_>>) -> u64 {
    node.and_then(Node::unsigned).unwrap_or_default()
}

//! Reads the events of a message stream into steps.

use crate::limits::{MAX_HELD, MAX_TOOL_CALLS};
use crate::wire::anthropic::answer::read::{finish, given_text};
use crate::wire::anthropic::{PartialUsage, error};
use crate::wire::codec::{self, NOT_JSON, TooMuchHeld};
use crate::wire::ir::{Delta, ErrorKind, Finish, ProviderError, ToolIndex};
use json::{Kind, Node, Text};

/// What of a stream must be remembered to read the rest of it.
#[derive(Debug, Default)]
pub struct StreamReader {
    has_started: bool,
    has_content: bool,
    has_finished: bool,
    usage: PartialUsage,
    /// How many tools of the caller were called.
    calls: usize,
    /// The calls whose blocks are open: one, but for servers that do not keep to the order.
    open: Vec<OpenCall>,
    held: usize,
}

#[derive(Debug)]
struct OpenCall {
    /// The number of its block, which counts other blocks, too.
    block: u64,
    index: ToolIndex,
    has_arguments: bool,
    /// The arguments with which it began, if it began with any.
    input: Text<'static>,
}

impl codec::StreamReader for StreamReader {
    fn read(&mut self, data: &[u8], tell: &mut dyn FnMut(Delta<'_>)) {
        let keys = [
            "type",
            "index",
            "delta",
            "content_block",
            "message",
            "usage",
            "error",
        ];
        let Some((event, fields)) = Node::sound(data, keys) else {
            // Servers that serve both formats may end both in the way of OpenAI's.
            if data.trim_ascii() != b"[DONE]" {
                tell(Delta::Error(ProviderError::of(ErrorKind::Internal, NOT_JSON)));
            }
            return;
        };
        let [kind, block, delta, content, message, usage, error] = fields;
        let kind = kind.and_then(Node::text).unwrap_or_default();
        let block = block.and_then(Node::unsigned).unwrap_or_default();
        match (kind.escaped(), delta, content) {
            (b"ping", ..) => tell(Delta::Ping),
            (b"message_start", ..) => self.start(message, tell),
            (b"content_block_start", _, Some(content)) => {
                self.start(None, tell);
                if let Err(error) = self.begin_block(block, content, tell) {
                    tell(Delta::Error(ProviderError::of(
                        ErrorKind::Internal,
                        &error.to_string(),
                    )));
                }
            }
            (b"content_block_delta", Some(delta), _) => {
                self.start(None, tell);
                self.read_delta(block, delta, tell);
            }
            (b"content_block_stop", ..) => self.end_block(block, tell),
            (b"message_delta", ..) => {
                self.start(None, tell);
                self.update_usage(usage, tell);
                if let Some(delta) = delta {
                    self.read_stop(delta, tell);
                }
            }
            (b"message_stop", ..) => {
                if self.has_content {
                    self.finish(Finish::Stop, tell);
                }
                tell(Delta::End);
            }
            _ if error.is_some() || kind.is("error") => {
                let unnamed = || ProviderError::of(ErrorKind::Internal, "the provider broke its answer off");
                tell(Delta::Error(error::of_object(event, 0).unwrap_or_else(unnamed)));
            }
            _ => {}
        }
    }
}

impl StreamReader {
    fn start(&mut self, message: Option<Node<'_>>, tell: &mut dyn FnMut(Delta<'_>)) {
        if !self.has_started {
            self.has_started = true;
            let [id, model, usage] =
                message.map_or([None; 3], |message| message.fields(["id", "model", "usage"]));
            tell(Delta::Start {
                id: given_text(id),
                model: given_text(model),
            });
            self.update_usage(usage, tell);
        }
    }

    fn begin_block(
        &mut self,
        block: u64,
        content: Node<'_>,
        tell: &mut dyn FnMut(Delta<'_>),
    ) -> Result<(), TooMuchHeld> {
        let [kind, text, thinking, signature, data] =
            content.fields(["type", "text", "thinking", "signature", "data"]);
        match kind.and_then(Node::text).unwrap_or_default().escaped() {
            b"text" => self.say(text, Delta::Text, tell),
            b"thinking" => {
                self.say(thinking, Delta::Thinking, tell);
                self.say(signature, Delta::Signature, tell);
            }
            b"redacted_thinking" => self.say(data, Delta::SealedThinking, tell),
            b"tool_use" => return self.begin_call(block, content, tell),
            // Anthropic's own tools and what they found are none of the caller's calls.
            _ => {}
        }
        Ok(())
    }

    fn begin_call(
        &mut self,
        block: u64,
        content: Node<'_>,
        tell: &mut dyn FnMut(Delta<'_>),
    ) -> Result<(), TooMuchHeld> {
        let [id, name, input] = content.fields(["id", "name", "input"]);
        let Some(name) = given_text(name) else {
            return Ok(());
        };
        let input = input.filter(|input| input.kind() == Kind::Object);
        let input = input.map_or_else(|| Text::of_plain("{}"), |input| Text::of_document(input.raw()));
        self.held = self.held.saturating_add(input.escaped().len());
        if self.calls >= MAX_TOOL_CALLS || self.held > MAX_HELD {
            return Err(TooMuchHeld::new());
        }
        let index = ToolIndex(self.calls);
        self.calls += 1;
        self.has_content = true;
        self.open.push(OpenCall {
            block,
            index,
            has_arguments: false,
            input,
        });
        tell(Delta::ToolCall {
            index,
            id: given_text(id),
            name,
        });
        Ok(())
    }

    fn read_delta(&mut self, block: u64, delta: Node<'_>, tell: &mut dyn FnMut(Delta<'_>)) {
        let keys = ["type", "text", "thinking", "signature", "partial_json"];
        let [kind, text, thinking, signature, json] = delta.fields(keys);
        match kind.and_then(Node::text).unwrap_or_default().escaped() {
            b"text_delta" => self.say(text, Delta::Text, tell),
            b"thinking_delta" => self.say(thinking, Delta::Thinking, tell),
            b"signature_delta" => self.say(signature, Delta::Signature, tell),
            b"input_json_delta" => {
                let call = self.open.iter_mut().find(|call| call.block == block);
                if let (Some(call), Some(fragment)) = (call, given_text(json)) {
                    call.has_arguments = true;
                    tell(Delta::Arguments {
                        index: call.index,
                        fragment,
                    });
                }
            }
            _ => {}
        }
    }

    /// A call of which no arguments were told has those with which it began, or none: `{}`.
    fn end_block(&mut self, block: u64, tell: &mut dyn FnMut(Delta<'_>)) {
        let Some(place) = self.open.iter().position(|call| call.block == block) else {
            if self.has_started {
                tell(Delta::BlockEnd);
            }
            return;
        };
        let call = self.open.swap_remove(place);
        self.held = self.held.saturating_sub(call.input.escaped().len());
        if !call.has_arguments {
            tell(Delta::Arguments {
                index: call.index,
                fragment: call.input,
            });
        }
    }

    fn read_stop(&mut self, delta: Node<'_>, tell: &mut dyn FnMut(Delta<'_>)) {
        let [reason, sequence, details] = delta.fields(["stop_reason", "stop_sequence", "stop_details"]);
        if let Some(details) = details {
            self.say(details.field("explanation"), Delta::Refusal, tell);
        }
        if let Some(reason) = given_text(reason) {
            self.finish(finish(reason, given_text(sequence)), tell);
        }
    }

    fn finish(&mut self, finish: Finish<'_>, tell: &mut dyn FnMut(Delta<'_>)) {
        if !self.has_finished {
            self.has_finished = true;
            tell(Delta::Finish(finish.confirmed(self.calls > 0, false)));
        }
    }

    fn update_usage(&mut self, usage: Option<Node<'_>>, tell: &mut dyn FnMut(Delta<'_>)) {
        if let Some(later) = usage.and_then(|usage| PartialUsage::read(usage.raw())) {
            self.usage = self.usage.updated(later);
            tell(Delta::Usage(self.usage.normalised()));
        }
    }

    fn say<'a>(
        &mut self,
        node: Option<Node<'a>>,
        of: fn(Text<'a>) -> Delta<'a>,
        tell: &mut dyn FnMut(Delta<'_>),
    ) {
        if let Some(text) = given_text(node) {
            self.has_content = true;
            tell(of(text));
        }
    }
}

//! Writes steps as the events of a message stream. Every event has its `event:` line: clients pass over others.

use super::blocks::{Blocks, Words};
use crate::ledger::Usage;
use crate::limits::MAX_TOOL_CALLS;
use crate::sse;
use crate::wire::anthropic::answer::write::write_stop;
use crate::wire::anthropic::{error, tool_id, usage};
use crate::wire::codec::{self, TooMuchHeld};
use crate::wire::ir::{Delta, Finish};
use crate::wire::{Caller, answer_id};

/// What a stream needs from its beginning to its end.
#[derive(Debug)]
pub struct StreamWriter {
    caller: Caller,
    /// What is kept of the id, once the message has begun; ids of tool calls are made of it.
    tail: Option<String>,
    blocks: Blocks,
    usage: Usage,
    finish: Finish<'static>,
    is_over: bool,
}

impl StreamWriter {
    /// Writes for this caller.
    #[must_use]
    pub fn new(caller: Caller) -> Self {
        Self {
            caller,
            tail: None,
            blocks: Blocks::default(),
            usage: Usage::default(),
            finish: Finish::Stop,
            is_over: false,
        }
    }

    /// The event that every message begins with, unless there was one.
    fn start(&mut self, delta: &Delta<'_>, out: &mut Vec<u8>) {
        if self.tail.is_some() {
            return;
        }
        let id = match delta {
            Delta::Start { id, .. } => id.as_ref(),
            _ => None,
        };
        let tail = answer_id::tail(id, &self.caller);
        sse::write_event(out, Some("message_start"), |event| {
            event.string("type", "message_start");
            event.object("message", |message| {
                message.string("id", &["msg_", &tail].concat());
                message.string("type", "message");
                message.string("role", "assistant");
                message.string("model", &self.caller.model);
                message.array("content", |_| ());
                message.null("stop_reason");
                message.null("stop_sequence");
                message.object("usage", |object| usage::write(&self.usage, object));
            });
        });
        self.tail = Some(tail);
    }

    /// The two events that every message ends with. Some clients read the usage only here.
    fn end(&mut self, out: &mut Vec<u8>) {
        self.blocks.end_all(out);
        sse::write_event(out, Some("message_delta"), |event| {
            event.string("type", "message_delta");
            event.object("delta", |delta| write_stop(&self.finish, delta));
            event.object("usage", |object| usage::write(&self.usage, object));
        });
        sse::write_event(out, Some("message_stop"), |event| {
            event.string("type", "message_stop");
        });
        self.is_over = true;
    }
}

impl codec::StreamWriter for StreamWriter {
    fn write(&mut self, delta: &Delta<'_>, out: &mut Vec<u8>) -> Result<(), TooMuchHeld> {
        if self.is_over {
            return Ok(());
        }
        if delta.is_content() || matches!(delta, Delta::Start { .. } | Delta::End) {
            self.start(delta, out);
        }
        match delta {
            Delta::Text(text) | Delta::Refusal(text) => self.blocks.say(Words::Text, text, out)?,
            Delta::Thinking(text) => self.blocks.say(Words::Thinking, text, out)?,
            Delta::Signature(signature) => self.blocks.seal(signature, out),
            Delta::SealedThinking(data) => self.blocks.sealed(data, out),
            Delta::BlockEnd => self.blocks.end_words(out),
            Delta::ToolCall { index, id, name } if index.0 == self.blocks.calls() => {
                if index.0 >= MAX_TOOL_CALLS {
                    return Err(TooMuchHeld::new());
                }
                let tail = self.tail.as_deref().unwrap_or_default();
                let id = tool_id::write(id.as_ref(), tail, index.0);
                self.blocks.call(id, name, out)?;
            }
            Delta::Arguments { index, fragment } => self.blocks.arguments(index.0, fragment, out)?,
            Delta::Usage(usage) => self.usage = *usage,
            Delta::Finish(finish) => {
                self.blocks.end_all(out);
                self.finish = finish.clone().into_owned();
            }
            Delta::Ping => sse::write_event(out, Some("ping"), |event| event.string("type", "ping")),
            Delta::Error(error) => {
                sse::write_event(out, Some("error"), |event| {
                    error::write_members(error, &self.caller.request_id, event);
                });
                self.is_over = true;
            }
            Delta::End => self.end(out),
            // A call that does not follow the one before it is none.
            Delta::Start { .. } | Delta::ToolCall { .. } => {}
        }
        Ok(())
    }
}

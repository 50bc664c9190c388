//! Writes steps as the chunks of a chat completion stream.

use crate::ledger::Usage;
use crate::sse;
use crate::wire::codec::{self, TooMuchHeld};
use crate::wire::ir::Delta;
use crate::wire::openai_chat::answer::write::word;
use crate::wire::openai_chat::{error, tool_call_id, usage};
use crate::wire::{Caller, answer_id};
use json::write::{Members, Object};

/// What a stream needs from its beginning to its end.
#[derive(Debug)]
pub struct StreamWriter {
    caller: Caller,
    /// What all chunks have alike, once there is one.
    head: Option<Members>,
    /// What of the id is kept; ids of tool calls are made of it.
    tail: String,
    usage: Option<Usage>,
    is_over: bool,
}

impl StreamWriter {
    /// Writes for this caller.
    #[must_use]
    pub fn new(caller: Caller) -> Self {
        Self {
            caller,
            head: None,
            tail: String::new(),
            usage: None,
            is_over: false,
        }
    }

    /// The chunk that every stream begins with, unless there was one.
    fn start(&mut self, delta: &Delta<'_>, out: &mut Vec<u8>) {
        if self.head.is_some() {
            return;
        }
        let id = match delta {
            Delta::Start { id, .. } => id.as_ref(),
            _ => None,
        };
        self.tail = answer_id::tail(id, &self.caller);
        self.head = Some(Members::new(|head| {
            head.string("id", &["chatcmpl-", &self.tail].concat());
            head.string("object", "chat.completion.chunk");
            head.number("created", self.caller.created);
            head.string("model", &self.caller.model);
        }));
        self.chunk(out, None, |delta| {
            delta.string("role", "assistant");
            delta.string("content", "");
            delta.null("refusal");
        });
    }

    fn chunk(&self, out: &mut Vec<u8>, reason: Option<&str>, fill: impl FnOnce(&mut Object<'_>)) {
        sse::write_event(out, None, |chunk| {
            if let Some(head) = &self.head {
                chunk.members(head);
            }
            chunk.array("choices", |choices| {
                choices.object(|choice| {
                    choice.raw("index", b"0");
                    choice.object("delta", fill);
                    choice.null("logprobs");
                    match reason {
                        Some(reason) => choice.string("finish_reason", reason),
                        None => choice.null("finish_reason"),
                    }
                });
            });
            if self.caller.stream_usage {
                chunk.null("usage");
            }
        });
    }

    /// A chunk about one tool call.
    fn tool_chunk(&self, out: &mut Vec<u8>, index: usize, fill: impl FnOnce(&mut Object<'_>)) {
        self.chunk(out, None, |delta| {
            delta.array("tool_calls", |calls| {
                calls.object(|call| {
                    call.number("index", u64::try_from(index).unwrap_or_default());
                    fill(call);
                });
            });
        });
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if let (true, Some(usage)) = (self.caller.stream_usage, &self.usage) {
            sse::write_event(out, None, |chunk| {
                if let Some(head) = &self.head {
                    chunk.members(head);
                }
                chunk.array("choices", |_| ());
                chunk.object("usage", |object| usage::write(usage, object));
            });
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
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
            Delta::Text(text) => self.chunk(out, None, |delta| delta.text("content", text)),
            Delta::Refusal(text) => self.chunk(out, None, |delta| delta.text("refusal", text)),
            Delta::Thinking(text) => self.chunk(out, None, |delta| delta.text("reasoning_content", text)),
            // Helpers of clients join repeated ids and names, so both are told once.
            Delta::ToolCall { index, id, name } => self.tool_chunk(out, index.0, |call| {
                call.text("id", &tool_call_id(id.as_ref(), &self.tail, index.0));
                call.string("type", "function");
                call.object("function", |function| {
                    function.text("name", name);
                    function.string("arguments", "");
                });
            }),
            Delta::Arguments { index, fragment } => self.tool_chunk(out, index.0, |call| {
                call.object("function", |function| function.text("arguments", fragment));
            }),
            Delta::Finish(finish) => self.chunk(out, Some(word(finish)), |_| ()),
            Delta::Usage(usage) => self.usage = Some(*usage),
            Delta::Ping => out.extend_from_slice(sse::PING),
            Delta::Error(error) => {
                sse::write_event(out, None, |event| error::write_member(error, event));
                self.is_over = true;
            }
            Delta::End => self.end(out),
            // Nothing that speaks this format could give a seal back to the provider that made it.
            Delta::Start { .. } | Delta::Signature(_) | Delta::SealedThinking(_) | Delta::BlockEnd => {}
        }
        Ok(())
    }
}

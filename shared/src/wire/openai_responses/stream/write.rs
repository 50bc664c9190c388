//! Writes steps as the events of a response's stream. Every event has its `event:` line, its `type` and its number.

use super::items::{Events, Items, Told};
use crate::json::Text;
use crate::ledger::Usage;
use crate::sse;
use crate::wire::codec::{self, TooMuchHeld};
use crate::wire::ir::{Delta, Finish};
use crate::wire::openai_chat::tool_call_id;
use crate::wire::openai_responses::answer::write::write_response;
use crate::wire::openai_responses::item::{End, Words};
use crate::wire::{Caller, answer_id};

/// What a stream needs from its beginning to its end.
#[derive(Debug)]
pub struct StreamWriter {
    caller: Caller,
    events: Events,
    /// The output so far, once the response has begun.
    items: Option<Items>,
    usage: Option<Usage>,
    finish: Finish<'static>,
    is_over: bool,
}

impl StreamWriter {
    /// Writes for this caller.
    #[must_use]
    pub fn new(caller: Caller) -> Self {
        Self {
            caller,
            events: Events::default(),
            items: None,
            usage: None,
            finish: Finish::Stop,
            is_over: false,
        }
    }

    /// The two events that every response begins with, unless there were some.
    fn start(&mut self, delta: &Delta<'_>, out: &mut Vec<u8>) {
        if self.items.is_some() {
            return;
        }
        let id = match delta {
            Delta::Start { id, .. } => id.as_ref(),
            _ => None,
        };
        let tail = answer_id::tail(id, &self.caller);
        for name in ["response.created", "response.in_progress"] {
            self.events.write(out, name, |event| {
                event.object("response", |response| {
                    write_response(&self.caller, &tail, End::InProgress, None, response, |_| ());
                });
            });
        }
        self.items = Some(Items::new(tail));
    }

    /// Ends every item, and then the response.
    fn end(&mut self, end: End<'_>, out: &mut Vec<u8>) {
        let Self {
            caller,
            events,
            items,
            usage,
            ..
        } = self;
        let Some(items) = items else { return };
        let told = Told {
            maker: caller.maker,
            namespaced: &caller.repeated.namespaced,
        };
        items.end_all(end.of_open_item(), told, events, out);
        events.write(out, &["response.", end.word()].concat(), |event| {
            event.object("response", |response| {
                write_response(caller, items.tail(), end, usage.as_ref(), response, |output| {
                    items.write(output);
                });
            });
        });
        self.is_over = true;
        self.items = None;
    }
}

impl codec::StreamWriter for StreamWriter {
    fn write(&mut self, delta: &Delta<'_>, out: &mut Vec<u8>) -> Result<(), TooMuchHeld> {
        if self.is_over {
            return Ok(());
        }
        match delta {
            Delta::Ping => {
                out.extend_from_slice(sse::PING);
                return Ok(());
            }
            Delta::Usage(usage) => {
                self.usage = Some(*usage);
                return Ok(());
            }
            Delta::BlockEnd if self.items.is_none() => return Ok(()),
            _ => self.start(delta, out),
        }
        match delta {
            Delta::End => {
                let finish = std::mem::replace(&mut self.finish, Finish::Stop);
                let has_refusal = self.items.as_ref().is_some_and(Items::has_refusal);
                self.end(End::of(&finish, has_refusal), out);
                return Ok(());
            }
            Delta::Error(error) => {
                self.end(End::Failed(error), out);
                return Ok(());
            }
            _ => {}
        }
        let Self {
            caller,
            events,
            items: Some(items),
            ..
        } = self
        else {
            return Ok(());
        };
        let told = Told {
            maker: caller.maker,
            namespaced: &caller.repeated.namespaced,
        };
        match delta {
            Delta::Text(text) => items.say(Words::Text, text, told, events, out)?,
            Delta::Refusal(text) => items.say(Words::Refusal, text, told, events, out)?,
            Delta::Thinking(text) => items.think(text, told, events, out)?,
            Delta::Signature(signature) => items.seal(signature, told, events, out)?,
            Delta::SealedThinking(data) => items.sealed(data, told, events, out)?,
            Delta::BlockEnd => items.end_thought(told, events, out),
            Delta::ToolCall { index, id, name } if index.0 == items.calls() => {
                let call_id: Text<'_> = tool_call_id(id.as_ref(), items.tail(), index.0);
                items.call(&call_id, name, told, events, out)?;
            }
            Delta::Arguments { index, fragment } => items.arguments(index.0, fragment, events, out)?,
            Delta::Finish(finish) => {
                let end = End::of(finish, items.has_refusal());
                items.end_all(end.of_open_item(), told, events, out);
                self.finish = finish.clone().into_owned();
            }
            // A call that does not follow the one before it is none.
            _ => {}
        }
        Ok(())
    }
}

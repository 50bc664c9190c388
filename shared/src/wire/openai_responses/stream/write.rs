//! Writes steps as the events of a response's stream. Every event has its `event:` line, its `type` and its number.

use super::events::Page;
use super::items::Items;
use crate::ledger::Usage;
use crate::sse;
use crate::wire::codec::{self, TooMuchHeld};
use crate::wire::ir::{Delta, Finish};
use crate::wire::openai_chat::tool_call_id;
use crate::wire::openai_responses::answer::write::write_response;
use crate::wire::openai_responses::item::{End, Words};
use crate::wire::{Caller, answer_id};
use json::Text;

/// What a stream needs from its beginning to its end.
#[derive(Debug)]
pub struct StreamWriter {
    caller: Caller,
    /// The number of the next event.
    next: u64,
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
            next: 0,
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
        let Self { caller, next, .. } = self;
        let mut page = page(caller, next, out);
        for name in ["response.created", "response.in_progress"] {
            page.event(name, |event| {
                event.object("response", |response| {
                    write_response(caller, &tail, End::InProgress, None, response, |_| ());
                });
            });
        }
        self.items = Some(Items::new(tail));
    }

    /// Ends every item, and then the response.
    fn end(&mut self, end: End<'_>, out: &mut Vec<u8>) {
        let Self {
            caller,
            next,
            items: Some(items),
            usage,
            ..
        } = self
        else {
            return;
        };
        let mut page = page(caller, next, out);
        items.end_all(end.of_open_item(), &mut page);
        page.event(&["response.", end.word()].concat(), |event| {
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

fn page<'p>(caller: &'p Caller, next: &'p mut u64, out: &'p mut Vec<u8>) -> Page<'p> {
    Page {
        next,
        out,
        maker: caller.maker,
        namespaced: &caller.repeated.namespaced,
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
            next,
            items: Some(items),
            ..
        } = self
        else {
            return Ok(());
        };
        let mut page = page(caller, next, out);
        match delta {
            Delta::Text(text) => items.say(Words::Text, text, &mut page)?,
            Delta::Refusal(text) => items.say(Words::Refusal, text, &mut page)?,
            Delta::Thinking(text) => items.think(text, &mut page)?,
            Delta::Signature(signature) => items.seal(signature, &mut page)?,
            Delta::SealedThinking(data) => items.sealed(data, &mut page)?,
            Delta::BlockEnd => items.end_thought(&mut page),
            Delta::ToolCall { index, id, name } if index.0 == items.calls() => {
                let call_id: Text<'_> = tool_call_id(id.as_ref(), items.tail(), index.0);
                items.call(&call_id, name, &mut page)?;
            }
            Delta::Arguments { index, fragment } => items.arguments(index.0, fragment, &mut page)?,
            Delta::Finish(finish) => {
                let end = End::of(finish, items.has_refusal());
                items.end_all(end.of_open_item(), &mut page);
                self.finish = finish.clone().into_owned();
            }
            // A call that does not follow the one before it is none.
            _ => {}
        }
        Ok(())
    }
}

//! Writes a response out of the intermediate form.

use crate::ledger::Usage;
use crate::wire::ir::{Answer, AnswerPart, Finish};
use crate::wire::openai_chat::tool_call_id;
use crate::wire::openai_responses::item::{self, Call, End, Status, Words};
use crate::wire::openai_responses::{error, own, usage};
use crate::wire::{Caller, answer_id};
use json::Text;
use json::write::{self, Array, Object};

/// Writes a whole answer.
#[must_use]
pub fn write(answer: &Answer<'_>, caller: &Caller) -> Vec<u8> {
    let tail = answer_id::tail(answer.id.as_ref(), caller);
    let has = |is_it: fn(&AnswerPart<'_>) -> bool| answer.parts.iter().any(is_it);
    let has_refusal = has(|part| matches!(part, AnswerPart::Refusal(_)));
    let has_tools = has(|part| matches!(part, AnswerPart::ToolCall { .. }));
    let finish = answer.finish.clone().unwrap_or(Finish::Stop);
    let end = End::of(&finish.confirmed(has_tools, has_refusal), has_refusal);
    let mut out = Vec::new();
    write::object(&mut out, |response| {
        write_response(caller, &tail, end, answer.usage.as_ref(), response, |output| {
            write_items(answer, caller, &tail, end, output);
        });
    });
    out
}

/// Writes the members of a response, which streams have in their first and last events.
pub(in crate::wire::openai_responses) fn write_response(
    caller: &Caller,
    tail: &str,
    end: End<'_>,
    usage: Option<&Usage>,
    response: &mut Object<'_>,
    fill: impl FnOnce(&mut Array<'_>),
) {
    response.string("id", &["resp_", tail].concat());
    response.string("object", "response");
    response.number("created_at", caller.created);
    response.string("status", end.word());
    match end {
        End::Failed(error) => response.object("error", |object| error::write_failure(error, object)),
        _ => response.null("error"),
    }
    match end {
        End::Incomplete(reason) => {
            response.object("incomplete_details", |details| details.string("reason", reason));
        }
        _ => response.null("incomplete_details"),
    }
    response.string("model", &caller.model);
    response.array("output", fill);
    response.members(&caller.repeated.members);
    match usage {
        Some(usage) => response.object("usage", |object| usage::write(usage, object)),
        None => response.null("usage"),
    }
}

/// Writes the output. Words that follow each other are one message, and text of which there are several pieces one part
/// of it: clients that want JSON read each part by itself.
fn write_items(answer: &Answer<'_>, caller: &Caller, tail: &str, end: End<'_>, output: &mut Array<'_>) {
    let mut items = Items {
        caller,
        tail,
        next: 0,
        calls: 0,
        message: Vec::new(),
    };
    for part in &answer.parts {
        match part {
            AnswerPart::Text(text) => items.say(Words::Text, text),
            AnswerPart::Refusal(text) => items.say(Words::Refusal, text),
            AnswerPart::Thinking { text, signature } => {
                items.end_message(Status::Completed, output);
                items.thought(text, signature.as_ref(), output);
            }
            AnswerPart::SealedThinking(data) => {
                items.end_message(Status::Completed, output);
                if let Some(maker) = caller.maker {
                    let id = items.id(item::THOUGHT);
                    let seal = own::seal_thought(maker, data);
                    output.object(|object| {
                        item::write_thought(&id, &Text::default(), Some(&seal), object);
                    });
                }
            }
            AnswerPart::ToolCall { id, name, arguments } => {
                items.end_message(Status::Completed, output);
                let call_id = tool_call_id(id.as_ref(), tail, items.calls);
                items.calls += 1;
                let id = items.id("fc_");
                let call = Call {
                    id: &id,
                    pairing: &call_id,
                    name,
                    namespaced: &caller.repeated.namespaced,
                };
                output.object(|object| {
                    call.write(Status::Completed, object, |out| arguments.write_encoded(out));
                });
            }
        }
    }
    items.end_message(end.of_open_item(), output);
}

struct Items<'w> {
    caller: &'w Caller,
    tail: &'w str,
    next: usize,
    calls: usize,
    /// The parts of the message that is under way.
    message: Vec<(Words, Text<'static>)>,
}

impl Items<'_> {
    fn id(&mut self, prefix: &str) -> String {
        let id = item::id(prefix, self.tail, self.next);
        self.next += 1;
        id
    }

    fn say(&mut self, words: Words, text: &Text<'_>) {
        match self.message.last_mut() {
            Some((last, said)) if *last == words => said.push(text),
            _ => self.message.push((words, text.clone().into_owned())),
        }
    }

    fn end_message(&mut self, status: Status, output: &mut Array<'_>) {
        if self.message.is_empty() {
            return;
        }
        let parts: Vec<Vec<u8>> = std::mem::take(&mut self.message)
            .iter()
            .map(|(words, text)| item::part(*words, text))
            .collect();
        let id = self.id("msg_");
        output.object(|object| item::write_message(&id, status, &parts, object));
    }

    fn thought(&mut self, text: &Text<'_>, signature: Option<&Text<'_>>, output: &mut Array<'_>) {
        let seal = self
            .caller
            .maker
            .zip(signature)
            .map(|(maker, signature)| own::seal_signature(maker, text, signature));
        let id = self.id(item::THOUGHT);
        output.object(|object| item::write_thought(&id, text, seal.as_ref(), object));
    }
}

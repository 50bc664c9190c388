//! Writes a chat completion out of the intermediate form.

use crate::wire::ir::{Answer, AnswerPart, Arguments, Finish};
use crate::wire::openai_chat::{tool_call_id, usage};
use crate::wire::{Caller, answer_id};
use json::{Text, write};

/// Writes a whole answer. Thoughts are `reasoning_content`; their seals are left out, since nothing that speaks this
/// format could give them back to the provider that made them.
#[must_use]
pub fn write(answer: &Answer<'_>, caller: &Caller) -> Vec<u8> {
    let tail = answer_id::tail(answer.id.as_ref(), caller);
    let mut out = Vec::new();
    write::object(&mut out, |completion| {
        completion.string("id", &["chatcmpl-", &tail].concat());
        completion.string("object", "chat.completion");
        completion.number("created", caller.created);
        completion.string("model", &caller.model);
        completion.array("choices", |choices| {
            choices.object(|choice| {
                choice.number("index", 0);
                choice.object("message", |message| write_message(answer, &tail, message));
                choice.null("logprobs");
                choice.string("finish_reason", finish_reason(answer));
            });
        });
        if let Some(usage) = &answer.usage {
            completion.object("usage", |object| usage::write(usage, object));
        }
    });
    out
}

/// A reason in OpenAI's words; one that they do not have is a stop.
pub(in crate::wire) fn word(finish: &Finish<'_>) -> &'static str {
    match finish {
        Finish::Stop | Finish::StopSequence(_) | Finish::Paused | Finish::Other(_) => "stop",
        Finish::Length => "length",
        Finish::ToolCalls => "tool_calls",
        Finish::ContentFilter => "content_filter",
    }
}

/// The reason that is told, or follows from what the answer has.
fn finish_reason(answer: &Answer<'_>) -> &'static str {
    let has = |is_it: fn(&AnswerPart<'_>) -> bool| answer.parts.iter().any(is_it);
    let has_tools = has(|part| matches!(part, AnswerPart::ToolCall { .. }));
    let has_refusal = has(|part| matches!(part, AnswerPart::Refusal(_)));
    let finish = answer.finish.clone().unwrap_or(Finish::Stop);
    word(&finish.confirmed(has_tools, has_refusal))
}

fn write_message(answer: &Answer<'_>, tail: &str, message: &mut write::Object<'_>) {
    let (mut text, mut refusal, mut thought) = (Text::default(), Text::default(), Text::default());
    let mut calls = Vec::new();
    for part in &answer.parts {
        match part {
            AnswerPart::Text(more) => text.push(more),
            AnswerPart::Refusal(more) => refusal.push(more),
            AnswerPart::Thinking { text: more, .. } => thought.push(more),
            AnswerPart::SealedThinking(_) => {}
            AnswerPart::ToolCall { id, name, arguments } => calls.push((id, name, arguments)),
        }
    }
    message.string("role", "assistant");
    if text.is_empty() && !calls.is_empty() {
        message.null("content");
    } else {
        message.text("content", &text);
    }
    if refusal.is_empty() {
        message.null("refusal");
    } else {
        message.text("refusal", &refusal);
    }
    if !thought.is_empty() {
        message.text("reasoning_content", &thought);
    }
    if !calls.is_empty() {
        message.array("tool_calls", |list| {
            for (index, (id, name, arguments)) in calls.into_iter().enumerate() {
                list.object(|call| {
                    call.text("id", &tool_call_id(id.as_ref(), tail, index));
                    call.string("type", "function");
                    call.object("function", |function| write_function(name, arguments, function));
                });
            }
        });
    }
}

fn write_function(name: &Text<'_>, arguments: &Arguments<'_>, function: &mut write::Object<'_>) {
    function.text("name", name);
    function.escaped("arguments", |out| arguments.write_encoded(out));
}

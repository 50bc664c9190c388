//! Writes a message out of the intermediate form.

use crate::wire::anthropic::{tool_id, usage};
use crate::wire::ir::{Answer, AnswerPart, Finish};
use crate::wire::{Caller, answer_id};
use json::write;

/// Writes a whole answer. What strict clients ask for is always there: usage, if only of zeros, and the signature of
/// a thought, if only an empty one.
#[must_use]
pub fn write(answer: &Answer<'_>, caller: &Caller) -> Vec<u8> {
    let tail = answer_id::tail(answer.id.as_ref(), caller);
    let mut out = Vec::new();
    write::object(&mut out, |message| {
        message.string("id", &["msg_", &tail].concat());
        message.string("type", "message");
        message.string("role", "assistant");
        message.string("model", &caller.model);
        message.array("content", |content| {
            let mut calls = 0;
            for part in &answer.parts {
                write_part(part, &tail, &mut calls, content);
            }
        });
        write_stop(&finish(answer), message);
        let usage = answer.usage.unwrap_or_default();
        message.object("usage", |object| usage::write(&usage, object));
    });
    out
}

/// Writes why an answer ended: `stop_reason` and `stop_sequence`. A reason that Anthropic does not have is the end of
/// a turn.
pub(in crate::wire::anthropic) fn write_stop(finish: &Finish<'_>, object: &mut write::Object<'_>) {
    let (reason, sequence) = match finish {
        Finish::Stop | Finish::Other(_) => ("end_turn", None),
        Finish::StopSequence(sequence) => ("stop_sequence", sequence.as_ref()),
        Finish::Length => ("max_tokens", None),
        Finish::ToolCalls => ("tool_use", None),
        Finish::ContentFilter => ("refusal", None),
        Finish::Paused => ("pause_turn", None),
    };
    object.string("stop_reason", reason);
    match sequence {
        Some(sequence) => object.text("stop_sequence", sequence),
        None => object.null("stop_sequence"),
    }
}

/// The reason that is told, or follows from what the answer has.
fn finish(answer: &Answer<'_>) -> Finish<'static> {
    let has = |is_it: fn(&AnswerPart<'_>) -> bool| answer.parts.iter().any(is_it);
    let has_tools = has(|part| matches!(part, AnswerPart::ToolCall { .. }));
    let has_refusal = has(|part| matches!(part, AnswerPart::Refusal(_)));
    let finish = answer.finish.clone().unwrap_or(Finish::Stop);
    finish.confirmed(has_tools, has_refusal).into_owned()
}

fn write_part(part: &AnswerPart<'_>, tail: &str, calls: &mut usize, content: &mut write::Array<'_>) {
    match part {
        // Anthropic refuses blank text when the client sends it back with the next turn.
        AnswerPart::Text(text) | AnswerPart::Refusal(text) if text.is_blank() => {}
        AnswerPart::Text(text) | AnswerPart::Refusal(text) => content.object(|block| {
            block.string("type", "text");
            block.text("text", text);
        }),
        AnswerPart::Thinking { text, signature } => content.object(|block| {
            block.string("type", "thinking");
            block.text("thinking", text);
            match signature {
                Some(signature) => block.text("signature", signature),
                None => block.string("signature", ""),
            }
        }),
        AnswerPart::SealedThinking(data) => content.object(|block| {
            block.string("type", "redacted_thinking");
            block.text("data", data);
        }),
        AnswerPart::ToolCall { id, name, arguments } => content.object(|block| {
            block.string("type", "tool_use");
            block.string("id", &tool_id::write(id.as_ref(), tail, *calls));
            block.text("name", name);
            block.raw("input", &arguments.to_object());
            *calls += 1;
        }),
    }
}

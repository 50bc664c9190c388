//! Reads an answer in one piece.

use crate::limits::MAX_ANSWER_PARTS;
use crate::wire::ir::{Answer, AnswerPart, Arguments, Finish};
use json::{Node, Text};

use super::usage;

/// Reads a whole answer; `None` if the text is none: no JSON, an error, an answer that the model failed to give, or far
/// too much in it.
pub(super) fn read<'a>(body: &'a [u8]) -> Option<Answer<'a>> {
    let keys = ["id", "finish_reason", "message", "usage"];
    let (_, [id, reason, message, usage]) = Node::sound(body, keys)?;
    let [content, plan, calls] = message?.fields(["content", "tool_plan", "tool_calls"]);
    let reason = given_text(reason);
    if reason.as_ref().is_some_and(is_failure) {
        return None;
    }
    let mut parts = Vec::new();
    let mut add = |part: Option<AnswerPart<'a>>| {
        if parts.len() <= MAX_ANSWER_PARTS {
            parts.extend(part);
        }
    };
    add(given_text(plan).map(thinking));
    if let Some(content) = content {
        match content.text() {
            Some(text) => add(Some(text).filter(|text| !text.is_empty()).map(AnswerPart::Text)),
            None => content.each(|part| {
                let [text, thought] = part.fields(["text", "thinking"]);
                add(given_text(thought).map(thinking));
                add(given_text(text).map(AnswerPart::Text));
            }),
        }
    }
    let mut has_tools = false;
    if let Some(calls) = calls {
        calls.each(|call| {
            let call = tool_call(call);
            has_tools |= call.is_some();
            add(call);
        });
    }
    if parts.len() > MAX_ANSWER_PARTS || (parts.is_empty() && reason.is_none()) {
        return None;
    }
    Some(Answer {
        id: given_text(id),
        model: None,
        parts,
        finish: reason.map(|reason| finish(reason).confirmed(has_tools, false)),
        usage: usage.and_then(usage::read),
    })
}

/// A string that is not empty.
pub(super) fn given_text(node: Option<Node<'_>>) -> Option<Text<'_>> {
    node.and_then(Node::text).filter(|text| !text.is_empty())
}

/// Whether an answer ended because the model failed or took too long.
pub(super) fn is_failure(reason: &Text<'_>) -> bool {
    matches!(reason.escaped(), b"ERROR" | b"TIMEOUT")
}

/// Why an answer ended.
pub(super) fn finish(reason: Text<'_>) -> Finish<'_> {
    match reason.escaped() {
        b"COMPLETE" => Finish::Stop,
        b"STOP_SEQUENCE" => Finish::StopSequence(None),
        b"MAX_TOKENS" => Finish::Length,
        b"TOOL_CALL" => Finish::ToolCalls,
        b"ERROR_TOXIC" => Finish::ContentFilter,
        _ => Finish::Other(reason),
    }
}

/// The arguments of a call; `null` stands for none.
pub(super) fn is_no_arguments(text: &Text<'_>) -> bool {
    text.is_blank() || text.is("null")
}

fn thinking(text: Text<'_>) -> AnswerPart<'_> {
    AnswerPart::Thinking {
        text,
        signature: None,
    }
}

fn tool_call(call: Node<'_>) -> Option<AnswerPart<'_>> {
    let [id, function] = call.fields(["id", "function"]);
    let [name, arguments] = function?.fields(["name", "arguments"]);
    let arguments = arguments
        .and_then(Node::text)
        .filter(|text| !is_no_arguments(text));
    Some(AnswerPart::ToolCall {
        id: given_text(id),
        name: given_text(name)?,
        arguments: match arguments {
            Some(text) => Arguments::Encoded(text),
            None => Arguments::none(),
        },
    })
}

//! Reads a message into the intermediate form.

use std::borrow::Cow;

use crate::limits::MAX_ANSWER_PARTS;
use crate::wire::anthropic::PartialUsage;
use crate::wire::ir::{Answer, AnswerPart, Arguments, Finish};
use json::{Kind, Node, Text};

/// Reads a whole answer; `None` if the text is none: no JSON, an error, without content or with far too
/// much of it.
#[must_use]
pub fn read(body: &[u8]) -> Option<Answer<'_>> {
    let keys = ["id", "model", "content", "stop_reason", "stop_sequence", "usage"];
    let (message, [id, model, content, reason, sequence, usage]) = Node::sound(body, keys)?;
    let [details, error] = message.fields(["stop_details", "error"]);
    let content = content.filter(|content| content.kind() == Kind::Array && error.is_none())?;
    let mut parts = Vec::new();
    content.each(|block| {
        if parts.len() <= MAX_ANSWER_PARTS {
            parts.extend(part(block));
        }
    });
    if parts.len() > MAX_ANSWER_PARTS {
        return None;
    }
    let has_tools = parts
        .iter()
        .any(|part| matches!(part, AnswerPart::ToolCall { .. }));
    parts.extend(details.and_then(explanation).map(AnswerPart::Refusal));
    Some(Answer {
        id: given_text(id),
        model: given_text(model),
        parts,
        finish: given_text(reason)
            .map(|reason| finish(reason, given_text(sequence)).confirmed(has_tools, false)),
        usage: usage
            .and_then(|usage| PartialUsage::read(usage.raw()))
            .map(PartialUsage::normalised),
    })
}

/// A string that is not empty.
pub(in crate::wire::anthropic) fn given_text(node: Option<Node<'_>>) -> Option<Text<'_>> {
    node.and_then(Node::text).filter(|text| !text.is_empty())
}

/// Why an answer ended.
pub(in crate::wire::anthropic) fn finish<'a>(reason: Text<'a>, sequence: Option<Text<'a>>) -> Finish<'a> {
    match reason.escaped() {
        b"end_turn" => Finish::Stop,
        b"stop_sequence" => Finish::StopSequence(sequence),
        b"max_tokens" | b"model_context_window_exceeded" => Finish::Length,
        b"tool_use" => Finish::ToolCalls,
        b"refusal" => Finish::ContentFilter,
        b"pause_turn" => Finish::Paused,
        _ => Finish::Other(reason),
    }
}

/// What a refusal says of itself, out of `stop_details`.
pub(in crate::wire::anthropic) fn explanation(details: Node<'_>) -> Option<Text<'_>> {
    given_text(details.field("explanation"))
}

/// A block. The calls and results of Anthropic's own tools are none of the caller's, and blocks that came later than
/// this was written cannot be said in another format.
fn part(block: Node<'_>) -> Option<AnswerPart<'_>> {
    let [kind, text, thinking, signature, data] =
        block.fields(["type", "text", "thinking", "signature", "data"]);
    match kind?.text()?.escaped() {
        b"text" => given_text(text).map(AnswerPart::Text),
        b"thinking" => Some(AnswerPart::Thinking {
            text: thinking.and_then(Node::text)?,
            signature: given_text(signature),
        }),
        b"redacted_thinking" => given_text(data).map(AnswerPart::SealedThinking),
        b"tool_use" => {
            let [id, name, input] = block.fields(["id", "name", "input"]);
            Some(AnswerPart::ToolCall {
                id: given_text(id),
                name: given_text(name)?,
                arguments: match input {
                    None => Arguments::none(),
                    Some(input) => match input.text() {
                        Some(text) => Arguments::Encoded(text),
                        None => Arguments::Json(Cow::Borrowed(input.raw())),
                    },
                },
            })
        }
        _ => None,
    }
}

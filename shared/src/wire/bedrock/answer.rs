//! Reads a whole Converse answer into the intermediate form. It names neither an id nor the model.

use std::borrow::Cow;

use super::usage;
use crate::limits::MAX_ANSWER_PARTS;
use crate::wire::ir::{Answer, AnswerPart, Arguments, Finish};
use json::{Kind, Node, Text};

/// Reads a whole answer; `None` if the text is none: no JSON, an error, without a message, with far too many blocks, or
/// one that Bedrock itself could make nothing of.
#[must_use]
pub fn read(body: &[u8]) -> Option<Answer<'_>> {
    let keys = [
        "output",
        "stopReason",
        "usage",
        "serviceTier",
        "additionalModelResponseFields",
    ];
    let (_, [output, reason, used, tier, additional]) = Node::sound(body, keys)?;
    let content = output?.field("message")?.field("content");
    let mut parts = Vec::new();
    match content {
        None => {}
        Some(content) if content.kind() == Kind::Array => content.each(|block| {
            if parts.len() <= MAX_ANSWER_PARTS {
                parts.extend(part(block));
            }
        }),
        Some(_) => return None,
    }
    if parts.len() > MAX_ANSWER_PARTS || reason.is_some_and(is_malformed) {
        return None;
    }
    let has_tools = parts
        .iter()
        .any(|part| matches!(part, AnswerPart::ToolCall { .. }));
    Some(Answer {
        id: None,
        model: None,
        parts,
        finish: given_text(reason).map(|reason| finish(reason, additional).confirmed(has_tools, false)),
        usage: used.map(|used| usage::read(used, tier)),
    })
}

/// A string that is not empty.
pub(super) fn given_text(node: Option<Node<'_>>) -> Option<Text<'_>> {
    node.and_then(Node::text).filter(|text| !text.is_empty())
}

/// Whether the model wrote something that Bedrock could make nothing of: another model may do better.
pub(super) fn is_malformed(reason: Node<'_>) -> bool {
    reason.is("malformed_model_output") || reason.is("malformed_tool_use")
}

/// Why an answer ended. `additional`: what the model itself says beside it.
pub(super) fn finish<'a>(reason: Text<'a>, additional: Option<Node<'a>>) -> Finish<'a> {
    match reason.escaped() {
        b"end_turn" => Finish::Stop,
        b"stop_sequence" => Finish::StopSequence(given_text(
            additional.and_then(|fields| fields.field("stop_sequence")),
        )),
        b"max_tokens" | b"model_context_window_exceeded" => Finish::Length,
        b"tool_use" => Finish::ToolCalls,
        b"guardrail_intervened" | b"content_filtered" => Finish::ContentFilter,
        _ => Finish::Other(reason),
    }
}

/// A block, which has one member. What is none of the caller's, or cannot be said in another format, is passed over.
fn part(block: Node<'_>) -> Option<AnswerPart<'_>> {
    let [text, call, thought, cited] =
        block.fields(["text", "toolUse", "reasoningContent", "citationsContent"]);
    if let Some(call) = call {
        let [id, name, input] = call.fields(["toolUseId", "name", "input"]);
        return Some(AnswerPart::ToolCall {
            id: given_text(id),
            name: given_text(name)?,
            arguments: match input {
                None => Arguments::none(),
                Some(input) => match input.text() {
                    Some(text) => Arguments::Encoded(text),
                    None => Arguments::Json(Cow::Borrowed(input.raw())),
                },
            },
        });
    }
    if let Some(thought) = thought {
        let [told, sealed] = thought.fields(["reasoningText", "redactedContent"]);
        return match told {
            Some(told) => {
                let [text, signature] = told.fields(["text", "signature"]);
                Some(AnswerPart::Thinking {
                    text: text.and_then(Node::text)?,
                    signature: given_text(signature),
                })
            }
            None => given_text(sealed).map(AnswerPart::SealedThinking),
        };
    }
    if let Some(cited) = cited {
        return Some(AnswerPart::Text(cited_text(cited)?));
    }
    given_text(text).map(AnswerPart::Text)
}

/// The text of a block with citations.
fn cited_text(cited: Node<'_>) -> Option<Text<'_>> {
    let mut whole = Text::default();
    cited.field("content")?.records(["text"], |_, [text]| {
        if let Some(text) = given_text(text) {
            whole.push(&text);
        }
    });
    Some(whole).filter(|text| !text.is_empty())
}

//! Reads a response into the intermediate form.

use std::borrow::Cow;

use crate::limits::MAX_ANSWER_PARTS;
use crate::wire::ir::{Answer, AnswerPart, Arguments, Finish};
use crate::wire::openai_responses::usage;
use json::{Kind, Node, Text};

/// Reads a whole answer; `None` if the text is none: no JSON, an error, without output or with far too much of it.
#[must_use]
pub fn read(body: &[u8]) -> Option<Answer<'_>> {
    let keys = [
        "id",
        "model",
        "status",
        "output",
        "usage",
        "error",
        "service_tier",
    ];
    let (response, [id, model, status, output, usage, error, tier]) = Node::sound(body, keys)?;
    let output = output.filter(|output| output.kind() == Kind::Array)?;
    let failed = status.is_some_and(|status| status.is("failed"));
    if failed || error.is_some() {
        return None;
    }
    let mut parts = Vec::new();
    output.each(|item| {
        if parts.len() <= MAX_ANSWER_PARTS {
            read_item(item, &mut parts);
        }
    });
    if parts.len() > MAX_ANSWER_PARTS {
        return None;
    }
    let has_tools = parts
        .iter()
        .any(|part| matches!(part, AnswerPart::ToolCall { .. }));
    let finish = finish(response, has_tools);
    Some(Answer {
        id: given_text(id),
        model: given_text(model),
        parts,
        finish,
        usage: usage.and_then(|usage| usage::read(usage.raw(), tier.map(Node::raw))),
    })
}

/// Why a response ended, if it has.
pub(in crate::wire::openai_responses) fn finish(response: Node<'_>, has_tools: bool) -> Option<Finish<'_>> {
    let [status, details] = response.fields(["status", "incomplete_details"]);
    match given_text(status)?.escaped() {
        b"completed" if has_tools => Some(Finish::ToolCalls),
        b"completed" => Some(Finish::Stop),
        b"incomplete" => {
            let reason = details.and_then(|details| given_text(details.field("reason")));
            Some(match reason {
                Some(reason) if reason.is("content_filter") => Finish::ContentFilter,
                Some(reason) if !reason.is("max_output_tokens") => Finish::Other(reason),
                _ => Finish::Length,
            })
        }
        _ => None,
    }
}

/// A string that is not empty.
pub(in crate::wire::openai_responses) fn given_text(node: Option<Node<'_>>) -> Option<Text<'_>> {
    node.and_then(Node::text).filter(|text| !text.is_empty())
}

/// The parts of an item. The calls and results of the provider's own tools are none of the caller's.
fn read_item<'a>(item: Node<'a>, parts: &mut Vec<AnswerPart<'a>>) {
    let [kind, content, summary] = item.fields(["type", "content", "summary"]);
    let kind = kind.and_then(Node::text).unwrap_or_default();
    match kind.escaped() {
        b"message" => {
            if let Some(content) = content {
                content.each(|part| {
                    let [text, refusal] = part.fields(["text", "refusal"]);
                    parts.extend(given_text(text).map(AnswerPart::Text));
                    parts.extend(given_text(refusal).map(AnswerPart::Refusal));
                });
            }
        }
        b"reasoning" => {
            for list in [summary, content].into_iter().flatten() {
                list.each(|part| {
                    parts.extend(given_text(part.field("text")).map(|text| AnswerPart::Thinking {
                        text,
                        signature: None,
                    }));
                });
            }
        }
        b"function_call" => {
            let [call_id, name, arguments] = item.fields(["call_id", "name", "arguments"]);
            if let Some(name) = given_text(name) {
                parts.push(AnswerPart::ToolCall {
                    id: given_text(call_id),
                    name,
                    arguments: match arguments {
                        None => Arguments::none(),
                        Some(node) => match node.text() {
                            Some(text) => Arguments::Encoded(text),
                            None => Arguments::Json(Cow::Borrowed(node.raw())),
                        },
                    },
                });
            }
        }
        _ => {}
    }
}

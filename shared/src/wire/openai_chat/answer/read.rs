//! Reads a chat completion into the intermediate form.

use std::borrow::Cow;

use crate::ledger::Usage;
use crate::limits::MAX_ANSWER_PARTS;
use crate::wire::ir::{Answer, AnswerPart, Arguments, Finish};
use crate::wire::openai_chat::said::{self, Said};
use crate::wire::openai_chat::usage;
use json::{Kind, Node, Text};

/// Reads a whole answer; `None` if the text is none: no JSON, an error, without a choice or with far too much
/// in it. Of several choices only
/// the first counts, for no other format has more than one.
#[must_use]
pub fn read(body: &[u8]) -> Option<Answer<'_>> {
    read_with(body, usage::read)
}

/// How a `usage` object and the tier beside it are read.
pub(in crate::wire) type UsageReader = fn(&[u8], Option<&[u8]>) -> Option<Usage>;

/// The same for a provider that tells its usage in another way.
#[must_use]
pub(in crate::wire) fn read_with(body: &[u8], read_usage: UsageReader) -> Option<Answer<'_>> {
    let keys = ["id", "model", "choices", "usage", "error", "service_tier"];
    let (_, [id, model, choices, usage, error, tier]) = Node::sound(body, keys)?;
    if error.is_some() {
        return None;
    }
    let [message, reason, stop] = first_choice(choices?, "message")?;
    if reason.is_some_and(|reason| reason.is(FAILED)) {
        return None;
    }
    let message = message.filter(|message| message.kind() == Kind::Object)?;
    let mut parts = Vec::new();
    let tool_calls = said::read(message, &mut |said| {
        if parts.len() <= MAX_ANSWER_PARTS {
            parts.push(part(said));
        }
    });
    let has_refusal = parts.iter().any(|part| matches!(part, AnswerPart::Refusal(_)));
    let told = parts.len();
    if let Some(tool_calls) = tool_calls {
        tool_calls.each(|call| {
            if parts.len() <= MAX_ANSWER_PARTS {
                parts.extend(tool_call(call));
            }
        });
    }
    if parts.len() > MAX_ANSWER_PARTS {
        return None;
    }
    let has_tools = parts.len() > told;
    Some(Answer {
        id: given_text(id),
        model: given_text(model),
        parts,
        finish: given_text(reason)
            .map(|reason| finish(reason, given_text(stop)).confirmed(has_tools, has_refusal)),
        usage: usage.and_then(|usage| read_usage(usage.raw(), tier.map(Node::raw))),
    })
}

/// The choice that counts, the first whose index is 0 or that has none: what it says, which is the member `key`, why
/// it ends, and vLLM's `stop_reason`.
pub(in crate::wire::openai_chat) fn first_choice<'a>(
    choices: Node<'a>,
    key: &str,
) -> Option<[Option<Node<'a>>; 3]> {
    let mut first = None;
    choices.each(|choice| {
        if first.is_none() && choice.kind() == Kind::Object {
            let [index, said, reason, stop] = choice.fields(["index", key, "finish_reason", "stop_reason"]);
            if index.and_then(Node::unsigned).unwrap_or(0) == 0 {
                first = Some([said, reason, stop]);
            }
        }
    });
    first
}

/// The reason of an answer that ended because the model failed.
pub(in crate::wire::openai_chat) const FAILED: &str = "error";

/// The id of a call; Mistral's is now and then the word `null`.
pub(in crate::wire::openai_chat) fn given_id(node: Option<Node<'_>>) -> Option<Text<'_>> {
    given_text(node).filter(|id| !id.is("null"))
}

/// A string that is not empty.
pub(in crate::wire::openai_chat) fn given_text(node: Option<Node<'_>>) -> Option<Text<'_>> {
    node.and_then(Node::text).filter(|text| !text.is_empty())
}

/// The arguments of a call: a string of JSON, or, at some servers, the JSON itself.
pub(in crate::wire::openai_chat) fn arguments(node: Node<'_>) -> Option<Arguments<'_>> {
    match node.kind() {
        Kind::String => node.text().map(Arguments::Encoded),
        Kind::Object | Kind::Array => Some(Arguments::Json(Cow::Borrowed(node.raw()))),
        _ => None,
    }
}

/// Why an answer ended. vLLM's `stop` is the stop sequence, if it was one. `model_length` is Mistral's.
pub(in crate::wire::openai_chat) fn finish<'a>(reason: Text<'a>, stop: Option<Text<'a>>) -> Finish<'a> {
    match reason.escaped() {
        b"stop" if stop.is_some() => Finish::StopSequence(stop),
        b"stop" => Finish::Stop,
        b"length" | b"model_length" => Finish::Length,
        b"tool_calls" | b"function_call" => Finish::ToolCalls,
        b"content_filter" => Finish::ContentFilter,
        _ => Finish::Other(reason),
    }
}

fn part(said: Said<'_>) -> AnswerPart<'_> {
    match said {
        Said::Text(text) => AnswerPart::Text(text),
        Said::Refusal(text) => AnswerPart::Refusal(text),
        Said::Thinking(text) => AnswerPart::Thinking {
            text,
            signature: None,
        },
    }
}

fn tool_call(call: Node<'_>) -> Option<AnswerPart<'_>> {
    let [id, function] = call.fields(["id", "function"]);
    let [name, given] = function?.fields(["name", "arguments"]);
    Some(AnswerPart::ToolCall {
        id: given_id(id),
        name: given_text(name)?,
        arguments: given.and_then(arguments).unwrap_or_else(|| Arguments::none()),
    })
}

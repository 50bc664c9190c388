//! What a candidate says: answers in one piece and chunks of a stream have the same members.

use std::borrow::Cow;

use crate::wire::ir::{Arguments, Finish};
use json::{Kind, Node, Text};

/// Something said.
#[derive(Debug)]
pub(super) enum Said<'a> {
    /// A thought, never empty.
    Thinking(Text<'a>),
    /// The seal of what was thought before the call that follows, or of the thought before.
    Seal(Text<'a>),
    /// Text, never empty.
    Text {
        /// The words.
        text: Text<'a>,
        /// The seal of what was thought before them. It matters only to calls of tools, and to them it comes by itself.
        seal: Option<Text<'a>>,
    },
    /// A call of a tool.
    Call {
        /// Its id, if it has one.
        id: Option<Text<'a>>,
        /// The tool.
        name: Text<'a>,
        /// What it is given.
        arguments: Arguments<'a>,
    },
}

/// The candidate that counts: the first whose index is 0 or that has none. Its parts, and why it ends.
pub(super) fn first_candidate(candidates: Node<'_>) -> Option<[Option<Node<'_>>; 2]> {
    let mut first = None;
    candidates.records(["index", "content", "finishReason"], |candidate, members| {
        let [index, content, reason] = members;
        let counts = candidate.kind() == Kind::Object && index.and_then(Node::unsigned).unwrap_or(0) == 0;
        if counts && first.is_none() {
            first = Some([content.and_then(|content| content.field("parts")), reason]);
        }
    });
    first
}

/// Tells what the parts say, in order. Code that Google ran, what came of it, and pictures cannot be said in the formats
/// of agents.
pub(super) fn read<'a>(parts: Node<'a>, tell: &mut dyn FnMut(Said<'a>)) {
    let keys = ["text", "thought", "thoughtSignature", "functionCall"];
    parts.records(keys, |_, [text, thought, seal, call]| {
        let is_thought = thought.and_then(Node::boolean).unwrap_or_default();
        let text = given_text(text);
        let seal = given_text(seal);
        if is_thought {
            if let Some(text) = text {
                tell(Said::Thinking(text));
            }
            return seal.map(Said::Seal).into_iter().for_each(&mut *tell);
        }
        if let Some(call) = call.and_then(read_call) {
            if let Some(text) = text {
                tell(Said::Text { text, seal: None });
            }
            seal.map(Said::Seal).into_iter().for_each(&mut *tell);
            tell(call);
        } else if let Some(text) = text {
            tell(Said::Text { text, seal });
        }
    });
}

fn read_call(call: Node<'_>) -> Option<Said<'_>> {
    let [id, name, arguments] = call.fields(["id", "name", "args"]);
    Some(Said::Call {
        id: given_text(id),
        name: given_text(name)?,
        arguments: match arguments {
            None => Arguments::none(),
            Some(arguments) => Arguments::Json(Cow::Borrowed(arguments.raw())),
        },
    })
}

/// A string that is not empty.
pub(super) fn given_text(node: Option<Node<'_>>) -> Option<Text<'_>> {
    node.and_then(Node::text).filter(|text| !text.is_empty())
}

/// Why a candidate ended: <https://ai.google.dev/api/generate-content#FinishReason>. A call of a tool ends with `STOP`,
/// too.
pub(super) fn finish(reason: Text<'_>) -> Finish<'_> {
    match reason.escaped() {
        b"STOP" => Finish::Stop,
        b"MAX_TOKENS" | b"CONTINUATION" => Finish::Length,
        b"SAFETY"
        | b"RECITATION"
        | b"LANGUAGE"
        | b"BLOCKLIST"
        | b"PROHIBITED_CONTENT"
        | b"SPII"
        | b"MODEL_ARMOR"
        | b"IMAGE_SAFETY"
        | b"IMAGE_PROHIBITED_CONTENT"
        | b"IMAGE_RECITATION" => Finish::ContentFilter,
        _ => Finish::Other(reason),
    }
}

/// Whether a prompt was blocked: then there are no candidates.
pub(super) fn is_blocked(feedback: Option<Node<'_>>) -> bool {
    feedback.is_some_and(|feedback| given_text(feedback.field("blockReason")).is_some())
}

/// What is told of an answer that ended for such a reason before it said anything, which is a failure of the model's
/// and worth another attempt; `None` of one that was to end.
pub(super) fn failure(finish: &Finish<'_>) -> Option<String> {
    let Finish::Other(reason) = finish else {
        return None;
    };
    let reason = reason.plain().unwrap_or_default();
    Some(format!("the model ended without an answer: {reason}"))
}

//! Reads an answer in one piece into the intermediate form.

use super::said::{self, Said, failure, finish, first_candidate, given_text, is_blocked};
use super::{seal, usage};
use crate::limits::MAX_ANSWER_PARTS;
use crate::wire::ir::{Answer, AnswerPart, Finish};
use json::{Node, Text};

/// Reads a whole answer; `None` if the text is none: no JSON, an error, no candidate though the prompt was not blocked,
/// one that failed before it said anything, or far too much in it.
pub(super) fn read(body: &[u8]) -> Option<Answer<'_>> {
    let keys = [
        "responseId",
        "modelVersion",
        "candidates",
        "promptFeedback",
        "usageMetadata",
        "error",
    ];
    let (_, [id, model, candidates, feedback, metadata, error]) = Node::sound(body, keys)?;
    if error.is_some() {
        return None;
    }
    let mut parts = Parts::default();
    let finish = match candidates.and_then(first_candidate) {
        Some([said, reason]) => {
            if let Some(said) = said {
                said::read(said, &mut |said| parts.add(said));
            }
            given_text(reason).map(|reason| finish(reason).confirmed(parts.calls > 0, false))
        }
        None if is_blocked(feedback) => Some(Finish::ContentFilter),
        None => return None,
    };
    if parts.list.is_empty() && finish.as_ref().is_none_or(|finish| failure(finish).is_some()) {
        return None;
    }
    if parts.list.len() > MAX_ANSWER_PARTS {
        return None;
    }
    Some(Answer {
        id: given_text(id),
        model: given_text(model),
        parts: parts.list,
        finish,
        usage: metadata.and_then(usage::read),
    })
}

#[derive(Default)]
struct Parts<'a> {
    list: Vec<AnswerPart<'a>>,
    calls: usize,
}

impl<'a> Parts<'a> {
    fn add(&mut self, said: Said<'a>) {
        if self.list.len() > MAX_ANSWER_PARTS {
            return;
        }
        match said {
            Said::Thinking(text) => self.list.push(AnswerPart::Thinking {
                text,
                signature: None,
            }),
            Said::Seal(own) => self.seal(&own),
            Said::Text { text, seal } => {
                let is_in_text = matches!(self.list.last(), Some(AnswerPart::Text(_)));
                // One in the middle would cut the text in two.
                if let Some(own) = seal.filter(|_| !is_in_text) {
                    self.seal(&own);
                }
                self.list.push(AnswerPart::Text(text));
            }
            Said::Call { id, name, arguments } => {
                self.calls += 1;
                self.list.push(AnswerPart::ToolCall { id, name, arguments });
            }
        }
    }

    fn seal(&mut self, own: &Text<'_>) {
        let own = seal::marked(own);
        match self.list.last_mut() {
            Some(AnswerPart::Thinking { signature, .. }) if signature.is_none() => *signature = Some(own),
            _ => self.list.push(AnswerPart::Thinking {
                text: Text::default(),
                signature: Some(own),
            }),
        }
    }
}

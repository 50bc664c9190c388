//! What a message, or the delta of one, says: both have the same members.

use json::{Kind, Node, Text};

/// Something said, never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said<'a> {
    /// A thought.
    Thinking(Text<'a>),
    /// Text.
    Text(Text<'a>),
    /// A refusal, in words.
    Refusal(Text<'a>),
}

/// Tells what a message says, thoughts first, and returns its tool calls.
///
/// Thoughts have two names: `reasoning_content` was first, vLLM and `OpenRouter` say `reasoning`; some say both, so
/// only one is read. Content may be a list of parts, at Mistral with thoughts among them.
pub fn read<'a>(message: Node<'a>, tell: &mut dyn FnMut(Said<'a>)) -> Option<Node<'a>> {
    let keys = [
        "reasoning_content",
        "reasoning",
        "content",
        "refusal",
        "tool_calls",
    ];
    let [thought, other_thought, content, refusal, tool_calls] = message.fields(keys);
    let text = |node: Option<Node<'a>>| node.and_then(Node::text).filter(|text| !text.is_empty());
    if let Some(thought) = text(thought).or_else(|| text(other_thought)) {
        tell(Said::Thinking(thought));
    }
    match content {
        Some(parts) if parts.kind() == Kind::Array => parts.each(|part| read_part(part, tell)),
        content => {
            if let Some(content) = text(content) {
                tell(Said::Text(content));
            }
        }
    }
    if let Some(refusal) = text(refusal) {
        tell(Said::Refusal(refusal));
    }
    tool_calls
}

fn read_part<'a>(part: Node<'a>, tell: &mut dyn FnMut(Said<'a>)) {
    let [text, refusal, thinking] = part.fields(["text", "refusal", "thinking"]);
    let mut tell_text = |node: Option<Node<'a>>, of: fn(Text<'a>) -> Said<'a>| {
        if let Some(text) = node.and_then(Node::text).filter(|text| !text.is_empty()) {
            tell(of(text));
        }
    };
    tell_text(text, Said::Text);
    tell_text(refusal, Said::Refusal);
    tell_text(thinking, Said::Thinking);
    if let Some(thinking) = thinking {
        thinking.each(|part| tell_text(part.field("text"), Said::Thinking));
    }
}

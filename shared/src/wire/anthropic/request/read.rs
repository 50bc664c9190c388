//! A messages request, read whole: <https://platform.claude.com/docs/en/api/messages>

mod blocks;
mod messages;
mod parameters;
mod tools;

use crate::wire::codec::Untranslatable;
use crate::wire::ir::{ChatRequest, Loss, Words};
use crate::wire::members;
use json::{Kind, Node};

/// This format's names of what a writer may leave out.
const WORDS: Words = Words {
    max_tokens: "max_tokens",
    stop: "stop_sequences",
    reasoning: "thinking",
    output: "output_config.format",
    parallel_tool_calls: "tool_choice.disable_parallel_tool_use",
    user: "metadata.user_id",
    breakpoint: "cache_control",
};

/// The members of the body that mean something in other formats, too.
#[derive(Default)]
struct Body<'a> {
    messages: Option<Node<'a>>,
    system: Option<Node<'a>>,
    stream: Option<Node<'a>>,
    tools: Option<Node<'a>>,
    tool_choice: Option<Node<'a>>,
    max_tokens: Option<Node<'a>>,
    stop_sequences: Option<Node<'a>>,
    temperature: Option<Node<'a>>,
    top_p: Option<Node<'a>>,
    top_k: Option<Node<'a>>,
    thinking: Option<Node<'a>>,
    output_config: Option<Node<'a>>,
    metadata: Option<Node<'a>>,
    service_tier: Option<Node<'a>>,
}

/// Reads a body.
pub fn read(body: &[u8]) -> Result<ChatRequest<'_>, Untranslatable> {
    let mut members = Body::default();
    let mut request = members::read(body, WORDS, |key, node| members.take(key, node), loss)?;
    parameters::read(&members, &mut request)?;
    tools::read(&members, &mut request)?;
    messages::read(&members, &mut request)?;
    Ok(request)
}

impl<'a> Body<'a> {
    /// Keeps a member; false if it is none of these. Of two of one name the last counts.
    fn take(&mut self, key: &[u8], node: Node<'a>) -> bool {
        let slot = match key {
            b"messages" => &mut self.messages,
            b"system" => &mut self.system,
            b"stream" => &mut self.stream,
            b"tools" => &mut self.tools,
            b"tool_choice" => &mut self.tool_choice,
            b"max_tokens" => &mut self.max_tokens,
            b"stop_sequences" => &mut self.stop_sequences,
            b"temperature" => &mut self.temperature,
            b"top_p" => &mut self.top_p,
            b"top_k" => &mut self.top_k,
            b"thinking" => &mut self.thinking,
            b"output_config" => &mut self.output_config,
            b"metadata" => &mut self.metadata,
            b"service_tier" => &mut self.service_tier,
            _ => return false,
        };
        *slot = Some(node);
        true
    }
}

/// What is lost with a member that no other format has; nothing if it asks for what happens anyway.
fn loss(key: &[u8], node: Node<'_>) -> Option<Loss> {
    Some(match key {
        b"model" => return None,
        b"mcp_servers" if node.kind() == Kind::Array && node.elements().is_empty() => return None,
        // Files, code and tools that live at the provider.
        b"container" | b"mcp_servers" => Loss::Meaning,
        _ => Loss::Nuance,
    })
}

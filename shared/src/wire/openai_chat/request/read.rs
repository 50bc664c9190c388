//! A chat completions request, read whole: <https://platform.openai.com/docs/api-reference/chat/create>

mod messages;
pub(in crate::wire) mod parameters;
mod parts;
mod tools;

use crate::wire::codec::Untranslatable;
use crate::wire::ir::{ChatRequest, Loss, Words};
use crate::wire::members;
use crate::wire::place::Place;
use json::{Kind, Node};

/// This format's names of what a writer may leave out.
const WORDS: Words = Words {
    max_tokens: "max_completion_tokens",
    stop: "stop",
    reasoning: "reasoning_effort",
    output: "response_format",
    parallel_tool_calls: "parallel_tool_calls",
    user: "user",
    breakpoint: "prompt_cache_breakpoint",
};

/// The members of the body that mean something in other formats, too.
#[derive(Default)]
struct Body<'a> {
    messages: Option<Node<'a>>,
    stream: Option<Node<'a>>,
    tools: Option<Node<'a>>,
    functions: Option<Node<'a>>,
    tool_choice: Option<Node<'a>>,
    function_call: Option<Node<'a>>,
    parallel_tool_calls: Option<Node<'a>>,
    max_completion_tokens: Option<Node<'a>>,
    max_tokens: Option<Node<'a>>,
    stop: Option<Node<'a>>,
    temperature: Option<Node<'a>>,
    top_p: Option<Node<'a>>,
    top_k: Option<Node<'a>>,
    seed: Option<Node<'a>>,
    presence_penalty: Option<Node<'a>>,
    frequency_penalty: Option<Node<'a>>,
    response_format: Option<Node<'a>>,
    reasoning_effort: Option<Node<'a>>,
    safety_identifier: Option<Node<'a>>,
    user: Option<Node<'a>>,
    service_tier: Option<Node<'a>>,
}

/// Reads a body.
pub fn read(body: &[u8]) -> Result<ChatRequest<'_>, Untranslatable> {
    let mut members = Body::default();
    let mut request = members::read(body, WORDS, |key, node| members.take(key, node), loss)?;
    parameters::read(&members, &mut request)?;
    tools::read(&members, &mut request)?;
    let messages = Place::top("messages");
    messages::read(members.messages.ok_or_else(|| messages.missing())?, &mut request)?;
    Ok(request)
}

impl<'a> Body<'a> {
    /// Keeps a member; false if it is none of these. Of two of one name the last counts.
    fn take(&mut self, key: &[u8], node: Node<'a>) -> bool {
        let slot = match key {
            b"messages" => &mut self.messages,
            b"stream" => &mut self.stream,
            b"tools" => &mut self.tools,
            b"functions" => &mut self.functions,
            b"tool_choice" => &mut self.tool_choice,
            b"function_call" => &mut self.function_call,
            b"parallel_tool_calls" => &mut self.parallel_tool_calls,
            b"max_completion_tokens" => &mut self.max_completion_tokens,
            b"max_tokens" => &mut self.max_tokens,
            b"stop" => &mut self.stop,
            b"temperature" => &mut self.temperature,
            b"top_p" => &mut self.top_p,
            b"top_k" => &mut self.top_k,
            b"seed" => &mut self.seed,
            b"presence_penalty" => &mut self.presence_penalty,
            b"frequency_penalty" => &mut self.frequency_penalty,
            b"response_format" => &mut self.response_format,
            b"reasoning_effort" => &mut self.reasoning_effort,
            b"safety_identifier" => &mut self.safety_identifier,
            b"user" => &mut self.user,
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
        // The broker's own business.
        b"model" | b"stream_options" => return None,
        // One answer is what every format gives.
        b"n" if node.number() == Some(1.0) => return None,
        b"logprobs" | b"store" if node.boolean() == Some(false) => return None,
        b"top_logprobs" if node.number() == Some(0.0) => return None,
        b"modalities" if is_text_only(node) => return None,
        b"n" | b"logprobs" | b"top_logprobs" | b"modalities" | b"audio" => Loss::Meaning,
        _ => Loss::Nuance,
    })
}

fn is_text_only(modalities: Node<'_>) -> bool {
    modalities.kind() == Kind::Array && modalities.elements().iter().all(|modality| modality.is("text"))
}

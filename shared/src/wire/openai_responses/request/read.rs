//! A request for a response, read whole: <https://platform.openai.com/docs/api-reference/responses/create>

mod items;
mod parameters;
mod parts;
mod tools;

use crate::wire::codec::Untranslatable;
use crate::wire::ir::{ChatRequest, Content, Loss, Message, Origin, Role, Words};
use crate::wire::members;
use crate::wire::place::Place;
use json::Node;

/// This format's names of what a writer may leave out.
const WORDS: Words = Words {
    max_tokens: "max_output_tokens",
    stop: "stop",
    reasoning: "reasoning",
    output: "text.format",
    parallel_tool_calls: "parallel_tool_calls",
    breakpoint: "prompt_cache_breakpoint",
    user: "user",
};

/// The members of the body that mean something in other formats, too.
#[derive(Default)]
struct Body<'a> {
    instructions: Option<Node<'a>>,
    input: Option<Node<'a>>,
    stream: Option<Node<'a>>,
    tools: Option<Node<'a>>,
    tool_choice: Option<Node<'a>>,
    parallel_tool_calls: Option<Node<'a>>,
    max_output_tokens: Option<Node<'a>>,
    temperature: Option<Node<'a>>,
    top_p: Option<Node<'a>>,
    text: Option<Node<'a>>,
    reasoning: Option<Node<'a>>,
    include: Option<Node<'a>>,
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
    if let Some(instructions) = members.instructions {
        let text = Place::top("instructions").text(instructions)?;
        request.messages.push(Message {
            role: Role::System,
            parts: vec![Content::Text(text).into()],
            origin: Origin::Instructions,
        });
    }
    match members.input {
        Some(input) => items::read(input, &mut request)?,
        // A conversation that is kept elsewhere needs no input.
        None if request.lost_meaning().is_some() => {}
        None => return Err(Place::top("input").missing()),
    }
    Ok(request)
}

impl<'a> Body<'a> {
    /// Keeps a member; false if it is none of these. Of two of one name the last counts.
    fn take(&mut self, key: &[u8], node: Node<'a>) -> bool {
        let slot = match key {
            b"instructions" => &mut self.instructions,
            b"input" => &mut self.input,
            b"stream" => &mut self.stream,
            b"tools" => &mut self.tools,
            b"tool_choice" => &mut self.tool_choice,
            b"parallel_tool_calls" => &mut self.parallel_tool_calls,
            b"max_output_tokens" => &mut self.max_output_tokens,
            b"temperature" => &mut self.temperature,
            b"top_p" => &mut self.top_p,
            b"text" => &mut self.text,
            b"reasoning" => &mut self.reasoning,
            b"include" => &mut self.include,
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
        b"store" | b"background" if node.boolean() == Some(false) => return None,
        b"top_logprobs" if node.number() == Some(0.0) => return None,
        b"truncation" if node.is("disabled") => return None,
        // What only the account has that kept it, does later, or knows of its own models.
        b"previous_response_id" | b"conversation" | b"prompt" | b"background" | b"top_logprobs" => {
            Loss::Meaning
        }
        _ => Loss::Nuance,
    })
}

//! The conversation.

use std::collections::{HashMap, VecDeque};

use super::parts::{self, Allowed};
use super::tools;
use crate::limits::MAX_MESSAGES;
use crate::wire::codec::Untranslatable;
use crate::wire::ir::{ChatRequest, Content, Loss, Message, Origin, Part, Role};
use crate::wire::place::Place;
use json::{Node, Text};

const KEYS: [&str; 11] = [
    "role",
    "content",
    "tool_calls",
    "tool_call_id",
    "name",
    "refusal",
    "function_call",
    "audio",
    "reasoning_content",
    "thinking_blocks",
    "cache_control",
];

/// Calls in the old style have no ids: a result belongs to the first call of the function that has none yet.
type OldCalls = HashMap<Vec<u8>, VecDeque<Text<'static>>>;

/// Reads all messages.
pub(super) fn read<'a>(node: Node<'a>, request: &mut ChatRequest<'a>) -> Result<(), Untranslatable> {
    let place = Place::top("messages");
    let mut old_calls = OldCalls::new();
    let mut index = 0;
    place.each_object(node, KEYS, |place, members| {
        place.check(index < MAX_MESSAGES, "is one message too many")?;
        let [
            role,
            content,
            tool_calls,
            tool_call_id,
            name,
            refusal,
            function_call,
            audio,
            reasoning_content,
            thinking_blocks,
            cache_control,
        ] = members;
        let given = Given {
            content,
            tool_calls,
            tool_call_id,
            name,
            refusal,
            function_call,
            audio,
            reasoning_content,
            thinking_blocks,
            cache_control,
        };
        let message = match Who::of(&place, role)? {
            Who::Instructions => instructions(&place, &given, request)?,
            Who::User => user(&place, &given, request)?,
            Who::Assistant => assistant(&place, index, &given, request, &mut old_calls)?,
            Who::Tool => tool(&place, &given, request)?,
            Who::Function => function(&place, index, &given, request, &mut old_calls)?,
        };
        request.messages.push(Message {
            origin: Origin::Message(index),
            ..message
        });
        index += 1;
        Ok(())
    })
}

enum Who {
    Instructions,
    User,
    Assistant,
    Tool,
    Function,
}

impl Who {
    fn of(message: &Place<'_>, role: Option<Node<'_>>) -> Result<Self, Untranslatable> {
        let place = message.key("role");
        let role = place.required_text(role)?;
        Ok(match role.escaped() {
            b"system" | b"developer" => Self::Instructions,
            b"user" => Self::User,
            b"assistant" => Self::Assistant,
            b"tool" => Self::Tool,
            b"function" => Self::Function,
            _ => return Err(place.malformed("is not a role")),
        })
    }
}

/// A message, taken apart.
struct Given<'a> {
    content: Option<Node<'a>>,
    tool_calls: Option<Node<'a>>,
    tool_call_id: Option<Node<'a>>,
    name: Option<Node<'a>>,
    refusal: Option<Node<'a>>,
    function_call: Option<Node<'a>>,
    audio: Option<Node<'a>>,
    reasoning_content: Option<Node<'a>>,
    thinking_blocks: Option<Node<'a>>,
    cache_control: Option<Node<'a>>,
}

fn message(role: Role, parts: Vec<Part<'_>>) -> Message<'_> {
    Message {
        role,
        parts,
        origin: Origin::System,
    }
}

fn instructions<'a>(
    place: &Place<'_>,
    given: &Given<'a>,
    request: &mut ChatRequest<'a>,
) -> Result<Message<'a>, Untranslatable> {
    note_name(place, given.name, request);
    let mut parts = parts::required(&place.key("content"), given.content, Allowed::TEXT, request)?;
    parts::mark_last(&mut parts, given.cache_control);
    Ok(message(Role::System, parts))
}

fn user<'a>(
    place: &Place<'_>,
    given: &Given<'a>,
    request: &mut ChatRequest<'a>,
) -> Result<Message<'a>, Untranslatable> {
    note_name(place, given.name, request);
    let mut parts = parts::required(&place.key("content"), given.content, Allowed::MEDIA, request)?;
    parts::mark_last(&mut parts, given.cache_control);
    Ok(message(Role::User, parts))
}

fn assistant<'a>(
    place: &Place<'_>,
    index: usize,
    given: &Given<'a>,
    request: &mut ChatRequest<'a>,
    old_calls: &mut OldCalls,
) -> Result<Message<'a>, Untranslatable> {
    note_name(place, given.name, request);
    if given.audio.is_some() {
        request.note(place.key("audio").to_string(), Loss::Meaning);
    }
    // What one provider's model thought is no use to another's.
    for (key, thought) in [
        ("reasoning_content", given.reasoning_content),
        ("thinking_blocks", given.thinking_blocks),
    ] {
        if thought.is_some() {
            request.note(place.key(key).to_string(), Loss::Nuance);
        }
    }
    let mut parts = parts::optional(&place.key("content"), given.content, Allowed::REFUSAL, request)?;
    if let Some(refusal) = given.refusal {
        let refusal = place.key("refusal").text(refusal)?;
        parts.push(Content::Refusal(refusal).into());
    }
    if let Some(calls) = given.tool_calls {
        tools::read_calls(&place.key("tool_calls"), calls, &mut parts, request)?;
    }
    if let Some(call) = given.function_call {
        let place = place.key("function_call");
        let (name, arguments) = tools::called_function(&place, Some(call))?;
        let id = old_id(index);
        old_calls
            .entry(name.escaped().to_vec())
            .or_default()
            .push_back(id.clone());
        parts.push(Content::ToolCall { id, name, arguments }.into());
    }
    parts::mark_last(&mut parts, given.cache_control);
    Ok(message(Role::Assistant, parts))
}

fn tool<'a>(
    place: &Place<'_>,
    given: &Given<'a>,
    request: &mut ChatRequest<'a>,
) -> Result<Message<'a>, Untranslatable> {
    let id = place.key("tool_call_id").required_text(given.tool_call_id)?;
    let content = parts::optional(&place.key("content"), given.content, Allowed::MEDIA, request)?;
    Ok(result(id, content, given.cache_control))
}

fn function<'a>(
    place: &Place<'_>,
    index: usize,
    given: &Given<'a>,
    request: &mut ChatRequest<'a>,
    old_calls: &mut OldCalls,
) -> Result<Message<'a>, Untranslatable> {
    let name = place.key("name").required_text(given.name)?;
    let call = old_calls.get_mut(name.escaped()).and_then(VecDeque::pop_front);
    let content = parts::optional(&place.key("content"), given.content, Allowed::TEXT, request)?;
    Ok(result(
        call.unwrap_or_else(|| old_id(index)),
        content,
        given.cache_control,
    ))
}

fn result<'a>(id: Text<'a>, content: Vec<Part<'a>>, cache: Option<Node<'a>>) -> Message<'a> {
    let mut parts = vec![Part::from(Content::ToolResult {
        id,
        content,
        is_error: false,
    })];
    parts::mark_last(&mut parts, cache);
    message(Role::User, parts)
}

fn old_id(index: usize) -> Text<'static> {
    Text::of_plain(&format!("function_call_{index}"))
}

fn note_name<'a>(place: &Place<'_>, name: Option<Node<'a>>, request: &mut ChatRequest<'a>) {
    if name.is_some() {
        request.note(place.key("name").to_string(), Loss::Nuance);
    }
}

//! The conversation: a text, or items.

use std::borrow::Cow;

use super::{parts, tools};
use crate::limits::{MAX_MESSAGES, MAX_PARTS};
use crate::wire::codec::Untranslatable;
use crate::wire::ir::{Arguments, ChatRequest, Content, Loss, Message, Origin, Part, Role};
use crate::wire::openai_responses::own;
use crate::wire::place::Place;
use json::{Kind, Node, Text};

const KEYS: [&str; 10] = [
    "type",
    "role",
    "content",
    "call_id",
    "name",
    "namespace",
    "arguments",
    "output",
    "summary",
    "encrypted_content",
];

/// An item, taken apart.
struct Item<'a> {
    role: Option<Node<'a>>,
    content: Option<Node<'a>>,
    call_id: Option<Node<'a>>,
    name: Option<Node<'a>>,
    namespace: Option<Node<'a>>,
    arguments: Option<Node<'a>>,
    output: Option<Node<'a>>,
    summary: Option<Node<'a>>,
    seal: Option<Node<'a>>,
}

/// Reads all items. What the model said, thought and called without anybody's word between is one turn: providers want
/// the results of calls right after all of them.
pub(super) fn read<'a>(input: Node<'a>, request: &mut ChatRequest<'a>) -> Result<(), Untranslatable> {
    let place = Place::top("input");
    if let Some(text) = input.text() {
        push(
            request,
            Role::User,
            vec![Content::Text(text).into()],
            Origin::Item(0),
        );
        return Ok(());
    }
    place.check(
        input.kind() == Kind::Array,
        "must be a string or an array of items",
    )?;
    let (mut index, mut total) = (0, 0);
    place.each_object(input, KEYS, |place, members| {
        place.check(index < MAX_MESSAGES, "is one item too many")?;
        let [
            kind,
            role,
            content,
            call_id,
            name,
            namespace,
            arguments,
            output,
            summary,
            seal,
        ] = members;
        let item = Item {
            role,
            content,
            call_id,
            name,
            namespace,
            arguments,
            output,
            summary,
            seal,
        };
        if let Some((role, parts)) = read_item(&place, kind, &item, request)? {
            total += parts.len();
            place.check(total < MAX_PARTS, "is one part too many")?;
            push(request, role, parts, Origin::Item(index));
        }
        index += 1;
        Ok(())
    })
}

fn push<'a>(request: &mut ChatRequest<'a>, role: Role, parts: Vec<Part<'a>>, origin: Origin) {
    match request.messages.last_mut() {
        Some(last) if role == Role::Assistant && last.role == role => last.parts.extend(parts),
        _ => request.messages.push(Message { role, parts, origin }),
    }
}

/// One item; `None` if it goes to no other format, which is noted.
fn read_item<'a>(
    place: &Place<'_>,
    kind: Option<Node<'a>>,
    item: &Item<'a>,
    request: &mut ChatRequest<'a>,
) -> Result<Option<(Role, Vec<Part<'a>>)>, Untranslatable> {
    let kind_place = place.key("type");
    // Messages need not say that they are; what has no role either is a reference to an item that is kept.
    let kind = match (kind, item.role) {
        (Some(kind), _) => kind_place.text(kind)?,
        (None, Some(_)) => Text::of_plain("message"),
        (None, None) => Text::of_plain("item_reference"),
    };
    match kind.escaped() {
        b"message" => message(place, item, request).map(Some),
        b"function_call" => {
            let arguments = match item.arguments {
                None => Arguments::none(),
                // Some servers give an object where the API has a string, and agents give it back.
                Some(object) if object.kind() == Kind::Object => Arguments::Json(Cow::Borrowed(object.raw())),
                Some(text) => Arguments::Encoded(place.key("arguments").text(text)?),
            };
            let call = Content::ToolCall {
                id: place.key("call_id").required_text(item.call_id)?,
                name: tools::read_name(place, item.name, item.namespace)?,
                arguments,
            };
            Ok(Some((Role::Assistant, vec![call.into()])))
        }
        b"function_call_output" => {
            let place_of_output = place.key("output");
            let output = item.output.ok_or_else(|| place_of_output.missing())?;
            let result = Content::ToolResult {
                id: place.key("call_id").required_text(item.call_id)?,
                content: parts::read(&place_of_output, output, request)?,
                is_error: false,
            };
            Ok(Some((Role::User, vec![result.into()])))
        }
        b"reasoning" => {
            let thought = thought(place, item)?;
            if thought.is_none() {
                request.note(place.to_string(), Loss::Nuance);
            }
            Ok(thought.map(|thought| (Role::Assistant, vec![thought.into()])))
        }
        // The provider's own tools and what they left, and what it keeps.
        _ => {
            let loss_at = if item.role.is_none() {
                kind_place.to_string()
            } else {
                place.to_string()
            };
            request.note(loss_at, Loss::Meaning);
            Ok(None)
        }
    }
}

fn message<'a>(
    place: &Place<'_>,
    item: &Item<'a>,
    request: &mut ChatRequest<'a>,
) -> Result<(Role, Vec<Part<'a>>), Untranslatable> {
    let role_place = place.key("role");
    let role = match role_place.required_text(item.role)?.escaped() {
        b"user" => Role::User,
        b"assistant" => Role::Assistant,
        b"system" | b"developer" => Role::System,
        _ => return Err(role_place.malformed("is not a role")),
    };
    let place = place.key("content");
    let content = item.content.ok_or_else(|| place.missing())?;
    let parts = parts::read(&place, content, request)?;
    let is_media = |part: &Part<'_>| matches!(part.content, Content::Image(_) | Content::Document { .. });
    if role != Role::User && parts.iter().any(is_media) {
        // No other format has pictures and documents in what the model or the operator said.
        request.note(place.to_string(), Loss::Meaning);
    }
    Ok((role, parts))
}

/// A thought that the broker can bring home to its maker; others are no use to anybody but the provider that has them.
fn thought<'a>(place: &Place<'_>, item: &Item<'a>) -> Result<Option<Content<'a>>, Untranslatable> {
    let Some(seal) = item.seal else {
        return Ok(None);
    };
    let seal = place.key("encrypted_content").text(seal)?;
    if !own::is_seal(&seal) {
        return Ok(None);
    }
    let mut text = Text::default();
    if let Some(summary) = item.summary {
        place
            .key("summary")
            .each_object(summary, ["text"], |place, [part]| {
                text.push(&place.key("text").required_text(part)?);
                Ok(())
            })?;
    }
    Ok(own::open(text, &seal))
}

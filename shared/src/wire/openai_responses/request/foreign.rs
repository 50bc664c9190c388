//! Thoughts that another provider's model had when it answered in this format. A provider that speaks it would look for
//! them among its own, and refuse the conversation: they are taken out.

use memchr::memmem;

use crate::request::LeftOut;
use crate::wire::openai_responses::own;
use json::splice::Edit;
use json::{Kind, Node, Span};

/// The edits that take them out of a body that was scanned; for nearly every one there are none.
pub fn edits(body: &[u8]) -> Vec<LeftOut> {
    if memmem::find(body, b"broker").is_none() {
        return Vec::new();
    }
    let Some(input) = Node::unread_object(body).field("input") else {
        return Vec::new();
    };
    if input.kind() != Kind::Array {
        return Vec::new();
    }
    let items = input.elements();
    let kept: Vec<&[u8]> = items
        .iter()
        .filter(|item| !is_foreign(**item))
        .map(|item| item.raw())
        .collect();
    if kept.len() == items.len() {
        return Vec::new();
    }
    let text = [b"[", kept.join(&b',').as_slice(), b"]"].concat();
    let mut places = items.iter().enumerate().filter(|(_, item)| is_foreign(**item));
    let first = places.next().map_or(0, |(index, _)| index);
    let edit = LeftOut {
        place: format!("input[{first}]"),
        edit: Edit::replace(span_within(body, input.raw()), text),
    };
    // One edit does it all; the others only have a place.
    let nothing = Span {
        start: edit.edit.span.end,
        end: edit.edit.span.end,
    };
    let rest = places.map(|(index, _)| LeftOut {
        place: format!("input[{index}]"),
        edit: Edit::replace(nothing, *b""),
    });
    std::iter::once(edit).chain(rest).collect()
}

fn is_foreign(item: Node<'_>) -> bool {
    let [kind, id, seal] = item.fields(["type", "id", "encrypted_content"]);
    kind.is_some_and(|kind| kind.is("reasoning"))
        && (id.and_then(Node::text).is_some_and(|id| own::is_id(&id))
            || seal.and_then(Node::text).is_some_and(|seal| own::is_seal(&seal)))
}

/// Where a part of a body stands in it.
fn span_within(body: &[u8], part: &[u8]) -> Span {
    let start = (part.as_ptr() as usize).saturating_sub(body.as_ptr() as usize);
    Span {
        start,
        end: start.saturating_add(part.len()),
    }
}

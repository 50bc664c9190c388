//! What an answer repeats of its request. An SDK reads some of it, and strict ones ask for all of it.

use crate::limits::MAX_REPEATED_REQUEST;
use crate::wire::openai_responses::tool_name;
use crate::wire::{Namespaced, Repeated};
use json::write::Members;
use json::{Kind, Node, Text};

/// The members and what stands in their place where the request has none, in the order of OpenAI's answers.
const MEMBERS: [(&str, &[u8]); 13] = [
    ("instructions", b"null"),
    ("max_output_tokens", b"null"),
    ("metadata", b"{}"),
    ("parallel_tool_calls", b"true"),
    ("reasoning", br#"{"effort":null,"summary":null}"#),
    ("safety_identifier", b"null"),
    ("temperature", b"null"),
    ("text", br#"{"format":{"type":"text"}}"#),
    ("tool_choice", br#""auto""#),
    ("tools", b"[]"),
    ("top_p", b"null"),
    ("truncation", br#""disabled""#),
    ("user", b"null"),
];

/// Reads what is repeated out of a body that was scanned.
#[must_use]
pub fn repeats(body: &[u8]) -> Repeated {
    let document = Node::unread_object(body);
    let given = document.fields(MEMBERS.map(|(key, _)| key));
    let mut left = MAX_REPEATED_REQUEST;
    let members = Members::new(|object| {
        for ((key, otherwise), given) in MEMBERS.into_iter().zip(given) {
            let given = given.filter(|node| node.kind() != Kind::Null).map(Node::raw);
            let value = given.filter(|raw| raw.len() <= left).unwrap_or(otherwise);
            left = left.saturating_sub(value.len());
            object.raw(key, &compact(value));
        }
        object.null("previous_response_id");
        // Nothing is kept here, whatever was asked for.
        object.boolean("store", false);
        object.boolean("background", false);
    });
    Repeated {
        members,
        namespaced: document.field("tools").map(namespaced).unwrap_or_default(),
    }
}

/// JSON without white space between its tokens: an event of a stream has one line.
fn compact(json: &[u8]) -> Vec<u8> {
    let (mut in_string, mut is_escaped) = (false, false);
    let mut is_kept = |byte: &u8| {
        let is_inside = in_string;
        in_string ^= *byte == b'"' && !is_escaped;
        is_escaped = is_inside && *byte == b'\\' && !is_escaped;
        is_inside || !byte.is_ascii_whitespace()
    };
    json.iter().copied().filter(|byte| is_kept(byte)).collect()
}

fn namespaced(tools: Node<'_>) -> Vec<Namespaced> {
    let mut found = Vec::new();
    tools.each(|tool| {
        let [kind, namespace, inner] = tool.fields(["type", "name", "tools"]);
        let is_namespace = kind.is_some_and(|kind| kind.is("namespace"));
        let (true, Some(namespace), Some(inner)) = (is_namespace, text(namespace), inner) else {
            return;
        };
        inner.each(|tool| {
            if let Some(name) = text(tool.field("name")) {
                found.push(Namespaced {
                    alias: tool_name::alias(&namespace, &name),
                    namespace: namespace.clone(),
                    name,
                });
            }
        });
    });
    found
}

fn text(node: Option<Node<'_>>) -> Option<Text<'static>> {
    node.and_then(Node::text).map(Text::into_owned)
}

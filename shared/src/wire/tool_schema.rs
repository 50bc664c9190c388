//! The schema of a tool's arguments, where a format takes only objects.

use std::borrow::Cow;

use json::Node;

/// The schema of a tool that takes nothing.
const NO_ARGUMENTS: &[u8] = br#"{"type":"object","properties":{}}"#;

/// A schema that says that it is one of objects: the given one, or with what it leaves out.
pub(crate) fn of_object(schema: Option<&[u8]>) -> Cow<'_, [u8]> {
    let Some(schema) = schema else {
        return Cow::Borrowed(NO_ARGUMENTS);
    };
    let mut is_empty = true;
    let mut has_type = false;
    Node::unread_object(schema).members(|key, _| {
        is_empty = false;
        has_type |= key.as_ref() == b"type";
    });
    if has_type {
        Cow::Borrowed(schema)
    } else if is_empty {
        Cow::Borrowed(NO_ARGUMENTS)
    } else {
        let members = schema.trim_ascii_start().strip_prefix(b"{").unwrap_or_default();
        Cow::Owned([br#"{"type":"object","#.as_slice(), members].concat())
    }
}

//! Mistral's errors: flat, `{"object":"error","message":…}`, and those of the framework that looks at requests first,
//! `{"detail":[{"msg":…}]}`, which now and then stand where the message is expected.

use crate::wire::ir::ProviderError;
use crate::wire::openai_chat::error;
use json::{Kind, Node};

/// Reads the body of an error that came with `status`; `None` if it says nothing of one.
pub(super) fn read(body: &[u8], status: u16) -> Option<ProviderError<'_>> {
    if let Some((_, [Some(message)])) = Node::sound(body.trim_ascii(), ["message"])
        && message.kind() == Kind::Object
        && let Some(inner) = error::read(message.raw(), status)
    {
        return Some(inner);
    }
    error::read(body, status)
}

//! The members of a caller's body.

use std::borrow::Cow;

use super::codec::Untranslatable;
use super::ir::{ChatRequest, Loss, Words};
use super::place::Place;
use json::{Kind, Node};

/// Begins to read a body. `take` is given every member that is not null, and tells whether it keeps it. `loss` tells what
/// is lost with one that it did not keep; `None`: nothing, since it asks for what happens anyway.
pub(super) fn read<'a>(
    body: &'a [u8],
    words: Words,
    mut take: impl FnMut(&[u8], Node<'a>) -> bool,
    loss: impl Fn(&[u8], Node<'a>) -> Option<Loss>,
) -> Result<ChatRequest<'a>, Untranslatable> {
    let mut request = ChatRequest {
        words,
        length: body.len(),
        ..ChatRequest::default()
    };
    Node::each_member(body, |key, node| {
        if node.kind() == Kind::Null || take(&key, node) {
            return;
        }
        if let Some(loss) = loss(&key, node) {
            request.note(name(key), loss);
        }
    })
    .map_err(|_| Place::top("body").malformed("must be a JSON object"))?;
    Ok(request)
}

fn name(key: Cow<'_, [u8]>) -> Cow<'_, str> {
    match key {
        Cow::Borrowed(key) => String::from_utf8_lossy(key),
        Cow::Owned(key) => Cow::Owned(String::from_utf8_lossy(&key).into_owned()),
    }
}

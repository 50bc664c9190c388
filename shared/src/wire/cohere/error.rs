//! Cohere's errors: `{"message":…,"id":…}`, <https://docs.cohere.com/reference/errors>.

use crate::wire::ir::{ErrorKind, ProviderError};
use crate::wire::openai_chat::error;

/// The status of a key that is no key.
const INVALID_TOKEN: u16 = 498;
/// The status of a call that its caller gave up, or something before Cohere did.
const CLIENT_CLOSED: u16 = 499;

/// Reads the body of an error that came with `status`; `None` if it says nothing of one.
pub(super) fn read(body: &[u8], status: u16) -> Option<ProviderError<'_>> {
    let read = error::read(body, status)?;
    Some(ProviderError {
        kind: match status {
            INVALID_TOKEN => ErrorKind::Authentication,
            CLIENT_CLOSED => ErrorKind::Timeout,
            _ => read.kind,
        },
        ..read
    })
}

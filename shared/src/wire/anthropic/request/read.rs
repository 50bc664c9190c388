//! Stand-in.
use crate::wire::{Untranslatable, ir::ChatRequest};
/// Stand-in.
pub fn read(_: &[u8]) -> Result<ChatRequest<'_>, Untranslatable> {
    Err(Untranslatable::Unsupported {
        place: "model".to_owned(),
    })
}

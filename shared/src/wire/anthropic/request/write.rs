//! Stand-in.
use crate::wire::{Dropped, Target, Untranslatable, ir::ChatRequest};
/// Stand-in.
pub fn check(_: &ChatRequest<'_>, _: &Target<'_>) -> Result<(), Untranslatable> {
    Ok(())
}
/// Stand-in.
pub fn write(_: &ChatRequest<'_>, _: &Target<'_>, _: &mut Dropped) -> Vec<u8> {
    Vec::new()
}

//! Where strings end: quotes and backslashes, found a block of bytes at a time.

/// How many bytes of a string are looked at together.
pub(super) const BLOCK: usize = 16;

/// Which bytes of a block may end a string or escape the next byte: quotes and backslashes, a bit each, the first
/// byte's the lowest. Prompts are full of escapes, so a search that begins anew after each would cost more than this.
#[cfg(target_feature = "simd128")]
pub(super) fn marks(block: &[u8; BLOCK]) -> u32 {
    use std::arch::wasm32::{u8x16_bitmask, u8x16_eq, u8x16_splat, u64x2, v128_or};
    let (halves, _) = block.as_chunks();
    let mut halves = halves.iter().copied().map(u64::from_le_bytes);
    let mut half = || halves.next().unwrap_or_default();
    let block = u64x2(half(), half());
    let is = |byte| u8x16_eq(block, u8x16_splat(byte));
    u8x16_bitmask(v128_or(is(b'"'), is(b'\\'))).into()
}

#[cfg(not(target_feature = "simd128"))]
pub(super) fn marks(block: &[u8; BLOCK]) -> u32 {
    marks_of_rest(block)
}

/// The same of what is left of a text that is shorter than a block.
pub(super) fn marks_of_rest(rest: &[u8]) -> u32 {
    rest.iter().enumerate().fold(0, |marks, (at, byte)| {
        marks | u32::from(matches!(byte, b'"' | b'\\')) << at
    })
}

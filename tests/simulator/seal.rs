//! The seal on a thought: only this simulator makes it, and it fits one text only.

/// The seal of this thought.
pub(crate) fn of(thought: &str) -> String {
    // FNV-1a: any hash will do that is always the same.
    let hash = thought.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{PREFIX}{hash:016x}")
}

/// A thought that nobody else can read.
pub(crate) fn closed(thought: &str) -> String {
    of(&format!("closed: {thought}"))
}

/// Whether this is a seal of ours.
pub(crate) fn is_sealed(data: &str) -> bool {
    data.strip_prefix(PREFIX).is_some_and(|digits| digits.len() == 16)
}

const PREFIX: &str = "sealed-by-the-simulator-";

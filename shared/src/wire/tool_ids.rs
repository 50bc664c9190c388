//! The ids that pair calls of tools with their results. Formats differ in what an id may look like, and some agents
//! use one id for several calls; what is written is valid and unique, and both sides of a pair get the same.

use std::borrow::Cow;
use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::opaque::hex;
use crate::json::Text;

/// Gives out the ids of one conversation, in its order.
#[derive(Debug)]
pub(crate) struct ToolIds<'r> {
    longest: usize,
    uses: HashMap<Cow<'r, [u8]>, Uses>,
}

/// How often an id was used.
#[derive(Clone, Copy, Debug, Default)]
struct Uses {
    calls: u64,
    results: u64,
}

impl<'r> ToolIds<'r> {
    /// Ids of at most `longest` letters, digits, `_` and `-`.
    pub(crate) fn new(longest: usize) -> Self {
        Self {
            longest,
            uses: HashMap::new(),
        }
    }

    /// The id of a call.
    pub(crate) fn call(&mut self, id: &'r Text<'_>) -> Cow<'r, [u8]> {
        let uses = self.uses.entry(key(id)).or_default();
        uses.calls += 1;
        written(id, uses.calls, self.longest)
    }

    /// The id of the call whose result is here: of several calls with one id the first that has no result yet.
    pub(crate) fn result(&mut self, id: &'r Text<'_>) -> Cow<'r, [u8]> {
        let uses = self.uses.entry(key(id)).or_default();
        uses.results = (uses.results + 1).min(uses.calls.max(1));
        written(id, uses.results, self.longest)
    }
}

/// An id as it is, however it was escaped.
fn key<'r>(id: &'r Text<'_>) -> Cow<'r, [u8]> {
    match id.plain() {
        Some(Cow::Owned(plain)) => Cow::Owned(plain.into_bytes()),
        Some(Cow::Borrowed(_)) | None => Cow::Borrowed(id.escaped()),
    }
}

fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// Whether a provider takes this as the name of a tool. Names must come back unchanged, so no other can be used.
pub(crate) fn is_name(name: &Text<'_>, longest: usize) -> bool {
    let name = name.escaped();
    (1..=longest).contains(&name.len()) && name.iter().copied().all(is_allowed)
}

/// The id of the call that is the `nth` with this id, from 1.
fn written<'r>(id: &'r Text<'_>, nth: u64, longest: usize) -> Cow<'r, [u8]> {
    let own = id.escaped();
    if nth <= 1 && (1..=longest).contains(&own.len()) && own.iter().copied().all(is_allowed) {
        return Cow::Borrowed(own);
    }
    let plain = key(id);
    let mut hash = Sha256::new();
    hash.update(&plain);
    hash.update(nth.to_le_bytes());
    let digest = hash.finalize();
    let suffix = hex(digest.get(..8).unwrap_or_default());
    let room = longest.saturating_sub(suffix.len() + 1);
    let mut written: Vec<u8> = plain
        .iter()
        .take(room)
        .map(|&byte| if is_allowed(byte) { byte } else { b'_' })
        .collect();
    written.push(b'_');
    written.extend_from_slice(suffix.as_bytes());
    Cow::Owned(written)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_valid_id_stays_and_any_other_is_rewritten_alike_on_both_sides() {
        let valid = Text::of_plain("call_0-aZ");
        let invalid = [
            Text::of_plain(""),
            Text::of_plain("a.b|c"),
            Text::of_plain(&"x".repeat(41)),
            Text::of_plain("é\""),
        ];
        let mut ids = ToolIds::new(40);
        assert_eq!(ids.call(&valid), valid.escaped());
        assert_eq!(ids.result(&valid), valid.escaped());
        let mut seen = std::collections::HashSet::new();
        for id in &invalid {
            let call = ids.call(id);
            assert_eq!(ids.result(id), call);
            assert!(
                (1..=40).contains(&call.len()) && call.iter().copied().all(is_allowed),
                "{call:?}"
            );
            assert!(seen.insert(call));
        }
    }

    #[test]
    fn calls_with_the_same_id_are_told_apart_and_their_results_follow_in_order() {
        let id = Text::of_plain("call_0");
        let mut ids = ToolIds::new(64);
        let (first, second) = (ids.call(&id), ids.call(&id));
        assert_ne!(first, second);
        assert_eq!((ids.result(&id), ids.result(&id)), (first, second.clone()));
        let third = ids.call(&id);
        assert_ne!(second, third);
        assert_eq!(ids.result(&id), third);
    }

    #[test]
    fn a_result_without_a_call_keeps_its_id() {
        let id = Text::of_plain("orphan");
        assert_eq!(ToolIds::new(64).result(&id), b"orphan".as_slice());
    }
}

//! The ids that pair calls of tools with their results. Formats differ in what an id may look like, and some agents
//! use one id for several calls; what is written is valid and unique, and both sides of a pair get the same.

use std::borrow::Cow;
use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::opaque::hex;
use json::Text;

/// Gives out the ids of one conversation, in its order.
#[derive(Debug)]
pub(crate) struct ToolIds<'r> {
    shape: Shape,
    uses: HashMap<Cow<'r, [u8]>, Uses>,
}

/// What an id may look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// At most so many letters, digits, `_` and `-`.
    UpTo(usize),
    /// Nine letters and digits: Mistral's.
    Nine,
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
            shape: Shape::UpTo(longest),
            uses: HashMap::new(),
        }
    }

    /// Ids of nine letters and digits.
    pub(crate) fn of_nine() -> Self {
        Self {
            shape: Shape::Nine,
            uses: HashMap::new(),
        }
    }

    /// The id of a call.
    pub(crate) fn call(&mut self, id: &'r Text<'_>) -> Cow<'r, [u8]> {
        let uses = self.uses.entry(key(id)).or_default();
        uses.calls += 1;
        written(id, uses.calls, self.shape)
    }

    /// The id of the call whose result is here: of several calls with one id the first that has no result yet.
    pub(crate) fn result(&mut self, id: &'r Text<'_>) -> Cow<'r, [u8]> {
        let uses = self.uses.entry(key(id)).or_default();
        uses.results = (uses.results + 1).min(uses.calls.max(1));
        written(id, uses.results, self.shape)
    }
}

impl Shape {
    fn fits(self, id: &[u8]) -> bool {
        match self {
            Self::UpTo(longest) => (1..=longest).contains(&id.len()) && id.iter().copied().all(is_allowed),
            Self::Nine => id.len() == NINE && id.iter().all(u8::is_ascii_alphanumeric),
        }
    }
}

/// The length of Mistral's ids.
const NINE: usize = 9;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A digest's beginning as nine letters and digits.
fn nine(digest: &[u8]) -> Vec<u8> {
    let mut number = digest
        .iter()
        .take(8)
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let mut digits = Vec::with_capacity(NINE);
    for _ in 0..NINE {
        let digit = usize::try_from(number % 62).unwrap_or_default();
        digits.push(DIGITS.get(digit).copied().unwrap_or(b'0'));
        number /= 62;
    }
    digits
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
fn written<'r>(id: &'r Text<'_>, nth: u64, shape: Shape) -> Cow<'r, [u8]> {
    let own = id.escaped();
    if nth <= 1 && shape.fits(own) {
        return Cow::Borrowed(own);
    }
    let plain = key(id);
    let mut hash = Sha256::new();
    hash.update(&plain);
    hash.update(nth.to_le_bytes());
    let digest = hash.finalize();
    let longest = match shape {
        Shape::UpTo(longest) => longest,
        Shape::Nine => return Cow::Owned(nine(&digest)),
    };
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
    fn mistrals_ids_are_nine_letters_and_digits_on_both_sides() {
        let given = ["call_1", "toolu_01AbC", "D681PevKs", "D681PevK", "", "call_2"].map(Text::of_plain);
        let mut ids = ToolIds::of_nine();
        let mut seen = std::collections::HashSet::new();
        for id in &given {
            let call = ids.call(id);
            assert_eq!(ids.result(id), call);
            assert!(Shape::Nine.fits(&call), "{call:?}");
            assert!(seen.insert(call));
        }
        assert_eq!(ToolIds::of_nine().call(&given[2]), b"D681PevKs".as_slice());
        let again = ToolIds::of_nine().call(&given[0]).into_owned();
        assert!(seen.contains(again.as_slice()), "the same in the next call");
    }

    #[test]
    fn a_result_without_a_call_keeps_its_id() {
        let id = Text::of_plain("orphan");
        assert_eq!(ToolIds::new(64).result(&id), b"orphan".as_slice());
    }
}

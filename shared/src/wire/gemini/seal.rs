//! Thought signatures on their way through a conversation of another format.
//!
//! Gemini seals what it thought on the part that follows: a call of a tool, or a text. It wants the seal back there,
//! and Gemini 3 and later refuse a call of a tool of the current turn without one:
//! <https://ai.google.dev/gemini-api/docs/thought-signatures>. Agents of Anthropic's format keep signatures of thoughts,
//! so the seal is that of a thought before the part, marked as Gemini's: Anthropic would refuse it.

use json::Text;

/// The mark before a seal of Gemini's. A colon occurs in no base64, so no other provider's signature begins so.
const MARK: &str = "gemini:";

/// What stands for a seal that never was: the documented value for calls that Gemini did not make itself.
pub(super) const NONE: &str = "skip_thought_signature_validator";

/// A seal as the agent gets it.
pub(super) fn marked(seal: &Text<'_>) -> Text<'static> {
    let mut marked = Text::of_plain(MARK);
    marked.push(seal);
    marked
}

/// The seal that a signature is, if it is Gemini's.
pub(super) fn unmarked(signature: &Text<'_>) -> Option<Text<'static>> {
    let seal = signature.escaped().strip_prefix(MARK.as_bytes())?;
    // The API decodes it as base64; anything else is none that it gave.
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_=".contains(byte);
    let is_seal = !seal.is_empty() && seal.iter().all(is_base64);
    is_seal.then(|| Text::of_escaped(seal.to_vec()))
}

/// Whether a signature that begins so is one that Anthropic did not make.
pub(in crate::wire) fn is_foreign_seal(signature: &[u8]) -> bool {
    signature.starts_with(MARK.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_seal_comes_back_and_no_other_is_taken_for_one() {
        let seal = Text::of_plain("CkQBjz+/x_-==");
        assert_eq!(unmarked(&marked(&seal)), Some(seal));
        for other in ["", "EqQB", "gemini:", "gemini:a b", "gemini:\"", "msg:abc"] {
            assert_eq!(unmarked(&Text::of_plain(other)), None, "{other}");
        }
    }
}

//! Thoughts of other providers' models, as items that the agent sends back with the next turn: sealed with what brings
//! them home, and with a mark by which they never go anywhere else.

use crate::wire::ir::{Content, Maker};
use crate::wire::opaque;
use json::Text;

/// What the ids of such items begin with. A provider that speaks this format would look for its own items under them.
pub(super) const ID: &str = "rs_broker_";

/// What `encrypted_content` begins with.
const SEAL: &str = "broker.1.";

/// How many hexadecimal digits tell whether a thought came back as it was.
const DIGITS: usize = 16;

/// What is in the seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inside {
    /// The signature of the thought that stands beside it.
    Signature,
    /// The thought itself, which only its maker can read.
    Thought,
}

fn word(maker: Maker) -> &'static str {
    match maker {
        Maker::Anthropic => "anthropic",
    }
}

/// The seal of a thought with its maker's signature.
pub(super) fn seal_signature(maker: Maker, text: &Text<'_>, signature: &Text<'_>) -> Text<'static> {
    let head = [SEAL, word(maker), ".", &digest(text), "."].concat();
    joined(&head, signature)
}

/// The seal of a thought that only its maker can read.
pub(super) fn seal_thought(maker: Maker, data: &Text<'_>) -> Text<'static> {
    joined(&[SEAL, word(maker), ".."].concat(), data)
}

/// What a reasoning item of the broker's stands for; `None` if it is not one, or did not come back as it was.
pub(super) fn open<'a>(text: Text<'a>, seal: &Text<'a>) -> Option<Content<'a>> {
    let sealed = seal.escaped().strip_prefix(SEAL.as_bytes())?;
    let (maker, rest) = split(sealed)?;
    let maker = (maker == word(Maker::Anthropic).as_bytes()).then_some(Maker::Anthropic)?;
    let (digits, inside) = split(rest)?;
    let inside_text = Text::of_escaped(inside.to_vec());
    let inside = if digits.is_empty() {
        Inside::Thought
    } else {
        Inside::Signature
    };
    match (maker, inside) {
        _ if inside_text.is_empty() => None,
        (Maker::Anthropic, Inside::Thought) => Some(Content::SealedThinking(inside_text)),
        (maker, Inside::Signature) => (digits == digest(&text).as_bytes()).then_some(Content::Thinking {
            text,
            signature: Some(inside_text),
            maker: Some(maker),
        }),
    }
}

/// Whether `encrypted_content` is the broker's.
pub(super) fn is_seal(seal: &Text<'_>) -> bool {
    seal.escaped().starts_with(SEAL.as_bytes())
}

/// Whether the id of an item is the broker's.
pub(super) fn is_id(id: &Text<'_>) -> bool {
    id.escaped().starts_with(ID.as_bytes())
}

fn split(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let dot = memchr::memchr(b'.', text)?;
    let (head, rest) = text.split_at_checked(dot)?;
    Some((head, rest.get(1..)?))
}

/// The text however it was escaped: who sends it back may escape it in another way.
fn digest(text: &Text<'_>) -> String {
    let mut digits = opaque::digest(text);
    digits.truncate(DIGITS);
    digits
}

fn joined(head: &str, text: &Text<'_>) -> Text<'static> {
    Text::of_escaped([head.as_bytes(), text.escaped()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn text(plain: &str) -> Text<'static> {
        Text::of_plain(plain)
    }

    #[test]
    fn a_sealed_thought_comes_back_whole() {
        let seal = seal_signature(Maker::Anthropic, &text("é \"hm\"\n"), &text("sig.na/ture=="));
        assert!(is_seal(&seal));
        let escaped = Text::of_escaped(br#"\u00e9 \"hm\"\n"#.to_vec());
        match open(escaped, &seal) {
            Some(Content::Thinking {
                text,
                signature: Some(signature),
                maker: Some(Maker::Anthropic),
            }) => {
                assert_eq!(text.plain().unwrap(), "é \"hm\"\n");
                assert_eq!(signature.plain().unwrap(), "sig.na/ture==");
            }
            other => panic!("{other:?}"),
        }
        match open(Text::default(), &seal_thought(Maker::Anthropic, &text("secret"))) {
            Some(Content::SealedThinking(data)) => assert_eq!(data.plain().unwrap(), "secret"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_was_changed_or_is_somebody_elses_is_none() {
        let seal = seal_signature(Maker::Anthropic, &text("hm"), &text("s"));
        assert!(open(text("hm!"), &seal).is_none());
        for foreign in [
            "gAAAAABo",
            "",
            "broker.1.",
            "broker.1.anthropic",
            "broker.1.anthropic..",
            "broker.1.other..x",
        ] {
            assert!(open(text("hm"), &text(foreign)).is_none(), "{foreign}");
        }
    }
}

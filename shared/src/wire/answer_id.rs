//! What an answer is called: every format has its prefix, and what follows it stays.

use super::codec::Caller;
use json::Text;

/// The prefixes that are taken off an id before it gets another.
const PREFIXES: [&str; 3] = ["chatcmpl-", "msg_", "resp_"];

/// The longest id that is carried over; it is repeated in every chunk of OpenAI's streams.
const MAX_ID: usize = 128;

/// What of the provider's id is kept under any prefix; an id that is none is replaced by the broker's own of the
/// call.
pub(super) fn tail(id: Option<&Text<'_>>, caller: &Caller) -> String {
    let id = id.and_then(Text::plain).unwrap_or_default();
    let tail = PREFIXES
        .iter()
        .find_map(|prefix| id.strip_prefix(prefix))
        .unwrap_or(&id);
    if is_plain(tail) && tail.len() <= MAX_ID {
        return tail.to_owned();
    }
    let is_kept = |character: &char| is_plain(character.encode_utf8(&mut [0; 4]));
    caller.request_id.chars().filter(is_kept).take(MAX_ID).collect()
}

/// What of the tail stands in the ids of tool calls that the provider gave none: OpenAI takes ids of up to 40
/// characters back.
pub(super) fn short(tail: &str) -> &str {
    tail.get(tail.len().saturating_sub(24)..).unwrap_or(tail)
}

/// Whether a name has only letters, digits, `_` and `-`, which every format allows in ids.
pub(super) fn is_plain(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    !name.is_empty() && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn an_id_keeps_its_tail_or_is_that_of_the_call() {
        let caller = Caller {
            model: "m".to_owned(),
            created: 1,
            request_id: "re q-1".to_owned(),
            ..Caller::default()
        };
        for (id, kept) in [
            ("chatcmpl-A1", "A1"),
            ("msg_01x", "01x"),
            ("gen-7", "gen-7"),
            ("", "req-1"),
            ("msg_", "req-1"),
            ("a b", "req-1"),
            (&"x".repeat(129), "req-1"),
        ] {
            assert_eq!(tail(Some(&Text::of_plain(id)), &caller), kept);
        }
        assert_eq!(tail(None, &caller), "req-1");
    }
}

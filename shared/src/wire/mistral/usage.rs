//! Mistral's usage: OpenAI's, but for the cached tokens, which have had three names.

use crate::ledger::Usage;
use crate::units::Tokens;
use crate::wire::openai_chat::usage;
use json::Node;

/// Reads a `usage` object; `None` if it is null or none.
pub(super) fn read(text: &[u8], tier: Option<&[u8]>) -> Option<Usage> {
    let usage = usage::read(text, tier)?;
    if usage.cache_read > Tokens(0) {
        return Some(usage);
    }
    let [plain, details] = Node::unread_object(text).fields(["num_cached_tokens", "prompt_token_details"]);
    let cached = plain
        .or_else(|| details?.field("cached_tokens"))
        .and_then(Node::unsigned);
    Some(Usage {
        cache_read: Tokens(cached.unwrap_or_default()),
        ..usage
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn cached_tokens_are_found_under_each_of_their_names() {
        for (members, cached) in [
            (r#""num_cached_tokens":7"#, 7),
            (r#""prompt_tokens_details":{"cached_tokens":7}"#, 7),
            (r#""prompt_token_details":{"cached_tokens":7}"#, 7),
            (
                r#""num_cached_tokens":0,"prompt_tokens_details":{"cached_tokens":7}"#,
                7,
            ),
            (r#""num_cached_tokens":null,"prompt_token_details":null"#, 0),
        ] {
            let text = format!(r#"{{"prompt_tokens":10,"completion_tokens":2,{members}}}"#);
            let usage = read(text.as_bytes(), None).unwrap();
            assert_eq!(
                (usage.input, usage.cache_read, usage.output),
                (Tokens(10), Tokens(cached), Tokens(2)),
                "{members}"
            );
        }
        assert_eq!(read(b"null", None), None);
    }
}

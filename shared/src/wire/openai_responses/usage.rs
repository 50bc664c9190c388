//! The usage of a response: totals, with the cached and the reasoning tokens inside them.

use crate::ledger::Usage;
use crate::wire::openai_chat::usage::{Names, read_named};
use json::write::Object;

/// What the members are called that chat completions have, too.
const NAMES: Names = [
    "input_tokens",
    "output_tokens",
    "input_tokens_details",
    "output_tokens_details",
];

/// Reads a `usage` object and the `service_tier` that stands beside it; `None` if the first is null or none.
pub fn read(text: &[u8], tier: Option<&[u8]>) -> Option<Usage> {
    read_named(NAMES, text, tier)
}

/// Writes the members of a `usage` object. All of them are always there: strict clients ask for them.
pub fn write(usage: &Usage, object: &mut Object<'_>) {
    object.number("input_tokens", usage.input.0);
    object.object("input_tokens_details", |details| {
        details.number("cached_tokens", usage.cache_read.0);
        details.number("cache_write_tokens", usage.cache_write.0);
    });
    object.number("output_tokens", usage.output.0);
    object.object("output_tokens_details", |details| {
        details.number("reasoning_tokens", usage.reasoning.0);
    });
    object.number("total_tokens", usage.total().0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::ServiceTier;
    use crate::units::Tokens;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn details_are_parts_of_the_totals() {
        let text =
            br#"{"input_tokens":100,"input_tokens_details":{"cached_tokens":60,"cache_write_tokens":10},
            "output_tokens":50,"output_tokens_details":{"reasoning_tokens":30},"total_tokens":150}"#;
        let usage = Usage {
            input: Tokens(100),
            cache_read: Tokens(60),
            cache_write: Tokens(10),
            cache_write_hour: Tokens(0),
            output: Tokens(50),
            reasoning: Tokens(30),
            tier: ServiceTier::Flex,
            ..Usage::default()
        };
        assert_eq!(read(text, Some(br#""flex""#)), Some(usage));
        let mut out = Vec::new();
        json::write::object(&mut out, |object| write(&usage, object));
        assert_eq!(read(&out, Some(br#""flex""#)), Some(usage));
    }

    #[test]
    fn details_may_be_missing_and_no_object_is_no_usage() {
        let usage = Usage {
            input: Tokens(3),
            output: Tokens(4),
            ..Usage::default()
        };
        let text = br#"{"input_tokens":3,"output_tokens":4,"output_tokens_details":null}"#;
        assert_eq!(read(text, None), Some(usage));
        assert_eq!(read(b"null", None), None);
    }
}

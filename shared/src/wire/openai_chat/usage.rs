//! OpenAI's usage: totals, with the cached and the reasoning tokens inside them.

use crate::ledger::{ServiceTier, Usage};
use crate::units::Tokens;
use json::scan::{self, Value};
use json::write::Object;

/// The members of a `usage` object: the input, the output, and the details of each.
pub(in crate::wire) type Names = [&'static str; 4];

const NAMES: Names = [
    "prompt_tokens",
    "completion_tokens",
    "prompt_tokens_details",
    "completion_tokens_details",
];

/// Reads a `usage` object and the `service_tier` that stands beside it; `None` if the first is null or none.
pub fn read(text: &[u8], tier: Option<&[u8]>) -> Option<Usage> {
    read_named(NAMES, text, tier)
}

/// The same where the members have other names.
pub(in crate::wire) fn read_named(names: Names, text: &[u8], tier: Option<&[u8]>) -> Option<Usage> {
    let [input, output, input_details, output_details] = scan::members(text, names).ok()?.values;
    let number = |text: &[u8], value: Option<Value>| {
        value
            .and_then(|value| scan::unsigned(value.span.of(text)))
            .map(Tokens)
            .unwrap_or_default()
    };
    let details = |value: Option<Value>, keys: [&str; 2]| {
        let text = value.map(|value| value.span.of(text)).unwrap_or_default();
        let [first, second] = scan::members(text, keys).map_or([None; 2], |members| members.values);
        (number(text, first), number(text, second))
    };
    let (cache_read, cache_write) = details(input_details, ["cached_tokens", "cache_write_tokens"]);
    let (reasoning, _) = details(output_details, ["reasoning_tokens", ""]);
    Some(Usage {
        input: number(text, input),
        cache_read,
        cache_write,
        // OpenAI's caches know other terms than Anthropic's.
        cache_write_hour: Tokens(0),
        output: number(text, output),
        reasoning,
        tier: tier.map(ServiceTier::of_openai).unwrap_or_default(),
        ..Usage::default()
    })
}

/// Writes the members of a `usage` object. Details that are not known are 0 or absent, never null: clients add them
/// up.
pub fn write(usage: &Usage, object: &mut Object<'_>) {
    object.number("prompt_tokens", usage.input.0);
    object.number("completion_tokens", usage.output.0);
    object.number("total_tokens", usage.total().0);
    object.object("prompt_tokens_details", |details| {
        details.number("cached_tokens", usage.cache_read.0);
        if usage.cache_write.0 > 0 {
            details.number("cache_write_tokens", usage.cache_write.0);
        }
    });
    object.object("completion_tokens_details", |details| {
        details.number("reasoning_tokens", usage.reasoning.0);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn details_are_parts_of_the_totals() {
        let text = br#"{"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,
            "prompt_tokens_details":{"cached_tokens":60,"cache_write_tokens":10,"audio_tokens":0},
            "completion_tokens_details":{"reasoning_tokens":30}}"#;
        let expected = Usage {
            input: Tokens(100),
            cache_read: Tokens(60),
            cache_write: Tokens(10),
            cache_write_hour: Tokens(0),
            output: Tokens(50),
            reasoning: Tokens(30),
            tier: ServiceTier::Flex,
            ..Usage::default()
        };
        assert_eq!(read(text, Some(br#""flex""#)), Some(expected));
    }

    #[test]
    fn details_may_be_null_or_absent_and_no_object_is_no_usage() {
        let text = br#"{"prompt_tokens":3,"completion_tokens":4,"prompt_tokens_details":null}"#;
        assert_eq!(
            read(text, None),
            Some(Usage {
                input: Tokens(3),
                output: Tokens(4),
                ..Usage::default()
            })
        );
        assert_eq!(read(b"null", None), None);
    }

    #[test]
    fn details_that_are_written_are_never_null() {
        let mut out = Vec::new();
        json::write::object(&mut out, |object| write(&Usage::default(), object));
        let expected = br#"{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}"#;
        assert_eq!(out, expected);
    }
}

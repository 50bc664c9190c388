//! Bedrock's usage: as with Anthropic, the input without what the cache had or took,
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html>.

use crate::ledger::{ServiceTier, Usage};
use crate::units::Tokens;
use json::Node;

/// Reads a `usage` object and the `serviceTier` that stands beside it. The total is not believed: some models count
/// the cache in it, some do not.
pub fn read(usage: Node<'_>, tier: Option<Node<'_>>) -> Usage {
    let keys = [
        "inputTokens",
        "cacheReadInputTokens",
        "cacheWriteInputTokens",
        "outputTokens",
        "cacheDetails",
    ];
    let [input, cache_read, cache_write, output, details] = usage.fields(keys);
    let number = |node: Option<Node<'_>>| Tokens(node.and_then(Node::unsigned).unwrap_or_default());
    let (cache_read, cache_write) = (number(cache_read), number(cache_write));
    let mut cache_write_hour = Tokens(0);
    if let Some(details) = details {
        details.records(["ttl", "inputTokens"], |_, [ttl, tokens]| {
            if ttl.is_some_and(|ttl| ttl.is("1h")) {
                cache_write_hour = cache_write_hour.saturating_add(number(tokens));
            }
        });
    }
    Usage {
        input: number(input)
            .saturating_add(cache_read)
            .saturating_add(cache_write),
        cache_read,
        cache_write,
        cache_write_hour,
        output: number(output),
        reasoning: Tokens(0),
        tier: tier
            .and_then(|tier| tier.field("type"))
            .map_or(ServiceTier::Standard, of_type),
        ..Usage::default()
    }
}

/// The tiers, <https://docs.aws.amazon.com/bedrock/latest/userguide/service-tiers-inference.html>; `reserved` is bought
/// beforehand.
fn of_type(tier: Node<'_>) -> ServiceTier {
    match tier.raw() {
        b"\"flex\"" => ServiceTier::Flex,
        b"\"priority\"" => ServiceTier::Priority,
        b"\"reserved\"" => ServiceTier::Contracted,
        _ => ServiceTier::Standard,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_input_includes_what_the_cache_had_and_took() {
        let usage = Node::unread_object(
            br#"{"inputTokens":10,"outputTokens":5,"totalTokens":7,"cacheReadInputTokens":70,"cacheWriteInputTokens":20,
                "cacheDetails":[{"ttl":"5m","inputTokens":8},{"ttl":"1h","inputTokens":12}]}"#,
        );
        let tier = Node::unread_object(br#"{"type":"priority"}"#);
        let expected = Usage {
            input: Tokens(100),
            cache_read: Tokens(70),
            cache_write: Tokens(20),
            cache_write_hour: Tokens(12),
            output: Tokens(5),
            reasoning: Tokens(0),
            tier: ServiceTier::Priority,
            ..Usage::default()
        };
        assert_eq!(read(usage, Some(tier)), expected);
    }
}

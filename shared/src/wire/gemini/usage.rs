//! Gemini's usage: the prompt includes what was cached; what was thought stands beside what was said.

use crate::ledger::{ServiceTier, Usage};
use crate::units::Tokens;
use json::Node;

/// Reads `usageMetadata`; `None` if it says nothing of tokens, as that of some chunks at Vertex AI, which has only the
/// kind of traffic.
pub(super) fn read(metadata: Node<'_>) -> Option<Usage> {
    let keys = [
        "promptTokenCount",
        "toolUsePromptTokenCount",
        "cachedContentTokenCount",
        "candidatesTokenCount",
        "thoughtsTokenCount",
        "trafficType",
    ];
    let [prompt, tool_use, cached, said, thought, traffic] = metadata.fields(keys);
    let number = |node: Option<Node<'_>>| node.and_then(Node::unsigned).map(Tokens).unwrap_or_default();
    if prompt.is_none() && said.is_none() && thought.is_none() {
        return None;
    }
    Some(Usage {
        input: number(prompt).saturating_add(number(tool_use)),
        cache_read: number(cached),
        output: number(said).saturating_add(number(thought)),
        reasoning: number(thought),
        tier: traffic.map(tier).unwrap_or_default(),
        ..Usage::default()
    })
}

/// Vertex AI's kinds of traffic: <https://docs.cloud.google.com/vertex-ai/generative-ai/docs/flex-paygo>.
fn tier(traffic: Node<'_>) -> ServiceTier {
    match traffic.raw() {
        b"\"ON_DEMAND_FLEX\"" => ServiceTier::Flex,
        b"\"ON_DEMAND_PRIORITY\"" => ServiceTier::Priority,
        b"\"PROVISIONED_THROUGHPUT\"" => ServiceTier::Contracted,
        _ => ServiceTier::Standard,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn of(text: &str) -> Option<Usage> {
        read(Node::object(text.as_bytes()).unwrap())
    }

    #[test]
    fn thoughts_are_added_and_the_cache_is_a_part() {
        let text = r#"{"promptTokenCount":100,"cachedContentTokenCount":60,"candidatesTokenCount":20,
            "thoughtsTokenCount":30,"toolUsePromptTokenCount":5,"totalTokenCount":155,"trafficType":"ON_DEMAND_FLEX"}"#;
        assert_eq!(
            of(text),
            Some(Usage {
                input: Tokens(105),
                cache_read: Tokens(60),
                output: Tokens(50),
                reasoning: Tokens(30),
                tier: ServiceTier::Flex,
                ..Usage::default()
            })
        );
    }

    #[test]
    fn the_kind_of_traffic_alone_is_no_usage() {
        assert_eq!(of(r#"{"trafficType":"ON_DEMAND"}"#), None);
    }
}

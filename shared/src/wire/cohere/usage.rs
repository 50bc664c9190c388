//! Cohere's usage: numbers with a fraction; `tokens` are those that were processed, `billed_units` fewer.

use crate::ledger::Usage;
use crate::units::Tokens;
use json::Node;

/// Reads a `usage` object; `None` if it tells no tokens. What is billed stands in where the processed tokens are not
/// told.
pub(super) fn read(usage: Node<'_>) -> Option<Usage> {
    let [tokens, billed, cached] = usage.fields(["tokens", "billed_units", "cached_tokens"]);
    let counts = |node: Option<Node<'_>>| {
        let [input, output] = node?.fields(["input_tokens", "output_tokens"]);
        (input.is_some() || output.is_some()).then(|| (rounded(input), rounded(output)))
    };
    let (input, output) = counts(tokens).or_else(|| counts(billed))?;
    Some(Usage {
        input,
        cache_read: rounded(cached),
        output,
        ..Usage::default()
    })
}

/// The nearest whole number; what is no number of tokens is none.
fn rounded(node: Option<Node<'_>>) -> Tokens {
    let number = node.and_then(Node::number).unwrap_or_default().round();
    let is_count = (0.0..MOST).contains(&number);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it lies between 0 and the largest whole number that is exact"
    )]
    Tokens(if is_count { number as u64 } else { 0 })
}

/// Up to here all whole numbers are exact: 2^53.
const MOST: f64 = 9_007_199_254_740_992.0;

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn of(usage: &str) -> Option<(u64, u64, u64)> {
        let usage = read(Node::unread_object(usage.as_bytes()))?;
        Some((usage.input.0, usage.cache_read.0, usage.output.0))
    }

    #[test]
    fn processed_tokens_count_and_fractions_are_rounded() {
        for (usage, expected) in [
            (
                r#"{"billed_units":{"input_tokens":5.0,"output_tokens":418.0},"tokens":{"input_tokens":71.0,"output_tokens":417.6},"cached_tokens":64.0}"#,
                Some((71, 64, 418)),
            ),
            (
                r#"{"billed_units":{"input_tokens":5,"output_tokens":2}}"#,
                Some((5, 0, 2)),
            ),
            (
                r#"{"tokens":{"input_tokens":-1,"output_tokens":1e300}}"#,
                Some((0, 0, 0)),
            ),
            (r#"{"tokens":{}}"#, None),
            (r#"{"billed_units":{"search_units":1}}"#, None),
        ] {
            assert_eq!(of(usage), expected, "{usage}");
        }
    }
}

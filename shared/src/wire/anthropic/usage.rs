//! Anthropic's usage: the input without what the cache had or took, which stand beside it.

use crate::ledger::{ServiceTier, Usage};
use crate::units::Tokens;
use json::scan;
use json::write::Object;

/// What one `usage` object says; what it leaves out was said before or not at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartialUsage {
    uncached_input: Option<Tokens>,
    cache_read: Option<Tokens>,
    cache_write: Option<Tokens>,
    cache_write_hour: Option<Tokens>,
    output: Option<Tokens>,
    reasoning: Option<Tokens>,
    tier: Option<ServiceTier>,
}

impl PartialUsage {
    /// Reads a `usage` object; `None` if it is none.
    pub fn read(text: &[u8]) -> Option<Self> {
        let keys = [
            "input_tokens",
            "cache_read_input_tokens",
            "cache_creation_input_tokens",
            "cache_creation",
            "output_tokens",
            "output_tokens_details",
            "service_tier",
        ];
        let members = scan::members(text, keys).ok()?;
        let [input, cache_read, cache_write, terms, output, details, tier] = members.values;
        let number = |value: Option<scan::Value>| scan::unsigned(value?.span.of(text)).map(Tokens);
        let within = |value: Option<scan::Value>, key| {
            let object = value?.span.of(text);
            let [value] = scan::members(object, [key]).ok()?.values;
            scan::unsigned(value?.span.of(object)).map(Tokens)
        };
        Some(Self {
            uncached_input: number(input),
            cache_read: number(cache_read),
            cache_write: number(cache_write),
            cache_write_hour: within(terms, "ephemeral_1h_input_tokens"),
            output: number(output),
            reasoning: within(details, "thinking_tokens"),
            tier: tier.map(|tier| ServiceTier::of_anthropic(tier.span.of(text))),
        })
    }

    /// What is known after a later `usage` of the same answer: its numbers are cumulative, so they replace the
    /// earlier ones. A later zero of the input does not: some servers send it with the last event only to fill
    /// the field.
    #[must_use]
    pub fn updated(self, later: Self) -> Self {
        let input =
            |later: Option<Tokens>, earlier| later.filter(|tokens| tokens.0 > 0).or(earlier).or(later);
        Self {
            uncached_input: input(later.uncached_input, self.uncached_input),
            cache_read: input(later.cache_read, self.cache_read),
            cache_write: input(later.cache_write, self.cache_write),
            cache_write_hour: input(later.cache_write_hour, self.cache_write_hour),
            output: later.output.or(self.output),
            reasoning: later.reasoning.or(self.reasoning),
            tier: later.tier.or(self.tier),
        }
    }

    /// The same in the broker's convention.
    #[must_use]
    pub fn normalised(self) -> Usage {
        let cache_read = self.cache_read.unwrap_or_default();
        let cache_write = self.cache_write.unwrap_or_default();
        let uncached = self.uncached_input.unwrap_or_default();
        Usage {
            input: uncached.saturating_add(cache_read).saturating_add(cache_write),
            cache_read,
            cache_write,
            cache_write_hour: self.cache_write_hour.unwrap_or_default(),
            output: self.output.unwrap_or_default(),
            reasoning: self.reasoning.unwrap_or_default(),
            tier: self.tier.unwrap_or_default(),
            ..Usage::default()
        }
    }
}

/// Writes the members of a `usage` object. The four counters are always there: strict clients ask for the first and
/// the last, and add up all of them.
pub fn write(usage: &Usage, object: &mut Object<'_>) {
    let cached = usage.cache_read.saturating_add(usage.cache_write);
    object.number("input_tokens", usage.input.0.saturating_sub(cached.0));
    object.number("cache_creation_input_tokens", usage.cache_write.0);
    object.number("cache_read_input_tokens", usage.cache_read.0);
    if usage.cache_write_hour.0 > 0 {
        let minutes = usage.cache_write.0.saturating_sub(usage.cache_write_hour.0);
        object.object("cache_creation", |terms| {
            terms.number("ephemeral_5m_input_tokens", minutes);
            terms.number("ephemeral_1h_input_tokens", usage.cache_write_hour.0);
        });
    }
    object.number("output_tokens", usage.output.0);
    if usage.reasoning.0 > 0 {
        object.object("output_tokens_details", |details| {
            details.number("thinking_tokens", usage.reasoning.0);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn cached_tokens_are_added_to_the_input() {
        let usage = PartialUsage::read(
            br#"{"input_tokens":10,"cache_read_input_tokens":70,"cache_creation_input_tokens":20,
                "cache_creation":{"ephemeral_5m_input_tokens":8,"ephemeral_1h_input_tokens":12},
                "output_tokens":5,"output_tokens_details":{"thinking_tokens":3}}"#,
        );
        let expected = Usage {
            input: Tokens(100),
            cache_read: Tokens(70),
            cache_write: Tokens(20),
            cache_write_hour: Tokens(12),
            output: Tokens(5),
            reasoning: Tokens(3),
            ..Usage::default()
        };
        assert_eq!(usage.unwrap().normalised(), expected);
    }

    #[test]
    fn the_tier_is_told_at_the_beginning_and_stays() {
        let first = PartialUsage::read(br#"{"input_tokens":10,"service_tier":"batch"}"#).unwrap();
        let last = PartialUsage::read(br#"{"output_tokens":25}"#).unwrap();
        assert_eq!(first.updated(last).normalised().tier, ServiceTier::Batch);
    }

    #[test]
    fn later_numbers_replace_earlier_ones_and_never_add_up() {
        let first =
            PartialUsage::read(br#"{"input_tokens":10,"cache_read_input_tokens":70,"output_tokens":1}"#);
        let last =
            PartialUsage::read(br#"{"input_tokens":0,"output_tokens":25,"cache_read_input_tokens":null}"#);
        let usage = first.unwrap().updated(last.unwrap()).normalised();
        assert_eq!(
            (usage.input, usage.cache_read, usage.output),
            (Tokens(80), Tokens(70), Tokens(25))
        );
    }
}

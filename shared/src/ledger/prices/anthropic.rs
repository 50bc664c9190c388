//! Claude, by the names of Anthropic's own API; those of Bedrock and Vertex are the same but for what stands around them.
//!
//! Source: <https://platform.claude.com/docs/en/about-claude/pricing>. Fable 5.2 is from that page as others cited it in
//! November 2026, the cached input of Sonnet 5.5 as of its cut of 2026-10-07.
//!
//! A cache of five minutes takes 1.25 times the input's price to write and one of an hour twice, on all models; batches
//! cost half. What Priority Tier costs is a matter of contract. Regional endpoints of the clouds add a tenth.

use super::{HALF, Row, row};

const fn claude(model: &'static str, input: u64, output: u64, cache_read: u64) -> Row {
    let mut row = row(model, input, output, cache_read).tiers(None, None);
    row.price.rates.cache_write = row.price.rates.input.times(5, 4);
    row.price.rates.cache_write_hour = row.price.rates.input.times(2, 1);
    row.price.tiers.batch = HALF;
    row
}

pub(super) const ROWS: &[Row] = &[
    claude("claude-fable-5-2", 8_000_000, 40_000_000, 200_000),
    claude("claude-fable-5-1", 10_000_000, 50_000_000, 250_000),
    claude("claude-mythos-5-1", 10_000_000, 50_000_000, 250_000),
    claude("claude-fable-5", 10_000_000, 50_000_000, 1_000_000),
    claude("claude-mythos-5", 10_000_000, 50_000_000, 1_000_000),
    claude("claude-opus-5-5", 4_000_000, 20_000_000, 200_000),
    claude("claude-opus-5", 5_000_000, 25_000_000, 500_000),
    claude("claude-opus-4-8", 5_000_000, 25_000_000, 500_000),
    claude("claude-opus-4-7", 5_000_000, 25_000_000, 500_000),
    claude("claude-opus-4-6", 5_000_000, 25_000_000, 500_000),
    claude("claude-opus-4-5", 5_000_000, 25_000_000, 500_000),
    claude("claude-opus-4-1", 15_000_000, 75_000_000, 1_500_000),
    claude("claude-opus-4", 15_000_000, 75_000_000, 1_500_000),
    claude("claude-sonnet-5-5", 2_000_000, 10_000_000, 100_000),
    claude("claude-sonnet-5", 2_000_000, 10_000_000, 200_000),
    claude("claude-sonnet-4-6", 3_000_000, 15_000_000, 300_000),
    claude("claude-sonnet-4-5", 3_000_000, 15_000_000, 300_000),
    claude("claude-sonnet-4", 3_000_000, 15_000_000, 300_000),
    // More than 100,000 tokens, caches included, cost five times as much, output too.
    claude("claude-haiku-5-5", 100_000, 500_000, 10_000).long(100_000, (5, 1), (5, 1)),
    claude("claude-haiku-4-5", 1_000_000, 5_000_000, 100_000),
    claude("claude-3-7-sonnet", 3_000_000, 15_000_000, 300_000),
    claude("claude-3-5-haiku", 800_000, 4_000_000, 80_000),
];

//! `OpenAI`'s models of chat.
//!
//! Sources: <https://developers.openai.com/api/docs/pricing> and the pages of the models below
//! <https://developers.openai.com/api/docs/models>, for the newest ones as release notes of others quoted them between
//! September and November 2026; <https://openai.com/api-priority-processing/> for what priority costs, where it is not
//! twice. GPT-4o, o1, o3-mini and GPT-3.5 rest on lists of 2025, which have not changed since.
//!
//! From GPT-5.6 on a cache takes 1.25 times the input's price to write. Batches, and flex where it is offered, cost half.

use super::{Factor, HALF, Row, row};

const TWICE: Option<Factor> = Some(Factor::new(200));

/// More than 272,000 tokens of input cost twice as much, and their output half as much again.
const fn long(row: Row) -> Row {
    row.long(272_000, (2, 1), (3, 2))
}

/// The models since GPT-5.6.
const fn gpt(model: &'static str, input: u64, output: u64, cache_read: u64) -> Row {
    let mut row = row(model, input, output, cache_read).tiers(HALF, TWICE);
    row.price.rates.cache_write = row.price.rates.input.times(5, 4);
    // Chat completions do not tell for how long; what is kept for twelve hours costs twice that.
    row.price.rates.cache_write_hour = row.price.rates.cache_write;
    long(row)
}

pub(super) const ROWS: &[Row] = &[
    gpt("gpt-6.2-sol", 2_000_000, 10_000_000, 100_000),
    gpt("gpt-6.1-sol", 2_000_000, 10_000_000, 100_000),
    gpt("gpt-6.1-terra", 1_000_000, 5_000_000, 50_000),
    gpt("gpt-6-astra", 10_000_000, 50_000_000, 1_000_000),
    gpt("gpt-6-sol", 2_000_000, 10_000_000, 200_000),
    gpt("gpt-6-luna", 100_000, 500_000, 10_000),
    gpt("gpt-5.6-sol", 4_000_000, 20_000_000, 400_000),
    gpt("gpt-5.6-terra", 2_000_000, 12_000_000, 200_000),
    gpt("gpt-5.6-luna", 200_000, 1_200_000, 20_000),
    long(row("gpt-5.5", 5_000_000, 30_000_000, 500_000)).tiers(HALF, Some(Factor::new(250))),
    long(row("gpt-5.4", 2_500_000, 15_000_000, 250_000)).tiers(HALF, TWICE),
    row("gpt-5.4-mini", 750_000, 4_500_000, 75_000).tiers(HALF, TWICE),
    row("gpt-5.4-nano", 200_000, 1_250_000, 20_000).tiers(HALF, None),
    row("gpt-5.2", 1_750_000, 14_000_000, 175_000).tiers(HALF, TWICE),
    row("gpt-5.1", 1_250_000, 10_000_000, 125_000).tiers(HALF, TWICE),
    row("gpt-5.1-codex", 1_250_000, 10_000_000, 125_000).tiers(HALF, TWICE),
    row("gpt-5", 1_250_000, 10_000_000, 125_000).tiers(HALF, TWICE),
    row("gpt-5-codex", 1_250_000, 10_000_000, 125_000).tiers(HALF, TWICE),
    row("gpt-5-mini", 250_000, 2_000_000, 25_000).tiers(HALF, Some(Factor::new(180))),
    row("gpt-5-nano", 50_000, 400_000, 5_000).tiers(HALF, None),
    row("gpt-4.1", 2_000_000, 8_000_000, 500_000).tiers(None, Some(Factor::new(175))),
    row("gpt-4.1-mini", 400_000, 1_600_000, 100_000).tiers(None, None),
    row("gpt-4.1-nano", 100_000, 400_000, 25_000).tiers(None, None),
    row("gpt-4o", 2_500_000, 10_000_000, 1_250_000).tiers(None, None),
    row("gpt-4o-2024-05-13", 5_000_000, 15_000_000, 5_000_000).tiers(None, None),
    row("gpt-4o-mini", 150_000, 600_000, 75_000).tiers(None, None),
    row("o4-mini", 1_100_000, 4_400_000, 275_000).tiers(HALF, None),
    row("o3", 2_000_000, 8_000_000, 500_000).tiers(HALF, None),
    row("o3-mini", 1_100_000, 4_400_000, 550_000).tiers(None, None),
    row("o1", 15_000_000, 60_000_000, 7_500_000).tiers(None, None),
    row("gpt-3.5-turbo", 500_000, 1_500_000, 500_000).tiers(None, None),
];

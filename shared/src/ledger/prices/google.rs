//! Gemini, for text and images; sound that is sent to a Flash model costs more than is said here.
//!
//! Source: <https://ai.google.dev/gemini-api/docs/pricing>, as release notes and price lists of others quoted it between
//! July and November 2026. Reasoning is output. A cache is read for a tenth; its storage is billed by the hour, which no
//! call tells. Gemini 3.6, 3.7 and 3.8 Flash cost twice as much from 2027-01-01 on.

use super::{HALF, Row, row};

const fn gemini(model: &'static str, input: u64, output: u64) -> Row {
    row(model, input, output, input / 10).tiers(HALF, None)
}

/// More than 200,000 tokens of input cost twice as much, and their output half as much again.
const fn pro(model: &'static str, input: u64, output: u64) -> Row {
    gemini(model, input, output).long(200_000, (2, 1), (3, 2))
}

pub(super) const ROWS: &[Row] = &[
    gemini("gemini-3.8-flash", 750_000, 3_750_000),
    gemini("gemini-3.7-flash", 750_000, 3_750_000),
    gemini("gemini-3.6-flash", 750_000, 3_750_000),
    gemini("gemini-3.5-flash", 1_500_000, 9_000_000),
    gemini("gemini-3.5-flash-lite", 300_000, 2_500_000),
    pro("gemini-3.1-pro", 2_000_000, 12_000_000),
    pro("gemini-3.1-pro-preview", 2_000_000, 12_000_000),
    gemini("gemini-3.1-flash-lite", 250_000, 1_500_000),
    gemini("gemini-3.1-flash-lite-preview", 250_000, 1_500_000),
    gemini("gemini-3-flash", 500_000, 3_000_000),
    gemini("gemini-3-flash-preview", 500_000, 3_000_000),
    pro("gemini-2.5-pro", 1_250_000, 10_000_000),
    gemini("gemini-2.5-flash", 300_000, 2_500_000),
    gemini("gemini-2.5-flash-lite", 100_000, 400_000),
];

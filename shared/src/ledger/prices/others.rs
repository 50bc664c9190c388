//! Mistral and Cohere, each model by its dated name: what `-latest` stands for changes with time, and its price too.
//!
//! Sources: <https://mistral.ai/pricing> as <https://models.dev> and issues of other projects quote it in 2026,
//! <https://cohere.com/pricing>.

use super::{Row, row};

const fn flat(model: &'static str, input: u64, output: u64) -> Row {
    row(model, input, output, input)
}

pub(super) const ROWS: &[Row] = &[
    flat("mistral-medium-3-5", 1_500_000, 7_500_000),
    flat("mistral-medium-3.5", 1_500_000, 7_500_000),
    flat("devstral-2512", 400_000, 2_000_000),
    flat("codestral-2508", 300_000, 900_000),
    flat("command-a-03-2025", 2_500_000, 10_000_000),
    flat("command-r-plus-08-2024", 2_500_000, 10_000_000),
    flat("command-r-08-2024", 150_000, 600_000),
    flat("command-r7b-12-2024", 37_500, 150_000),
];

//! Amazon's Nova, by the names of Bedrock without the maker before and the revision behind.
//!
//! Source: AWS's price list of 2026-09-01 for us-east-1 (`AmazonBedrock`), as others quote it, and
//! <https://aws.amazon.com/bedrock/pricing/>: what comes from the cache costs a quarter, flex half, priority 1.75 times.
//! Other regions, and profiles that span several, may cost more.

use super::{Factor, HALF, Row, row};

const fn nova(model: &'static str, input: u64, output: u64) -> Row {
    row(model, input, output, input / 4).tiers(HALF, Some(Factor::new(175)))
}

pub(super) const ROWS: &[Row] = &[
    nova("nova-2-lite", 300_000, 2_500_000),
    nova("nova-pro", 800_000, 3_200_000),
    nova("nova-lite", 60_000, 240_000),
    nova("nova-micro", 35_000, 140_000),
];

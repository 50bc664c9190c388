//! Models that embed texts: they cost by the tokens of their input alone, and their answers nothing.
//!
//! Sources: <https://developers.openai.com/api/docs/pricing>, <https://mistral.ai/pricing>, <https://cohere.com/pricing>,
//! <https://ai.google.dev/gemini-api/docs/pricing>, <https://aws.amazon.com/bedrock/pricing/>, as lists of others quote
//! them in 2026. Of models that embed images, sound and film too it is the price of text. Batches cost half at OpenAI
//! and Google.

use super::{HALF, Row, row};

const fn embedding(model: &'static str, input: u64) -> Row {
    row(model, input, 0, input)
}

/// Half the price for answers that may wait.
const fn batched(model: &'static str, input: u64) -> Row {
    let mut row = embedding(model, input);
    row.price.tiers.batch = HALF;
    row
}

pub(super) const ROWS: &[Row] = &[
    batched("text-embedding-3-small", 20_000),
    batched("text-embedding-3-large", 130_000),
    batched("text-embedding-ada-002", 100_000),
    embedding("mistral-embed", 100_000),
    embedding("mistral-embed-2312", 100_000),
    embedding("codestral-embed", 150_000),
    embedding("codestral-embed-2505", 150_000),
    embedding("embed-v4.0", 120_000),
    embedding("embed-v4", 120_000),
    embedding("embed-english-v3.0", 100_000),
    embedding("embed-english-v3", 100_000),
    embedding("embed-multilingual-v3.0", 100_000),
    embedding("embed-multilingual-v3", 100_000),
    batched("gemini-embedding-001", 150_000),
    batched("gemini-embedding-2", 200_000),
    batched("gemini-embedding-2-preview", 200_000),
    embedding("titan-embed-text-v2", 20_000),
    embedding("titan-embed-text-v1", 100_000),
];

//! Models that make images or hear and speak, and whose providers count tokens for it.
//!
//! Sources: <https://developers.openai.com/api/docs/pricing>, as lists of others quote it between October 2025 and
//! August 2026. Text that an image model puts out is what it thought. Models that are billed by the image, the minute or the
//! character (`dall-e-3`, `whisper-1`, `tts-1`) tell no tokens and have no price here.

use super::{Row, row, usd};

/// A model by its rates of text and of images or sound that it is given, and of what it puts out.
const fn hears(model: &'static str, text: u64, media: u64, output: u64) -> Row {
    let mut row = row(model, text, output, text);
    row.price.rates.media = usd(media);
    row
}

/// An image model with a price of its own for what it thinks.
const fn thinks(mut row: Row, reasoning: u64) -> Row {
    row.price.rates.reasoning = usd(reasoning);
    row
}

pub(super) const ROWS: &[Row] = &[
    thinks(hears("gpt-image-2", 5_000_000, 8_000_000, 30_000_000), 10_000_000),
    thinks(
        hears("gpt-image-1.5", 5_000_000, 8_000_000, 32_000_000),
        10_000_000,
    ),
    hears("gpt-image-1", 5_000_000, 10_000_000, 40_000_000),
    hears("gpt-image-1-mini", 2_000_000, 2_500_000, 8_000_000),
    hears("gpt-4o-transcribe", 2_500_000, 6_000_000, 10_000_000),
    hears("gpt-4o-transcribe-diarize", 2_500_000, 6_000_000, 10_000_000),
    hears("gpt-4o-mini-transcribe", 1_250_000, 3_000_000, 5_000_000),
    // Only its streams tell tokens.
    row("gpt-4o-mini-tts", 600_000, 12_000_000, 600_000),
];

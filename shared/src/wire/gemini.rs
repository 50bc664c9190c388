//! Google's Gemini, at the Gemini API and at Vertex AI: <https://ai.google.dev/api/generate-content> and
//! <https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference>. Only providers are asked in
//! it.

mod answer;
mod error;
mod models;
mod request;
mod said;
mod seal;
mod stream;
mod usage;

#[cfg(test)]
mod tests;

use super::codec::UpstreamCodec;
pub(super) use seal::is_foreign_seal;

/// This format's row in the table of formats that providers are asked in.
pub(super) static UPSTREAM: UpstreamCodec = UpstreamCodec {
    check: request::check,
    write_request: request::write,
    read_answer: answer::read,
    stream_reader: || Box::<stream::StreamReader>::default(),
    read_error: error::read,
};

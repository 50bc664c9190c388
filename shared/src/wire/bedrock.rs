//! AWS Bedrock's Converse and `ConverseStream`:
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>
//!
//! Streams come in AWS's binary frames, which [`Unframer`] turns into server-sent events before they are read.

mod answer;
mod error;
mod models;
mod request;
mod stream;
mod unframe;
mod usage;

#[cfg(test)]
mod tests;

use super::codec::UpstreamCodec;
pub use error::status as aws_status;
pub use unframe::Unframer;

/// This format's row in the table of formats that providers are asked in.
pub(super) static UPSTREAM: UpstreamCodec = UpstreamCodec {
    check: request::check,
    write_request: request::write,
    read_answer: answer::read,
    stream_reader: || Box::<stream::StreamReader>::default(),
    read_error: error::read,
};

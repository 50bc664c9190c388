//! Cohere's chat, second version: <https://docs.cohere.com/reference/chat>

mod answer;
mod error;
mod request;
mod stream;
mod usage;

use super::codec::UpstreamCodec;

/// This format's row in the table of formats that providers are asked in.
pub(super) static UPSTREAM: UpstreamCodec = UpstreamCodec {
    check: request::check,
    write_request: request::write,
    read_answer: answer::read,
    stream_reader: || Box::<stream::StreamReader>::default(),
    read_error: error::read,
};

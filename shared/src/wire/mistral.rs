//! Mistral's chat completions: <https://docs.mistral.ai/api/endpoint/chat>. Answers look like OpenAI's but for the usage;
//! requests differ in names, in the ids of calls and in the order that messages may have.

mod error;
mod models;
mod request;
mod usage;

use super::codec::UpstreamCodec;
use super::openai_chat::answer::read::read_with;
use super::openai_chat::stream::read::StreamReader;

/// This format's row in the table of formats that providers are asked in.
pub(super) static UPSTREAM: UpstreamCodec = UpstreamCodec {
    check: request::check,
    write_request: request::write,
    read_answer: |body| read_with(body, usage::read),
    stream_reader: || Box::new(StreamReader::with(usage::read)),
    read_error: error::read,
};

//! Anthropic's messages: <https://platform.claude.com/docs/en/api/messages>

pub mod answer;
pub mod envelope;
pub mod error;
pub mod request;
pub mod stream;

mod models;
mod tool_id;
mod usage;

use super::Dialect;
use super::codec::{AgentCodec, Repeated, SameFormat, UpstreamCodec};
pub(crate) use usage::PartialUsage;

/// This format's row in the table of formats that agents call in.
pub(super) static AGENT: AgentCodec = AgentCodec {
    dialect: Dialect::Anthropic,
    cut_event: stream::cut,
    same: SameFormat {
        read_facts: request::read_facts,
        edits: request::edits,
        wanted_schema: request::wanted_schema,
        observe_answer: answer::observe,
        observe_event: stream::observe,
    },
    read_request: request::read::read,
    repeats: |_| Repeated::default(),
    write_answer: answer::write::write,
    stream_writer: |caller| Box::new(stream::write::StreamWriter::new(caller)),
    write_error: error::write,
};

/// This format's row in the table of formats that providers are asked in.
pub(super) static UPSTREAM: UpstreamCodec = UpstreamCodec {
    check: request::write::check,
    write_request: request::write::write,
    read_answer: answer::read::read,
    stream_reader: || Box::<stream::read::StreamReader>::default(),
    read_error: error::read,
};

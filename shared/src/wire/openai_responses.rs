//! OpenAI's responses: <https://platform.openai.com/docs/api-reference/responses>

pub mod answer;
pub mod error;
pub mod request;
pub mod stream;

mod item;
mod own;
mod tool_name;
mod usage;

use super::Dialect;
use super::codec::{AgentCodec, SameFormat, UpstreamCodec};

/// This format's row in the table of formats that agents call in.
pub(super) static AGENT: AgentCodec = AgentCodec {
    dialect: Dialect::OpenAi,
    cut_event: stream::cut,
    same: SameFormat {
        read_facts: request::read_facts,
        edits: request::edits,
        wanted_schema: request::wanted_schema,
        observe_answer: answer::observe,
        observe_event: stream::observe,
    },
    read_request: request::read::read,
    repeats: request::repeats::repeats,
    write_answer: answer::write::write,
    stream_writer: |caller| Box::new(stream::write::StreamWriter::new(caller)),
    write_error: error::write,
};

/// This format's row in the table of formats that providers are asked in: only calls that came in it are, and those pass
/// as they are. Answers are read where somebody has to judge them.
pub(super) static UPSTREAM: UpstreamCodec = UpstreamCodec {
    check: request::no_other,
    write_request: |_, _, _| Vec::new(),
    read_answer: answer::read::read,
    stream_reader: || Box::<stream::read::StreamReader>::default(),
    read_error: error::read,
};

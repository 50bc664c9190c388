//! Anthropic's messages: <https://platform.claude.com/docs/en/api/messages>

pub mod answer;
pub mod error;
pub mod request;
pub mod stream;

mod models;
mod tool_id;
mod usage;

use super::Dialect;
use super::codec::{Answers, Codec, Requests, SameFormat};
pub(crate) use usage::PartialUsage;

/// This format's row in the table of formats.
pub(super) static CODEC: Codec = Codec {
    dialect: Dialect::Anthropic,
    path: "/v1/messages",
    cut_event: stream::CUT,
    same: SameFormat {
        read_facts: request::read_facts,
        edits: request::edits,
        wanted_schema: request::wanted_schema,
        observe_answer: answer::observe,
        observe_event: stream::observe,
    },
    requests: Requests {
        read: request::read::read,
        check: request::write::check,
        write: request::write::write,
    },
    answers: Answers {
        read: answer::read::read,
        write: answer::write::write,
        stream_reader: || Box::<stream::read::StreamReader>::default(),
        stream_writer: |caller| Box::new(stream::write::StreamWriter::new(caller)),
        read_error: error::read,
        write_error: error::write,
    },
};

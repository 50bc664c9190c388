//! OpenAI's chat completions: <https://platform.openai.com/docs/api-reference/chat>

pub mod answer;
pub mod error;
pub mod request;
pub mod stream;

pub(in crate::wire) mod models;
mod said;
pub(in crate::wire) mod usage;

// What other formats that resemble this one write alike.
pub(in crate::wire) use request::read::parameters as asked;
pub(in crate::wire) use request::write::{messages, parameters, tools};

use super::Dialect;
use super::answer_id;
use super::codec::{AgentCodec, Repeated, SameFormat, UpstreamCodec};
use crate::config::ProviderKind;
use json::Text;

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
    stream_reader: || Box::new(stream::read::StreamReader::with(usage::read)),
    read_error: error::read,
};

/// What the bound of an answer's tokens is called: OpenAI's reasoning models refuse `max_tokens`, and other servers may
/// not know its successor.
pub(crate) fn max_tokens_key(kind: ProviderKind) -> &'static str {
    if kind.is_openai() {
        "max_completion_tokens"
    } else {
        "max_tokens"
    }
}

/// The id of a tool's call: the provider's own, which may be any string here, or one made of the answer's id and the
/// call's place, so that it is the same whenever it is made.
pub(in crate::wire) fn tool_call_id<'a>(id: Option<&'a Text<'_>>, tail: &str, index: usize) -> Text<'a> {
    match id {
        Some(id) => id.clone(),
        None => Text::of_plain(&format!("call_{}_{index}", answer_id::short(tail))),
    }
}

//! OpenAI's chat completions: <https://platform.openai.com/docs/api-reference/chat>

pub mod answer;
pub mod error;
pub mod request;
pub mod stream;

mod models;
mod said;
mod usage;

use super::Dialect;
use super::answer_id;
use super::codec::{Answers, Codec, Requests, SameFormat};
use crate::json::Text;

/// This format's row in the table of formats.
pub(super) static CODEC: Codec = Codec {
    dialect: Dialect::OpenAi,
    path: "/v1/chat/completions",
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

/// The id of a tool's call: the provider's own, which may be any string here, or one made of the answer's id and the
/// call's place, so that it is the same whenever it is made.
fn tool_call_id<'a>(id: Option<&'a Text<'_>>, tail: &str, index: usize) -> Text<'a> {
    match id {
        Some(id) => id.clone(),
        None => Text::of_plain(&format!("call_{}_{index}", answer_id::short(tail))),
    }
}

//! OpenAI's chat completions: <https://platform.openai.com/docs/api-reference/chat>

use crate::json::Text;
use crate::wire::answer_id;

pub mod answer;
pub mod error;
pub mod request;
pub mod stream;

mod said;
mod usage;

/// The id of a tool's call: the provider's own, which may be any string here, or one made of the answer's id and the
/// call's place, so that it is the same whenever it is made.
fn tool_call_id<'a>(id: Option<&'a Text<'_>>, tail: &str, index: usize) -> Text<'a> {
    match id {
        Some(id) => id.clone(),
        None => Text::of_plain(&format!("call_{}_{index}", answer_id::short(tail))),
    }
}

//! OpenAI's chat completions: <https://platform.openai.com/docs/api-reference/chat>

pub mod answer;
mod models;
pub mod request;
pub mod stream;
mod usage;

//! Anthropic's messages: <https://platform.claude.com/docs/en/api/messages>

pub mod answer;
pub mod error;
pub mod request;
pub mod stream;

mod tool_id;
mod usage;

pub(crate) use usage::PartialUsage;

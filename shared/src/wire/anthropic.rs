//! Anthropic's messages: <https://platform.claude.com/docs/en/api/messages>

pub mod answer;
mod models;
pub mod request;
pub mod stream;
mod usage;

pub(crate) use usage::PartialUsage;

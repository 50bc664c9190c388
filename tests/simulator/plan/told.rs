//! What an answer says, before it is put into the words of an API.

use super::{Block, Call, Told, bytes_of};
use crate::behaviour::{Answer, Finish};
use crate::reply::{self, End as Ended, Reply, Said};
use crate::request::{Asked, Dialect};
use crate::strict;
use crate::usage::{self, Usage};
use crate::vendor::Vendor;

impl Call<'_> {
    /// What the answer to this call says.
    pub(super) fn told<'a>(&self, answer: &'a Answer, asked: &'a Asked, id: &'a str) -> Told<'a> {
        let greeting = format!("Hello from {}: {}.", self.account, asked.model);
        let Reply { parts, end } = match &asked.conversation {
            Some(conversation) => reply::to(conversation, answer.text.as_deref(), &greeting),
            None => simple(answer, asked, greeting),
        };
        let usage = counted(answer, asked, &parts);
        let hidden = asked.dialect == Dialect::OpenAi && asked.stream && !asked.include_usage;
        let blocks = parts.into_iter().map(|said| Block {
            chunks: match &said {
                Said::Tool { arguments, .. } => bytes_of::chunks(arguments, Some(answer.chunks.unwrap_or(2))),
                Said::Text(text) | Said::Refusal(text) | Said::Thought(text) | Said::Sealed(text) => {
                    bytes_of::chunks(text, answer.chunks)
                }
            },
            said,
        });
        Told {
            id,
            model: &asked.model,
            vendor: asked.vendor,
            blocks: blocks.collect(),
            end: match (end, answer.finish) {
                (Ended::Stop, Finish::Length) => Ended::Length,
                (Ended::Stop, Finish::Filtered) => Ended::Filtered,
                (end, _) => end,
            },
            usage: Some(usage).filter(|_| answer.usage && !hidden),
            interleave: answer.interleave,
            reasoning_field: answer.reasoning_field.as_deref().unwrap_or("reasoning_content"),
        }
    }
}

/// What an account of nobody in particular says.
fn simple(answer: &Answer, asked: &Asked, greeting: String) -> Reply {
    match &asked.tool {
        Some(name) => Reply {
            parts: vec![Said::Tool {
                name: name.clone(),
                arguments: reply::ARGUMENTS.to_owned(),
            }],
            end: Ended::Tools,
        },
        None => Reply {
            parts: vec![Said::Text(answer.text.clone().unwrap_or(greeting))],
            end: Ended::Stop,
        },
    }
}

/// The tokens of an answer.
fn counted(answer: &Answer, asked: &Asked, parts: &[Said]) -> Usage {
    let tokens = |said: &Said| match said {
        Said::Tool { .. } => 1,
        Said::Text(text) | Said::Refusal(text) | Said::Thought(text) | Said::Sealed(text) => {
            usage::output_tokens(text)
        }
    };
    let thought = |said: &&Said| matches!(said, Said::Thought(_) | Said::Sealed(_));
    // What OpenAI's models think is counted and never told.
    let silent = asked.vendor == Vendor::OpenAi
        && strict::is_reasoning(&asked.model)
        && parts.iter().all(|said| !thought(&said));
    let reasoning = if silent {
        usage::output_tokens(reply::THOUGHT)
    } else {
        parts.iter().filter(thought).map(tokens).sum()
    };
    let said: u64 = parts.iter().filter(|said| !thought(said)).map(tokens).sum();
    Usage {
        input: usage::input_tokens(asked.body_bytes) * answer.input_percent / 100,
        cached: answer.cached_tokens,
        cache_write: answer.cache_write_tokens,
        cache_write_1h: answer.cache_write_1h_tokens,
        output: said + reasoning,
        reasoning,
    }
}

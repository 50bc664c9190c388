//! What an account of nobody in particular says, and what that counts for.

use crate::behaviour::Answer;
use crate::reply::{self, End, Reply, Said};
use crate::request::Asked;
use crate::strict;
use crate::usage::{self, Usage};
use crate::vendor::Vendor;

/// What an account of nobody in particular says.
pub(super) fn simple(answer: &Answer, asked: &Asked, greeting: String) -> Reply {
    match &asked.tool {
        Some(name) => Reply {
            parts: vec![Said::Tool {
                name: name.clone(),
                arguments: reply::ARGUMENTS.to_owned(),
            }],
            end: End::Tools,
        },
        None => Reply {
            parts: vec![Said::Text(answer.text.clone().unwrap_or(greeting))],
            end: End::Stop,
        },
    }
}

/// The tokens of an answer.
pub(super) fn counted(answer: &Answer, asked: &Asked, parts: &[Said]) -> Usage {
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

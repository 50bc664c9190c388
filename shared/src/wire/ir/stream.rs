//! What a stream says, step by step.

use super::{Finish, ProviderError};
use crate::ledger::Usage;
use json::Text;

/// The position of a tool's call among the calls of one answer, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ToolIndex(pub usize);

/// A step of a stream.
#[derive(Clone, Debug)]
pub enum Delta<'a> {
    /// The answer begins, under this id. At most one, before all else but [`Delta::Ping`] and [`Delta::Error`].
    Start {
        /// The provider's id of the answer.
        id: Option<Text<'a>>,
        /// The model that answers, in the provider's words.
        model: Option<Text<'a>>,
    },
    /// More text, never empty.
    Text(Text<'a>),
    /// More of a refusal, never empty.
    Refusal(Text<'a>),
    /// More of a thought, never empty.
    Thinking(Text<'a>),
    /// The seal of the thought that was told.
    Signature(Text<'a>),
    /// A thought that only the provider can read.
    SealedThinking(Text<'a>),
    /// The block of text or thought that is under way ends. Formats without blocks never say so.
    BlockEnd,
    /// A call of a tool begins. Indices count up from 0 without gaps, each begins once, and each has a name.
    ToolCall {
        /// Which one.
        index: ToolIndex,
        /// Its id, if the provider gave one.
        id: Option<Text<'a>>,
        /// The tool.
        name: Text<'a>,
    },
    /// More of the arguments of a call that began, never empty: a piece of JSON, as text.
    Arguments {
        /// Which call.
        index: ToolIndex,
        /// The piece.
        fragment: Text<'a>,
    },
    /// What was used so far: it replaces what was said before.
    Usage(Usage),
    /// Why the answer ends, once; usage may still follow. An end without it is that of an empty stream.
    Finish(Finish<'a>),
    /// Nothing happens, but the provider is alive.
    Ping,
    /// The answer breaks off.
    Error(ProviderError<'a>),
    /// The answer is complete.
    End,
}

impl Delta<'_> {
    /// Whether the agent would see something that cannot be taken back by asking another provider. An end without
    /// anything before it is nothing.
    #[must_use]
    pub fn is_content(&self) -> bool {
        match self {
            Self::Text(_)
            | Self::Refusal(_)
            | Self::Thinking(_)
            | Self::Signature(_)
            | Self::SealedThinking(_)
            | Self::ToolCall { .. }
            | Self::Arguments { .. }
            | Self::Finish(_) => true,
            Self::Start { .. }
            | Self::BlockEnd
            | Self::Usage(_)
            | Self::Ping
            | Self::Error(_)
            | Self::End => false,
        }
    }
}

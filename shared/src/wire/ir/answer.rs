//! What a provider answers.

use std::borrow::Cow;

use super::Arguments;
use crate::ledger::Usage;
use json::Text;

/// An answer in one piece.
#[derive(Clone, Debug, Default)]
pub struct Answer<'a> {
    /// The provider's id of the answer.
    pub id: Option<Text<'a>>,
    /// The model that answered, in the provider's words.
    pub model: Option<Text<'a>>,
    /// What was said, in order.
    pub parts: Vec<AnswerPart<'a>>,
    /// Why it ended.
    pub finish: Option<Finish<'a>>,
    /// What it took.
    pub usage: Option<Usage>,
}

/// A part of an answer.
#[derive(Clone, Debug)]
pub enum AnswerPart<'a> {
    /// Text.
    Text(Text<'a>),
    /// A refusal, in words.
    Refusal(Text<'a>),
    /// A thought, with the provider's seal if it has one.
    Thinking {
        /// The thought.
        text: Text<'a>,
        /// The seal.
        signature: Option<Text<'a>>,
    },
    /// A thought that only the provider can read.
    SealedThinking(Text<'a>),
    /// A call of a tool of the caller.
    ToolCall {
        /// The call's id.
        id: Option<Text<'a>>,
        /// The tool.
        name: Text<'a>,
        /// What it is given.
        arguments: Arguments<'a>,
    },
}

/// Why an answer ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finish<'a> {
    /// All is said.
    Stop,
    /// One of the caller's stop sequences came up; which one, if that is known.
    StopSequence(Option<Text<'a>>),
    /// The caller's bound, or the model's.
    Length,
    /// The model waits for tools.
    ToolCalls,
    /// The answer is withheld.
    ContentFilter,
    /// The provider paused a long turn, to be continued.
    Paused,
    /// A reason that this form does not know, in the provider's words.
    Other(Text<'a>),
}

impl Finish<'_> {
    /// The reason that the answer itself shows: some servers say they stopped though the model waits for tools, and
    /// not all of them count a refusal as a reason.
    #[must_use]
    pub fn confirmed(self, has_tools: bool, has_refusal: bool) -> Self {
        match self {
            Self::Length | Self::ContentFilter | Self::ToolCalls => self,
            _ if has_tools => Self::ToolCalls,
            _ if has_refusal => Self::ContentFilter,
            _ => self,
        }
    }

    /// The same, kept apart from the document it came from.
    #[must_use]
    pub fn into_owned(self) -> Finish<'static> {
        match self {
            Self::Stop => Finish::Stop,
            Self::StopSequence(text) => Finish::StopSequence(text.map(Text::into_owned)),
            Self::Length => Finish::Length,
            Self::ToolCalls => Finish::ToolCalls,
            Self::ContentFilter => Finish::ContentFilter,
            Self::Paused => Finish::Paused,
            Self::Other(text) => Finish::Other(text.into_owned()),
        }
    }
}

/// An error that a provider reports, before or within its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderError<'a> {
    /// What kind of error it is.
    pub kind: ErrorKind,
    /// What the provider says of it, bounded by the reader.
    pub message: Text<'a>,
    /// The provider's machine-readable code.
    pub code: Option<Text<'a>>,
    /// The parameter that is wrong.
    pub parameter: Option<Text<'a>>,
}

/// What kind of error it is, by what the caller can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request is wrong: 400, 422.
    InvalidRequest,
    /// The key is wrong: 401.
    Authentication,
    /// The account is not paid for: 402, or OpenAI's `insufficient_quota`.
    Billing,
    /// The key may not: 403.
    Permission,
    /// There is no such thing: 404.
    NotFound,
    /// It contradicts something that goes on: 409.
    Conflict,
    /// The request is too large: 413.
    TooLarge,
    /// Too many calls or tokens: 429.
    RateLimit,
    /// The provider failed: 500.
    Internal,
    /// It took too long: 408, 504.
    Timeout,
    /// The provider has too much to do: 503, 529.
    Overloaded,
}

impl ErrorKind {
    /// The kind that a status stands for.
    #[must_use]
    pub fn of_status(status: u16) -> Self {
        match status {
            401 => Self::Authentication,
            402 => Self::Billing,
            403 => Self::Permission,
            404 => Self::NotFound,
            408 | 504 => Self::Timeout,
            409 => Self::Conflict,
            413 => Self::TooLarge,
            429 => Self::RateLimit,
            503 | 529 => Self::Overloaded,
            // A model of the provider's failed behind it.
            424 => Self::Internal,
            400..=499 => Self::InvalidRequest,
            _ => Self::Internal,
        }
    }
}

impl ProviderError<'_> {
    /// An error of ours about a provider's answer.
    #[must_use]
    pub fn of(kind: ErrorKind, message: &str) -> ProviderError<'static> {
        ProviderError {
            kind,
            message: Text::of_plain(message),
            code: None,
            parameter: None,
        }
    }
}

impl Arguments<'_> {
    /// No arguments.
    #[must_use]
    pub fn none() -> Arguments<'static> {
        Arguments::Json(Cow::Borrowed(b"{}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn what_the_answer_shows_outweighs_what_it_says_of_its_end() {
        let other = || Finish::Other(Text::of_plain("eos"));
        assert_eq!(Finish::Stop.confirmed(true, false), Finish::ToolCalls);
        assert_eq!(other().confirmed(true, true), Finish::ToolCalls);
        assert_eq!(Finish::Stop.confirmed(false, true), Finish::ContentFilter);
        assert_eq!(Finish::Length.confirmed(true, true), Finish::Length);
        assert_eq!(other().confirmed(false, false), other());
    }
}

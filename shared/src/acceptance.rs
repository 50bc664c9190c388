//! What a cascade accepts as an answer. An answer that it does not accept makes room for the next rung, before anything
//! of it has gone to the agent.

mod judge;
mod pattern;
mod schema;

use serde::Serialize;

use crate::units::Tokens;

pub use judge::Judge;
pub use pattern::{Case, Pattern, PatternError};
pub use schema::{Author, Misfit, Schema, SchemaError, SchemaProblem};

/// What an answer must be to be accepted; an absent part accepts everything.
#[derive(Clone, Debug, Default)]
pub struct Acceptance {
    /// Why it may end.
    pub finish_reasons: Option<Vec<FinishReason>>,
    /// The JSON that a text must be.
    pub json: Option<Json>,
    /// The fewest tokens of output, thoughts not counted.
    pub min_output_tokens: Option<Tokens>,
    /// The fewest characters of text.
    pub min_characters: Option<usize>,
    /// What in a text is a refusal; with any, what the format itself calls one is one too.
    pub refusal_patterns: Vec<Pattern>,
}

/// Why an answer ends, in the words of records, which are OpenAI's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishReason {
    /// All is said.
    Stop,
    /// The caller's bound, or the model's.
    Length,
    /// The model waits for tools.
    ToolCalls,
    /// The answer is withheld.
    ContentFilter,
}

impl FinishReason {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Stop, Self::Length, Self::ToolCalls, Self::ContentFilter];

    /// The reason as records spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
            Self::ContentFilter => "content_filter",
        }
    }
}

/// The JSON that a text must be.
#[derive(Clone, Debug)]
pub enum Json {
    /// Any, where the request asks for JSON.
    Valid,
    /// What fits the schema that the request asks for; any, where it asks for JSON without a schema.
    Requested,
    /// Any, whatever the request asks for.
    Always,
    /// What fits this schema, whatever the request asks for.
    Fitting(Schema),
}

/// What the request asks of the shape of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// Whether it is to be JSON.
    pub is_json: bool,
    /// The JSON schema, as it was written.
    pub schema: Option<&'a [u8]>,
}

/// What was found of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It is what the pool accepts.
    Accepted,
    /// It is not.
    Refused(Unmet),
    /// It passed without being judged.
    Unjudged(Unjudged),
}

/// What an answer that was refused does not meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unmet {
    /// It ended for another reason, or without one.
    FinishReason,
    /// It is a refusal.
    Refusal,
    /// It is too short.
    TooShort,
    /// It is no JSON.
    Json,
    /// It does not fit the schema.
    Schema,
}

impl Unmet {
    /// The criterion as records and metrics spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FinishReason => "finish_reason",
            Self::Refusal => "refusal",
            Self::TooShort => "too_short",
            Self::Json => "json",
            Self::Schema => "schema",
        }
    }
}

/// Why an answer was not judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unjudged {
    /// It is longer than [`crate::limits::MAX_JUDGED_ANSWER`].
    TooLong,
    /// It was not whole while its account may take its time.
    TooSlow,
    /// Its text cannot be found in it.
    Unreadable,
    /// The schema asks for too much work.
    TooMuchWork,
}

impl Unjudged {
    /// The reason as records and metrics spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::TooSlow => "too_slow",
            Self::Unreadable => "unreadable",
            Self::TooMuchWork => "too_much_work",
        }
    }
}

#[cfg(test)]
mod tests;

//! What can be wrong with an answer that looked like one.

/// What is wrong with an answer that began with a success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It is an error.
    Error,
    /// There is nothing in it.
    Empty,
    /// It is not in the provider's format, or breaks off.
    Unreadable,
    /// Its media type is not the one that was asked for.
    WrongType,
    /// It is compressed, though the request forbade that.
    Encoded,
    /// It is too long to be translated.
    TooLong,
}

impl Flaw {
    /// The flaw as records and metrics spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error_in_answer",
            Self::Empty => "empty_answer",
            Self::Unreadable => "unreadable_answer",
            Self::WrongType => "wrong_content_type",
            Self::Encoded => "compressed_answer",
            Self::TooLong => "answer_too_long",
        }
    }
}

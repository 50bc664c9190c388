//! Why a body is no request, and which parameter of it is wrong.

use json::scan::ScanError;

/// Why a body is no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Some bytes are not UTF-8.
    #[error("the body is not valid UTF-8")]
    NotUtf8,
    /// The body is no JSON object.
    #[error("the body is not a JSON object: {0}")]
    NotJson(#[from] ScanError),
    /// A key that the broker reads is there twice.
    #[error("`{0}` is given twice")]
    Repeated(&'static str),
    /// No model.
    #[error("`model` is missing")]
    NoModel,
    /// The model is no text, or an absurd one.
    #[error("`model` must be the name of a model")]
    BadModel,
    /// `stream` is neither true nor false.
    #[error("`stream` must be true or false")]
    BadStream,
    /// The answer is to be made later, when nobody hears what it uses.
    #[error("`background` must be false: what is used after a call has ended cannot be counted")]
    Background,
    /// A call about a file or a batch names a model that is not there to say where such are kept; with the name of the one
    /// that is.
    #[error("`x-broker-model` must be `{0}` here, or a name that begins with `{0}-`")]
    NoKeeper(&'static str),
    /// A request for embeddings of nothing.
    #[error("`input` is missing")]
    NoInput,
    /// The input is neither text nor a list.
    #[error("`input` must be a text, or a list of texts or tokens")]
    BadInput,
    /// A form that cannot be read, or that could be read in two ways.
    #[error("the body is not the form that it should be: {0}")]
    BadForm(&'static str),
}

impl RequestError {
    /// The parameter that is wrong, for OpenAI's `param`.
    #[must_use]
    pub fn parameter(&self) -> Option<&'static str> {
        match self {
            Self::NotUtf8 | Self::NotJson(_) | Self::BadForm(_) | Self::NoKeeper(_) => None,
            Self::NoInput | Self::BadInput => Some("input"),
            Self::Repeated(key) => Some(key),
            Self::NoModel | Self::BadModel => Some("model"),
            Self::BadStream => Some("stream"),
            Self::Background => Some("background"),
        }
    }
}

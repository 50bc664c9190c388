//! What a format must be able to do for calls to pass between it and any other.

use std::borrow::Cow;

use super::ir::{Answer, ChatRequest, Delta, Maker, ProviderError};
use super::{Dialect, EventClass, Flaw, Format, Observation, UpstreamFormat};
use crate::config::{Defaults, Provider, ProviderKind};
use crate::ids::UpstreamModelName;
use crate::request::{Request, RequestError};
use json::Text;
use json::splice::Edit;
use json::write::Members;

/// A format that agents call in: what the broker can do with it.
pub(super) struct AgentCodec {
    /// In whose shape callers of this format expect errors.
    pub dialect: Dialect,
    /// What ends a stream that broke off.
    pub cut_event: fn(&Observation) -> Cow<'static, [u8]>,
    /// The way between provider and agent of the same format.
    pub same: SameFormat,
    /// Reads a request into the intermediate form.
    pub read_request: for<'a> fn(&'a [u8]) -> Result<ChatRequest<'a>, Untranslatable>,
    /// What answers repeat of a request.
    pub repeats: fn(&[u8]) -> Repeated,
    /// Writes an answer in one piece.
    pub write_answer: fn(&Answer<'_>, &Caller) -> Vec<u8>,
    /// Writes a stream.
    pub stream_writer: fn(Caller) -> Box<dyn StreamWriter>,
    /// Writes the body of an error, with the broker's id of the call.
    pub write_error: fn(&ProviderError<'_>, &str) -> Vec<u8>,
}

/// A format that providers are asked in: the way through the intermediate form.
pub(super) struct UpstreamCodec {
    /// Whether a request can be asked of a target.
    pub check: fn(&ChatRequest<'_>, &Target<'_>) -> Result<(), Untranslatable>,
    /// Writes one that can, noting what is left out.
    pub write_request: fn(&ChatRequest<'_>, &Target<'_>, &mut Dropped) -> Vec<u8>,
    /// Reads an answer in one piece; `None` if it is none.
    pub read_answer: for<'a> fn(&'a [u8]) -> Option<Answer<'a>>,
    /// Reads a stream.
    pub stream_reader: fn() -> Box<dyn StreamReader>,
    /// Reads the body of an error that came under a status; `None` if it is none.
    pub read_error: for<'a> fn(&'a [u8], u16) -> Option<ProviderError<'a>>,
}

/// Whether a whole JSON object is an answer.
pub(super) type Judged = Result<(), Flaw>;

/// What is read and changed where a call stays in its format.
pub(super) struct SameFormat {
    /// Reads the facts of a request.
    pub read_facts: fn(&[u8]) -> Result<Request, RequestError>,
    /// The edits that make of the agent's body the one for a provider.
    pub edits: fn(&Request, &Target<'_>) -> Vec<Edit>,
    /// The JSON schema that a request wants its answer to fit.
    pub wanted_schema: for<'a> fn(&'a [u8]) -> Option<&'a [u8]>,
    /// Notes what an answer in one piece says of itself, and whether it is one; `None` if it is no whole JSON object.
    pub observe_answer: fn(&[u8], &mut Observation) -> Option<Judged>,
    /// Notes what an event of a stream says of it.
    pub observe_event: fn(&[u8], &mut Observation) -> EventClass,
}

/// Where a request goes.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// What the provider is.
    pub kind: ProviderKind,
    /// What it calls the model.
    pub model: &'a str,
    /// What applies where the caller said nothing.
    pub defaults: &'a Defaults,
}

impl<'a> Target<'a> {
    /// A model of a provider account.
    #[must_use]
    pub fn new(provider: &Provider, model: &'a UpstreamModelName, defaults: &'a Defaults) -> Self {
        Self {
            kind: provider.kind,
            model: model.as_str(),
            defaults,
        }
    }

    /// The format that it takes a call in which came in the format `from`.
    #[must_use]
    pub fn format(&self, from: Format) -> UpstreamFormat {
        self.kind.speaks(self.model, from)
    }
}

/// Who an answer is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The model that was asked for: answers carry the caller's own name for it.
    pub model: String,
    /// When the answer began, in seconds since the Unix epoch.
    pub created: u64,
    /// The broker's id of the call.
    pub request_id: String,
    /// Whether a stream is to end with the usage; only OpenAI's chat format lets the caller choose.
    pub stream_usage: bool,
    /// What the answer repeats of the request.
    pub repeated: Repeated,
    /// Whose seals the answer may carry.
    pub maker: Option<Maker>,
}

/// What answers repeat of their request; only OpenAI's responses do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repeated {
    /// Members of the answer.
    pub members: Members,
    /// The tools that stood in a namespace, by the names under which providers know them.
    pub namespaced: Vec<Namespaced>,
}

/// A tool that stood in a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespaced {
    /// What providers call it.
    pub alias: Text<'static>,
    /// The namespace.
    pub namespace: Text<'static>,
    /// Its name in there.
    pub name: Text<'static>,
}

/// Why a request cannot be asked of a provider of another format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untranslatable {
    /// It is not what its own format asks for.
    #[error("`{place}` {problem}")]
    Malformed {
        /// Where, as `messages[2].content`.
        place: String,
        /// What is wrong there, as `must be a string`.
        problem: &'static str,
    },
    /// It says something that the other format cannot, and that the caller would miss.
    #[error("`{place}` cannot be served by the providers of this model")]
    Unsupported {
        /// Where, as `n`.
        place: String,
    },
}

impl Untranslatable {
    /// What stands here cannot be said in the other format.
    #[must_use]
    pub fn unsupported(place: &str) -> Self {
        Self::Unsupported {
            place: place.to_owned(),
        }
    }

    /// The machine-readable code of the refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "invalid_request",
            Self::Unsupported { .. } => "unsupported_by_provider",
        }
    }

    /// Where in the caller's body the reason lies.
    #[must_use]
    pub fn place(&self) -> &str {
        match self {
            Self::Malformed { place, .. } | Self::Unsupported { place } => place,
        }
    }
}

/// What was left out of a request on its way to another format: places in the caller's body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dropped(Vec<String>);

impl Dropped {
    /// How many places are told; the first ones say enough.
    const MOST: usize = 32;
    /// How much of a place is told: a caller may have made up the key.
    const LONGEST: usize = 100;

    /// Notes a place, once.
    pub fn note(&mut self, place: &str) {
        if self.0.len() < Self::MOST && !self.0.iter().any(|noted| noted == place) {
            self.0.push(place.chars().take(Self::LONGEST).collect());
        }
    }

    /// The places.
    #[must_use]
    pub fn places(&self) -> &[String] {
        &self.0
    }
}

/// What is told of an event that is no JSON object.
pub(super) const NOT_JSON: &str = "the provider's stream carried something that is not JSON";

/// More of an answer would have to wait for its turn than [`crate::limits::MAX_HELD`] or
/// [`crate::limits::MAX_TOOL_CALLS`] allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the provider's answer is too entangled to be translated")]
pub struct TooMuchHeld(());

impl TooMuchHeld {
    pub(super) fn new() -> Self {
        Self(())
    }
}

/// Reads a stream of one format.
pub trait StreamReader: std::fmt::Debug {
    /// Takes the data of one event and tells the steps that it stands for. Events that the format does not know
    /// are passed over; what is no JSON object at all breaks the answer off, for nothing can be known of what it
    /// was to say.
    fn read(&mut self, data: &[u8], tell: &mut dyn FnMut(Delta<'_>));
}

/// Writes a stream of one format.
pub trait StreamWriter: std::fmt::Debug {
    /// Writes what a step looks like in this format, which may be nothing yet.
    fn write(&mut self, delta: &Delta<'_>, out: &mut Vec<u8>) -> Result<(), TooMuchHeld>;
}

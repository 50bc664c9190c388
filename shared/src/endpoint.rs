//! What providers are asked beside answers of a model: embeddings, counts of tokens, and what passes through.
//!
//! Such a call is routed, permitted, tried and recorded as every other one. Here is what differs: what is read of its
//! body, who can take it, how it is asked, and what is read of its answer.

pub mod count;
mod form;
mod headers;
mod images;
mod operation;
mod read;

pub use headers::request_headers;
pub use operation::{Naming, Operation, Passed};

use crate::api;
use crate::config::{NO_DEFAULTS, Pool, ProviderKind};
use crate::headers::{Headers, X_BROKER_MODEL};
use crate::limits::MAX_MODEL_NAME;
use crate::request::{self, Request, RequestError};
use crate::wire::{Counter, Dialect, Embedder, Format, Target, Untranslatable};
use json::splice::Edit;

/// What a call asks of whoever serves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// An answer of a model, in one of the formats that are translated.
    Answer,
    /// Embeddings of texts.
    Embeddings,
    /// How many tokens a call would have.
    CountTokens,
    /// What passes through to a provider of the same API.
    Passed(Passed),
}

impl ProviderKind {
    /// Whether a provider of this kind has a further part of a vendor's API, beside conversations.
    fn has(self, passed: Passed) -> bool {
        let dialect = passed.dialect();
        if passed.operation == Operation::StoredResponses {
            return self.keeps_responses();
        }
        match self {
            Self::OpenAi | Self::OpenAiCompatible | Self::SelfHosted(_) => dialect == Dialect::OpenAi,
            // What is harmful is judged there by another service.
            Self::AzureOpenAi => dialect == Dialect::OpenAi && passed.operation != Operation::Moderations,
            Self::Anthropic => dialect == Dialect::Anthropic,
            Self::Bedrock | Self::Gemini | Self::Vertex | Self::Mistral | Self::Cohere => false,
        }
    }
}

/// The logical model that says where objects are kept. An agent may name another one of the same kind, but none that is
/// there for conversations: who may have these answered may not therefore have the account's files, nor its batches, which
/// no budget knows of.
fn keeper(dialect: Dialect, named: Option<&str>) -> Result<&str, RequestError> {
    let usual = match dialect {
        Dialect::OpenAi => "openai-files",
        Dialect::Anthropic => "anthropic-files",
    };
    let Some(named) = named else { return Ok(usual) };
    let is_keeper = match named.strip_prefix(usual) {
        Some(rest) => rest.is_empty() || rest.starts_with('-'),
        None => false,
    };
    is_keeper.then_some(named).ok_or(RequestError::NoKeeper(usual))
}

impl Endpoint {
    /// Whether a call may have no body.
    #[must_use]
    pub fn may_lack_body(self) -> bool {
        self.is_of_object()
    }

    /// Whether it is about an object that one account keeps: a file, a batch, a response. No other account can stand in.
    #[must_use]
    pub fn is_of_object(self) -> bool {
        let is_of = |naming| matches!(naming, Naming::None | Naming::Id);
        matches!(self, Self::Passed(passed) if is_of(passed.operation.naming()))
    }

    /// Whether it is about a response, whose id says which account keeps it.
    #[must_use]
    pub fn is_of_response(self) -> bool {
        matches!(self, Self::Passed(passed) if passed.operation.naming() == Naming::Id)
    }

    /// Reads the facts of a body. What names no model asks for the one that a header names; where objects are kept is said
    /// by logical models of names that are only for that, and of responses by their ids.
    pub fn read(self, format: Format, headers: &Headers, body: &[u8]) -> Result<Request, RequestError> {
        let is_name = |name: &&str| (1..=MAX_MODEL_NAME).contains(&name.len());
        let named = headers.text(X_BROKER_MODEL).filter(is_name);
        match self {
            Self::Answer => format.read_request(body),
            Self::Embeddings => read::embeddings(body),
            Self::CountTokens => read::count(body),
            Self::Passed(passed) => match passed.operation.naming() {
                Naming::Json => read::json(passed.operation, named, body),
                Naming::Form => form::read(passed.operation, headers, named, body),
                Naming::None => keeper(passed.dialect(), named).map(read::of_model),
                Naming::Id => Ok(read::of_response(api::path(headers))),
            },
        }
    }

    /// Whether a member of a pool can be asked, in the caller's API or in a translation; `index` is the member's.
    pub fn check(
        self,
        pool: &Pool,
        index: usize,
        target: &Target<'_>,
        body: &[u8],
    ) -> Result<(), Untranslatable> {
        match self {
            Self::Answer | Self::CountTokens => Ok(()),
            Self::Embeddings => match target.kind.embedder(target.model) {
                Some(embedder) => embedder.check(body, target),
                None => Err(Untranslatable::Unsupported {
                    place: "input".to_owned(),
                }),
            },
            Self::Passed(passed) => {
                // The account that keeps objects is the first that can, whatever its weight: it must stay the same.
                let mut members = pool.members.iter();
                let keeper = members.position(|member| member.provider.kind.has(passed));
                let is_any = !self.is_of_object() || self.is_of_response();
                if target.kind.has(passed) && (is_any || keeper == Some(index)) {
                    Ok(())
                } else {
                    Err(Untranslatable::Unsupported {
                        place: passed.as_str().to_owned(),
                    })
                }
            }
        }
    }

    /// The edits that make of the agent's body the one for a provider of the same API.
    #[must_use]
    pub fn edits(
        self,
        format: Format,
        headers: &Headers,
        request: &Request,
        body: &[u8],
        target: &Target<'_>,
    ) -> Vec<Edit> {
        let model = target.model;
        let edit = match self {
            Self::Answer => return format.edits(request, target),
            Self::Passed(passed) => match passed.operation.naming() {
                // Defaults are those of conversations; usage is asked for here too.
                Naming::Json if passed.operation == Operation::Completions => {
                    let defaults = &NO_DEFAULTS;
                    return format.edits(request, &Target { defaults, ..*target });
                }
                Naming::Json if request.model_span.end == 0 => {
                    request::insert_member(request, "model", &model)
                }
                Naming::Json => request::replace_model(request, model),
                Naming::Form => form::name_model(headers, request, body, model),
                Naming::None | Naming::Id => None,
            },
            Self::Embeddings | Self::CountTokens => request::replace_model(request, model),
        };
        edit.into_iter().collect()
    }

    /// How embeddings are asked of a provider, where not in OpenAI's own format.
    #[must_use]
    pub fn translation(self, kind: ProviderKind, model: &str) -> Option<Embedder> {
        let embedder = (self == Self::Embeddings).then(|| kind.embedder(model))??;
        (embedder != Embedder::OpenAi).then_some(embedder)
    }

    /// How a count is asked of a provider, where not in Anthropic's own format.
    #[must_use]
    pub fn counter(self, kind: ProviderKind, model: &str) -> Option<Counter> {
        let counter = (self == Self::CountTokens).then(|| kind.counter(model))??;
        (!counter.is_asked_as_it_is()).then_some(counter)
    }
}

//! Embeddings and counts of tokens where a provider has them at paths and in words of its own. Each is as strict as the
//! real one.

use bytes::Bytes;
use hyper::http::request::Parts;
use serde_json::Value;

use super::{Answered, Refused, bad, document, respond, vectors};
use crate::bedrock::decoded;
use crate::plan::{Call, Outcome};
use crate::request::Dialect;
use crate::strict::Fault;
use crate::vendor::Vendor;

mod counts;
mod embeddings;

/// A call to one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Own {
    vendor: Vendor,
    asks: Asks,
    /// The model, where the path names it.
    model: String,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asks {
    Embeddings,
    Count,
    /// A count for Claude at Vertex AI.
    CountOfClaude,
}

impl Own {
    /// The endpoint of a call to an account of this vendor, if it is one.
    pub(crate) fn of(vendor: Vendor, parts: &Parts) -> Option<Self> {
        let path = parts.uri.path();
        let query = parts.uri.query();
        let is_plain = parts.method == "POST" && query.is_none();
        let found = |asks, model: &str| {
            Some(Self {
                vendor,
                asks,
                model: model.to_owned(),
            })
        };
        match vendor {
            Vendor::OpenAi if is_plain && path == "/v1/responses/input_tokens" => found(Asks::Count, ""),
            Vendor::Mistral if is_plain && path == "/v1/embeddings" => found(Asks::Embeddings, ""),
            Vendor::Cohere if is_plain && path == "/v2/embed" => found(Asks::Embeddings, ""),
            Vendor::Gemini if is_plain => {
                let (model, verb) = path.strip_prefix("/v1beta/models/")?.rsplit_once(':')?;
                match verb {
                    "batchEmbedContents" => found(Asks::Embeddings, model),
                    "countTokens" => found(Asks::Count, model),
                    _ => None,
                }
            }
            Vendor::Vertex if is_plain => {
                let path = path.strip_prefix("/v1/projects/")?;
                let (before, model) = path.split_once("/publishers/")?;
                let is_place = matches!(
                    before.split('/').collect::<Vec<_>>().as_slice(),
                    [project, "locations", location] if !project.is_empty() && !location.is_empty()
                );
                let (model, verb) = model.rsplit_once(':').filter(|_| is_place)?;
                match (model.strip_prefix("google/models/"), verb) {
                    (Some(model), "predict") => found(Asks::Embeddings, model),
                    (Some(model), "countTokens") => found(Asks::Count, model),
                    (None, "rawPredict") if model == "anthropic/models/count-tokens" => {
                        found(Asks::CountOfClaude, "")
                    }
                    _ => None,
                }
            }
            Vendor::Bedrock if is_plain => {
                let (id, verb) = path.strip_prefix("/model/")?.split_once('/')?;
                // A colon must be encoded: what is signed would not be what is sent.
                let model = decoded(id).filter(|_| !id.contains(':'))?;
                match verb {
                    "invoke" if model.contains("embed") => found(Asks::Embeddings, &model),
                    "count-tokens" => found(Asks::Count, &model),
                    _ => None,
                }
            }
            Vendor::Azure if parts.method == "POST" => {
                let version = query.and_then(|query| query.strip_prefix("api-version="));
                match path.split('/').skip(1).collect::<Vec<_>>().as_slice() {
                    ["openai", "v1", "embeddings"] if query.is_none() => found(Asks::Embeddings, ""),
                    ["openai", "deployments", deployment, "embeddings"]
                        if version.is_some_and(|version| version.starts_with("20")) =>
                    {
                        found(Asks::Embeddings, deployment)
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// In whose words errors are told.
    pub(crate) fn dialect(&self) -> Dialect {
        match (self.vendor, self.asks) {
            (Vendor::Cohere, _) => Dialect::Cohere,
            (Vendor::Vertex, Asks::CountOfClaude) => Dialect::Anthropic,
            (Vendor::Gemini | Vendor::Vertex, _) => Dialect::Gemini,
            _ => Dialect::OpenAi,
        }
    }

    /// The answer of an account.
    pub(crate) fn answer(&self, call: &Call<'_>, parts: &Parts, body: &Bytes) -> Outcome {
        respond(call, self.served(parts, body))
    }

    fn served(&self, parts: &Parts, body: &Bytes) -> Answered {
        self.has_key(parts)?;
        let asked = document(body)?;
        match self.asks {
            Asks::Embeddings if self.vendor == Vendor::Azure => vectors::answer(&asked, true),
            Asks::Embeddings => embeddings::answer(self.vendor, &self.model, &asked),
            Asks::Count | Asks::CountOfClaude => {
                counts::answer(self.vendor, self.asks, &self.model, parts, &asked)
            }
        }
    }

    /// Whether the key comes as this vendor takes it. Bedrock's is checked before.
    fn has_key(&self, parts: &Parts) -> Result<(), Refused> {
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let has_token = header("authorization").is_some_and(|value| value.starts_with("Bearer "));
        let has_key = match self.vendor {
            Vendor::Gemini => header("x-goog-api-key").is_some() && header("authorization").is_none(),
            Vendor::Azure => header("api-key").is_some() != has_token,
            Vendor::Bedrock => true,
            _ => has_token,
        };
        if has_key {
            return Ok(());
        }
        Err(Refused(
            401,
            "the key is missing or in the wrong header".to_owned(),
        ))
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self(fault.status, fault.message)
    }
}

/// Refuses members that the provider does not know.
fn only(document: &Value, place: &str, known: &[&str]) -> Result<(), Refused> {
    let members = document
        .as_object()
        .ok_or_else(|| bad(format!("{place} must be an object")))?;
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(bad(format!("Unknown name \"{name}\" at '{place}'"))),
    }
}

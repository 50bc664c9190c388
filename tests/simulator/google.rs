//! Google's way to serve models: Gemini by `generateContent`, and at Vertex AI Claude by `rawPredict`. The model and
//! whether the answer is a stream stand in the path.

pub(crate) mod answer;
pub(crate) mod conversation;
mod strict;

use hyper::HeaderMap;
use hyper::header::HeaderValue;
use serde_json::Value;

pub(crate) use strict::{Family, check};

use crate::strict::{Checked, Fault};

/// What a path of Google's asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// What stands before `/models/`.
    pub(crate) before: String,
    pub(crate) model: String,
    pub(crate) verb: Verb,
    pub(crate) query: String,
}

/// What is to be done with the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Generate { stream: bool },
    RawPredict { stream: bool },
}

impl Path {
    /// Reads a path, with its query.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let (before, rest) = path.split_once("/models/")?;
        let (model, verb) = rest.rsplit_once(':')?;
        let verb = match verb {
            "generateContent" => Verb::Generate { stream: false },
            "streamGenerateContent" => Verb::Generate { stream: true },
            "rawPredict" => Verb::RawPredict { stream: false },
            "streamRawPredict" => Verb::RawPredict { stream: true },
            _ => return None,
        };
        Some(Self {
            before: before.to_owned(),
            model: model.to_owned(),
            verb,
            query: query.to_owned(),
        })
    }

    pub(crate) fn is_stream(&self) -> bool {
        let (Verb::Generate { stream } | Verb::RawPredict { stream }) = self.verb;
        stream
    }
}

/// Makes of a call of Claude at Vertex AI one of Anthropic's own API, for its rules to be applied.
///
/// # Errors
/// Says what Vertex AI says to one that is none.
pub(crate) fn unwrapped(path: &Path, headers: &HeaderMap, body: &Value) -> Result<(HeaderMap, Value), Fault> {
    vertex_path(path, "anthropic")?;
    bearer(headers)?;
    if headers.contains_key("anthropic-version") {
        return Err(Fault::new("anthropic-version: the version belongs into the body"));
    }
    let mut body = body.clone();
    let fields = body
        .as_object_mut()
        .ok_or_else(|| Fault::new("Input should be a valid dictionary"))?;
    if fields.contains_key("model") {
        return Err(Fault::new("model: Extra inputs are not permitted"));
    }
    match fields.remove("anthropic_version") {
        Some(version) if version == "vertex-2023-10-16" => {}
        _ => return Err(Fault::new("anthropic_version: Field required")),
    }
    let says_stream = fields.get("stream").and_then(Value::as_bool).unwrap_or_default();
    if says_stream != path.is_stream() {
        return Err(Fault::new("stream: does not agree with the path"));
    }
    fields.insert("model".to_owned(), path.model.clone().into());
    let mut headers = headers.clone();
    headers.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
    Ok((headers, body))
}

/// The path of a publisher's model in a project.
fn vertex_path(path: &Path, publisher: &str) -> Checked {
    let parts: Vec<&str> = path.before.split('/').collect();
    match parts.as_slice() {
        [
            "",
            "v1",
            "projects",
            project,
            "locations",
            location,
            "publishers",
            own,
        ] if !project.is_empty() && !location.is_empty() && *own == publisher => Ok(()),
        _ => Err(Fault {
            status: 404,
            ..Fault::new(format!("no such path: {}", path.before))
        }),
    }
}

fn bearer(headers: &HeaderMap) -> Checked {
    let given = headers.get("authorization").and_then(|value| value.to_str().ok());
    let has_token = given.is_some_and(|given| given.starts_with("Bearer ") && given.len() > 7);
    if has_token {
        return Ok(());
    }
    Err(Fault {
        status: 401,
        ..Fault::new("Request had invalid authentication credentials. Expected OAuth 2 access token.")
    })
}

#[test]
fn a_path_is_read() {
    let path = Path::of("/v1beta/models/gemini-3:streamGenerateContent?alt=sse").unwrap();
    assert_eq!(
        (path.before.as_str(), path.model.as_str()),
        ("/v1beta", "gemini-3")
    );
    assert!(path.is_stream() && path.query == "alt=sse");
    assert_eq!(Path::of("/v1/models/x"), None);
}

//! What the broker reads of a request for a response, and what it changes for a provider of the same format.

pub mod read;
pub mod repeats;

mod foreign;

use super::super::openai_chat::models;
use crate::config::NO_DEFAULTS;
use crate::provider::Capability;
use crate::request::{self, Given, Request, RequestError, StreamUsage};
use crate::stored::{Keeping, Named};
use crate::wire::ir::ChatRequest;
use crate::wire::{Target, Untranslatable};
use json::Node;
use json::scan::{self, Kind, Value};
use json::splice::Edit;

/// The JSON schema that the answer is to fit.
#[must_use]
pub fn wanted_schema(body: &[u8]) -> Option<&[u8]> {
    let text = Node::unread_object(body).field("text")?;
    Some(text.field("format")?.field("schema")?.raw())
}

/// Reads the facts of a body.
pub fn read_facts(body: &[u8]) -> Result<Request, RequestError> {
    let top = request::read_top_of_responses(
        body,
        [
            "model",
            "stream",
            "temperature",
            "top_p",
            "max_output_tokens",
            "text",
            "background",
            "store",
            "previous_response_id",
        ],
    )?;
    let [
        temperature,
        top_p,
        max_output_tokens,
        text,
        background,
        store,
        previous,
    ] = top.own;
    if background.is_some_and(|value| !matches!(value.kind, Kind::False | Kind::Null)) {
        return Err(RequestError::Background);
    }
    let needs = if wants_json(body, text) {
        top.needs.with(Capability::Json)
    } else {
        top.needs
    };
    Ok(Request {
        model: top.model,
        model_span: top.model_span,
        stream: top.stream,
        // It ends every stream.
        stream_usage: StreamUsage::Wanted,
        given: Given {
            temperature: request::is_given(temperature),
            top_p: request::is_given(top_p),
            max_tokens: request::is_given(max_output_tokens),
            // The format has none.
            stop: true,
            only_max_completion_tokens: false,
        },
        needs,
        metadata: top.metadata,
        content: top.content,
        max_output: request::tokens(body, max_output_tokens),
        answers: 1,
        beginning: top.beginning,
        members_at: request::members_at(body),
        left_out: foreign::edits(body),
        keeping: Keeping {
            named: previous.and_then(|previous| named(body, previous)),
            is_wanted: store.is_none_or(|value| value.kind != Kind::False),
        },
    })
}

/// The response that the call goes on with. What is no text names none, as the provider will say.
fn named(body: &[u8], previous: Value) -> Option<Named> {
    let quoted = previous.span.of(body);
    let id = || match scan::string(quoted) {
        Some(id) => id.into_owned(),
        None => String::from_utf8_lossy(quoted).into_owned(),
    };
    (previous.kind == Kind::String).then(|| Named {
        id: id(),
        span: previous.span,
    })
}

/// Whether the answer must have a shape: a `text.format` other than text.
fn wants_json(body: &[u8], text: Option<Value>) -> bool {
    let [format] = request::object_members(body, text, ["format"]);
    let [kind] = request::object_members(body, format, ["type"]);
    let kind = kind.and_then(|kind| scan::string(kind.span.of(body)));
    kind.is_some_and(|kind| kind != "text")
}

/// The edits that make of the agent's body the one for a provider.
#[must_use]
pub fn edits(request: &Request, target: &Target<'_>) -> Vec<Edit> {
    let defaults = target.defaults;
    let mut edits: Vec<Edit> = request::replace_model(request, target.model)
        .into_iter()
        .collect();
    edits.extend(request.keeping.named.iter().filter_map(Named::edit));
    edits.extend(request.left_out.iter().map(|left_out| left_out.edit.clone()));
    if *defaults == NO_DEFAULTS {
        return edits;
    }
    let mut default = |is_given: bool, key: &str, value: Option<serde_json::Value>| {
        if let (false, Some(value)) = (is_given, value) {
            edits.extend(request::insert_member(request, key, &value));
        }
    };
    // A default that the model refuses would turn every call into an error: then there is none.
    let model = models::Model::of(target.kind, target.model);
    default(
        request.given.temperature || !model.samples,
        "temperature",
        defaults.temperature.map(Into::into),
    );
    default(
        request.given.top_p || !model.samples,
        "top_p",
        defaults.top_p.map(Into::into),
    );
    default(
        request.given.max_tokens,
        "max_output_tokens",
        defaults.max_tokens.map(Into::into),
    );
    edits
}

/// Calls of other formats are not asked in this one: whoever takes it takes chat completions, too.
pub fn no_other(_request: &ChatRequest<'_>, _target: &Target<'_>) -> Result<(), Untranslatable> {
    Err(Untranslatable::Unsupported {
        place: "model".to_owned(),
    })
}

#[cfg(test)]
mod tests;

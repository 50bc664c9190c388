//! Requests from one format into the other.

mod golden;
mod limits;
mod of_responses;
mod refusals;
mod to_anthropic;
mod to_openai;

#[cfg(not(target_family = "wasm"))]
mod properties;
#[cfg(not(target_family = "wasm"))]
mod support;
#[cfg(not(target_family = "wasm"))]
mod timing;

use serde_json::Value;

use crate::config::{Defaults, NO_DEFAULTS, ProviderKind};
use crate::wire::Format;
use crate::wire::codec::{Dropped, Target, Untranslatable};
use crate::wire::ir::ChatRequest;

fn read(format: Format, body: &[u8]) -> Result<ChatRequest<'_>, Untranslatable> {
    format.read_chat(body)
}

fn check(request: &ChatRequest<'_>, target: &Target<'_>) -> Result<(), Untranslatable> {
    target.format(other(target)).check_chat(request, target)
}

fn write(request: &ChatRequest<'_>, target: &Target<'_>, dropped: &mut Dropped) -> Vec<u8> {
    target.format(other(target)).write_chat(request, target, dropped)
}

fn target(model: &str) -> Target<'_> {
    with_defaults(model, &NO_DEFAULTS)
}

fn with_defaults<'a>(model: &'a str, defaults: &'a Defaults) -> Target<'a> {
    let kind = match model {
        model if model.contains("claude") => ProviderKind::Anthropic,
        model if model.starts_with("mistral") => ProviderKind::Mistral,
        model if model.starts_with("command") => ProviderKind::Cohere,
        model if model.starts_with("gpt-") || model.starts_with('o') => ProviderKind::OpenAi,
        _ => ProviderKind::OpenAiCompatible,
    };
    Target {
        kind,
        model,
        defaults,
    }
}

/// The format that calls for a target come from.
fn other(target: &Target<'_>) -> Format {
    match target.kind {
        ProviderKind::Anthropic => Format::OpenAiChat,
        _ => Format::AnthropicMessages,
    }
}

/// The format of a target.
fn own(target: &Target<'_>) -> Format {
    match other(target) {
        Format::OpenAiChat | Format::OpenAiResponses => Format::AnthropicMessages,
        Format::AnthropicMessages => Format::OpenAiChat,
    }
}

/// What becomes of a body on its way to a target, and what is left out.
fn translated(body: &str, target: &Target<'_>) -> (Vec<u8>, Dropped) {
    translated_from(other(target), body, target)
}

/// The same of a body of this format.
fn translated_from(from: Format, body: &str, target: &Target<'_>) -> (Vec<u8>, Dropped) {
    let request = read(from, body.as_bytes()).unwrap();
    let format = target.format(from);
    format.check_chat(&request, target).unwrap();
    let mut dropped = Dropped::default();
    (format.write_chat(&request, target, &mut dropped), dropped)
}

/// The same as a tree, without what the test leaves to others.
fn sent(body: &Value, model: &str) -> (Value, Vec<String>) {
    sent_to(body, &target(model))
}

fn sent_to(body: &Value, target: &Target<'_>) -> (Value, Vec<String>) {
    let (body, dropped) = translated(&body.to_string(), target);
    (serde_json::from_slice(&body).unwrap(), dropped.places().to_vec())
}

/// Why a body cannot go to a target.
fn refused(body: &Value, model: &str) -> Untranslatable {
    let target = target(model);
    let body = body.to_string();
    match read(other(&target), body.as_bytes()) {
        Err(reason) => reason,
        Ok(request) => check(&request, &target).unwrap_err(),
    }
}

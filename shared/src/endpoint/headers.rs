//! The head of an attempt's request.

use std::borrow::Cow;

use super::{Endpoint, Naming, Operation, Passed};
use crate::api;
use crate::config::ProviderKind;
use crate::headers::Headers;
use crate::provider::{self, Destination, azure};
use crate::stored;
use crate::wire::Format;

/// The longest query of a path that goes on to a provider: real ones have a limit and an id in it.
const MAX_QUERY: usize = 2_048;

/// All headers of an attempt's request for what is no answer of a model. The credential is Envoy's to add. `client`:
/// the headers of the agent.
#[must_use]
pub fn request_headers<'a>(
    endpoint: Endpoint,
    to: &Destination<'a>,
    format: Format,
    client: &'a Headers,
    is_stream: bool,
    body_length: usize,
) -> Vec<(&'static str, Cow<'a, [u8]>)> {
    let mut headers = provider::request_headers(to, format, client, is_stream, body_length);
    let passed = match endpoint {
        Endpoint::Passed(passed) => Some(passed),
        Endpoint::Answer | Endpoint::Embeddings | Endpoint::CountTokens => None,
    };
    let mut whole_path = whole_path(endpoint, to, client);
    for (name, value) in &mut headers {
        match *name {
            ":path" => *value = Cow::Owned(std::mem::take(&mut whole_path).into_bytes()),
            ":method" => {
                if let Some(passed) = passed {
                    *value = Cow::Borrowed(passed.method.as_bytes());
                }
            }
            "content-type" => {
                if passed.is_some_and(keeps_type)
                    && let Some(given) = client.first("content-type")
                {
                    *value = Cow::Borrowed(given);
                }
            }
            // Sound and files come in types of their own.
            "accept" if passed.is_some_and(|passed| passed.operation != Operation::Completions) => {
                *value = Cow::Borrowed(client.first("accept").unwrap_or(b"*/*"));
            }
            _ => {}
        }
    }
    // What has no body is no JSON either.
    if body_length == 0 {
        let has_body = passed.is_none_or(|passed| passed.method == "POST");
        headers.retain(|(name, _)| match *name {
            "content-type" => false,
            "content-length" => has_body,
            _ => true,
        });
    }
    headers
}

/// The path at which the provider is asked.
fn whole_path(endpoint: Endpoint, to: &Destination<'_>, client: &Headers) -> String {
    let base = to.address.base_path.as_str();
    if let Some(counter) = endpoint.counter(to.kind, to.model) {
        return [base, &counter.path(to.model)].concat();
    }
    match (endpoint.translation(to.kind, to.model), to.kind) {
        (Some(embedder), ProviderKind::Cohere) => {
            // What SDKs have as the end of their base URL.
            let base = base.strip_suffix("/v2").unwrap_or(base);
            [base, &embedder.path(to.model)].concat()
        }
        (Some(embedder), _) => [base, &embedder.path(to.model)].concat(),
        (None, ProviderKind::AzureOpenAi) if endpoint.is_of_object() => {
            azure::of_resource(to, &without_version(&path(endpoint, client)))
        }
        (None, ProviderKind::AzureOpenAi) => azure::of_deployment(to, &path(endpoint, client)),
        (None, _) => [base, "/v1", &path(endpoint, client)].concat(),
    }
}

/// The path without what the agent says of `api-version`: the configuration says it, and of two Azure would take one.
fn without_version(path: &str) -> String {
    let Some((path, query)) = path.split_once('?') else {
        return path.to_owned();
    };
    // Names may be percent-encoded, and Azure does not look at their case.
    let is_kept = |member: &&str| {
        let name = member.split('=').next().unwrap_or_default();
        !name.contains('%') && !name.eq_ignore_ascii_case("api-version")
    };
    let kept: Vec<&str> = query.split('&').filter(is_kept).collect();
    if kept.is_empty() {
        path.to_owned()
    } else {
        [path, "?", &kept.join("&")].concat()
    }
}

/// Whether the agent's content type goes on: that of a form holds what parts it.
fn keeps_type(passed: Passed) -> bool {
    passed.operation.naming() != Naming::Json
}

/// The path after `/v1`: the agent's, with what follows the question mark where an object is asked for.
fn path(endpoint: Endpoint, client: &Headers) -> String {
    let path = if endpoint.is_of_response() {
        stored::providers_path(api::path(client))
    } else {
        api::path(client).to_owned()
    };
    if !endpoint.is_of_object() {
        return path;
    }
    let whole = client.text(":path").unwrap_or_default();
    let is_visible =
        |query: &&str| query.len() <= MAX_QUERY && query.bytes().all(|byte| byte.is_ascii_graphic());
    match whole.split_once('?').map(|(_, query)| query).filter(is_visible) {
        Some(query) => [&path, "?", query].concat(),
        None => path,
    }
}

#[cfg(test)]
mod tests;

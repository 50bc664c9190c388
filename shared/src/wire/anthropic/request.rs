//! What the broker reads of a messages request, and what it changes for a provider of the same format.

pub mod read;
pub mod write;

use serde_json::json;

use crate::config::Defaults;
use crate::json::splice::Edit;
use crate::request::{self, Given, Request, RequestError, StreamUsage};

/// Reads the facts of a body.
pub fn read(body: &[u8]) -> Result<Request, RequestError> {
    let top = request::read_top(
        body,
        [
            "model",
            "stream",
            "temperature",
            "top_p",
            "max_tokens",
            "stop_sequences",
        ],
    )?;
    let [temperature, top_p, max_tokens, stop] = top.own.map(request::is_given);
    Ok(Request {
        model: top.model,
        model_span: top.model_span,
        stream: top.stream,
        stream_usage: StreamUsage::Wanted,
        given: Given {
            temperature,
            top_p,
            max_tokens,
            stop,
        },
        estimated_input: request::estimate(body),
        members_at: request::members_at(body),
    })
}

/// The edits that make of the agent's body the one for a provider.
#[must_use]
pub fn edits(request: &Request, model: &str, defaults: &Defaults) -> Vec<Edit> {
    let mut edits: Vec<Edit> = request::replace_model(request, model).into_iter().collect();
    let mut default = |is_given: bool, key: &str, value: Option<serde_json::Value>| {
        if let (false, Some(value)) = (is_given, value) {
            edits.extend(request::insert_member(request, key, &value));
        }
    };
    // Anthropic's temperature ends at 1.
    default(
        request.given.temperature,
        "temperature",
        defaults.temperature.map(|t| json!(t.min(1.0))),
    );
    default(request.given.top_p, "top_p", defaults.top_p.map(Into::into));
    default(
        request.given.max_tokens,
        "max_tokens",
        defaults.max_tokens.map(Into::into),
    );
    default(
        request.given.stop,
        "stop_sequences",
        (!defaults.stop.is_empty()).then(|| json!(defaults.stop)),
    );
    edits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::splice::splice;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn only_the_model_changes_and_defaults_fill_gaps() {
        let body = br#"{ "max_tokens":64,"messages":[],"stream":true,"model":"claude" }"#;
        let request = read(body).unwrap();
        assert!(request.stream);
        assert_eq!(
            splice(body, &mut edits(&request, "claude-x", &Defaults::default())).concat(),
            br#"{ "max_tokens":64,"messages":[],"stream":true,"model":"claude-x" }"#
        );
        let defaults = Defaults {
            temperature: Some(1.5),
            max_tokens: Some(9),
            ..Defaults::default()
        };
        assert_eq!(
            splice(body, &mut edits(&request, "claude", &defaults)).concat(),
            br#"{"temperature":1.0, "max_tokens":64,"messages":[],"stream":true,"model":"claude" }"#
        );
    }
}

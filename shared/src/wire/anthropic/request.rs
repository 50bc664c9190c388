//! What the broker reads of a messages request, and what it changes for a provider of the same format.

pub mod read;
pub mod write;

mod unsealed;

use serde_json::json;

use super::models;
use crate::config::NO_DEFAULTS;
use crate::request::{self, Given, Request, RequestError, StreamUsage};
use crate::stored::Keeping;
use crate::wire::Target;
use json::Node;
use json::splice::Edit;

/// The JSON schema that the answer is to fit.
#[must_use]
pub fn wanted_schema(body: &[u8]) -> Option<&[u8]> {
    let config = Node::unread_object(body).field("output_config")?;
    Some(config.field("format")?.field("schema")?.raw())
}

/// Reads the facts of a body.
pub fn read_facts(body: &[u8]) -> Result<Request, RequestError> {
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
    let [_, _, max_output, _] = top.own;
    let max_output = request::tokens(body, max_output);
    let [temperature, top_p, max_tokens, stop] = top.own.map(request::is_given);
    Ok(Request {
        model: top.model,
        model_span: top.model_span,
        stream: top.stream,
        stream_usage: StreamUsage::Wanted,
        given: Given {
            only_max_completion_tokens: false,
            temperature,
            top_p,
            max_tokens,
            stop,
        },
        needs: top.needs,
        metadata: top.metadata,
        content: top.content,
        max_output,
        answers: 1,
        beginning: top.beginning,
        members_at: request::members_at(body),
        left_out: if top.words.signature {
            unsealed::edits(body)
        } else {
            Vec::new()
        },
        keeping: Keeping::default(),
    })
}

/// The edits that make of the agent's body the one for a provider.
#[must_use]
pub fn edits(request: &Request, target: &Target<'_>) -> Vec<Edit> {
    let defaults = target.defaults;
    let mut edits: Vec<Edit> = request::replace_model(request, target.model)
        .into_iter()
        .collect();
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
    let model = models::Model::of(target.model);
    let takes_top_p = model.samples
        && (model.samples_both || !(request.given.temperature || defaults.temperature.is_some()));
    // Anthropic's temperature ends at 1.
    default(
        request.given.temperature || !model.samples || (request.given.top_p && !model.samples_both),
        "temperature",
        defaults.temperature.map(|t| json!(t.min(1.0))),
    );
    default(
        request.given.top_p || !takes_top_p,
        "top_p",
        defaults.top_p.map(Into::into),
    );
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
    use crate::config::{Defaults, ProviderKind};
    use json::splice::splice;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn only_the_model_changes_and_defaults_fill_gaps() {
        let body = br#"{ "max_tokens":64,"messages":[],"stream":true,"model":"claude" }"#;
        let request = read_facts(body).unwrap();
        let edits = |model, defaults: &Defaults| {
            let kind = ProviderKind::Anthropic;
            edits(
                &request,
                &Target {
                    kind,
                    model,
                    defaults,
                },
            )
        };
        assert!(request.stream);
        assert_eq!(
            splice(body, &mut edits("claude-x", &Defaults::default())).concat(),
            br#"{ "max_tokens":64,"messages":[],"stream":true,"model":"claude-x" }"#
        );
        let defaults = Defaults {
            temperature: Some(1.5),
            max_tokens: Some(9),
            ..Defaults::default()
        };
        assert_eq!(
            splice(body, &mut edits("claude", &defaults)).concat(),
            br#"{"temperature":1.0, "max_tokens":64,"messages":[],"stream":true,"model":"claude" }"#
        );
        let both = Defaults {
            temperature: Some(0.2),
            top_p: Some(0.9),
            ..Defaults::default()
        };
        assert_eq!(
            splice(body, &mut edits("claude-sonnet-4-6", &both)).concat(),
            br#"{"temperature":0.2, "max_tokens":64,"messages":[],"stream":true,"model":"claude-sonnet-4-6" }"#,
            "newer models take one of the two"
        );
        assert_eq!(
            splice(body, &mut edits("claude-opus-4-8", &both)).concat(),
            br#"{ "max_tokens":64,"messages":[],"stream":true,"model":"claude-opus-4-8" }"#,
            "and the newest neither"
        );
    }
}

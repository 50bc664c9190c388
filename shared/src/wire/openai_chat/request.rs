//! What the broker reads of a chat completions request, and what it changes for a provider of the same format.

pub mod read;
pub mod write;

use serde_json::json;

use super::max_tokens_key;
use super::models;
use crate::config::{NO_DEFAULTS, ProviderKind, Server};
use crate::request::{self, Given, Request, RequestError, StreamUsage};
use crate::stored::Keeping;
use crate::wire::Target;
use json::Node;
use json::scan::{self, Kind, Value};
use json::splice::Edit;

/// The JSON schema that the answer is to fit.
#[must_use]
pub fn wanted_schema(body: &[u8]) -> Option<&[u8]> {
    let format = Node::unread_object(body).field("response_format")?;
    Some(format.field("json_schema")?.field("schema")?.raw())
}

/// Reads the facts of a body.
pub fn read_facts(body: &[u8]) -> Result<Request, RequestError> {
    let top = request::read_top(
        body,
        [
            "model",
            "stream",
            "stream_options",
            "temperature",
            "top_p",
            "max_completion_tokens",
            "max_tokens",
            "stop",
            "n",
            "best_of",
        ],
    )?;
    let [
        options,
        temperature,
        top_p,
        max_completion_tokens,
        max_tokens,
        stop,
        n,
        best_of,
    ] = top.own;
    Ok(Request {
        model: top.model,
        model_span: top.model_span,
        stream: top.stream,
        stream_usage: options.map_or(Ok(StreamUsage::NoOptions), |options| stream_usage(body, options))?,
        given: Given {
            temperature: request::is_given(temperature),
            top_p: request::is_given(top_p),
            max_tokens: request::is_given(max_completion_tokens) || request::is_given(max_tokens),
            only_max_completion_tokens: !request::is_given(max_tokens),
            stop: request::is_given(stop),
        },
        needs: top.needs,
        metadata: top.metadata,
        content: top.content,
        max_output: request::tokens(body, max_completion_tokens.or(max_tokens)),
        answers: request::answers(body, [n, best_of]),
        beginning: top.beginning,
        members_at: request::members_at(body),
        left_out: Vec::new(),
        keeping: Keeping::default(),
    })
}

fn stream_usage(body: &[u8], options: Value) -> Result<StreamUsage, RequestError> {
    let not_asked = |is_empty, include_usage| StreamUsage::NotAsked {
        options,
        is_empty,
        include_usage,
    };
    if options.kind != Kind::Object {
        return Ok(not_asked(false, None));
    }
    let mut is_empty = true;
    let mut include_usage: Option<Value> = None;
    let mut is_repeated = false;
    scan::object(options.span.of(body), |key, value| {
        is_empty = false;
        if key.as_ref() == b"include_usage" {
            is_repeated |= include_usage.replace(value).is_some();
        }
    })?;
    if is_repeated {
        return Err(RequestError::Repeated("include_usage"));
    }
    Ok(match include_usage {
        Some(value) if value.kind == Kind::True => StreamUsage::Wanted,
        include_usage => not_asked(
            is_empty,
            include_usage.map(|value| value.span.shifted(options.span.start)),
        ),
    })
}

/// The edits that make of the agent's body the one for a provider.
pub fn edits(request: &Request, target: &Target<'_>) -> Vec<Edit> {
    let defaults = target.defaults;
    let mut edits: Vec<Edit> = request::replace_model(request, target.model)
        .into_iter()
        .collect();
    if request.stream {
        edits.extend(ask_for_usage(request));
    }
    edits.extend(older_bound(request, target.kind));
    if *defaults == NO_DEFAULTS {
        return edits;
    }
    let mut default = |is_given: bool, key: &str, value: Option<serde_json::Value>| {
        if let (false, Some(value)) = (is_given, value) {
            edits.extend(request::insert_member(request, key, &value));
        }
    };
    let max_tokens = max_tokens_key(target.kind);
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
        max_tokens,
        defaults.max_tokens.map(Into::into),
    );
    default(
        request.given.stop || !model.stops,
        "stop",
        (!defaults.stop.is_empty()).then(|| json!(defaults.stop)),
    );
    edits
}

/// Servers that pass over the newer name of the bound on tokens get it under the older one besides.
fn older_bound(request: &Request, kind: ProviderKind) -> Option<Edit> {
    let needs_it = matches!(kind, ProviderKind::SelfHosted(Server::Ollama | Server::LlamaCpp));
    let tokens = request
        .max_output
        .filter(|_| needs_it && request.given.only_max_completion_tokens)?;
    request::insert_member(request, "max_tokens", &json!(tokens.0))
}

/// The broker accounts for every stream, so it asks for usage where the agent did not.
fn ask_for_usage(request: &Request) -> Option<Edit> {
    match request.stream_usage {
        StreamUsage::NoOptions => {
            request::insert_member(request, "stream_options", &json!({"include_usage": true}))
        }
        StreamUsage::NotAsked {
            include_usage: Some(span),
            ..
        } => Some(Edit::replace(span, *b"true")),
        StreamUsage::NotAsked {
            options, is_empty, ..
        } if options.kind == Kind::Object => {
            let comma = if is_empty { "" } else { "," };
            Some(Edit::insert(
                options.span.start + 1,
                format!("\"include_usage\":true{comma}"),
            ))
        }
        // Null, as absent.
        StreamUsage::NotAsked { options, .. } if options.kind == Kind::Null => {
            Some(Edit::replace(options.span, *b"{\"include_usage\":true}"))
        }
        // Anything else that is no object is the provider's to refuse.
        StreamUsage::Wanted | StreamUsage::NotAsked { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Defaults;
    use json::ScanError;
    use json::splice::splice;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn edited(body: &str, defaults: &Defaults) -> String {
        edited_for("gpt-4.1", body, defaults)
    }

    fn edited_for(model: &str, body: &str, defaults: &Defaults) -> String {
        let request = read_facts(body.as_bytes()).unwrap();
        let target = Target {
            kind: ProviderKind::OpenAi,
            model,
            defaults,
        };
        let mut edits = edits(&request, &target);
        String::from_utf8(splice(body.as_bytes(), &mut edits).concat()).unwrap()
    }

    #[test]
    fn only_the_model_changes_and_every_other_byte_stays() {
        let body = "{ \"messages\" : [ {\"content\":\"\\u00e9 \\\"model\\\": é\"} ],\n\t\"model\"  :  \"primary\" , \"seed\":12345678901234567890, \"x\":1.0e5}";
        assert_eq!(
            edited(body, &Defaults::default()),
            body.replace("\"primary\"", "\"gpt-4.1\"")
        );
    }

    #[test]
    fn usage_is_asked_for_in_streams_only_and_never_twice() {
        let none = Defaults::default();
        for (body, expected) in [
            (r#"{"model":"m"}"#, r#"{"model":"gpt-4.1"}"#),
            (
                r#"{"model":"m","stream":false}"#,
                r#"{"model":"gpt-4.1","stream":false}"#,
            ),
            (
                r#"{"model":"m","stream":true}"#,
                r#"{"stream_options":{"include_usage":true},"model":"gpt-4.1","stream":true}"#,
            ),
            (
                r#"{"model":"m","stream":true,"stream_options":{"include_usage": true}}"#,
                r#"{"model":"gpt-4.1","stream":true,"stream_options":{"include_usage": true}}"#,
            ),
            (
                r#"{"model":"m","stream":true,"stream_options":{"include_usage":false,"x":1}}"#,
                r#"{"model":"gpt-4.1","stream":true,"stream_options":{"include_usage":true,"x":1}}"#,
            ),
            (
                r#"{"model":"m","stream":true,"stream_options":{"x":1}}"#,
                r#"{"model":"gpt-4.1","stream":true,"stream_options":{"include_usage":true,"x":1}}"#,
            ),
            (
                r#"{"model":"m","stream":true,"stream_options":{}}"#,
                r#"{"model":"gpt-4.1","stream":true,"stream_options":{"include_usage":true}}"#,
            ),
            (
                r#"{"stream_options":null,"model":"m","stream":true}"#,
                r#"{"stream_options":{"include_usage":true},"model":"gpt-4.1","stream":true}"#,
            ),
        ] {
            assert_eq!(edited(body, &none), expected);
        }
    }

    #[test]
    fn defaults_apply_where_the_agent_said_nothing() {
        let defaults = Defaults {
            temperature: Some(0.2),
            top_p: None,
            max_tokens: Some(100),
            stop: vec!["END".into()],
        };
        assert_eq!(
            edited(r#"{"model":"m","max_tokens":5}"#, &defaults),
            r#"{"temperature":0.2,"stop":["END"],"model":"gpt-4.1","max_tokens":5}"#
        );
        assert_eq!(
            edited(
                r#"{"model":"m","temperature":1,"stop":null}"#,
                &Defaults {
                    stop: Vec::new(),
                    ..defaults
                }
            ),
            r#"{"max_completion_tokens":100,"model":"gpt-4.1","temperature":1,"stop":null}"#
        );
    }

    #[test]
    fn a_default_that_the_model_refuses_does_not_apply() {
        let defaults = Defaults {
            temperature: Some(0.2),
            top_p: Some(0.9),
            max_tokens: None,
            stop: vec!["END".into()],
        };
        assert_eq!(
            edited_for("o3", r#"{"model":"m"}"#, &defaults),
            r#"{"model":"o3"}"#
        );
    }

    #[test]
    fn a_body_that_is_no_request_says_why() {
        for (body, error) in [
            (&b""[..], RequestError::NotJson(ScanError::Empty)),
            (b"[]", RequestError::NotJson(ScanError::NotAnObject)),
            (b"{\"model\":\"m\"", RequestError::NotJson(ScanError::Truncated)),
            (b"{\"model\":\"\xff\"}", RequestError::NotUtf8),
            (b"{}", RequestError::NoModel),
            (b"{\"model\":7}", RequestError::BadModel),
            (b"{\"model\":\"\"}", RequestError::BadModel),
            (
                b"{\"model\":\"a\",\"model\":\"b\"}",
                RequestError::Repeated("model"),
            ),
            (
                b"{\"model\":\"a\",\"mod\\u0065l\":\"b\"}",
                RequestError::Repeated("model"),
            ),
            (b"{\"model\":\"a\",\"stream\":\"yes\"}", RequestError::BadStream),
        ] {
            assert_eq!(read_facts(body), Err(error), "{}", String::from_utf8_lossy(body));
        }
    }
}

//! Bedrock's Converse, as strict as it is, and what it takes of Claude's own messages.

#![expect(
    clippy::indexing_slicing,
    reason = "a member that a JSON value has not is null, and none of these values is anything but an object"
)]

mod messages;

use hyper::HeaderMap;
use hyper::header::HeaderValue;
use serde_json::{Value, json};

use super::{Checked, Fault, anthropic, ensure, is_plain, items, object, text};

/// What Converse says to this call.
pub(crate) fn check(model: &str, body: &Value) -> Checked {
    let fields = object(body, || fault("the request must be an object"))?;
    only(fields.keys(), &KEYS, "the request")?;
    messages::messages(model, body)?;
    for block in items(body, "system") {
        one_of(block, &["text", "cachePoint", "guardContent"])?;
        messages::plain_block(model, block)?;
    }
    if let Some(config) = body.get("toolConfig") {
        tools(model, config)?;
    }
    inference(&body["inferenceConfig"])?;
    additional(model, body)?;
    if let Some(tier) = body.get("serviceTier") {
        let kind = text(tier, "type").unwrap_or_default();
        ensure(
            ["default", "flex", "priority", "reserved"].contains(&kind),
            || fault("serviceTier.type"),
        )?;
    }
    if let Some(config) = body.get("outputConfig") {
        let format = &config["textFormat"];
        let schema = format["structure"]["jsonSchema"]["schema"].as_str();
        let is_schema = schema.is_some_and(|schema| serde_json::from_str::<Value>(schema).is_ok());
        ensure(format["type"] == "json_schema" && is_schema, || {
            fault("outputConfig.textFormat must hold a schema as a string")
        })?;
        ensure(!is(model, "amazon.nova") && !is(model, "meta."), || {
            fault("this model doesn't support the outputConfig field")
        })?;
    }
    Ok(())
}

/// What `InvokeModel` says to a message for Claude; the message as Anthropic would be sent it.
pub(crate) fn claude(model: &str, body: &Value) -> Result<Value, Fault> {
    ensure(model.contains("anthropic.claude"), || {
        fault("this model is asked otherwise")
    })?;
    let mut message = body.clone();
    let fields = message
        .as_object_mut()
        .ok_or_else(|| fault("the request must be an object"))?;
    for name in ["model", "stream", "service_tier"] {
        ensure(!fields.contains_key(name), || {
            fault(format!("{name}: Extra inputs are not permitted"))
        })?;
    }
    let version = fields.remove("anthropic_version");
    ensure(version == Some(json!("bedrock-2023-05-31")), || {
        fault("anthropic_version: must be bedrock-2023-05-31")
    })?;
    let beta = fields.remove("anthropic_beta").unwrap_or_else(|| json!([]));
    let is_list = beta
        .as_array()
        .is_some_and(|list| list.iter().all(Value::is_string));
    ensure(is_list, || fault("anthropic_beta: must be a list"))?;
    let sources = body.to_string();
    ensure(!sources.contains(r#""type":"url""#), || {
        fault("URL sources are not supported")
    })?;
    let name = model.split("anthropic.").last().unwrap_or_default();
    fields.insert("model".to_owned(), name.into());
    let mut headers = HeaderMap::new();
    headers.insert("x-api-key", HeaderValue::from_static("none"));
    headers.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
    anthropic::check(&headers, &message)?;
    Ok(message)
}

const KEYS: [&str; 8] = [
    "messages",
    "system",
    "inferenceConfig",
    "toolConfig",
    "additionalModelRequestFields",
    "outputConfig",
    "serviceTier",
    "requestMetadata",
];

fn fault(message: impl Into<String>) -> Fault {
    Fault::new(message)
}

/// Whether a model is of this maker or family.
fn is(model: &str, family: &str) -> bool {
    model.rsplit('/').next().is_some_and(|id| {
        id.starts_with(family)
            || id
                .split_once('.')
                .is_some_and(|(_, rest)| rest.starts_with(family))
    })
}

fn only<'k>(keys: impl Iterator<Item = &'k String>, known: &[&str], place: &str) -> Checked {
    for key in keys {
        ensure(known.contains(&key.as_str()), || {
            fault(format!("{key} is no key of {place}"))
        })?;
    }
    Ok(())
}

/// A union: exactly one member, and a known one.
fn one_of<'b>(block: &'b Value, known: &[&str]) -> Result<(&'b str, &'b Value), Fault> {
    let members = object(block, || fault("a block must be an object"))?;
    let mut members = members.iter();
    match (members.next(), members.next()) {
        (Some((key, value)), None) if known.contains(&key.as_str()) => Ok((key, value)),
        _ => Err(fault(format!(
            "a block must have exactly one of {known:?}: {block}"
        ))),
    }
}

fn tools(model: &str, config: &Value) -> Checked {
    let tools = items(config, "tools");
    ensure(!tools.is_empty(), || fault("toolConfig.tools must not be empty"))?;
    for tool in tools {
        let (_, spec) = one_of(tool, &["toolSpec"])?;
        ensure(is_plain(text(spec, "name").unwrap_or_default(), 64), || {
            fault("toolSpec.name")
        })?;
        ensure(
            spec.get("description")
                .is_none_or(|text| text.as_str().is_some_and(|text| !text.is_empty())),
            || fault("toolSpec.description"),
        )?;
        ensure(spec["inputSchema"]["json"]["type"] == "object", || {
            fault("toolSpec.inputSchema.json")
        })?;
    }
    let Some(choice) = config.get("toolChoice") else {
        return Ok(());
    };
    let (kind, _) = one_of(choice, &["auto", "any", "tool"])?;
    let takes = match kind {
        "any" => is(model, "amazon.nova") || is(model, "mistral."),
        "tool" => is(model, "amazon.nova"),
        _ => !is(model, "meta."),
    };
    ensure(takes, || {
        fault(format!(
            "This model doesn't support the toolConfig.toolChoice.{kind} field."
        ))
    })
}

fn inference(config: &Value) -> Checked {
    let Some(fields) = config.as_object() else {
        return Ok(());
    };
    only(
        fields.keys(),
        &["maxTokens", "temperature", "topP", "stopSequences"],
        "inferenceConfig",
    )?;
    for name in ["temperature", "topP"] {
        let value = config.get(name).map_or(Some(0.0), Value::as_f64);
        ensure(value.is_some_and(|value| (0.0..=1.0).contains(&value)), || {
            fault(name)
        })?;
    }
    ensure(
        config.get("maxTokens").is_none_or(|most| most.as_u64() > Some(0)),
        || fault("maxTokens"),
    )
}

fn additional(model: &str, body: &Value) -> Checked {
    let Some(fields) = body
        .get("additionalModelRequestFields")
        .and_then(Value::as_object)
    else {
        return Ok(());
    };
    let known: &[&str] = if is(model, "amazon.nova-2") {
        &["inferenceConfig", "reasoningConfig"]
    } else if is(model, "amazon.nova") {
        &["inferenceConfig"]
    } else if is(model, "openai.") {
        &["reasoning_effort"]
    } else if is(model, "mistral.") {
        &["top_k"]
    } else {
        &[]
    };
    only(fields.keys(), known, "additionalModelRequestFields")?;
    let is_hard = body["additionalModelRequestFields"]["reasoningConfig"]["maxReasoningEffort"] == "high";
    ensure(!is_hard || body.get("inferenceConfig").is_none(), || {
        fault("maxTokens, temperature and topP must be unset with a high maxReasoningEffort")
    })
}

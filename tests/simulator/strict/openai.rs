//! `OpenAI`'s chat completions, as strict as they are: everything but the messages themselves.

use hyper::HeaderMap;
use serde_json::Value;

use super::openai_messages::{self, Manners};
use super::{Checked, Fault, ensure, field, is_plain, items, schema, text};

/// What `OpenAI` says to this call.
pub(super) fn check(headers: &HeaderMap, body: &Value) -> Checked {
    let key = headers.get("authorization").and_then(|value| value.to_str().ok());
    ensure(key.is_some_and(|key| key.starts_with("Bearer ")), || {
        Fault::unauthorized("You didn't provide an API key.").code("invalid_api_key")
    })?;
    check_body(body)
}

/// What it says to the body.
pub(super) fn check_body(body: &Value) -> Checked {
    for name in body.as_object().into_iter().flat_map(|body| body.keys()) {
        ensure(KEYS.contains(&name.as_str()), || unrecognized(name))?;
    }
    for name in ["model", "messages"] {
        ensure(body.get(name).is_some(), || {
            Fault::at(name, format!("Missing required parameter: '{name}'."))
                .code("missing_required_parameter")
        })?;
    }
    let reasons = is_reasoning(text(body, "model").unwrap_or_default());
    if reasons {
        reasoning_model(body)?;
    } else {
        ensure(field(body, "reasoning_effort").is_none(), || {
            unrecognized("reasoning_effort")
        })?;
    }
    numbers(body)?;
    strings(body)?;
    tools(body)?;
    response_format(body)?;
    openai_messages::check(body, Manners::OpenAi)
}

/// Whether a model thinks before it answers.
pub(crate) fn is_reasoning(model: &str) -> bool {
    ["o1", "o3", "o4", "gpt-5"]
        .iter()
        .any(|family| model.starts_with(family))
        && !model.contains("chat")
}

pub(super) fn unrecognized(name: &str) -> Fault {
    Fault::new(format!("Unrecognized request argument supplied: {name}"))
}

fn invalid_type(param: &str, wanted: &str) -> Fault {
    Fault::at(param, format!("Invalid type for '{param}': expected {wanted}.")).code("invalid_type")
}

fn unsupported(name: &str, instead: &str) -> Fault {
    Fault::at(
        name,
        format!("Unsupported parameter: '{name}' is not supported with this model.{instead}"),
    )
    .code("unsupported_parameter")
}

fn reasoning_model(body: &Value) -> Checked {
    ensure(field(body, "max_tokens").is_none(), || {
        unsupported("max_tokens", " Use 'max_completion_tokens' instead.")
    })?;
    for name in ["stop", "logprobs", "top_logprobs", "logit_bias"] {
        ensure(field(body, name).is_none(), || unsupported(name, ""))?;
    }
    for (name, usual) in [
        ("temperature", 1.0),
        ("top_p", 1.0),
        ("presence_penalty", 0.0),
        ("frequency_penalty", 0.0),
    ] {
        let value = field(body, name).map(|value| value.as_f64().unwrap_or(f64::NAN));
        ensure(
            value.is_none_or(|value| (value - usual).abs() < f64::EPSILON),
            || {
                Fault::at(
                    name,
                    format!("Unsupported value: '{name}' does not support this value with this model. Only the default ({usual}) value is supported."),
                )
                .code("unsupported_value")
            },
        )?;
    }
    one_of(body, "reasoning_effort", &EFFORTS)
}

fn one_of(body: &Value, name: &str, known: &[&str]) -> Checked {
    let Some(value) = field(body, name) else {
        return Ok(());
    };
    ensure(value.as_str().is_some_and(|value| known.contains(&value)), || {
        Fault::at(
            name,
            format!(
                "Invalid value: {value}. Supported values are: '{}'.",
                known.join("', '")
            ),
        )
        .code("invalid_value")
    })
}

fn numbers(body: &Value) -> Checked {
    for (name, least, most) in [
        ("temperature", 0.0, 2.0),
        ("top_p", 0.0, 1.0),
        ("presence_penalty", -2.0, 2.0),
        ("frequency_penalty", -2.0, 2.0),
        ("top_logprobs", 0.0, 20.0),
        ("n", 1.0, 128.0),
    ] {
        let Some(value) = field(body, name) else { continue };
        let number = value.as_f64().ok_or_else(|| invalid_type(name, "a decimal"))?;
        ensure((least..=most).contains(&number), || {
            Fault::at(
                name,
                format!(
                    "Invalid '{name}': expected a value between {least} and {most}, but got {value} instead."
                ),
            )
            .code("decimal_out_of_range")
        })?;
    }
    for name in ["max_tokens", "max_completion_tokens"] {
        let Some(value) = field(body, name) else { continue };
        ensure(value.as_u64().is_some_and(|value| value > 0), || {
            Fault::at(
                name,
                format!("Invalid '{name}': expected a value >= 1, but got {value} instead."),
            )
            .code("integer_below_min_value")
        })?;
    }
    let both = field(body, "max_tokens").is_some() && field(body, "max_completion_tokens").is_some();
    ensure(!both, || {
        Fault::new("Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.")
    })?;
    for name in ["stream", "parallel_tool_calls", "logprobs", "store"] {
        ensure(field(body, name).is_none_or(Value::is_boolean), || {
            invalid_type(name, "a boolean")
        })?;
    }
    Ok(())
}

fn strings(body: &Value) -> Checked {
    for name in ["user", "safety_identifier", "prompt_cache_key"] {
        let Some(value) = field(body, name) else { continue };
        let value = value.as_str().ok_or_else(|| invalid_type(name, "a string"))?;
        let length = value.chars().count();
        ensure(length <= 64, || {
            Fault::at(name, format!("Invalid '{name}': string too long. Expected a string with maximum length 64, but got a string with length {length} instead."))
                .code("string_above_max_length")
        })?;
    }
    match field(body, "stop") {
        None | Some(Value::String(_)) => {}
        Some(Value::Array(list)) => {
            let length = list.len();
            ensure(length <= 4, || {
                Fault::at("stop", format!("Invalid 'stop': array too long. Expected an array with maximum length 4, but got an array with length {length} instead."))
                    .code("array_above_max_length")
            })?;
            ensure(list.iter().all(Value::is_string), || {
                invalid_type("stop", "an array of strings")
            })?;
        }
        Some(_) => return Err(invalid_type("stop", "a string or an array of strings")),
    }
    let streams = body.get("stream") == Some(&Value::Bool(true));
    ensure(streams || field(body, "stream_options").is_none(), || {
        Fault::at(
            "stream_options",
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
        )
    })?;
    let metadata = field(body, "metadata").and_then(Value::as_object);
    let long = metadata.is_some_and(|metadata| metadata.len() > 16);
    ensure(!long, || {
        Fault::at("metadata", "Invalid 'metadata': too many properties.").code("object_above_max_properties")
    })?;
    one_of(body, "service_tier", &TIERS)?;
    one_of(body, "verbosity", &["low", "medium", "high"])
}

fn tools(body: &Value) -> Checked {
    let tools = field(body, "tools");
    ensure(
        tools.is_none_or(|tools| tools.as_array().is_some_and(|tools| !tools.is_empty())),
        || {
            Fault::at("tools", "Invalid 'tools': empty array. Expected an array with minimum length 1, but got an empty array instead.")
                .code("empty_array")
        },
    )?;
    let mut names = Vec::new();
    for (index, tool) in items(body, "tools").iter().enumerate() {
        let place = format!("tools[{index}]");
        if text(tool, "type") == Some("custom") {
            continue;
        }
        ensure(text(tool, "type") == Some("function"), || {
            Fault::at(
                format!("{place}.type"),
                "Invalid value. Supported values are: 'function' and 'custom'.",
            )
            .code("invalid_value")
        })?;
        ensure(
            tool.as_object().is_some_and(|tool| {
                tool.keys()
                    .all(|name| ["type", "function"].contains(&name.as_str()))
            }),
            || Fault::at(place.clone(), format!("Unknown parameter in '{place}'.")).code("unknown_parameter"),
        )?;
        let function = field(tool, "function").unwrap_or(&Value::Null);
        names.push(function_ok(function, &place)?);
    }
    for name in ["tool_choice", "parallel_tool_calls"] {
        ensure(tools.is_some() || field(body, name).is_none(), || {
            Fault::at(
                name,
                format!("Invalid value for '{name}': '{name}' is only allowed when 'tools' are specified."),
            )
        })?;
    }
    match field(body, "tool_choice") {
        None => Ok(()),
        Some(Value::String(_)) => one_of(body, "tool_choice", &["none", "auto", "required"]),
        Some(choice) if text(choice, "type") == Some("function") => {
            let name = choice
                .pointer("/function/name")
                .and_then(Value::as_str)
                .unwrap_or_default();
            ensure(names.contains(&name), || {
                Fault::at(
                    "tool_choice",
                    format!(
                        "Invalid value for 'tool_choice': no function named '{name}' was specified in the 'tools' parameter."
                    ),
                )
            })
        }
        Some(choice) => ensure(
            ["allowed_tools", "custom"].contains(&text(choice, "type").unwrap_or_default()),
            || Fault::at("tool_choice.type", "Invalid value for 'tool_choice.type'.").code("invalid_value"),
        ),
    }
}

fn function_ok<'a>(function: &'a Value, place: &str) -> Result<&'a str, Fault> {
    for name in function
        .as_object()
        .into_iter()
        .flat_map(|function| function.keys())
    {
        ensure(FUNCTION_KEYS.contains(&name.as_str()), || {
            Fault::at(
                format!("{place}.function.{name}"),
                format!("Unknown parameter: '{place}.function.{name}'."),
            )
            .code("unknown_parameter")
        })?;
    }
    let name = text(function, "name").unwrap_or_default();
    ensure(is_plain(name, 64), || {
        Fault::at(
            format!("{place}.function.name"),
            format!("Invalid '{place}.function.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."),
        )
        .code("invalid_value")
    })?;
    let Some(parameters) = field(function, "parameters") else {
        return Ok(name);
    };
    // `{}` stands for no parameters.
    let is_object = parameters.as_object().is_some_and(serde_json::Map::is_empty)
        || text(parameters, "type") == Some("object");
    ensure(is_object, || {
        bad_schema(
            &format!("function '{name}'"),
            place,
            "schema must be a JSON Schema of 'type: \"object\"'.",
        )
    })?;
    if function.get("strict") == Some(&Value::Bool(true))
        && let Some(message) = schema::of_openai(parameters)
    {
        return Err(bad_schema(&format!("function '{name}'"), place, &message));
    }
    Ok(name)
}

fn bad_schema(of: &str, place: &str, message: &str) -> Fault {
    Fault::at(
        format!("{place}.function.parameters"),
        format!("Invalid schema for {of}: {message}"),
    )
    .code("invalid_function_parameters")
}

fn response_format(body: &Value) -> Checked {
    let Some(format) = field(body, "response_format") else {
        return Ok(());
    };
    match text(format, "type") {
        Some("text") => Ok(()),
        Some("json_object") => {
            let said = field(body, "messages").map(Value::to_string).unwrap_or_default();
            ensure(said.to_lowercase().contains("json"), || {
                Fault::at(
                    "messages",
                    "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
                )
            })
        }
        Some("json_schema") => {
            let inner = field(format, "json_schema").unwrap_or(&Value::Null);
            ensure(text(inner, "name").is_some_and(|name| is_plain(name, 64)), || {
                Fault::at(
                    "response_format.json_schema.name",
                    "Missing required parameter: 'response_format.json_schema.name'.",
                )
                .code("missing_required_parameter")
            })?;
            let schema = field(inner, "schema")
                .filter(|schema| schema.is_object())
                .ok_or_else(|| {
                    Fault::at(
                        "response_format.json_schema.schema",
                        "Missing required parameter: 'response_format.json_schema.schema'.",
                    )
                    .code("missing_required_parameter")
                })?;
            match schema::of_openai(schema).filter(|_| inner.get("strict") == Some(&Value::Bool(true))) {
                Some(message) => Err(Fault::at(
                    "response_format",
                    format!("Invalid schema for response_format: {message}"),
                )),
                None => Ok(()),
            }
        }
        _ => Err(Fault::at(
            "response_format.type",
            "Invalid value. Supported values are: 'json_object', 'json_schema', and 'text'.",
        )
        .code("invalid_value")),
    }
}

const EFFORTS: [&str; 7] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];
const TIERS: [&str; 6] = ["auto", "default", "flex", "scale", "priority", "fast"];
const FUNCTION_KEYS: [&str; 4] = ["name", "description", "parameters", "strict"];
const KEYS: [&str; 37] = [
    "audio",
    "frequency_penalty",
    "function_call",
    "functions",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "messages",
    "metadata",
    "modalities",
    "model",
    "moderation",
    "n",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "reasoning_effort",
    "response_format",
    "safety_identifier",
    "seed",
    "service_tier",
    "stop",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "user",
    "verbosity",
    "web_search_options",
];

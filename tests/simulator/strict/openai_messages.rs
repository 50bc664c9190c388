//! `OpenAI`'s messages: what a conversation must look like, there and on compatible servers.

use serde_json::Value;

use super::{Checked, Fault, IMAGES, base64_bytes, ensure, field, is_plain, items, text};

/// How strict to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manners {
    /// As `OpenAI`.
    OpenAi,
    /// As servers that are compatible with it: they ask for the same shapes and pass over what they do not know.
    Compatible,
}

/// What a provider says to the conversation of this call.
pub(super) fn check(body: &Value, manners: Manners) -> Checked {
    let messages = body.get("messages").and_then(Value::as_array).ok_or_else(|| {
        Fault::at(
            "messages",
            "Invalid type for 'messages': expected an array of objects.",
        )
        .code("invalid_type")
    })?;
    ensure(!messages.is_empty(), || {
        Fault::at("messages", "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.")
            .code("empty_array")
    })?;
    for (index, value) in messages.iter().enumerate() {
        message(value, index, manners)?;
    }
    tools_answered(messages)
}

fn message(message: &Value, index: usize, manners: Manners) -> Checked {
    let place = format!("messages[{index}]");
    let role = text(message, "role").unwrap_or_default();
    let keys: &[&str] = match role {
        "developer" | "system" | "user" | "function" => &["role", "content", "name"],
        "assistant" => &[
            "role",
            "content",
            "name",
            "refusal",
            "tool_calls",
            "audio",
            "function_call",
            // A message of an answer may be sent back as it is.
            "annotations",
        ],
        "tool" => &["role", "content", "tool_call_id"],
        _ => {
            return Err(Fault::at(
                format!("{place}.role"),
                format!("Invalid value: '{role}'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'."),
            )
            .code("invalid_value"));
        }
    };
    if manners == Manners::OpenAi {
        for name in message.as_object().into_iter().flat_map(|message| message.keys()) {
            ensure(keys.contains(&name.as_str()), || {
                Fault::at(
                    format!("{place}.{name}"),
                    format!("Unknown parameter: '{place}.{name}'."),
                )
                .code("unknown_parameter")
            })?;
        }
    }
    if role == "tool" {
        ensure(text(message, "tool_call_id").is_some(), || {
            Fault::at(
                format!("{place}.tool_call_id"),
                format!("Missing required parameter: '{place}.tool_call_id'."),
            )
            .code("missing_required_parameter")
        })?;
    }
    if role == "assistant" {
        calls(message, &place, manners)?;
    }
    content(message, role, &place, manners)
}

fn content(message: &Value, role: &str, place: &str, manners: Manners) -> Checked {
    match field(message, "content") {
        Some(Value::String(_)) => Ok(()),
        Some(Value::Array(parts)) => {
            ensure(!parts.is_empty(), || {
                Fault::at(
                    format!("{place}.content"),
                    format!("Invalid '{place}.content': empty array."),
                )
                .code("empty_array")
            })?;
            parts
                .iter()
                .enumerate()
                .try_for_each(|(at, value)| part(value, role, &format!("{place}.content[{at}]"), manners))
        }
        None => {
            let says_otherwise = ["tool_calls", "refusal", "function_call", "audio"]
                .iter()
                .any(|name| field(message, name).is_some());
            ensure(role == "assistant" && says_otherwise, || {
                Fault::at(
                    format!("{place}.content"),
                    "Invalid value for 'content': expected a string, got null.",
                )
            })
        }
        Some(_) => Err(Fault::at(
            format!("{place}.content"),
            format!("Invalid type for '{place}.content': expected one of a string or array of objects."),
        )
        .code("invalid_type")),
    }
}

fn part(part: &Value, role: &str, place: &str, manners: Manners) -> Checked {
    let kind = text(part, "type").unwrap_or_default();
    let kinds: &[&str] = match role {
        "user" => &["text", "image_url", "input_audio", "file"],
        "assistant" => &["text", "refusal"],
        _ => &["text"],
    };
    ensure(kinds.contains(&kind), || {
        Fault::at(
            format!("{place}.type"),
            format!(
                "Invalid value: '{kind}'. Supported values are: '{}'.",
                kinds.join("', '")
            ),
        )
        .code("invalid_value")
    })?;
    if manners == Manners::OpenAi {
        for name in part.as_object().into_iter().flat_map(|part| part.keys()) {
            ensure(
                ["type", kind, "prompt_cache_breakpoint"].contains(&name.as_str()),
                || {
                    Fault::at(
                        format!("{place}.{name}"),
                        format!("Unknown parameter: '{place}.{name}'."),
                    )
                    .code("unknown_parameter")
                },
            )?;
        }
    }
    match kind {
        "text" => ensure(text(part, "text").is_some(), || {
            Fault::at(
                format!("{place}.text"),
                format!("Missing required parameter: '{place}.text'."),
            )
            .code("missing_required_parameter")
        }),
        "image_url" => image(part, place),
        "file" => file(part, place),
        _ => Ok(()),
    }
}

fn image(part: &Value, place: &str) -> Checked {
    let url = part
        .pointer("/image_url/url")
        .and_then(Value::as_str)
        .ok_or_else(|| {
            Fault::at(
                format!("{place}.image_url"),
                format!("Invalid type for '{place}.image_url': expected an object, but got something else instead."),
            )
            .code("invalid_type")
        })?;
    let detail = part.pointer("/image_url/detail").and_then(Value::as_str);
    ensure(
        detail.is_none_or(|detail| ["auto", "low", "high", "original"].contains(&detail)),
        || {
            Fault::at(format!("{place}.image_url.detail"), "Invalid value for 'detail'.")
                .code("invalid_value")
        },
    )?;
    let Some(data) = url.strip_prefix("data:") else {
        return ensure(url.starts_with("https://") || url.starts_with("http://"), || {
            Fault::at(
                format!("{place}.image_url.url"),
                format!("Invalid image URL: '{place}.image_url.url'. Expected a base64-encoded data URL with an image MIME type, or an http(s) URL."),
            )
            .code("invalid_value")
        });
    };
    let (kind, bytes) = data.split_once(";base64,").unwrap_or_default();
    ensure(IMAGES.contains(&kind) && base64_bytes(bytes).is_some(), || {
        Fault::at(
            format!("{place}.image_url.url"),
            "You uploaded an unsupported image. Please make sure your image has of one the following formats: ['png', 'jpeg', 'gif', 'webp'].",
        )
        .code("invalid_image_format")
    })
}

fn file(part: &Value, place: &str) -> Checked {
    let file = field(part, "file").unwrap_or(&Value::Null);
    if text(file, "file_id").is_some() {
        return Ok(());
    }
    ensure(text(file, "filename").is_some(), || {
        Fault::at(
            format!("{place}.file.filename"),
            format!("Missing required parameter: '{place}.file.filename'."),
        )
        .code("missing_required_parameter")
    })?;
    let data = text(file, "file_data").and_then(|data| data.strip_prefix("data:application/pdf;base64,"));
    ensure(data.and_then(base64_bytes).is_some(), || {
        Fault::at(
            format!("{place}.file.file_data"),
            format!("Invalid '{place}.file.file_data': expected a base64-encoded data URL with an application/pdf MIME type."),
        )
        .code("invalid_value")
    })
}

fn calls(message: &Value, place: &str, manners: Manners) -> Checked {
    if let Some(calls) = field(message, "tool_calls") {
        ensure(calls.as_array().is_some_and(|calls| !calls.is_empty()), || {
            Fault::at(
                format!("{place}.tool_calls"),
                format!("Invalid '{place}.tool_calls': empty array. Expected an array with minimum length 1, but got an empty array instead."),
            )
            .code("empty_array")
        })?;
    }
    for (index, call) in items(message, "tool_calls").iter().enumerate() {
        let place = format!("{place}.tool_calls[{index}]");
        let id = text(call, "id").unwrap_or_default();
        ensure(!id.is_empty(), || {
            Fault::at(
                format!("{place}.id"),
                format!("Missing required parameter: '{place}.id'."),
            )
            .code("missing_required_parameter")
        })?;
        let length = id.chars().count();
        ensure(length <= 40 || manners == Manners::Compatible, || {
            Fault::at(format!("{place}.id"), format!("Invalid '{place}.id': string too long. Expected a string with maximum length 40, but got a string with length {length} instead."))
                .code("string_above_max_length")
        })?;
        if text(call, "type") == Some("custom") {
            continue;
        }
        ensure(text(call, "type") == Some("function"), || {
            Fault::at(
                format!("{place}.type"),
                format!("Missing required parameter: '{place}.type'."),
            )
            .code("missing_required_parameter")
        })?;
        let function = field(call, "function").unwrap_or(&Value::Null);
        ensure(
            text(function, "name").is_some_and(|name| is_plain(name, 64)),
            || {
                Fault::at(
                format!("{place}.function.name"),
                format!("Invalid '{place}.function.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."),
            )
            .code("invalid_value")
            },
        )?;
        ensure(text(function, "arguments").is_some(), || {
            Fault::at(
                format!("{place}.function.arguments"),
                format!("Invalid type for '{place}.function.arguments': expected a string, but got an object instead."),
            )
            .code("invalid_type")
        })?;
    }
    Ok(())
}

/// Each call of a tool is answered right after it, and nothing else is.
fn tools_answered(messages: &[Value]) -> Checked {
    let mut open: Vec<&str> = Vec::new();
    let mut called: Vec<&str> = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        if text(message, "role") == Some("tool") {
            let id = text(message, "tool_call_id").unwrap_or_default();
            ensure(called.contains(&id), || {
                Fault::at(
                    format!("messages.[{index}].role"),
                    "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
                )
            })?;
            open.retain(|own| *own != id);
            continue;
        }
        all_answered(&open, index)?;
        called = items(message, "tool_calls")
            .iter()
            .filter_map(|call| text(call, "id"))
            .collect();
        open.clone_from(&called);
    }
    all_answered(&open, messages.len())
}

fn all_answered(open: &[&str], index: usize) -> Checked {
    ensure(open.is_empty(), || {
        Fault::at(
            format!("messages.[{index}].role"),
            format!(
                "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. \
                 The following tool_call_ids did not have response messages: {}",
                open.join(", ")
            ),
        )
    })
}

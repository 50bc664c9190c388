//! Mistral's chat completions, as strict as they are about keys, ids and the order of messages.

use hyper::HeaderMap;
use serde_json::Value;

use super::{Checked, Fault, IMAGES, base64_bytes, ensure, field, is_plain, items, text};

/// What Mistral says to this call.
pub(super) fn check(headers: &HeaderMap, body: &Value) -> Checked {
    let key = headers.get("authorization").and_then(|value| value.to_str().ok());
    ensure(key.is_some_and(|key| key.starts_with("Bearer ")), || {
        Fault::unauthorized("Unauthorized")
    })?;
    keys(body, "body", &KEYS)?;
    for tool in items(body, "tools") {
        let function = &tool["function"];
        ensure(
            text(function, "name").is_some_and(|name| is_plain(name, 64)),
            || invalid("Function name must be a-z, A-Z, 0-9, or contain underscores and dashes"),
        )?;
        ensure(function["parameters"].is_object(), || {
            missing("tools.function.parameters")
        })?;
        keys(
            function,
            "tools.function",
            &["name", "description", "parameters", "strict"],
        )?;
    }
    let choice = field(body, "tool_choice").and_then(Value::as_str);
    ensure(
        choice.is_none_or(|choice| ["auto", "none", "any", "required"].contains(&choice)),
        || invalid("Input should be 'auto', 'none', 'any' or 'required'"),
    )?;
    let temperature = field(body, "temperature")
        .and_then(Value::as_f64)
        .unwrap_or_default();
    ensure((0.0..=1.5).contains(&temperature), || {
        invalid("Input should be less than or equal to 1.5")
    })?;
    let effort = field(body, "reasoning_effort").and_then(Value::as_str);
    ensure(
        effort.is_none_or(|effort| ["none", "high"].contains(&effort)),
        || invalid("reasoning_effort must be 'none' or 'high'"),
    )?;
    messages(items(body, "messages"))
}

fn messages(messages: &[Value]) -> Checked {
    let mut before: Option<&str> = None;
    let mut open: Vec<&str> = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        let role = text(message, "role").unwrap_or_default();
        let expected: &[&str] = match before {
            None => &["system", "user"],
            Some("tool") => &["assistant", "tool"],
            Some("assistant") => &["assistant", "user", "tool"],
            Some(_) => &["assistant", "system", "user"],
        };
        ensure(expected.contains(&role), || match before {
            None => order(&format!(
                "Expected last role User or Tool at the beginning but got {role}"
            )),
            Some(before) => order(&format!("Unexpected role '{role}' after role '{before}'")),
        })?;
        if role == "tool" {
            let id = text(message, "tool_call_id").unwrap_or_default();
            ensure(open.contains(&id), || {
                invalid(&format!("Unexpected tool call id {id} in tool results"))
            })?;
            open.retain(|own| *own != id);
        } else {
            ensure(open.is_empty(), || {
                order("Not the same number of function calls and responses")
            })?;
        }
        if role == "assistant" {
            keys(
                message,
                "messages.assistant",
                &["role", "content", "tool_calls", "prefix"],
            )?;
            let has_words = text(message, "content").is_some_and(|content| !content.is_empty());
            ensure(has_words || !items(message, "tool_calls").is_empty(), || {
                invalid("Assistant message must have either content or tool_calls, but not none.")
            })?;
            let is_last = index + 1 == messages.len();
            ensure(is_last == (message["prefix"] == true), || {
                order(
                    "Expected last role User or Tool (or Assistant with prefix True) for serving but got assistant",
                )
            })?;
        }
        open.extend(
            items(message, "tool_calls")
                .iter()
                .filter_map(|call| text(call, "id")),
        );
        for id in &open {
            ensure(
                id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()),
                || {
                    invalid(&format!(
                        "Tool call id was {id} but must be a-z, A-Z, 0-9, with a length of 9."
                    ))
                    .code("3280")
                },
            )?;
        }
        items(message, "content").iter().try_for_each(part)?;
        before = Some(role);
    }
    ensure(open.is_empty(), || {
        order("Not the same number of function calls and responses")
    })
}

fn part(part: &Value) -> Checked {
    match text(part, "type") {
        Some("text") => ensure(text(part, "text").is_some(), || missing("text")),
        Some("image_url") => {
            let url = text(part, "image_url").unwrap_or_default();
            let inline = url
                .strip_prefix("data:")
                .and_then(|data| data.split_once(";base64,"));
            let is_right = match inline {
                Some((kind, data)) => IMAGES.contains(&kind) && base64_bytes(data).is_some(),
                None => url.starts_with("https://"),
            };
            ensure(is_right, || invalid("Image could not be loaded"))
        }
        Some("document_url") => ensure(text(part, "document_url").is_some(), || missing("document_url")),
        other => Err(invalid(&format!(
            "Input tag {other:?} does not match any of the expected tags"
        ))),
    }
}

fn keys(value: &Value, place: &str, known: &[&str]) -> Checked {
    for name in value.as_object().into_iter().flat_map(|fields| fields.keys()) {
        ensure(known.contains(&name.as_str()), || Fault {
            status: 422,
            ..Fault::new(format!("{place}.{name}: Extra inputs are not permitted"))
        })?;
    }
    Ok(())
}

fn invalid(message: &str) -> Fault {
    Fault::new(message)
}

fn missing(place: &str) -> Fault {
    Fault {
        status: 422,
        ..Fault::new(format!("{place}: Field required"))
    }
}

fn order(message: &str) -> Fault {
    Fault::new(message).code("3230")
}

const KEYS: [&str; 21] = [
    "frequency_penalty",
    "guardrails",
    "max_tokens",
    "messages",
    "metadata",
    "model",
    "n",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "prompt_mode",
    "random_seed",
    "reasoning_effort",
    "response_format",
    "safe_prompt",
    "stop",
    "stream",
    "temperature",
    "tool_choice",
    "tools",
    "top_p",
];

//! Cohere's chat, as strict as it is.

use hyper::HeaderMap;
use serde_json::Value;

use super::{Checked, Fault, IMAGES, base64_bytes, ensure, field, items, text};

/// What Cohere says to this call.
pub(super) fn check(headers: &HeaderMap, body: &Value) -> Checked {
    let key = headers.get("authorization").and_then(|value| value.to_str().ok());
    ensure(key.is_some_and(|key| key.starts_with("Bearer ")), || Fault {
        status: 401,
        ..Fault::new("no api key supplied")
    })?;
    for name in body.as_object().into_iter().flat_map(|body| body.keys()) {
        ensure(KEYS.contains(&name.as_str()), || {
            Fault::new(format!("invalid request: unknown field {name}"))
        })?;
    }
    for (name, least, most) in [
        ("p", 0.01, 0.99),
        ("k", 0.0, 500.0),
        ("frequency_penalty", 0.0, 1.0),
        ("presence_penalty", 0.0, 1.0),
    ] {
        let number = field(body, name).and_then(Value::as_f64).unwrap_or(least);
        ensure((least..=most).contains(&number), || {
            Fault::new(format!(
                "invalid request: {name} must be between {least} and {most} inclusive."
            ))
        })?;
    }
    let both = field(body, "frequency_penalty").is_some() && field(body, "presence_penalty").is_some();
    ensure(!both, || {
        Fault::new("invalid request: cannot specify both frequency_penalty and presence_penalty.")
    })?;
    let has_tools = !items(body, "tools").is_empty();
    ensure(!has_tools || field(body, "response_format").is_none(), || {
        Fault::new("invalid request: response_format is not supported with tools.")
    })?;
    let choice = text(body, "tool_choice");
    ensure(
        choice.is_none_or(|choice| has_tools && ["REQUIRED", "NONE"].contains(&choice)),
        || Fault::new("invalid request: tool_choice must be REQUIRED or NONE, and needs tools."),
    )?;
    ensure(items(body, "stop_sequences").len() <= 5, || {
        Fault::new("invalid request: stop_sequences must have at most 5 elements.")
    })?;
    messages(items(body, "messages"))
}

fn messages(messages: &[Value]) -> Checked {
    let mut open: Vec<&str> = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        let known: &[&str] = match text(message, "role") {
            Some("system") => {
                ensure(index == 0, || {
                    Fault::new("system turn must be the first in the list")
                })?;
                &["role", "content"]
            }
            Some("user") => &["role", "content"],
            Some("assistant") => &["role", "content", "tool_calls", "tool_plan", "citations"],
            Some("tool") => {
                let id = text(message, "tool_call_id").unwrap_or_default();
                ensure(open.contains(&id), || {
                    Fault::new(format!(
                        "invalid request: tool call id {id} not found in previous tool calls"
                    ))
                })?;
                open.retain(|own| *own != id);
                &["role", "content", "tool_call_id"]
            }
            _ => return Err(Fault::new("invalid request: unknown role")),
        };
        for name in message.as_object().into_iter().flat_map(|fields| fields.keys()) {
            ensure(known.contains(&name.as_str()), || {
                Fault::new(format!(
                    "invalid request: unknown field {name} in message {index}"
                ))
            })?;
        }
        let says = text(message, "content").is_some_and(|content| !content.is_empty())
            || !items(message, "content").is_empty()
            || !items(message, "tool_calls").is_empty();
        ensure(says, || {
            Fault::new("message must be at least 1 token long or tool results must be specified.")
        })?;
        items(message, "content").iter().try_for_each(part)?;
        open.extend(
            items(message, "tool_calls")
                .iter()
                .filter_map(|call| text(call, "id")),
        );
    }
    Ok(())
}

fn part(part: &Value) -> Checked {
    match text(part, "type") {
        Some("text") => ensure(text(part, "text").is_some(), || Fault::new("text is missing")),
        Some("image_url") => {
            let url = part
                .pointer("/image_url/url")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let inline = url
                .strip_prefix("data:")
                .and_then(|data| data.split_once(";base64,"));
            let is_right = match inline {
                Some((kind, data)) => IMAGES.contains(&kind) && base64_bytes(data).is_some(),
                None => url.starts_with("http"),
            };
            ensure(is_right, || Fault::new("invalid request: invalid image"))
        }
        _ => Err(Fault::new("invalid request: unknown content type")),
    }
}

const KEYS: [&str; 21] = [
    "citation_options",
    "documents",
    "frequency_penalty",
    "k",
    "logprobs",
    "max_tokens",
    "messages",
    "model",
    "p",
    "presence_penalty",
    "priority",
    "response_format",
    "safety_mode",
    "seed",
    "stop_sequences",
    "stream",
    "strict_tools",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
];

//! `OpenAI`'s responses, as strict as they are.

use hyper::HeaderMap;
use serde_json::Value;

use super::openai::is_reasoning;
use super::{Checked, Fault, ensure, field, is_plain, items, text};
use crate::seal;

/// What `OpenAI` says to this call.
pub(super) fn check(headers: &HeaderMap, body: &Value) -> Checked {
    let key = headers.get("authorization").and_then(|value| value.to_str().ok());
    ensure(key.is_some_and(|key| key.starts_with("Bearer ")), || {
        Fault::unauthorized("You didn't provide an API key.").code("invalid_api_key")
    })?;
    check_body(body)
}

/// What is said to the body of a call.
pub(crate) fn check_body(body: &Value) -> Checked {
    for name in body.as_object().into_iter().flat_map(|body| body.keys()) {
        ensure(KEYS.contains(&name.as_str()), || {
            Fault::at(name, format!("Unknown parameter: '{name}'.")).code("unknown_parameter")
        })?;
    }
    for name in ["model", "input"] {
        ensure(body.get(name).is_some(), || {
            Fault::at(name, format!("Missing required parameter: '{name}'."))
                .code("missing_required_parameter")
        })?;
    }
    if is_reasoning(text(body, "model").unwrap_or_default()) {
        for name in ["temperature", "top_p"] {
            ensure(field(body, name).is_none(), || {
                Fault::at(
                    name,
                    format!("Unsupported parameter: '{name}' is not supported with this model."),
                )
                .code("unsupported_parameter")
            })?;
        }
    }
    if let Some(most) = field(body, "max_output_tokens") {
        ensure(most.as_u64().is_some_and(|most| most >= 16), || {
            Fault::at(
                "max_output_tokens",
                "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16.",
            )
            .code("integer_below_min_value")
        })?;
    }
    for (index, tool) in items(body, "tools").iter().enumerate() {
        check_tool(&format!("tools[{index}]"), tool)?;
    }
    let known: Vec<&str> = items(body, "input")
        .iter()
        .filter_map(|item| text(item, "call_id"))
        .collect();
    for (index, item) in items(body, "input").iter().enumerate() {
        check_item(&format!("input[{index}]"), item, &known)?;
    }
    Ok(())
}

fn check_tool(at: &str, tool: &Value) -> Checked {
    match text(tool, "type") {
        Some("function") => ensure(text(tool, "name").is_some_and(|name| is_plain(name, 64)), || {
            Fault::at(
                format!("{at}.name"),
                format!("Missing required parameter: '{at}.name'."),
            )
            .code("missing_required_parameter")
        }),
        Some("web_search" | "namespace" | "custom") => Ok(()),
        kind => Err(Fault::at(
            format!("{at}.type"),
            format!("Invalid value: {kind:?}. Supported values are: 'function', 'web_search', …"),
        )
        .code("invalid_value")),
    }
}

fn check_item(at: &str, item: &Value, known: &[&str]) -> Checked {
    let pairs = |name: &str| known.iter().filter(|id| Some(**id) == text(item, name)).count();
    match text(item, "type").unwrap_or("message") {
        "message" => check_message(at, item),
        "function_call" => {
            ensure(text(item, "arguments").is_some(), || {
                Fault::at(
                    format!("{at}.arguments"),
                    format!("Missing required parameter: '{at}.arguments'."),
                )
            })?;
            ensure(pairs("call_id") == 2, || {
                let id = text(item, "call_id").unwrap_or_default();
                Fault::at("input", format!("No tool output found for function call {id}."))
            })
        }
        "function_call_output" => ensure(pairs("call_id") == 2, || {
            let id = text(item, "call_id").unwrap_or_default();
            Fault::at(
                "input",
                format!("No tool call found for function call output with call_id {id}."),
            )
        }),
        "reasoning" => {
            let id = text(item, "id").unwrap_or_default();
            match text(item, "encrypted_content") {
                Some(sealed) => ensure(seal::is_sealed(sealed), || {
                    Fault::new("The encrypted content could not be verified.")
                        .code("invalid_encrypted_content")
                }),
                None => Err(Fault {
                    status: 404,
                    ..Fault::at("input", format!("Item with id '{id}' not found."))
                }),
            }
        }
        kind => Err(Fault::at(at, format!("Invalid value: '{kind}'.")).code("invalid_value")),
    }
}

fn check_message(at: &str, item: &Value) -> Checked {
    let role = text(item, "role").unwrap_or_default();
    let allowed: &[&str] = match role {
        "user" | "system" | "developer" => &["input_text", "input_image", "input_file"],
        "assistant" => &["output_text", "refusal"],
        _ => {
            return Err(Fault::at(
                format!("{at}.role"),
                format!("Invalid value: '{role}'."),
            ));
        }
    };
    for (index, part) in items(item, "content").iter().enumerate() {
        let kind = text(part, "type").unwrap_or_default();
        ensure(allowed.contains(&kind), || {
            Fault::at(
                format!("{at}.content[{index}]"),
                format!(
                    "Invalid value: '{kind}'. Supported values are: '{}'.",
                    allowed.join("', '")
                ),
            )
            .code("invalid_value")
        })?;
    }
    ensure(field(item, "content").is_some(), || {
        Fault::at(
            format!("{at}.content"),
            format!("Missing required parameter: '{at}.content'."),
        )
    })
}

const KEYS: [&str; 29] = [
    // Not in its reference; Codex sends it, and is answered.
    "client_metadata",
    "model",
    "input",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "reasoning",
    "text",
    "temperature",
    "top_p",
    "top_logprobs",
    "truncation",
    "store",
    "previous_response_id",
    "conversation",
    "include",
    "metadata",
    "background",
    "stream",
    "stream_options",
    "service_tier",
    "prompt",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
    "user",
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(body: &Value) -> Result<(), Option<String>> {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", "Bearer key".parse().unwrap());
        check(&headers, body).map_err(|fault| fault.param.or_else(|| fault.code.map(str::to_owned)))
    }

    #[test]
    fn what_openai_refuses_is_refused() {
        let call = json!({"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"});
        for (place, body) in [
            ("messages", json!({"model": "m", "input": "a", "messages": []})),
            ("input", json!({"model": "m"})),
            (
                "max_output_tokens",
                json!({"model": "m", "input": "a", "max_output_tokens": 15}),
            ),
            (
                "temperature",
                json!({"model": "o3", "input": "a", "temperature": 1}),
            ),
            (
                "tools[0].name",
                json!({"model": "m", "input": "a", "tools": [{"type": "function", "function": {"name": "f"}}]}),
            ),
            ("input", json!({"model": "m", "input": [call]})),
            (
                "input",
                json!({"model": "m", "input": [{"type": "reasoning", "id": "rs_1", "summary": []}]}),
            ),
            (
                "invalid_encrypted_content",
                json!({"model": "m", "input": [{"type": "reasoning", "summary": [], "encrypted_content": "broker.1.x"}]}),
            ),
            (
                "input[0].content[0]",
                json!({"model": "m", "input": [{"role": "assistant", "content": [{"type": "input_text", "text": "a"}]}]}),
            ),
        ] {
            assert_eq!(said(&body), Err(Some(place.to_owned())), "{body}");
        }
        let result = json!({"type": "function_call_output", "call_id": "c", "output": "1"});
        assert_eq!(said(&json!({"model": "m", "input": [call, result]})), Ok(()));
    }
}

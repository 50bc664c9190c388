//! The tools of Anthropic's messages API, as strict as it is.

use serde_json::Value;

use super::anthropic::{Model, extra};
use super::{Checked, Fault, ensure, field, is_plain, items, object, text};

/// What Anthropic says to the tools of a call.
pub(super) fn check(body: &Value, model: Model) -> Checked {
    let tools = items(body, "tools");
    let mut names = Vec::new();
    for (index, tool) in tools.iter().enumerate() {
        let place = format!("tools.{index}");
        if text(tool, "type").is_some_and(|kind| kind != "custom") {
            continue;
        }
        for name in object(tool, || {
            Fault::new(format!("{place}: Input should be a valid dictionary"))
        })?
        .keys()
        {
            ensure(TOOL_KEYS.contains(&name.as_str()), || {
                extra(&format!("{place}.custom.{name}"))
            })?;
        }
        let name =
            text(tool, "name").ok_or_else(|| Fault::new(format!("{place}.custom.name: Field required")))?;
        ensure(is_plain(name, 128), || {
            Fault::new(format!(
                "{place}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'"
            ))
        })?;
        ensure(!names.contains(&name), || {
            Fault::new("tools: Tool names must be unique.")
        })?;
        names.push(name);
        let kind = field(tool, "input_schema")
            .ok_or_else(|| Fault::new(format!("{place}.custom.input_schema: Field required")))?;
        ensure(text(kind, "type") == Some("object"), || {
            Fault::new(format!(
                "{place}.custom.input_schema.type: Input should be 'object'"
            ))
        })?;
        ensure(tool.get("description").is_none_or(Value::is_string), || {
            Fault::new(format!(
                "{place}.custom.description: Input should be a valid string"
            ))
        })?;
    }
    tool_choice(body, &names, model)
}

fn tool_choice(body: &Value, names: &[&str], model: Model) -> Checked {
    let Some(choice) = field(body, "tool_choice") else {
        return Ok(());
    };
    ensure(!items(body, "tools").is_empty(), || {
        Fault::new("tool_choice: tool_choice may only be specified while providing tools.")
    })?;
    for name in object(choice, || {
        Fault::new("tool_choice: Input should be a valid dictionary or object to extract fields from")
    })?
    .keys()
    {
        ensure(
            ["type", "name", "disable_parallel_tool_use"].contains(&name.as_str()),
            || extra(&format!("tool_choice.{name}")),
        )?;
    }
    let forced = match text(choice, "type") {
        Some("auto") => false,
        Some("none") => {
            ensure(choice.get("disable_parallel_tool_use").is_none(), || {
                extra("tool_choice.none.disable_parallel_tool_use")
            })?;
            false
        }
        Some("any") => true,
        Some("tool") => {
            let name = text(choice, "name").unwrap_or_default();
            ensure(names.contains(&name), || {
                Fault::new(format!("Tool '{name}' not found in provided tools"))
            })?;
            true
        }
        _ => {
            return Err(Fault::new(
                "tool_choice: Input tag found using 'type' does not match any of the expected tags: 'auto', 'any', 'tool', 'none'",
            ));
        }
    };
    ensure(!forced || model < Model::new(5, 5), || {
        Fault::new("tool_choice: forced tool use is not supported for this model.")
    })
}

const TOOL_KEYS: [&str; 10] = [
    "type",
    "name",
    "description",
    "input_schema",
    "strict",
    "cache_control",
    "defer_loading",
    "eager_input_streaming",
    "input_examples",
    "allowed_callers",
];

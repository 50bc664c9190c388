//! A Converse request as an Anthropic message, as far as a simulated model looks at it.

#![expect(
    clippy::indexing_slicing,
    reason = "a member that a JSON value has not is null, and none of these values is anything but an object"
)]

use serde_json::{Value, json};

/// The same in the other words.
pub(super) fn of_converse(body: &Value) -> Value {
    let list = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
    let messages: Vec<Value> = list(body, "messages")
        .iter()
        .map(|message| {
            let content: Vec<Value> = list(message, "content").iter().filter_map(block).collect();
            json!({"role": message["role"], "content": content})
        })
        .collect();
    let system: Vec<Value> = list(body, "system").iter().filter_map(block).collect();
    let config = &body["toolConfig"];
    let tools: Vec<Value> = list(config, "tools")
        .iter()
        .map(|tool| json!({"name": tool["toolSpec"]["name"]}))
        .collect();
    let choice = &config["toolChoice"];
    let choice = if choice.get("any").is_some() {
        json!({"type": "any"})
    } else if let Some(tool) = choice.get("tool") {
        json!({"type": "tool", "name": tool["name"]})
    } else if system
        .iter()
        .any(|block| block["text"] == "Answer without calling a tool.")
    {
        json!({"type": "none"})
    } else {
        json!({"type": "auto"})
    };
    let fields = &body["additionalModelRequestFields"];
    let thinks = fields.get("reasoningConfig").is_some() || fields.get("reasoning_effort").is_some();
    let schema = body["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"].as_str();
    let schema: Option<Value> = schema.and_then(|schema| serde_json::from_str(schema).ok());
    let mut message = json!({
        "system": system, "messages": messages, "tools": tools, "tool_choice": choice,
        "max_tokens": body["inferenceConfig"]["maxTokens"],
        "stop_sequences": body["inferenceConfig"]["stopSequences"],
        "thinking": {"type": if thinks { "enabled" } else { "disabled" }},
    });
    if let Some(schema) = schema {
        message["output_config"] = json!({"format": {"schema": schema}});
    }
    message
}

fn block(block: &Value) -> Option<Value> {
    let (kind, own) = block.as_object()?.iter().next()?;
    Some(match kind.as_str() {
        "text" => json!({"type": "text", "text": own}),
        "image" => json!({"type": "image", "source": {"type": "base64",
            "media_type": format!("image/{}", own["format"].as_str()?), "data": own["source"]["bytes"]}}),
        "document" => json!({"type": "document", "title": own["name"], "source": {"type": "base64",
            "media_type": media_type(own["format"].as_str()?), "data": own["source"]["bytes"]}}),
        "toolUse" => {
            json!({"type": "tool_use", "id": own["toolUseId"], "name": own["name"], "input": own["input"]})
        }
        "toolResult" => {
            let content: Vec<Value> = own["content"]
                .as_array()?
                .iter()
                .filter_map(self::block)
                .collect();
            json!({"type": "tool_result", "tool_use_id": own["toolUseId"], "content": content,
                "is_error": own["status"] == "error"})
        }
        _ => return None,
    })
}

/// What Converse calls a document by the end of its name.
fn media_type(format: &str) -> &str {
    match format {
        "pdf" => "application/pdf",
        "txt" => "text/plain",
        "md" => "text/markdown",
        "html" => "text/html",
        other => other,
    }
}

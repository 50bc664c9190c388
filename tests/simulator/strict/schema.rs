//! JSON schemas that constrained decoding takes.

use serde_json::Value;

/// What Anthropic says of a schema of `output_config.format`, if it does not take it.
pub(super) fn of_anthropic(schema: &Value) -> Option<String> {
    let kind = schema.get("type").and_then(Value::as_str).unwrap_or("object");
    let refused: &[&str] = match kind {
        "string" => &["minLength", "maxLength"],
        "number" | "integer" => &[
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "multipleOf",
        ],
        "array" => &["maxItems", "uniqueItems"],
        _ => &[],
    };
    let found: Vec<&str> = refused
        .iter()
        .copied()
        .filter(|key| schema.get(key).is_some())
        .collect();
    if !found.is_empty() {
        return Some(format!(
            "For '{kind}' type, properties {} are not supported",
            found.join(", ")
        ));
    }
    if schema.get("properties").is_some() && schema.get("additionalProperties") != Some(&Value::Bool(false)) {
        return Some("For 'object' type, 'additionalProperties' must be explicitly set to false".to_owned());
    }
    inner(schema).find_map(of_anthropic)
}

/// What `OpenAI` says of a schema with `strict`, if it does not take it.
pub(super) fn of_openai(schema: &Value) -> Option<String> {
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        if schema.get("additionalProperties") != Some(&Value::Bool(false)) {
            return Some(
                "In context=(), 'additionalProperties' is required to be supplied and to be false."
                    .to_owned(),
            );
        }
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        if let Some(missing) = properties.keys().find(|name| !required.contains(&name.as_str())) {
            return Some(format!(
                "In context=(), 'required' is required to be supplied and to be an array including every key in properties. Missing '{missing}'."
            ));
        }
    }
    inner(schema).find_map(of_openai)
}

/// The schemas right inside this one.
fn inner(schema: &Value) -> impl Iterator<Item = &Value> {
    let named = ["properties", "$defs", "definitions"]
        .into_iter()
        .filter_map(|key| schema.get(key)?.as_object())
        .flat_map(|schemas| schemas.values());
    let listed = ["anyOf", "allOf", "oneOf"]
        .into_iter()
        .filter_map(|key| schema.get(key)?.as_array())
        .flatten();
    named.chain(listed).chain(schema.get("items"))
}

//! Which JSON schemas OpenAI takes as `strict`:
//! <https://platform.openai.com/docs/guides/structured-outputs#supported-schemas>

use std::borrow::Cow;

use json::Node;

/// Whether every object of a schema is closed and has all its properties required. OpenAI refuses another one with
/// `strict`; without it the model keeps to it as well as it can.
pub(super) fn is_strict(schema: Node<'_>) -> bool {
    let keys = [
        "properties",
        "required",
        "additionalProperties",
        "items",
        "anyOf",
        "$defs",
    ];
    let [properties, required, additional, items, any_of, definitions] = schema.fields(keys);
    let is_closed = properties.is_none_or(|properties| {
        let required = required.map(Node::elements).unwrap_or_default();
        let mut all_required = true;
        properties.members(|name: Cow<'_, [u8]>, _| {
            let name = String::from_utf8_lossy(&name);
            all_required &= required.iter().any(|required| required.is(&name));
        });
        all_required && additional.and_then(Node::boolean) == Some(false)
    });
    let mut inside = Vec::new();
    for schemas in [properties, definitions].into_iter().flatten() {
        schemas.members(|_, schema| inside.push(schema));
    }
    inside.extend(items);
    inside.extend(any_of.map(Node::elements).unwrap_or_default());
    is_closed && inside.into_iter().all(is_strict)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn objects_must_be_closed_and_all_their_properties_required() {
        for (schema, expected) in [
            (
                r#"{"properties":{"a":{}},"required":["a"],"additionalProperties":false}"#,
                true,
            ),
            (r#"{"properties":{"a":{}},"required":["a"]}"#, false),
            (r#"{"properties":{"a":{}},"additionalProperties":false}"#, false),
            (
                r#"{"type":"array","items":{"anyOf":[{"type":"null"},{"properties":{"a":{}}}]}}"#,
                false,
            ),
            (r#"{"type":"string"}"#, true),
        ] {
            assert_eq!(
                is_strict(Node::object(schema.as_bytes()).unwrap()),
                expected,
                "{schema}"
            );
        }
    }
}

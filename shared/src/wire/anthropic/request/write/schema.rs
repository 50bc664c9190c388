//! JSON schemas as Anthropic's constrained decoding takes them: every object closed, and no bounds on numbers, lengths
//! or items, which it refuses (<https://platform.claude.com/docs/en/build-with-claude/structured-outputs>). What is
//! left out of a schema stays in its description, where the model can read it, as Anthropic's own SDKs do.

use json::write::{Object, object};
use json::{Kind, Node, Text};

/// Keywords that are refused anywhere.
const REFUSED: [&[u8]; 14] = [
    b"minimum",
    b"maximum",
    b"exclusiveMinimum",
    b"exclusiveMaximum",
    b"multipleOf",
    b"minLength",
    b"maxLength",
    b"maxItems",
    b"uniqueItems",
    b"minProperties",
    b"maxProperties",
    b"patternProperties",
    b"propertyNames",
    b"unevaluatedProperties",
];

/// Writes a schema as the value of `key`.
pub(super) fn write(into: &mut Object<'_>, key: &str, schema: &[u8]) {
    let mut out = Vec::with_capacity(schema.len().saturating_add(64));
    closed(Node::unread_object(schema), &mut out);
    into.raw(key, &out);
}

/// Writes one schema and those inside it. How deep they nest is bounded by the scanner, which read them first.
fn closed(schema: Node<'_>, out: &mut Vec<u8>) {
    if schema.kind() != Kind::Object {
        // `true`, most likely: anything goes.
        out.extend_from_slice(schema.raw());
        return;
    }
    object(out, |written| {
        let mut description = None;
        let mut hints = Vec::new();
        let mut is_object = false;
        schema.members(|key, value| match key.as_ref() {
            b"description" => description = value.text(),
            b"additionalProperties" => is_object = true,
            // A list that must not be empty is the one bound that is taken.
            b"minItems" if !matches!(value.unsigned(), Some(0 | 1)) => hints.push(hint(&key, value)),
            refused if REFUSED.contains(&refused) => hints.push(hint(&key, value)),
            b"properties" | b"$defs" | b"definitions" => {
                is_object |= key.as_ref() == b"properties";
                written.member(&key, |out| each_named(value, out));
            }
            b"anyOf" | b"allOf" | b"oneOf" => written.member(&key, |out| each_listed(value, out)),
            b"items" | b"not" => written.member(&key, |out| closed(value, out)),
            b"type" => {
                is_object |= value.is("object");
                written.member(&key, |out| out.extend_from_slice(value.raw()));
            }
            _ => written.member(&key, |out| out.extend_from_slice(value.raw())),
        });
        if is_object {
            written.boolean("additionalProperties", false);
        }
        if description.is_some() || !hints.is_empty() {
            let texts: Vec<Text<'_>> = description.into_iter().chain(hints).collect();
            written.texts("description", "; ", &texts);
        }
    });
}

fn each_named(schemas: Node<'_>, out: &mut Vec<u8>) {
    object(out, |written| {
        schemas.members(|name, schema| written.member(&name, |out| closed(schema, out)));
    });
}

fn each_listed(schemas: Node<'_>, out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, schema) in schemas.elements().into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        closed(schema, out);
    }
    out.push(b']');
}

/// `minimum: 1`
fn hint(key: &[u8], value: Node<'_>) -> Text<'static> {
    let said = [key, b": ", value.raw()].concat();
    Text::of_plain(&String::from_utf8_lossy(&said))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn written(schema: &str) -> String {
        let mut out = Vec::new();
        closed(Node::object(schema.as_bytes()).unwrap(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn objects_are_closed_and_bounds_become_words() {
        assert_eq!(
            written(
                r#"{"type":"object","description":"d","properties":{"minimum":{"type":"integer","minimum":1,"maximum":9},
                "list":{"type":"array","minItems":2,"items":{"properties":{}}}},"required":["minimum"]}"#
            ),
            concat!(
                r#"{"type":"object","properties":{"minimum":{"type":"integer","description":"minimum: 1; maximum: 9"},"#,
                r#""list":{"type":"array","items":{"properties":{},"additionalProperties":false},"description":"minItems: 2"}},"#,
                r#""required":["minimum"],"additionalProperties":false,"description":"d"}"#
            )
        );
    }

    #[test]
    fn what_is_taken_stays_as_it_is() {
        for schema in [
            r#"{"anyOf":[{"type":"string","enum":["a\n"]},{"type":"null"}]}"#,
            r##"{"$ref":"#/$defs/a","$defs":{"a":{"type":"number","const":1.0}}}"##,
            r#"{"type":"array","minItems":1,"items":true}"#,
            r#"{"type":"object","additionalProperties":false}"#,
        ] {
            assert_eq!(written(schema), schema);
        }
        assert_eq!(
            written(r#"{"type":"object","additionalProperties":true}"#),
            r#"{"type":"object","additionalProperties":false}"#
        );
    }
}

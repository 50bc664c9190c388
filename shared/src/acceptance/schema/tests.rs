use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::limits::MAX_SCHEMA_NODES;

fn operators(schema: &Value) -> Schema {
    Schema::new(schema, Author::Operator).unwrap()
}

fn fits(schema: &Value, value: &Value) -> bool {
    operators(schema).check(value).is_ok()
}

#[test]
fn every_keyword_limits_what_it_is_about() {
    for (schema, right, wrong) in [
        (json!(true), json!(1), None),
        (json!({}), json!(1), None),
        (json!(false), Value::Null, Some(json!(1))),
        (json!({"type": "integer"}), json!(2.0), Some(json!(2.5))),
        (
            json!({"type": ["null", "boolean"]}),
            json!(true),
            Some(json!("true")),
        ),
        (json!({"type": "number"}), json!(1), Some(json!([]))),
        (
            json!({"const": {"a": [1]}}),
            json!({"a": [1.0]}),
            Some(json!({"a": [1], "b": 2})),
        ),
        (json!({"enum": ["red", null]}), json!(null), Some(json!("blue"))),
        (json!({"required": ["a"]}), json!({"a": null}), Some(json!({}))),
        (
            json!({"properties": {"a": {"type": "string"}}}),
            json!({"b": 1}),
            Some(json!({"a": 1})),
        ),
        (
            json!({"properties": {"a": {}}, "additionalProperties": false}),
            json!({"a": 1}),
            Some(json!({"a": 1, "b": 1})),
        ),
        (
            json!({"minProperties": 1, "maxProperties": 1}),
            json!({"a": 1}),
            Some(json!({})),
        ),
        (
            json!({"items": {"type": "string"}}),
            json!(["a"]),
            Some(json!(["a", 1])),
        ),
        (
            json!({"prefixItems": [{}, {"const": 2}], "items": false}),
            json!([1, 2]),
            Some(json!([1, 2, 3])),
        ),
        (json!({"minItems": 1, "maxItems": 2}), json!([1]), Some(json!([]))),
        (
            json!({"uniqueItems": true}),
            json!([1, "1"]),
            Some(json!([1, 1.0])),
        ),
        (
            json!({"minLength": 2, "maxLength": 2}),
            json!("éé"),
            Some(json!("é")),
        ),
        (json!({"pattern": "^a+$"}), json!("aa"), Some(json!("ab"))),
        (json!({"minimum": 1, "maximum": 2}), json!(2), Some(json!(2.1))),
        (
            json!({"exclusiveMinimum": 1, "exclusiveMaximum": 2}),
            json!(1.5),
            Some(json!(1)),
        ),
        (json!({"multipleOf": 0.01}), json!(19.99), Some(json!(0.001))),
        (
            json!({"allOf": [{"minimum": 1}, {"maximum": 2}]}),
            json!(1),
            Some(json!(3)),
        ),
        (
            json!({"anyOf": [{"const": 1}, {"const": 2}]}),
            json!(2),
            Some(json!(3)),
        ),
        (
            json!({"oneOf": [{"minimum": 1}, {"maximum": 2}]}),
            json!(3),
            Some(json!(1)),
        ),
        (json!({"not": {"const": 1}}), json!(2), Some(json!(1))),
    ] {
        assert!(
            schema == json!(false) || fits(&schema, &right),
            "{schema} {right}"
        );
        if let Some(wrong) = wrong {
            assert!(!fits(&schema, &wrong), "{schema} {wrong}");
        }
    }
}

#[test]
fn references_lead_to_places_of_the_same_schema_and_back() {
    let tree = json!({
        "$ref": "#/$defs/tree",
        "$defs": {"tree": {
            "type": "object", "required": ["name"],
            "properties": {"name": {"type": "string"}, "children": {"items": {"$ref": "#/$defs/tree"}}},
        }},
    });
    assert!(fits(
        &tree,
        &json!({"name": "a", "children": [{"name": "b", "children": []}]})
    ));
    assert!(!fits(&tree, &json!({"name": "a", "children": [{"name": 1}]})));
    assert!(fits(
        &json!({"items": {"$ref": "#"}, "type": "array"}),
        &json!([[[]]])
    ));
}

#[test]
fn what_an_operator_cannot_rely_on_is_a_mistake_with_its_place() {
    for (schema, mistake) in [
        (json!("x"), "`#` must be a schema: a mapping, or true or false"),
        (
            json!({"properties": {"a": {"if": {}}}}),
            "`#/properties/a/if` is no keyword that answers can be checked by",
        ),
        (
            json!({"type": "text"}),
            "`#/type` must be a type of JSON, or several",
        ),
        (
            json!({"minLength": -1}),
            "`#/minLength` must be a whole number that is not negative",
        ),
        (
            json!({"items": {"$ref": "other.json"}}),
            "`#/items/$ref` must refer to a place in the same schema, as `#/$defs/name`",
        ),
        (
            json!({"pattern": "("}),
            "`#/pattern` is no regular expression that can be used here: ",
        ),
    ] {
        let error = Schema::new(&schema, Author::Operator).unwrap_err().to_string();
        assert!(error.starts_with(mistake), "{error}");
    }
}

#[test]
fn what_cannot_be_checked_of_an_agents_schema_is_left_to_the_provider() {
    let schema = json!({"if": {}, "pattern": "^a$", "type": "text", "$ref": "x", "minLength": 2});
    let schema = Schema::new(&schema, Author::Agent).unwrap();
    assert_eq!(schema.check(&json!("bb")), Ok(()));
    assert_eq!(schema.check(&json!("b")), Err(Misfit::Wrong));
}

#[test]
fn no_schema_takes_more_than_a_bounded_time() {
    let endless = json!({"$ref": "#"});
    let level = |next: usize| json!({"allOf": [{"$ref": format!("#/$defs/l{next}")}, {"$ref": format!("#/$defs/l{next}")}]});
    let mut definitions: serde_json::Map<String, Value> = (0..60)
        .map(|index| (format!("l{index}"), level(index + 1)))
        .collect();
    definitions.insert("l60".to_owned(), json!(true));
    let doubling = json!({"$ref": "#/$defs/l0", "$defs": definitions});
    let many: Vec<u32> = (0..5_000).collect();
    let wide: serde_json::Map<String, Value> = (0..5_000)
        .map(|index| (format!("p{index}"), json!(true)))
        .collect();
    let often = vec![json!({"items": true, "not": true}); 500];
    for (schema, value) in [
        (endless, json!(1)),
        (doubling, json!(1)),
        (json!({"uniqueItems": true}), json!(many)),
        (
            json!({"items": {"properties": wide}}),
            json!(vec![json!({}); 5_000]),
        ),
        (json!({"anyOf": often}), json!(many)),
    ] {
        assert_eq!(operators(&schema).check(&value), Err(Misfit::TooMuchWork));
    }
    let chain: serde_json::Map<String, Value> = (0..5_000)
        .map(|index| {
            (
                format!("l{index}"),
                json!({"$ref": format!("#/$defs/l{}", index + 1)}),
            )
        })
        .collect();
    let chain = json!({"$ref": "#/$defs/l0", "$defs": chain});
    assert_eq!(
        Schema::new(&chain, Author::Agent).unwrap().check(&json!(1)),
        Err(Misfit::TooMuchWork)
    );
    let large = json!({"allOf": vec![json!({"minLength": 1}); MAX_SCHEMA_NODES + 1]});
    let error = Schema::new(&large, Author::Agent).unwrap_err();
    assert_eq!(error.problem, SchemaProblem::TooLarge);
}

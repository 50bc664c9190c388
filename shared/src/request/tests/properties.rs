//! What is seen by bytes is what a tree would show.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::read;
use crate::provider::Capability;
use crate::wire::Format;

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => prop::sample::select(&["image", "image_url", "input_image", "text", "tool_result", "data"][..]).prop_map(str::to_owned),
        1 => "\\PC{0,12}",
        1 => Just("\"type\":\"image\"".to_owned()),
    ]
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(&["type", "content", "input", "role", "image_url"][..]).prop_map(str::to_owned),
        1 => word(),
    ]
}

fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        word().prop_map(Value::from)
    ];
    leaf.prop_recursive(7, 60, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(key(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Lists of objects whose parts are lists of objects, and so on: whether one of the parts is an image.
fn has_image(list: &Value, depth: usize) -> bool {
    let objects = list.as_array().into_iter().flatten().filter_map(Value::as_object);
    objects.into_iter().any(|object| {
        let kind = object.get("type").and_then(Value::as_str);
        let is_image = kind.is_some_and(|kind| ["image", "image_url", "input_image"].contains(&kind));
        depth > 0 && is_image || object.values().any(|value| has_image(value, depth + 1))
    })
}

proptest! {
    #[test]
    fn images_are_seen_where_a_tree_has_them(messages in prop::collection::vec(tree(), 0..5), pretty in any::<bool>()) {
        let messages = Value::from(messages);
        let body = json!({"messages": messages, "model": "m"});
        let text = if pretty { serde_json::to_string_pretty(&body) } else { serde_json::to_string(&body) }.unwrap();
        let seen = read(Format::OpenAiChat, &text).needs.has(Capability::Vision);
        prop_assert_eq!(seen, has_image(&messages, 0), "{}", text);
    }
}

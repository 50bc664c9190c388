//! What holds for every answer, however it is cut.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn labelled(shape: Shape, text: &[u8], cuts: &[prop::sample::Index]) -> Vec<u8> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
    places.sort_unstable();
    places.push(text.len());
    let mut labeller = Labeller::new(shape, "OWN_".to_owned(), "BEFORE_".to_owned());
    let (mut passed, mut done) = (Vec::new(), 0);
    for place in places {
        let chunk = text.get(done..place).unwrap_or_default();
        passed.extend(labeller.push(chunk).unwrap_or_else(|| chunk.to_vec()));
        done = place;
    }
    passed
}

/// Names and texts that are easily taken for what they are not.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("id".to_owned()),
        Just("response".to_owned()),
        Just("previous_response_id".to_owned()),
        Just("resp_1".to_owned()),
        Just("\"id\":\"resp_1\"".to_owned()),
        Just("\\".to_owned()),
        "\\PC{0,12}",
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        word().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        Just(Value::Null)
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec((word(), inner), 0..5).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// The same by a reader that has all of it.
fn tag(response: &mut Value) {
    for (key, tag) in [("id", "OWN_"), ("previous_response_id", "BEFORE_")] {
        if let Some(Value::String(id)) = response.as_object_mut().and_then(|object| object.get_mut(key))
            && let Some(rest) = id.strip_prefix("resp_")
        {
            *id = format!("resp_{tag}{rest}");
        }
    }
}

proptest! {
    #[test]
    fn a_whole_answer_differs_in_its_ids_only(answer in value(), cuts in vec(any::<prop::sample::Index>(), 0..6)) {
        let text = answer.to_string();
        let mut expected = answer;
        tag(&mut expected);
        let passed = labelled(Shape::Whole, text.as_bytes(), &cuts);
        prop_assert_eq!(String::from_utf8(passed).unwrap(), expected.to_string());
    }

    #[test]
    fn events_differ_in_the_ids_of_their_response_only(
        events in vec((value(), value()), 0..4),
        cuts in vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let written = |is_tagged: bool| -> String {
            let events = events.iter().map(|(response, other)| {
                let mut response = response.clone();
                if is_tagged {
                    tag(&mut response);
                }
                let data = json!({"type": "response.created", "item": other, "response": response, "z": other});
                format!("event: response.created\ndata: {data}\n\ndata: {{\"delta\":{other}}}\n\n")
            });
            events.collect()
        };
        let passed = labelled(Shape::Stream, written(false).as_bytes(), &cuts);
        prop_assert_eq!(String::from_utf8(passed).unwrap(), written(true));
    }

    #[test]
    fn no_bytes_at_all_are_lost(
        bytes in vec(any::<u8>(), 0..200),
        cuts in vec(any::<prop::sample::Index>(), 0..4),
        is_stream in any::<bool>(),
    ) {
        let shape = if is_stream { Shape::Stream } else { Shape::Whole };
        prop_assert_eq!(labelled(shape, &bytes, &cuts), labelled(shape, &bytes, &[]));
    }
}

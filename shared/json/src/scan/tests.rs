use super::marks::BLOCK;
use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn members(text: &str) -> Result<Vec<(String, Kind, String)>, ScanError> {
    let mut found = Vec::new();
    object(text.as_bytes(), |key, value| {
        found.push((
            String::from_utf8_lossy(&key).into_owned(),
            value.kind,
            String::from_utf8_lossy(value.span.of(text.as_bytes())).into_owned(),
        ));
    })?;
    Ok(found)
}

#[test]
fn members_are_found_with_their_exact_text() {
    let text = " { \"a\" : 1.50e3 ,\"b\":\"x\\\"}\" , \"c\":[{},[],{\"d\":[null,true]}],\"e\":{}} \n";
    let found = members(text).unwrap();
    let texts: Vec<_> = found
        .iter()
        .map(|(key, _, value)| (key.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        texts,
        [
            ("a", "1.50e3"),
            ("b", "\"x\\\"}\""),
            ("c", "[{},[],{\"d\":[null,true]}]"),
            ("e", "{}")
        ]
    );
}

#[test]
fn an_escaped_key_is_the_key_it_spells() {
    assert_eq!(members(r#"{"mod\u0065l":1}"#).unwrap()[0].0, "model");
}

#[test]
fn what_is_not_json_is_refused_with_its_place() {
    for (text, error) in [
        ("", ScanError::Empty),
        (" \n", ScanError::Empty),
        ("[]", ScanError::NotAnObject),
        ("hello", ScanError::NotAnObject),
        ("{", ScanError::Truncated),
        ("{\"a\"", ScanError::Truncated),
        ("{\"a\":", ScanError::Truncated),
        ("{\"a\":\"b", ScanError::Truncated),
        ("{\"a\":\"b\\", ScanError::Truncated),
        ("{\"a\":tru", ScanError::Truncated),
        ("{\"a\":[1,2", ScanError::Truncated),
        ("{\"a\":1,}", ScanError::Unexpected(7)),
        ("{\"a\" 1}", ScanError::Unexpected(5)),
        ("{\"a\":[1 2]}", ScanError::Unexpected(8)),
        ("{\"a\":[1}}", ScanError::Unexpected(7)),
        ("{\"a\":{\"b\":1]}", ScanError::Unexpected(11)),
        ("{\"a\":x}", ScanError::Unexpected(5)),
        ("{\"a\":1} x", ScanError::Unexpected(8)),
        ("{1:2}", ScanError::Unexpected(1)),
        ("{\"a\":[,]}", ScanError::Unexpected(6)),
    ] {
        assert_eq!(members(text), Err(error), "{text}");
    }
}

#[test]
fn depth_is_bounded_and_just_below_the_bound_every_bracket_is_matched() {
    let nested = |depth: usize| {
        let open: String = (0..depth)
            .map(|level| if level % 3 == 0 { "{\"k\":" } else { "[" })
            .collect();
        let close: String = (0..depth)
            .rev()
            .map(|level| if level % 3 == 0 { "}" } else { "]" })
            .collect();
        format!("{{\"a\":{open}1{close}}}")
    };
    assert!(members(&nested(crate::MAX_DEPTH - 1)).is_ok());
    assert_eq!(members(&nested(crate::MAX_DEPTH)), Err(ScanError::TooDeep));
    assert_eq!(members(&nested(10_000)), Err(ScanError::TooDeep));
}

#[test]
fn an_escape_is_one_wherever_it_stands_in_a_block() {
    for before in 0..2 * BLOCK {
        for escapes in [r#"\""#, r"\\", r#"\\\""#, r#"\"\""#, r"\n"] {
            let written = format!("\"{}{escapes}\"", "x".repeat(before));
            let text = format!(r#"{{"k":{written},"end":1}}"#);
            let expected = [("k", Kind::String, written.as_str()), ("end", Kind::Number, "1")];
            let expected = expected.map(|(key, kind, text)| (key.to_owned(), kind, text.to_owned()));
            assert_eq!(members(&text).unwrap(), expected, "{text}");
            let cut = format!(r#"{{"k":"{}{escapes}"#, "x".repeat(before));
            assert_eq!(members(&cut), Err(ScanError::Truncated), "{cut}");
        }
    }
}

#[test]
fn elements_of_an_array_are_found() {
    let text = b"[1, \"two\" ,{\"three\":3}]";
    let mut found = Vec::new();
    array(text, |value| found.push(value.kind)).unwrap();
    assert_eq!(found, [Kind::Number, Kind::String, Kind::Object]);
    assert_eq!(array(b"[1", |_| {}), Err(ScanError::Truncated));
}

#[test]
fn strings_are_unescaped_only_where_they_must_be() {
    assert!(matches!(string(b"\"plain\""), Some(Cow::Borrowed("plain"))));
    assert_eq!(string(br#""a\u00e9\n""#).as_deref(), Some("aé\n"));
    assert_eq!(string(br#""\x""#), None);
    assert_eq!(string(b"7"), None);
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use super::*;
    use proptest::prelude::*;

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            ".*".prop_map(Into::into),
        ];
        leaf.prop_recursive(6, 64, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                prop::collection::hash_map(".*", inner, 0..6)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// The scanner finds what a full parser finds.
        #[test]
        fn agrees_with_serde_json(members in prop::collection::btree_map(".*", any_json(), 0..6), pretty: bool) {
            let value = serde_json::Value::Object(members.into_iter().collect());
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }
                .unwrap();
            let mut found = serde_json::Map::new();
            object(text.as_bytes(), |key, member| {
                let parsed = serde_json::from_slice(member.span.of(text.as_bytes())).unwrap();
                found.insert(String::from_utf8(key.into_owned()).unwrap(), parsed);
            })
            .unwrap();
            prop_assert_eq!(serde_json::Value::Object(found), value);
        }

        /// Nothing that arrives makes the scanner panic, and what a full parser takes, it takes.
        #[test]
        fn takes_any_bytes(bytes: Vec<u8>) {
            let scanned = object(&bytes, |_, _| {});
            if serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&bytes).is_ok() {
                prop_assert_eq!(scanned, Ok(()));
            }
        }

        /// Every proper beginning of an object is refused.
        #[test]
        fn refuses_every_cut(members in prop::collection::btree_map("[a-z]*", any_json(), 0..4), cut: prop::sample::Index) {
            let text = serde_json::to_vec(&members).unwrap();
            let end = cut.index(text.len());
            let scanned = object(&text[..end], |_, _| {});
            prop_assert!(scanned.is_err());
        }
    }
}

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

fn uri(header: &str) -> Result<Option<String>, Unreadable> {
    last_uri(header.as_bytes())
}

#[test]
fn the_uri_of_the_last_element_is_read() {
    for (header, expected) in [
        ("URI=spiffe://a/b", Some("spiffe://a/b")),
        (
            "By=spiffe://p;Hash=ab12;uri=spiffe://a/b;DNS=x",
            Some("spiffe://a/b"),
        ),
        (
            r#"By=p;Subject="CN=\"a\", O=b; URI=no";URI=spiffe://a/b"#,
            Some("spiffe://a/b"),
        ),
        (r#"URI="spiffe://a/b""#, Some("spiffe://a/b")),
        ("URI=spiffe://first,By=p;URI=spiffe://last", Some("spiffe://last")),
        ("URI=spiffe://first, Hash=ab", None),
        ("Hash=ab;URI=", None),
        ("By=a=b;Hash=c", None),
    ] {
        assert_eq!(uri(header), Ok(expected.map(str::to_owned)), "{header}");
    }
}

#[test]
fn what_is_not_of_the_form_is_refused() {
    for header in [
        "",
        ",",
        "URI",
        "URI=a;",
        "URI=a,",
        "URI=a;URI=b",
        r#"URI="a"#,
        r#"URI="a\"#,
        r#"URI="a"b"#,
        r#"URI=a"b"#,
    ] {
        assert_eq!(uri(header), Err(Unreadable), "{header}");
    }
    assert_eq!(last_uri(b"URI=\xff"), Err(Unreadable));
    let long = format!("URI={}", "x".repeat(MAX_FORWARDED_CERTIFICATES));
    assert_eq!(uri(&long), Err(Unreadable));
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use proptest::prelude::*;

    use super::*;

    fn quoted(text: &str) -> String {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            last_uri(&bytes).ok();
        }

        #[test]
        fn bytes_of_the_form_are_read_or_refused(text in "[URI=;,\"\\\\a]{0,40}") {
            uri(&text).ok();
        }

        #[test]
        fn no_value_of_an_element_before_is_taken_for_the_last_ones(before in ".{0,20}", subject in ".{0,20}") {
            let header = format!("URI={},Subject={};URI=spiffe://a/b", quoted(&before), quoted(&subject));
            prop_assert_eq!(uri(&header), Ok(Some("spiffe://a/b".to_owned())));
        }
    }
}

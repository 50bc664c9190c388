//! What a tool is given: an object in some formats, a string with JSON in it in others. Numbers and the order of
//! keys stay as they were written.

use std::borrow::Cow;

use memchr::memchr2;

use super::ir::Arguments;
use json::write::object;
use json::{Kind, scan};

/// The member under which arguments travel that are no object, where only objects are possible: the conversation
/// goes on and everybody sees what was said. Taken for no arguments at all, they could do harm.
const WRAPPER: &str = "invalid_arguments";

impl Arguments<'_> {
    /// The arguments as a JSON object. Nothing at all is an object without members; what is no object, or no JSON,
    /// as models now and then write it, is put into one as a string.
    #[must_use]
    pub fn to_object(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Json(json) if scan::kind(json) == Some(Kind::Object) => Cow::Borrowed(json),
            Self::Json(json) if scan::kind(json) == Some(Kind::Null) => Cow::Borrowed(b"{}"),
            Self::Json(json) => wrapped(|wrapper| wrapper.raw(WRAPPER, json)),
            Self::Encoded(text) if text.is_blank() || text.is("null") => Cow::Borrowed(b"{}"),
            Self::Encoded(text) => match text.plain() {
                Some(plain) if is_object(&plain) => match plain {
                    Cow::Borrowed(plain) => Cow::Borrowed(plain.trim().as_bytes()),
                    Cow::Owned(plain) => Cow::Owned(plain.into_bytes()),
                },
                _ => wrapped(|wrapper| wrapper.text(WRAPPER, text)),
            },
        }
    }

    /// Writes the arguments as the content of a JSON string: compact JSON, quotes escaped. Nothing at all is an
    /// object without members.
    pub fn write_encoded(&self, out: &mut Vec<u8>) {
        match self {
            Self::Json(json) => compact_into_string(json, out),
            Self::Encoded(text) if text.is_blank() => out.extend_from_slice(b"{}"),
            Self::Encoded(text) => out.extend_from_slice(text.escaped()),
        }
    }
}

fn wrapped(fill: impl FnOnce(&mut json::write::Object<'_>)) -> Cow<'static, [u8]> {
    let mut out = Vec::new();
    object(&mut out, fill);
    Cow::Owned(out)
}

/// Whether the text is a JSON object to the last digit: it becomes a part of a body that must be JSON.
fn is_object(plain: &str) -> bool {
    scan::kind(plain.as_bytes()) == Some(Kind::Object)
        && serde_json::from_str::<serde::de::IgnoredAny>(plain).is_ok()
}

/// Writes JSON without white space between its tokens, escaped for the inside of a string.
pub(crate) fn compact_into_string(json: &[u8], out: &mut Vec<u8>) {
    out.reserve(json.len() + json.len() / 8);
    let mut rest = json;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b' ' | b'\n' | b'\r' | b'\t' => {}
            b'"' => {
                out.extend_from_slice(b"\\\"");
                rest = escape_string(rest, out);
            }
            _ => out.push(byte),
        }
    }
}

/// Writes a JSON string, whose opening quote is read, once more escaped, closing quote included; returns what
/// follows it.
fn escape_string<'j>(mut rest: &'j [u8], out: &mut Vec<u8>) -> &'j [u8] {
    loop {
        let Some((text, mark, after)) = memchr2(b'"', b'\\', rest).and_then(|at| {
            let (text, from_mark) = rest.split_at_checked(at)?;
            let (&mark, after) = from_mark.split_first()?;
            Some((text, mark, after))
        }) else {
            out.extend_from_slice(rest);
            return b"";
        };
        out.extend_from_slice(text);
        if mark == b'"' {
            out.extend_from_slice(b"\\\"");
            return after;
        }
        // The backslash and what it escapes, each of which may need an escape of its own.
        out.extend_from_slice(b"\\\\");
        rest = after;
        if let Some((&escaped, after)) = after.split_first() {
            if matches!(escaped, b'"' | b'\\') {
                out.push(b'\\');
            }
            out.push(escaped);
            rest = after;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use json::Text;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn object_of(plain: &str) -> String {
        let arguments = Arguments::Encoded(Text::of_plain(plain));
        String::from_utf8(arguments.to_object().into_owned()).unwrap()
    }

    fn string_of(json: &str) -> String {
        let mut out = b"\"".to_vec();
        Arguments::Json(Cow::Borrowed(json.as_bytes())).write_encoded(&mut out);
        out.push(b'"');
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn a_string_becomes_the_object_in_it_with_every_digit() {
        let big = r#"{"z":12345678901234567890.10,"a":1e15,"s":"\u00e9\n"}"#;
        assert_eq!(object_of(big), big);
        assert_eq!(object_of(""), "{}");
        assert_eq!(object_of(" \n"), "{}");
    }

    #[test]
    fn what_is_no_object_is_put_into_one() {
        for (given, expected) in [
            ("[1]", r#"{"invalid_arguments":"[1]"}"#),
            (r#"{"a":"#, r#"{"invalid_arguments":"{\"a\":"}"#),
            (r#"{"a":01}"#, r#"{"invalid_arguments":"{\"a\":01}"}"#),
            (r#"{"a":"\q"}"#, r#"{"invalid_arguments":"{\"a\":\"\\q\"}"}"#),
            ("Paris", r#"{"invalid_arguments":"Paris"}"#),
        ] {
            assert_eq!(object_of(given), expected);
        }
        assert_eq!(
            Arguments::Json(Cow::Borrowed(b"[1.0]")).to_object(),
            br#"{"invalid_arguments":[1.0]}"#.as_slice()
        );
    }

    #[test]
    fn an_object_becomes_a_compact_string_with_every_digit() {
        let given = "{ \"a\" : [ 1.0 ,\n 2e5 ], \"b c\": \"x \\\" \\\\ \\n \\u00e9 é\" , \"d\":{ } }";
        assert_eq!(
            string_of(given),
            r#"{"a":[1.0,2e5],"b c":"x \" \\ \n \u00e9 é","d":{}}"#
        );
        assert_eq!(string_of("{}"), "{}");
    }
}

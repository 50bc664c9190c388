//! A walk over a value at every depth, for what lies too deep for spans of members.

use super::cursor::{Cursor, Key};
use super::levels::Levels;
use super::{Kind, ScanError, Span};

/// Calls `each` with the key, the quoted text and the place of every member of a text that holds a string. The text is
/// one value that was scanned before.
pub fn string_members<'a>(text: &'a [u8], mut each: impl FnMut(Member<'a>)) -> Result<(), ScanError> {
    let mut cursor = Cursor::new(text);
    let mut levels = Levels::default();
    match cursor.token()? {
        first @ (b'{' | b'[') => levels.open(first == b'{')?,
        _ => return Ok(()),
    }
    let mut key: Option<Key> = None;
    loop {
        match cursor.token()? {
            b',' => {}
            first @ (b'{' | b'[') => {
                levels.open(first == b'{')?;
                key = None;
            }
            b'}' | b']' => {
                if levels.close() {
                    return Ok(());
                }
            }
            b'"' if levels.in_object() && key.is_none() => {
                cursor.at -= 1;
                key = Some(cursor.key()?);
            }
            _ => {
                cursor.at -= 1;
                let value = cursor.value()?;
                if let (Some(key), Kind::String) = (key.take(), value.kind) {
                    each(Member {
                        text,
                        key,
                        span: value.span,
                        is_in_part: levels.are_parts(),
                    });
                }
            }
        }
    }
}

/// A member whose value is a string.
pub struct Member<'a> {
    text: &'a [u8],
    key: Key,
    span: Span,
    is_in_part: bool,
}

impl<'a> Member<'a> {
    /// Whether this is its key, however it is spelt.
    pub fn has_key(&self, key: &[u8]) -> bool {
        self.key.text(self.text).as_ref() == key
    }

    /// The string, quotes included.
    pub fn value(&self) -> &'a [u8] {
        self.span.of(self.text)
    }

    /// Where the string stands, quotes included.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Whether it is a member of an element of a list in an element of a list, and so on: lists and objects take
    /// turns from the outermost list in, at least twice.
    pub fn is_in_part(&self) -> bool {
        self.is_in_part
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn met(text: &str) -> Vec<(String, String, bool)> {
        scan::array(text.as_bytes(), |_| ()).unwrap();
        let mut met = Vec::new();
        string_members(text.as_bytes(), |member| {
            met.push((
                String::from_utf8(member.key.text(member.text).into_owned()).unwrap(),
                String::from_utf8(member.value().to_vec()).unwrap(),
                member.is_in_part(),
            ));
        })
        .unwrap();
        met
    }

    #[test]
    fn members_are_met_at_every_depth_and_those_of_parts_are_told_from_the_others() {
        let text = r#" [ "loose", {"role" : "user", "n": [1, true, "x"], "content":[{"type":"a"},
            {"in": {"type":"b", "list": [{"type": "c"}]}, "content": [{"t\u0079pe":"d \" {"}]} ]}, {} ] "#;
        let expected = [
            ("role", "\"user\"", false),
            ("type", "\"a\"", true),
            ("type", "\"b\"", false),
            ("type", "\"c\"", false),
            ("type", "\"d \\\" {\"", true),
        ];
        let expected: Vec<_> = expected
            .map(|(key, value, in_part)| (key.to_owned(), value.to_owned(), in_part))
            .to_vec();
        assert_eq!(met(text), expected);
    }

    #[test]
    fn what_holds_no_members_has_none() {
        assert_eq!(met("[]"), []);
        assert!(string_members(b"\"text\"", |_| ()).is_ok());
        assert!(string_members(b"[{\"a\"", |_| ()).is_err());
    }
}

//! A document walked where it stands: values are slices of it, looked into only when asked.

use std::borrow::Cow;

use super::scan::{self, Kind, ScanError};
use super::text::Text;

/// One value of a document.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    kind: Kind,
    text: &'a [u8],
}

impl<'a> Node<'a> {
    /// The object that a whole document is.
    pub fn object(document: &'a [u8]) -> Result<Self, ScanError> {
        scan::object(document, |_, _| ())?;
        Ok(Self::unread_object(document))
    }

    /// The object that a whole document is, with the named members, if it is sound to the last byte: UTF-8 with
    /// valid strings. Slices of such a document can be copied into another one as they are; above all, no string of
    /// it holds a line break, which would end an event of a stream too early. Numbers are not looked into.
    #[must_use]
    pub fn sound<const N: usize>(document: &'a [u8], keys: [&str; N]) -> Option<(Self, [Option<Self>; N])> {
        simdutf8::basic::from_utf8(document).ok()?;
        if document.iter().copied().min().is_some_and(|least| least < b' ') {
            // White space between values, most likely; whoever reads it tells it from that within strings.
            serde_json::from_slice::<serde::de::IgnoredAny>(document).ok()?;
        } else if !has_valid_escapes(document) {
            return None;
        }
        let members = scan::members(document, keys).ok()?;
        let node = Self::unread_object(document);
        Some((node, members.values.map(|value| node.given(value))))
    }

    /// Calls `each` with every member of the object that a whole document is, in one pass.
    pub fn each_member(
        document: &'a [u8],
        mut each: impl FnMut(Cow<'a, [u8]>, Node<'a>),
    ) -> Result<(), ScanError> {
        let whole = Self::unread_object(document);
        scan::object(document, |key, value| each(key, whole.part(value)))
    }

    /// The object that a document is taken to be: what it really is shows when its members are asked for.
    #[must_use]
    pub fn unread_object(document: &'a [u8]) -> Self {
        Self {
            kind: Kind::Object,
            text: document,
        }
    }

    /// What kind of value it is.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.kind
    }

    /// The value as it stands.
    #[must_use]
    pub fn raw(self) -> &'a [u8] {
        self.text
    }

    /// Calls `each` with every member of an object, in order. Anything else has none.
    pub fn members(self, mut each: impl FnMut(Cow<'a, [u8]>, Node<'a>)) {
        if self.kind == Kind::Object {
            // What was scanned once as a part of a document is well-formed.
            let _well_formed = scan::object(self.text, |key, value| each(key, self.part(value)));
        }
    }

    /// The named members of an object, nulls and absent ones alike `None`. Of two of one name the last counts.
    #[must_use]
    pub fn fields<const N: usize>(self, keys: [&str; N]) -> [Option<Node<'a>>; N] {
        if self.kind != Kind::Object {
            return [None; N];
        }
        let Ok(members) = scan::members(self.text, keys) else {
            return [None; N];
        };
        members.values.map(|value| self.given(value))
    }

    /// Calls `each` with every element of an array and its named members, as [`Node::fields`] gives them, in one
    /// pass. Anything else has none.
    pub fn records<const N: usize>(
        self,
        keys: [&str; N],
        mut each: impl FnMut(Node<'a>, [Option<Node<'a>>; N]),
    ) {
        if self.kind == Kind::Array {
            let given = |value: scan::Value| (value.kind != Kind::Null).then(|| self.part(value));
            let _well_formed = scan::records(self.text, keys, |element, values| {
                each(self.part(element), values.map(|value| value.and_then(given)));
            });
        }
    }

    /// One member of an object.
    #[must_use]
    pub fn field(self, key: &str) -> Option<Node<'a>> {
        let [value] = self.fields([key]);
        value
    }

    /// Calls `each` with every element of an array, in order. Anything else has none.
    pub fn each(self, mut each: impl FnMut(Node<'a>)) {
        if self.kind == Kind::Array {
            let _well_formed = scan::array(self.text, |value| each(self.part(value)));
        }
    }

    /// The elements of an array. Anything else has none.
    #[must_use]
    pub fn elements(self) -> Vec<Node<'a>> {
        let mut elements = Vec::new();
        if self.kind == Kind::Array {
            let _well_formed = scan::array(self.text, |value| elements.push(self.part(value)));
        }
        elements
    }

    /// Whether it is null, or a string, an array or an object with nothing in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        let inner = match self.kind {
            Kind::Null => return true,
            Kind::String => return self.text == b"\"\"",
            Kind::Array | Kind::Object => self.text.get(1..self.text.len().saturating_sub(1)),
            Kind::Number | Kind::True | Kind::False => return false,
        };
        inner.unwrap_or_default().trim_ascii().is_empty()
    }

    /// A string's text.
    #[must_use]
    pub fn text(self) -> Option<Text<'a>> {
        Text::of_quoted(self.text)
    }

    /// Whether it is a string of these characters.
    #[must_use]
    pub fn is(self, plain: &str) -> bool {
        self.text().is_some_and(|text| text.is(plain))
    }

    /// The value of `true` and `false`.
    #[must_use]
    pub fn boolean(self) -> Option<bool> {
        match self.kind {
            Kind::True => Some(true),
            Kind::False => Some(false),
            _ => None,
        }
    }

    /// The value of a whole number that is not negative.
    #[must_use]
    pub fn unsigned(self) -> Option<u64> {
        scan::unsigned(self.text)
    }

    /// The value of a number.
    #[must_use]
    pub fn number(self) -> Option<f64> {
        if self.kind == Kind::Number {
            std::str::from_utf8(self.text).ok()?.parse().ok()
        } else {
            None
        }
    }

    /// A member that is there and not null.
    fn given(self, value: Option<scan::Value>) -> Option<Self> {
        let value = value?;
        (value.kind != Kind::Null).then(|| self.part(value))
    }

    fn part(self, value: scan::Value) -> Self {
        Self {
            kind: value.kind,
            text: value.span.of(self.text),
        }
    }
}

/// Whether every backslash begins an escape that JSON knows.
fn has_valid_escapes(document: &[u8]) -> bool {
    let mut rest = document;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let escape = rest.get(at + 1..).unwrap_or_default();
        let length = match escape.first() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 1,
            Some(b'u')
                if escape
                    .get(1..5)
                    .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) =>
            {
                5
            }
            _ => return false,
        };
        rest = escape.get(length..).unwrap_or_default();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_document_is_walked_without_being_copied() {
        let document = br#" {"a": [1, "x\"", true, null], "b": {"c": 2.5}, "n": null} "#;
        let node = Node::object(document).unwrap();
        let [a, b, absent, null] = node.fields(["a", "b", "absent", "n"]);
        let elements = a.unwrap().elements();
        assert_eq!(elements[0].unsigned(), Some(1));
        assert!(elements[1].is("x\""));
        assert_eq!(elements[2].boolean(), Some(true));
        assert_eq!(elements[3].kind(), Kind::Null);
        assert_eq!(b.unwrap().field("c").unwrap().number(), Some(2.5));
        assert!(absent.is_none() && null.is_none());
        let mut keys = Vec::new();
        node.members(|key, _| keys.push(key.into_owned()));
        assert_eq!(keys, [b"a".to_vec(), b"b".to_vec(), b"n".to_vec()]);
    }

    #[test]
    fn only_a_document_whose_parts_can_be_copied_is_sound() {
        let sound: [&[u8]; 4] = [
            br#" {"a": "\ud83d", "b": [1e5]} "#,
            b"{\n\t\"a\":\"\\u00e9 \\\\u \\\"\"\r\n}",
            "{\"é\":1}".as_bytes(),
            b"{}",
        ];
        for document in sound {
            assert!(
                Node::sound(document, ["a"]).is_some(),
                "{}",
                document.escape_ascii()
            );
        }
        let (_, [a, b]) = Node::sound(br#"{"a":1,"b":null}"#, ["a", "b"]).unwrap();
        assert!(a.unwrap().unsigned() == Some(1) && b.is_none());
        let unsound: [&[u8]; 9] = [
            b"[]",
            b"{\"a\":\"\n\"}",
            b"{\"a\":\"\\x\"}",
            b"{\"a\":\"\xff\"}",
            b"{\"a\":\"\\u12\"}",
            b"{\"a\":\"\\u12G4\"}",
            b"{\"a\":",
            b"{} {}",
            b"",
        ];
        for document in unsound {
            assert!(
                Node::sound(document, ["a"]).is_none(),
                "{}",
                document.escape_ascii()
            );
        }
    }

    #[test]
    fn the_records_of_an_array_come_with_their_named_members() {
        let node =
            Node::object(br#"{"l": [ {"b": 1, "a": "x", "a": "y"}, 7, {}, {"b": null, "c": {"b": 2}} ]}"#)
                .unwrap();
        let mut found = Vec::new();
        node.field("l").unwrap().records(["a", "b"], |element, [a, b]| {
            found.push((
                element.kind(),
                a.map(|a| a.raw().to_vec()),
                b.and_then(Node::unsigned),
            ));
        });
        assert_eq!(
            found,
            [
                (Kind::Object, Some(b"\"y\"".to_vec()), Some(1)),
                (Kind::Number, None, None),
                (Kind::Object, None, None),
                (Kind::Object, None, None)
            ]
        );
    }

    #[test]
    fn empty_is_what_says_nothing() {
        let node = Node::object(br#"{"a":[null,"",[ ],{},0,false," ",[0]]}"#).unwrap();
        let empty: Vec<bool> = node
            .field("a")
            .unwrap()
            .elements()
            .into_iter()
            .map(Node::is_empty)
            .collect();
        assert_eq!(empty, [true, true, true, true, false, false, false, false]);
    }

    #[test]
    fn what_is_no_object_or_array_has_nothing_inside() {
        assert!(Node::object(b"[1]").is_err());
        let node = Node::unread_object(b"nonsense");
        assert!(node.field("a").is_none() && node.elements().is_empty());
    }
}

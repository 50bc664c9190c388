//! A document written front to back into one buffer. Keys are ours and need no escapes.

use super::text::Text;

/// An object under way.
#[derive(Debug)]
pub struct Object<'w> {
    out: &'w mut Vec<u8>,
    is_empty: bool,
}

/// An array under way.
#[derive(Debug)]
pub struct Array<'w> {
    out: &'w mut Vec<u8>,
    is_empty: bool,
}

/// Members that many objects have alike, written once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members(Vec<u8>);

impl Members {
    /// Writes the members.
    pub fn new(fill: impl FnOnce(&mut Object<'_>)) -> Self {
        let mut out = Vec::new();
        fill(&mut Object {
            out: &mut out,
            is_empty: true,
        });
        Self(out)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The members as they stand between the braces.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Writes an object at the end of `out`.
pub fn object(out: &mut Vec<u8>, fill: impl FnOnce(&mut Object<'_>)) {
    out.push(b'{');
    fill(&mut Object { out, is_empty: true });
    out.push(b'}');
}

fn array(out: &mut Vec<u8>, fill: impl FnOnce(&mut Array<'_>)) {
    out.push(b'[');
    fill(&mut Array { out, is_empty: true });
    out.push(b']');
}

fn quote(out: &mut Vec<u8>, escaped: &[u8]) {
    out.push(b'"');
    out.extend_from_slice(escaped);
    out.push(b'"');
}

fn plain(out: &mut Vec<u8>, text: &str) {
    // Writing to memory cannot fail.
    let _written = serde_json::to_writer(out, text);
}

impl Object<'_> {
    fn key(&mut self, key: &str) -> &mut Vec<u8> {
        if !self.is_empty {
            self.out.push(b',');
        }
        self.is_empty = false;
        quote(self.out, key.as_bytes());
        self.out.push(b':');
        self.out
    }

    /// A member under a key of another document, which stands as it is written there; `fill` writes its value.
    pub fn member(&mut self, key: &[u8], fill: impl FnOnce(&mut Vec<u8>)) {
        if !self.is_empty {
            self.out.push(b',');
        }
        self.is_empty = false;
        // A key that was read has its escapes resolved.
        let text = Text::of_plain(&String::from_utf8_lossy(key));
        quote(self.out, text.escaped());
        self.out.push(b':');
        fill(self.out);
    }

    /// A member whose value is JSON already.
    pub fn raw(&mut self, key: &str, json: &[u8]) {
        self.key(key).extend_from_slice(json);
    }

    /// Members that were written before.
    pub fn members(&mut self, members: &Members) {
        if !members.0.is_empty() {
            if !self.is_empty {
                self.out.push(b',');
            }
            self.is_empty = false;
            self.out.extend_from_slice(&members.0);
        }
    }

    /// A string member out of another document.
    pub fn text(&mut self, key: &str, text: &Text<'_>) {
        quote(self.key(key), text.escaped());
    }

    /// A string member of several texts, one after the other, with `between` between them; `between` needs no
    /// escapes or brings its own.
    pub fn texts<'t>(&mut self, key: &str, between: &str, texts: impl IntoIterator<Item = &'t Text<'t>>) {
        let out = self.key(key);
        out.push(b'"');
        for (index, text) in texts.into_iter().enumerate() {
            if index > 0 {
                out.extend_from_slice(between.as_bytes());
            }
            out.extend_from_slice(text.escaped());
        }
        out.push(b'"');
    }

    /// A string member whose escaped content `fill` writes.
    pub fn escaped(&mut self, key: &str, fill: impl FnOnce(&mut Vec<u8>)) {
        let out = self.key(key);
        out.push(b'"');
        fill(out);
        out.push(b'"');
    }

    /// A string member of plain text.
    pub fn string(&mut self, key: &str, text: &str) {
        plain(self.key(key), text);
    }

    /// A whole number.
    pub fn number(&mut self, key: &str, number: u64) {
        self.raw(key, number.to_string().as_bytes());
    }

    /// A number; one that JSON cannot say is `null`.
    pub fn float(&mut self, key: &str, number: f64) {
        // Writing to memory cannot fail.
        let _written = serde_json::to_writer(self.key(key), &number);
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, key: &str, value: bool) {
        self.raw(key, if value { b"true" } else { b"false" });
    }

    /// `null`.
    pub fn null(&mut self, key: &str) {
        self.raw(key, b"null");
    }

    /// An object member.
    pub fn object(&mut self, key: &str, fill: impl FnOnce(&mut Object<'_>)) {
        object(self.key(key), fill);
    }

    /// An array member.
    pub fn array(&mut self, key: &str, fill: impl FnOnce(&mut Array<'_>)) {
        array(self.key(key), fill);
    }
}

impl Array<'_> {
    fn element(&mut self) -> &mut Vec<u8> {
        if !self.is_empty {
            self.out.push(b',');
        }
        self.is_empty = false;
        self.out
    }

    /// An element that is JSON already.
    pub fn raw(&mut self, json: &[u8]) {
        self.element().extend_from_slice(json);
    }

    /// A string out of another document.
    pub fn text(&mut self, text: &Text<'_>) {
        quote(self.element(), text.escaped());
    }

    /// A string of plain text.
    pub fn string(&mut self, text: &str) {
        plain(self.element(), text);
    }

    /// An object.
    pub fn object(&mut self, fill: impl FnOnce(&mut Object<'_>)) {
        object(self.element(), fill);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn members_are_written_once_and_used_often() {
        let members = Members::new(|object| object.null("a"));
        let mut out = Vec::new();
        for _ in 0..2 {
            object(&mut out, |object| {
                object.members(&members);
                object.members(&Members::default());
                object.null("b");
            });
        }
        assert_eq!(out, br#"{"a":null,"b":null}{"a":null,"b":null}"#);
    }

    #[test]
    fn what_is_written_is_json() {
        let mut out = Vec::new();
        object(&mut out, |object| {
            object.string("s", "a\"\n");
            object.text("t", &Text::of_quoted(br#""\u00e9\n""#).unwrap_or_default());
            object.number("n", 7);
            object.boolean("b", true);
            object.null("z");
            object.object("o", |_| ());
            object.array("l", |list| {
                list.string("x");
                list.raw(b"1.0");
                list.object(|object| object.boolean("y", false));
            });
        });
        assert_eq!(
            std::str::from_utf8(&out).unwrap(),
            r#"{"s":"a\"\n","t":"\u00e9\n","n":7,"b":true,"z":null,"o":{},"l":["x",1.0,{"y":false}]}"#
        );
    }
}

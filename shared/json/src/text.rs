//! A JSON string as it stands in a document. Most text only passes from one document into another: then its bytes
//! are copied and no escape is resolved.

use std::borrow::Cow;

use super::scan;

/// What stands between the quotes of a JSON string, escapes and all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text<'a>(Cow<'a, [u8]>);

impl<'a> Text<'a> {
    /// The text of a string value; `None` if it has no quotes around it.
    #[must_use]
    pub fn of_quoted(quoted: &'a [u8]) -> Option<Self> {
        let inner = quoted.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        Some(Self(Cow::Borrowed(inner)))
    }

    /// Plain text, escaped where JSON asks for it.
    #[must_use]
    pub fn of_plain(plain: &str) -> Text<'static> {
        let quoted = serde_json::to_vec(plain).unwrap_or_default();
        let inner = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
        Text(Cow::Owned(inner.to_vec()))
    }

    /// The text of a JSON document, without the white space between its values.
    #[must_use]
    pub fn of_document(document: &[u8]) -> Text<'static> {
        let mut escaped = Vec::with_capacity(document.len().saturating_add(document.len() / 4));
        let mut in_string = false;
        let mut is_escaped = false;
        for &byte in document {
            match byte {
                b'"' => {
                    in_string = !in_string || is_escaped;
                    escaped.extend_from_slice(br#"\""#);
                }
                b'\\' => escaped.extend_from_slice(br"\\"),
                b' ' | b'\n' | b'\r' | b'\t' if !in_string => {}
                _ => escaped.push(byte),
            }
            is_escaped = byte == b'\\' && !is_escaped;
        }
        Text(Cow::Owned(escaped))
    }

    /// The first `most` characters.
    #[must_use]
    pub fn bounded(self, most: usize) -> Self {
        if self.0.len() <= most {
            return self;
        }
        let Some(plain) = self.plain() else {
            return Self::default();
        };
        match plain
            .char_indices()
            .nth(most)
            .and_then(|(end, _)| plain.get(..end))
        {
            Some(beginning) => Text::of_plain(beginning),
            None => self,
        }
    }

    /// Text that stands in a document as these bytes, escapes and all.
    #[must_use]
    pub fn of_escaped(escaped: Vec<u8>) -> Text<'static> {
        Text(Cow::Owned(escaped))
    }

    /// What stands before and after the first `separator`, an ASCII character that JSON does not escape.
    #[must_use]
    pub fn split_once(&self, separator: u8) -> Option<(Text<'a>, Text<'a>)> {
        let at = memchr::memchr(separator, &self.0)?;
        Some(match &self.0 {
            Cow::Borrowed(bytes) => {
                let (before, after) = bytes.split_at_checked(at)?;
                (Text(Cow::Borrowed(before)), Text(Cow::Borrowed(after.get(1..)?)))
            }
            Cow::Owned(bytes) => {
                let (before, after) = bytes.split_at_checked(at)?;
                (
                    Text(Cow::Owned(before.to_vec())),
                    Text(Cow::Owned(after.get(1..)?.to_vec())),
                )
            }
        })
    }

    /// The text without white space at its end; borrowed if there is none.
    #[must_use]
    pub fn trimmed_end(&self) -> Cow<'_, Self> {
        let may_be_blank = |byte: &u8| {
            matches!(byte, b' ' | b'n' | b'r' | b't' | b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F')
                || !byte.is_ascii()
        };
        if self.0.last().is_some_and(may_be_blank)
            && let Some(plain) = self.plain()
            && let trimmed = plain.trim_end()
            && trimmed.len() < plain.len()
        {
            return Cow::Owned(Self::of_plain(trimmed));
        }
        Cow::Borrowed(self)
    }

    /// The same text, kept apart from the document it came from.
    #[must_use]
    pub fn into_owned(self) -> Text<'static> {
        Text(Cow::Owned(self.0.into_owned()))
    }

    /// The bytes between the quotes.
    #[must_use]
    pub fn escaped(&self) -> &[u8] {
        &self.0
    }

    /// Adds another text at the end.
    pub fn push(&mut self, other: &Text<'_>) {
        self.0.to_mut().extend_from_slice(&other.0);
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is nothing but white space. Looks no further than the first byte that is none.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        let mut bytes = self.0.iter();
        loop {
            let is_plain_or_short = match bytes.next() {
                None => return true,
                Some(b' ') => true,
                Some(b'\\') => matches!(bytes.next(), Some(b'n' | b'r' | b't')),
                Some(byte) if byte.is_ascii() => return false,
                Some(_) => false,
            };
            if !is_plain_or_short {
                return self.plain().is_some_and(|plain| plain.trim().is_empty());
            }
        }
    }

    /// Whether it is these characters, none of which JSON would escape.
    #[must_use]
    pub fn is(&self, plain: &str) -> bool {
        if memchr::memchr(b'\\', &self.0).is_none() {
            return self.0.as_ref() == plain.as_bytes();
        }
        self.plain().is_some_and(|own| own == plain)
    }

    /// The text with its escapes resolved; `None` if they are no valid ones.
    #[must_use]
    pub fn plain(&self) -> Option<Cow<'_, str>> {
        if memchr::memchr(b'\\', &self.0).is_none() {
            return std::str::from_utf8(&self.0).ok().map(Cow::Borrowed);
        }
        unescape(&self.0).map(Cow::Owned)
    }
}

/// Resolves the escapes of one letter; anything with a number is left to the JSON library.
fn unescape(escaped: &[u8]) -> Option<String> {
    let mut plain = Vec::with_capacity(escaped.len());
    let mut rest = escaped;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let (before, from_escape) = rest.split_at_checked(at)?;
        plain.extend_from_slice(before);
        let [_, letter, after @ ..] = from_escape else {
            return None;
        };
        plain.push(match letter {
            b'"' | b'\\' | b'/' => *letter,
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'b' => 8,
            b'f' => 12,
            _ => {
                let quoted = [b"\"", escaped, b"\""].concat();
                return scan::string(&quoted).map(Cow::into_owned);
            }
        });
        rest = after;
    }
    plain.extend_from_slice(rest);
    String::from_utf8(plain).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn text_passes_with_its_escapes_and_gives_its_plain_form() {
        let text = Text::of_quoted(br#""a\n\u00e9\"""#).unwrap();
        assert_eq!(text.escaped(), br#"a\n\u00e9\""#);
        assert_eq!(text.plain().unwrap(), "a\né\"");
        assert_eq!(Text::of_plain("a\n\"").escaped(), br#"a\n\""#);
        assert_eq!(Text::of_quoted(b"1"), None);
        for wrong in [r"\", r"a\q", r"\u12"] {
            assert_eq!(Text(Cow::Borrowed(wrong.as_bytes())).plain(), None, "{wrong}");
        }
    }

    #[test]
    fn a_document_becomes_text_without_the_space_between_its_values() {
        let document = br#"{ "a b" : [1.0,  "c \\ \" d\u00e9"] , "e":"" }"#;
        let text = Text::of_document(document);
        assert_eq!(text.plain().unwrap(), r#"{"a b":[1.0,"c \\ \" d\u00e9"],"e":""}"#);
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let text = Text::of_plain("é\"日\n");
        assert_eq!(text.clone().bounded(3).plain().unwrap(), "é\"日");
        assert_eq!(text.clone().bounded(4), text);
    }

    #[test]
    fn text_is_split_and_trimmed() {
        let text = Text::of_quoted(br#""data:a\/b;base64,QUJD,x""#).unwrap();
        let (head, data) = text.split_once(b',').unwrap();
        assert_eq!(
            (head.plain().unwrap().as_ref(), data.escaped()),
            ("data:a/b;base64", b"QUJD,x".as_slice())
        );
        assert_eq!(text.split_once(b'#'), None);
        for (given, expected) in [
            ("a", "a"),
            ("a ", "a"),
            (r"a\n\t", "a"),
            (r"a\\n", r"a\\n"),
            (r" \u0020", ""),
            ("a\u{a0}", "a"),
            ("end", "end"),
        ] {
            let text = Text(Cow::Borrowed(given.as_bytes()));
            assert_eq!(text.trimmed_end().escaped(), expected.as_bytes(), "{given:?}");
        }
    }

    #[test]
    fn blank_is_what_has_only_white_space_however_it_is_written() {
        for blank in ["", " ", r"\n", r" \t\r\n", r"\u0020", "\u{a0}"] {
            assert!(Text(Cow::Borrowed(blank.as_bytes())).is_blank(), "{blank:?}");
        }
        for text in ["a", " a", r"\na", r"\\", "é"] {
            assert!(!Text(Cow::Borrowed(text.as_bytes())).is_blank(), "{text:?}");
        }
    }
}

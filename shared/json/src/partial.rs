//! A JSON document that arrives in pieces, as text. What is asked of it is only whether it is whole.

use super::text::Text;

/// How much of an object or an array has come.
#[derive(Clone, Debug, Default)]
pub struct Partial {
    depth: usize,
    has_begun: bool,
    in_string: bool,
    is_escaped: bool,
}

impl Partial {
    /// Takes the next piece: text of a string that stands in another document, so it is escaped once more. A piece
    /// never ends within such an escape, each being the whole of a string.
    pub fn push(&mut self, piece: &Text<'_>) {
        let mut rest = piece.escaped().iter();
        while let Some(&byte) = rest.next() {
            if byte != b'\\' {
                self.step(byte);
                continue;
            }
            match rest.next() {
                Some(b'u') => {
                    let digits = rest.as_slice().get(..4).unwrap_or_default();
                    let code = std::str::from_utf8(digits).map(|digits| u8::from_str_radix(digits, 16));
                    // What is beyond ASCII has no meaning of its own in JSON.
                    self.step(code.map_or(0, Result::unwrap_or_default));
                    rest = rest.as_slice().get(4..).unwrap_or_default().iter();
                }
                Some(&byte @ (b'"' | b'\\')) => self.step(byte),
                // A slash or white space.
                _ => self.step(0),
            }
        }
    }

    /// Whether the object or array that began has ended.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.has_begun && self.depth == 0
    }

    fn step(&mut self, byte: u8) {
        if self.in_string {
            self.in_string = byte != b'"' || self.is_escaped;
            self.is_escaped = byte == b'\\' && !self.is_escaped;
            return;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => {
                self.has_begun = true;
                self.depth = self.depth.saturating_add(1);
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_document_is_whole_with_its_last_bracket_wherever_it_is_cut() {
        for document in [
            r#"{"a":"}\"}\\","b":[1,{"c":"é\u007d"}]}"#,
            "{}",
            "[]",
            " { } ",
            r#"{"\\":"{"}"#,
        ] {
            let characters: Vec<char> = document.chars().collect();
            let end = document.trim_end().chars().count();
            for cut in 0..characters.len() {
                let mut partial = Partial::default();
                let (head, tail) = characters.split_at(cut);
                partial.push(&Text::of_plain(&head.iter().collect::<String>()));
                assert_eq!(partial.is_whole(), cut >= end, "{document} cut at {cut}");
                partial.push(&Text::of_plain(&tail.iter().collect::<String>()));
                assert!(partial.is_whole(), "{document} cut at {cut}");
            }
        }
    }

    #[test]
    fn brackets_may_be_escaped_and_nothing_is_not_whole() {
        let mut partial = Partial::default();
        assert!(!partial.is_whole());
        partial.push(&Text::of_quoted(br#""\u007b\u0022a\u0022:1""#).unwrap());
        assert!(!partial.is_whole());
        partial.push(&Text::of_quoted(br#""\u007D\u00""#).unwrap());
        assert!(partial.is_whole());
    }
}

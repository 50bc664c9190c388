//! The walk over the bytes of a text.

use std::borrow::Cow;

use super::levels::Levels;
use super::marks::{BLOCK, marks, marks_of_rest};
use super::words::Words;
use super::{Kind, ScanError, Span, Value};

/// A key's span without its quotes.
#[derive(Clone, Copy)]
pub(super) struct Key {
    span: Span,
    has_escapes: bool,
}

impl Key {
    /// The key. One with escapes is resolved, so that no spelling of a key escapes notice.
    pub(super) fn text(self, text: &[u8]) -> Cow<'_, [u8]> {
        let raw = self.span.of(text);
        if self.has_escapes {
            let quoted = [b"\"", raw, b"\""].concat();
            if let Ok(resolved) = serde_json::from_slice::<String>(&quoted) {
                return Cow::Owned(resolved.into_bytes());
            }
        }
        Cow::Borrowed(raw)
    }
}

pub(super) struct Cursor<'a> {
    pub(super) text: &'a [u8],
    /// The next byte to read.
    pub(super) at: usize,
    /// What was noticed on the way.
    pub(super) words: Words,
}

/// What may come next inside a container.
#[derive(Clone, Copy)]
enum Expect {
    FirstKeyOrEnd,
    FirstElementOrEnd,
    Value,
    CommaOrEnd,
}

impl<'a> Cursor<'a> {
    /// A walk from the beginning.
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            at: 0,
            words: Words::default(),
        }
    }

    /// The members of an object whose opening brace is read, and its closing brace.
    pub(super) fn members(&mut self, each: &mut impl FnMut(Cow<'a, [u8]>, Value)) -> Result<(), ScanError> {
        if self.peek_token() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            let key = self.key()?;
            let value = self.value()?;
            each(key.text(self.text), value);
            match self.token()? {
                b',' => {}
                b'}' => return Ok(()),
                _ => return Err(self.unexpected()),
            }
        }
    }

    /// The next byte that is not white space, not consumed.
    pub(super) fn peek_token(&mut self) -> Option<u8> {
        while let Some(&byte) = self.text.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    /// The next byte that is not white space.
    pub(super) fn token(&mut self) -> Result<u8, ScanError> {
        let byte = self.peek_token().ok_or(ScanError::Truncated)?;
        self.at += 1;
        Ok(byte)
    }

    /// The byte read last is wrong.
    pub(super) fn unexpected(&self) -> ScanError {
        ScanError::Unexpected(self.at.saturating_sub(1))
    }

    /// Nothing but white space may follow.
    pub(super) fn finish(&mut self) -> Result<(), ScanError> {
        match self.peek_token() {
            None => Ok(()),
            Some(_) => Err(ScanError::Unexpected(self.at)),
        }
    }

    /// A key and its colon.
    pub(super) fn key(&mut self) -> Result<Key, ScanError> {
        if self.token()? != b'"' {
            return Err(self.unexpected());
        }
        let start = self.at;
        let has_escapes = self.skip_string()?;
        let key = Key {
            span: Span {
                start,
                end: self.at - 1,
            },
            has_escapes,
        };
        if self.token()? == b':' {
            Ok(key)
        } else {
            Err(self.unexpected())
        }
    }

    /// One value of any kind.
    pub(super) fn value(&mut self) -> Result<Value, ScanError> {
        let first = self.token()?;
        let start = self.at - 1;
        let kind = match first {
            b'{' => {
                self.skip_container(true)?;
                Kind::Object
            }
            b'[' => {
                self.skip_container(false)?;
                Kind::Array
            }
            _ => self.skip_scalar(first)?,
        };
        Ok(Value {
            kind,
            span: Span { start, end: self.at },
        })
    }

    /// The rest of a value that is no container and whose first byte is read.
    fn skip_scalar(&mut self, first: u8) -> Result<Kind, ScanError> {
        match first {
            b'"' => self.skip_string().map(|_| Kind::String),
            b't' => self.skip_literal(b"rue").map(|()| Kind::True),
            b'f' => self.skip_literal(b"alse").map(|()| Kind::False),
            b'n' => self.skip_literal(b"ull").map(|()| Kind::Null),
            b'-' | b'0'..=b'9' => {
                while let Some(b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E') = self.text.get(self.at) {
                    self.at += 1;
                }
                Ok(Kind::Number)
            }
            _ => Err(self.unexpected()),
        }
    }

    fn skip_literal(&mut self, rest: &[u8]) -> Result<(), ScanError> {
        for expected in rest {
            match self.text.get(self.at) {
                None => return Err(ScanError::Truncated),
                Some(byte) if byte == expected => self.at += 1,
                Some(_) => return Err(ScanError::Unexpected(self.at)),
            }
        }
        Ok(())
    }

    /// The rest of a string whose opening quote is read; whether it has escapes.
    fn skip_string(&mut self) -> Result<bool, ScanError> {
        let mut has_escapes = false;
        // Whether the last byte of the block before escapes the first of this one.
        let mut is_escaped = false;
        let start = self.at;
        let mut rest = self.text.get(start..).unwrap_or_default();
        while !rest.is_empty() {
            let (mut marks, after) = match rest.split_first_chunk() {
                Some((block, after)) => (marks(block), after),
                None => (marks_of_rest(rest), [].as_slice()),
            };
            marks &= !u32::from(is_escaped);
            is_escaped = false;
            while marks != 0 {
                let at = marks.trailing_zeros() as usize;
                if rest.get(at) == Some(&b'"') {
                    let end = self.at + at;
                    self.words.note(self.text.get(start..end).unwrap_or_default());
                    self.at = end + 1;
                    return Ok(has_escapes);
                }
                // A `u` and its digits need no special care, being neither quote nor backslash.
                has_escapes = true;
                is_escaped = at == BLOCK - 1;
                marks &= !(0b11 << at);
            }
            self.at += rest.len() - after.len();
            rest = after;
        }
        Err(ScanError::Truncated)
    }

    /// The rest of an object or array whose opening bracket is read. The levels above are bits of a fixed stack,
    /// so that depth costs neither memory nor recursion.
    fn skip_container(&mut self, is_object: bool) -> Result<(), ScanError> {
        let mut levels = Levels::default();
        levels.open(is_object)?;
        let mut expect = if is_object {
            Expect::FirstKeyOrEnd
        } else {
            Expect::FirstElementOrEnd
        };
        loop {
            let byte = self.token()?;
            expect = match (expect, byte) {
                (Expect::FirstKeyOrEnd, b'}') | (Expect::FirstElementOrEnd, b']') => {
                    if levels.close() {
                        return Ok(());
                    }
                    Expect::CommaOrEnd
                }
                (Expect::FirstKeyOrEnd, _) => {
                    self.at -= 1;
                    self.key()?;
                    Expect::Value
                }
                (Expect::Value | Expect::FirstElementOrEnd, b'{') => {
                    levels.open(true)?;
                    Expect::FirstKeyOrEnd
                }
                (Expect::Value | Expect::FirstElementOrEnd, b'[') => {
                    levels.open(false)?;
                    Expect::FirstElementOrEnd
                }
                (Expect::Value | Expect::FirstElementOrEnd, first) => {
                    self.skip_scalar(first)?;
                    Expect::CommaOrEnd
                }
                (Expect::CommaOrEnd, b',') => {
                    if levels.in_object() {
                        self.key()?;
                    }
                    Expect::Value
                }
                (Expect::CommaOrEnd, b'}') if levels.in_object() => {
                    if levels.close() {
                        return Ok(());
                    }
                    Expect::CommaOrEnd
                }
                (Expect::CommaOrEnd, b']') if !levels.in_object() => {
                    if levels.close() {
                        return Ok(());
                    }
                    Expect::CommaOrEnd
                }
                (Expect::CommaOrEnd, _) => return Err(self.unexpected()),
            };
        }
    }
}

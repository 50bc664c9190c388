//! Finds the members of a JSON object, or the elements of an array, as spans, in one pass over the bytes and
//! without allocation. The whole text is checked to be JSON in structure: brackets, commas, colons, strings,
//! literals. What a number or an escape looks like inside is left to whoever reads the span.

use std::borrow::Cow;

use crate::limits::MAX_JSON_DEPTH;

/// A range of bytes, end excluded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The bytes of the span in the text that it was found in; empty if it is not of that text.
    #[must_use]
    pub fn of(self, text: &[u8]) -> &[u8] {
        text.get(self.start..self.end).unwrap_or_default()
    }

    /// The span moved by `offset`: found in a part of the text that begins there.
    #[must_use]
    pub fn shifted(self, offset: usize) -> Self {
        Self {
            start: self.start.saturating_add(offset),
            end: self.end.saturating_add(offset),
        }
    }
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A string, quotes included in its span.
    String,
    /// A number.
    Number,
    /// `true`.
    True,
    /// `false`.
    False,
    /// `null`.
    Null,
    /// An object.
    Object,
    /// An array.
    Array,
}

/// A value: what it is and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    /// What it is.
    pub kind: Kind,
    /// Where it is.
    pub span: Span,
}

/// Why a text is not the JSON that was looked for; positions are byte offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// Nothing but white space.
    #[error("it is empty")]
    Empty,
    /// The text ends inside a value.
    #[error("it ends in the middle of a value")]
    Truncated,
    /// The text is JSON so far, but not of the expected kind.
    #[error("it is not an object")]
    NotAnObject,
    /// A byte that JSON does not allow there.
    #[error("unexpected byte at offset {0}")]
    Unexpected(usize),
    /// Nested deeper than [`MAX_JSON_DEPTH`].
    #[error("it nests deeper than {MAX_JSON_DEPTH} levels")]
    TooDeep,
}

/// Calls `each` with the key and the value of every member of the object that `text` is.
pub fn object<'a>(text: &'a [u8], mut each: impl FnMut(Cow<'a, [u8]>, Value)) -> Result<(), ScanError> {
    let mut cursor = Cursor { text, at: 0 };
    match cursor.peek_token() {
        None => return Err(ScanError::Empty),
        Some(b'{') => cursor.at += 1,
        Some(_) => return Err(ScanError::NotAnObject),
    }
    cursor.members(&mut each)?;
    cursor.finish()
}

/// Calls `each` with every element of the array that `text` is.
pub fn array(text: &[u8], mut each: impl FnMut(Value)) -> Result<(), ScanError> {
    let mut cursor = Cursor { text, at: 0 };
    match cursor.peek_token() {
        None => return Err(ScanError::Empty),
        Some(b'[') => cursor.at += 1,
        Some(_) => return Err(ScanError::NotAnObject),
    }
    if cursor.peek_token() == Some(b']') {
        cursor.at += 1;
        return cursor.finish();
    }
    loop {
        each(cursor.value()?);
        match cursor.token()? {
            b',' => {}
            b']' => return cursor.finish(),
            _ => return Err(cursor.unexpected()),
        }
    }
}

/// Calls `each` with every element of the array that `text` is and, where the element is an object, the values of
/// its named members, in the order of `keys`; of two of one name the last counts. One pass finds both, where
/// [`array`] and then [`members`] of each element would read every byte twice.
pub fn records<const N: usize>(
    text: &[u8],
    keys: [&str; N],
    mut each: impl FnMut(Value, [Option<Value>; N]),
) -> Result<(), ScanError> {
    let mut cursor = Cursor { text, at: 0 };
    match cursor.peek_token() {
        None => return Err(ScanError::Empty),
        Some(b'[') => cursor.at += 1,
        Some(_) => return Err(ScanError::NotAnObject),
    }
    if cursor.peek_token() == Some(b']') {
        cursor.at += 1;
        return cursor.finish();
    }
    loop {
        let mut values = [None; N];
        let element = if cursor.peek_token() == Some(b'{') {
            let start = cursor.at;
            cursor.at += 1;
            cursor.members(&mut |key: Cow<'_, [u8]>, value| {
                let index = keys.iter().position(|known| known.as_bytes() == key.as_ref());
                if let Some(slot) = index.and_then(|index| values.get_mut(index)) {
                    *slot = Some(value);
                }
            })?;
            Value {
                kind: Kind::Object,
                span: Span {
                    start,
                    end: cursor.at,
                },
            }
        } else {
            cursor.value()?
        };
        each(element, values);
        match cursor.token()? {
            b',' => {}
            b']' => return cursor.finish(),
            _ => return Err(cursor.unexpected()),
        }
    }
}

/// The values of the named members of the object that `text` is, in the order of `keys`, and the index in `keys` of
/// one that is given twice, if any: readers differ in which of two they take, so a repeated key deserves distrust.
pub fn members<const N: usize>(text: &[u8], keys: [&str; N]) -> Result<Members<N>, ScanError> {
    let mut found = Members {
        values: [None; N],
        repeated: None,
    };
    object(text, |key, value| {
        if let Some(index) = keys.iter().position(|known| known.as_bytes() == key.as_ref())
            && let Some(slot) = found.values.get_mut(index)
            && slot.replace(value).is_some()
        {
            found.repeated = Some(index);
        }
    })?;
    Ok(found)
}

/// What [`members`] found.
#[derive(Clone, Copy, Debug)]
pub struct Members<const N: usize> {
    /// The value of each key; the last one if it is given twice.
    pub values: [Option<Value>; N],
    /// The index of a key that is given twice.
    pub repeated: Option<usize>,
}

/// What kind of value a text begins as.
#[must_use]
pub fn kind(text: &[u8]) -> Option<Kind> {
    let mut cursor = Cursor { text, at: 0 };
    Some(match cursor.peek_token()? {
        b'{' => Kind::Object,
        b'[' => Kind::Array,
        b'"' => Kind::String,
        b't' => Kind::True,
        b'f' => Kind::False,
        b'n' => Kind::Null,
        b'-' | b'0'..=b'9' => Kind::Number,
        _ => return None,
    })
}

/// The value of a number that is a whole one and not negative.
#[must_use]
pub fn unsigned(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// The text of a string value, escapes resolved; `None` if it is no valid string.
#[must_use]
pub fn string(quoted: &[u8]) -> Option<Cow<'_, str>> {
    let inner = quoted.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if memchr::memchr(b'\\', inner).is_none() {
        return std::str::from_utf8(inner).ok().map(Cow::Borrowed);
    }
    serde_json::from_slice::<String>(quoted).ok().map(Cow::Owned)
}

/// A key's span without its quotes.
#[derive(Clone, Copy)]
struct Key {
    span: Span,
    has_escapes: bool,
}

impl Key {
    /// The key. One with escapes is resolved, so that no spelling of a key escapes notice.
    fn text(self, text: &[u8]) -> Cow<'_, [u8]> {
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

/// How many bytes of a string are looked at together.
const BLOCK: usize = 16;

/// Which bytes of a block may end a string or escape the next byte: quotes and backslashes, a bit each, the first
/// byte's the lowest. Prompts are full of escapes, so a search that begins anew after each would cost more than this.
#[cfg(target_feature = "simd128")]
fn marks(block: &[u8; BLOCK]) -> u32 {
    use std::arch::wasm32::{u8x16_bitmask, u8x16_eq, u8x16_splat, u64x2, v128_or};
    let (halves, _) = block.as_chunks();
    let mut halves = halves.iter().copied().map(u64::from_le_bytes);
    let mut half = || halves.next().unwrap_or_default();
    let block = u64x2(half(), half());
    let is = |byte| u8x16_eq(block, u8x16_splat(byte));
    u8x16_bitmask(v128_or(is(b'"'), is(b'\\'))).into()
}

#[cfg(not(target_feature = "simd128"))]
fn marks(block: &[u8; BLOCK]) -> u32 {
    marks_of_rest(block)
}

/// The same of what is left of a text that is shorter than a block.
fn marks_of_rest(rest: &[u8]) -> u32 {
    rest.iter().enumerate().fold(0, |marks, (at, byte)| {
        marks | u32::from(matches!(byte, b'"' | b'\\')) << at
    })
}

struct Cursor<'a> {
    text: &'a [u8],
    /// The next byte to read.
    at: usize,
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
    /// The members of an object whose opening brace is read, and its closing brace.
    fn members(&mut self, each: &mut impl FnMut(Cow<'a, [u8]>, Value)) -> Result<(), ScanError> {
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
    fn peek_token(&mut self) -> Option<u8> {
        while let Some(&byte) = self.text.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    /// The next byte that is not white space.
    fn token(&mut self) -> Result<u8, ScanError> {
        let byte = self.peek_token().ok_or(ScanError::Truncated)?;
        self.at += 1;
        Ok(byte)
    }

    /// The byte read last is wrong.
    fn unexpected(&self) -> ScanError {
        ScanError::Unexpected(self.at.saturating_sub(1))
    }

    /// Nothing but white space may follow.
    fn finish(&mut self) -> Result<(), ScanError> {
        match self.peek_token() {
            None => Ok(()),
            Some(_) => Err(ScanError::Unexpected(self.at)),
        }
    }

    /// A key and its colon.
    fn key(&mut self) -> Result<Key, ScanError> {
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
    fn value(&mut self) -> Result<Value, ScanError> {
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
        let mut rest = self.text.get(self.at..).unwrap_or_default();
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
                    self.at += at + 1;
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

/// Which of the open containers are objects, the innermost in the lowest bit.
#[derive(Default)]
struct Levels {
    objects: [u128; 2],
    depth: usize,
}

impl Levels {
    fn open(&mut self, is_object: bool) -> Result<(), ScanError> {
        // The outermost object, which the caller walks, is one level more.
        if self.depth + 1 >= MAX_JSON_DEPTH {
            return Err(ScanError::TooDeep);
        }
        let [low, high] = self.objects;
        self.objects = [(low << 1) | u128::from(is_object), (high << 1) | (low >> 127)];
        self.depth += 1;
        Ok(())
    }

    /// Closes the innermost container; true if that was the first one.
    fn close(&mut self) -> bool {
        let [low, high] = self.objects;
        self.objects = [(low >> 1) | (high << 127), high >> 1];
        self.depth -= 1;
        self.depth == 0
    }

    fn in_object(&self) -> bool {
        let [low, _] = self.objects;
        low & 1 == 1
    }
}

#[cfg(test)]
mod tests;

//! Finds the members of a JSON object, or the elements of an array, as spans, in one pass over the bytes and
//! without allocation. The whole text is checked to be JSON in structure: brackets, commas, colons, strings,
//! literals. What a number or an escape looks like inside is left to whoever reads the span.

mod cursor;
mod levels;
mod marks;
mod walk;
mod words;

use std::borrow::Cow;

pub use walk::string_members;
pub use words::Words;

use crate::MAX_DEPTH;
use cursor::Cursor;

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
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("it nests deeper than {MAX_DEPTH} levels")]
    TooDeep,
}

/// Calls `each` with the key and the value of every member of the object that `text` is.
pub fn object<'a>(text: &'a [u8], each: impl FnMut(Cow<'a, [u8]>, Value)) -> Result<(), ScanError> {
    object_with_words(text, each).map(|_| ())
}

/// The same, and which telling words stand anywhere in it.
pub fn object_with_words<'a>(
    text: &'a [u8],
    mut each: impl FnMut(Cow<'a, [u8]>, Value),
) -> Result<Words, ScanError> {
    let mut cursor = Cursor::new(text);
    match cursor.peek_token() {
        None => return Err(ScanError::Empty),
        Some(b'{') => cursor.at += 1,
        Some(_) => return Err(ScanError::NotAnObject),
    }
    cursor.members(&mut each)?;
    cursor.finish()?;
    Ok(cursor.words)
}

/// Calls `each` with every element of the array that `text` is.
pub fn array(text: &[u8], mut each: impl FnMut(Value)) -> Result<(), ScanError> {
    let Some(mut cursor) = open_array(text)? else {
        return Ok(());
    };
    loop {
        each(cursor.value()?);
        match cursor.token()? {
            b',' => {}
            b']' => return cursor.finish(),
            _ => return Err(cursor.unexpected()),
        }
    }
}

/// Goes to the first element of the array that `text` is; `None` if it has none.
fn open_array(text: &[u8]) -> Result<Option<Cursor<'_>>, ScanError> {
    let mut cursor = Cursor::new(text);
    match cursor.peek_token() {
        None => return Err(ScanError::Empty),
        Some(b'[') => cursor.at += 1,
        Some(_) => return Err(ScanError::NotAnObject),
    }
    if cursor.peek_token() != Some(b']') {
        return Ok(Some(cursor));
    }
    cursor.at += 1;
    cursor.finish().map(|()| None)
}

/// The first elements of the array that `text` is, which was scanned before; what follows them is not looked at.
#[must_use]
pub fn leading<const N: usize>(text: &[u8]) -> [Option<Value>; N] {
    let mut found = [None; N];
    let mut cursor = Cursor::new(text);
    if cursor.token() != Ok(b'[') || cursor.peek_token() == Some(b']') {
        return found;
    }
    for slot in &mut found {
        *slot = cursor.value().ok();
        if slot.is_none() || cursor.token() != Ok(b',') {
            break;
        }
    }
    found
}

/// Calls `each` with every element of the array that `text` is and, where the element is an object, the values of
/// its named members, in the order of `keys`; of two of one name the last counts. One pass finds both, where
/// [`array`] and then [`members`] of each element would read every byte twice.
pub fn records<const N: usize>(
    text: &[u8],
    keys: [&str; N],
    mut each: impl FnMut(Value, [Option<Value>; N]),
) -> Result<(), ScanError> {
    let Some(mut cursor) = open_array(text)? else {
        return Ok(());
    };
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
    let mut cursor = Cursor::new(text);
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

#[cfg(test)]
mod tests;

//! The little of protobuf's wire format that the messages of a rate limit service need.
//! <https://protobuf.dev/programming-guides/encoding/>

/// A message that is being written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// Adds a number.
    pub fn number(&mut self, field: u32, value: u64) {
        self.tag(field, VARINT);
        self.varint(value);
    }

    /// Adds bytes: a text, or another message.
    pub fn bytes(&mut self, field: u32, value: &[u8]) {
        self.tag(field, LENGTH);
        self.varint(value.len() as u64);
        self.0.extend_from_slice(value);
    }

    /// Adds a message.
    pub fn message(&mut self, field: u32, write: impl FnOnce(&mut Self)) {
        let mut inner = Self::default();
        write(&mut inner);
        self.bytes(field, &inner.0);
    }

    /// What was written.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.0
    }

    fn tag(&mut self, field: u32, kind: u64) {
        self.varint(u64::from(field) << 3 | kind);
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.0.push(value.to_le_bytes()[0]);
    }
}

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A number.
    Number(u64),
    /// A text, or another message.
    Bytes(&'a [u8]),
    /// Four or eight bytes, which none of our messages has.
    Fixed,
}

impl<'a> Value<'a> {
    /// The number; `None` if it is none.
    #[must_use]
    pub fn number(self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(number),
            Self::Bytes(_) | Self::Fixed => None,
        }
    }

    /// The bytes; `None` if it is a number.
    #[must_use]
    pub fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Number(_) | Self::Fixed => None,
        }
    }
}

/// The fields of a message in order; the last is `Err` if the message is none.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

/// Bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("these bytes are no protobuf message")]
pub struct Malformed;

impl<'a> Fields<'a> {
    /// The fields of a message.
    #[must_use]
    pub fn of(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    fn field(&mut self) -> Option<(u64, Value<'a>)> {
        let tag = self.varint()?;
        let value = match tag & 7 {
            VARINT => Value::Number(self.varint()?),
            LENGTH => {
                let length = usize::try_from(self.varint()?).ok()?;
                Value::Bytes(self.take(length)?)
            }
            FIXED64 => {
                self.take(8)?;
                Value::Fixed
            }
            FIXED32 => {
                self.take(4)?;
                Value::Fixed
            }
            // Groups, which proto3 does not have.
            _ => return None,
        };
        let field = tag >> 3;
        (field > 0).then_some((field, value))
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            let low = u64::from(byte & 0x7f);
            if shift == 63 && low > 1 {
                return None;
            }
            value |= low << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.rest = &[];
        }
        Some(field.ok_or(Malformed))
    }
}

const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const LENGTH: u64 = 2;
const FIXED32: u64 = 5;

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn fields(message: &[u8]) -> Result<Vec<(u64, Value<'_>)>, Malformed> {
        Fields::of(message).collect()
    }

    /// The examples of protobuf's own page.
    #[test]
    fn fields_are_written_as_everywhere() {
        let mut writer = Writer::default();
        writer.number(1, 150);
        writer.bytes(2, b"testing");
        writer.message(3, |inner| inner.number(1, 150));
        let written = writer.finish();
        assert_eq!(
            written,
            b"\x08\x96\x01\x12\x07testing\x1a\x03\x08\x96\x01".as_slice()
        );
        assert_eq!(
            fields(&written).unwrap(),
            [
                (1, Value::Number(150)),
                (2, Value::Bytes(b"testing")),
                (3, Value::Bytes(b"\x08\x96\x01")),
            ]
        );
    }

    #[test]
    fn fields_of_other_kinds_are_passed_over() {
        let message = b"\x09\0\0\0\0\0\0\0\0\x15\0\0\0\0\x08\x01";
        assert_eq!(
            fields(message).unwrap(),
            [(1, Value::Fixed), (2, Value::Fixed), (1, Value::Number(1))]
        );
    }

    #[test]
    fn what_is_cut_off_or_impossible_is_no_message() {
        for message in [
            b"\x08".as_slice(),
            b"\x12\x05abc",
            b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
            b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            b"\x0b",
            b"\0\0",
        ] {
            assert_eq!(fields(message), Err(Malformed), "{message:?}");
        }
    }

    #[cfg(not(target_arch = "wasm32"))]
    mod properties {
        use proptest::prelude::*;

        use super::super::*;

        proptest! {
            #[test]
            fn what_is_written_is_read(
                written in proptest::collection::vec(
                    (1..u32::MAX >> 3, any::<u64>(), proptest::collection::vec(any::<u8>(), 0..40), any::<bool>()),
                    0..20,
                ),
            ) {
                let mut writer = Writer::default();
                for (field, number, bytes, is_number) in &written {
                    if *is_number {
                        writer.number(*field, *number);
                    } else {
                        writer.bytes(*field, bytes);
                    }
                }
                let message = writer.finish();
                let read: Vec<_> = Fields::of(&message).collect::<Result<_, _>>().unwrap();
                let expected: Vec<_> = written
                    .iter()
                    .map(|(field, number, bytes, is_number)| {
                        let value = if *is_number { Value::Number(*number) } else { Value::Bytes(bytes) };
                        (u64::from(*field), value)
                    })
                    .collect();
                prop_assert_eq!(read, expected);
            }

            #[test]
            fn any_bytes_are_read_to_their_end(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
                let fields = Fields::of(&bytes).count();
                prop_assert!(fields <= bytes.len());
            }
        }
    }
}

//! State as bytes: a version, then numbers, little endian, always the same length.

use crate::units::Timestamp;

/// State that can be kept as bytes. What cannot be read is forgotten rather than guessed at.
pub trait Packed: Default {
    /// Changes whenever the meaning of the bytes does.
    const VERSION: u8;
    /// All bytes, the version's included.
    const LENGTH: usize;

    /// Appends what stands after the version.
    fn write(&self, bytes: &mut Vec<u8>);

    /// Reads what [`Packed::write`] wrote.
    fn read(from: &mut Unpack<'_>) -> Option<Self>;

    /// The state as bytes.
    fn pack(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::LENGTH);
        bytes.push(Self::VERSION);
        self.write(&mut bytes);
        bytes
    }

    /// The state out of bytes; `None` if they are not of this version and length.
    #[must_use]
    fn unpack(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != Self::LENGTH {
            return None;
        }
        let mut from = Unpack(bytes);
        (from.u8()? == Self::VERSION).then_some(())?;
        Self::read(&mut from)
    }
}

/// Numbers out of bytes, one after the other.
#[derive(Debug)]
pub struct Unpack<'a>(&'a [u8]);

impl Unpack<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*first)
    }

    /// The next byte.
    pub fn u8(&mut self) -> Option<u8> {
        self.take().map(u8::from_le_bytes)
    }

    /// The next two bytes.
    pub fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_le_bytes)
    }

    /// The next four bytes.
    pub fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    /// The next eight bytes.
    pub fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    /// The next point in time.
    pub fn timestamp(&mut self) -> Option<Timestamp> {
        self.u64().map(Timestamp)
    }
}

//! Messages out of AWS's binary event stream, `application/vnd.amazon.eventstream`, whose chunks are cut anywhere. The
//! only place that knows its frames: <https://smithy.io/2.0/aws/amazon-eventstream.html>
//!
//! ```text
//! total length u32 | headers' length u32 | CRC-32 of these 8 bytes | headers | payload | CRC-32 of all before
//! ```

mod checksum;
#[cfg(all(test, not(target_family = "wasm")))]
mod properties;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod write;

use crate::limits::{MAX_EVENT, MAX_FRAME_HEADERS};
use checksum::crc32;

/// The two lengths and their checksum.
const PRELUDE: usize = 12;
/// The checksum at the end.
const CHECKSUM: usize = 4;

/// One message of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// What it is.
    pub kind: Kind<'a>,
    /// What it carries: JSON, from Bedrock.
    pub payload: &'a [u8],
}

/// What a message is, by its headers `:message-type` and those that go with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind<'a> {
    /// An event of this type.
    Event(&'a str),
    /// An error that the service's model knows, by its name there.
    Exception(&'a str),
    /// An error that it does not know.
    Error {
        /// Its code.
        code: &'a str,
        /// What is said of it.
        message: &'a str,
    },
    /// Something else, to be passed over.
    Other,
}

/// Why a stream cannot be read on: nothing tells where its next message begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// A checksum is not that of the bytes before it.
    #[error("a checksum of the provider's stream is wrong")]
    Checksum,
    /// The lengths contradict each other, or the headers do not fill theirs.
    #[error("a message of the provider's stream contradicts itself")]
    Malformed,
    /// A message is longer than [`MAX_EVENT`], or its headers than [`MAX_FRAME_HEADERS`].
    #[error("the provider's stream has too long a message")]
    TooLong,
}

/// What of a stream is not yet a whole message: at most [`MAX_EVENT`] and a chunk.
#[derive(Debug, Default)]
pub struct Decoder {
    pending: Vec<u8>,
    is_damaged: bool,
}

impl Decoder {
    /// Takes a chunk and calls `each` with every message that it completes. A message that came whole is a slice of
    /// the chunk; only one that was cut is copied. After damage nothing is read any more.
    pub fn push(&mut self, chunk: &[u8], mut each: impl FnMut(Message<'_>)) -> Result<(), Damage> {
        if self.is_damaged {
            return Ok(());
        }
        let read = if self.pending.is_empty() {
            let read = read_all(chunk, &mut each);
            if let Ok(rest) = read {
                self.pending.extend_from_slice(rest);
            }
            read.map(drop)
        } else {
            self.pending.extend_from_slice(chunk);
            let read = read_all(&self.pending, &mut each).map(<[u8]>::len);
            read.map(|rest| {
                let done = self.pending.len().saturating_sub(rest);
                self.pending.drain(..done);
            })
        };
        if read.is_err() {
            self.is_damaged = true;
            self.pending = Vec::new();
        }
        read
    }

    /// Whether the stream ends within a message.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        !self.pending.is_empty()
    }
}

/// Reads the messages at the beginning of `bytes` and gives what is left: the beginning of another.
fn read_all<'b>(mut bytes: &'b [u8], each: &mut impl FnMut(Message<'_>)) -> Result<&'b [u8], Damage> {
    while let Some(total) = total_length(bytes)? {
        let Some((frame, rest)) = bytes.split_at_checked(total) else {
            break;
        };
        each(read(frame)?);
        bytes = rest;
    }
    Ok(bytes)
}

/// The length of the message that begins here; `None` if too little of it is there.
fn total_length(bytes: &[u8]) -> Result<Option<usize>, Damage> {
    let Some((prelude, _)) = bytes.split_at_checked(PRELUDE) else {
        return Ok(None);
    };
    let (lengths, checksum) = prelude.split_at_checked(8).ok_or(Damage::Malformed)?;
    // Before the lengths are believed: a wrong one would be waited for.
    if number(checksum) != Some(crc32(lengths)) {
        return Err(Damage::Checksum);
    }
    let (total, headers) = lengths.split_at_checked(4).ok_or(Damage::Malformed)?;
    let length = |bytes| number(bytes).and_then(|length| usize::try_from(length).ok());
    let (total, headers) = length(total).zip(length(headers)).ok_or(Damage::Malformed)?;
    if total > MAX_EVENT || headers > MAX_FRAME_HEADERS {
        return Err(Damage::TooLong);
    }
    if headers.saturating_add(PRELUDE + CHECKSUM) > total {
        return Err(Damage::Malformed);
    }
    Ok(Some(total))
}

/// Reads a whole message whose prelude was found right.
fn read(frame: &[u8]) -> Result<Message<'_>, Damage> {
    let body = frame.len().saturating_sub(CHECKSUM);
    let (checked, checksum) = frame.split_at_checked(body).ok_or(Damage::Malformed)?;
    if number(checksum) != Some(crc32(checked)) {
        return Err(Damage::Checksum);
    }
    let headers = checked
        .get(4..8)
        .and_then(number)
        .and_then(|length| usize::try_from(length).ok());
    let (headers, payload) = headers
        .and_then(|length| checked.get(PRELUDE..)?.split_at_checked(length))
        .ok_or(Damage::Malformed)?;
    Ok(Message {
        kind: Headers::read(headers).ok_or(Damage::Malformed)?.kind(),
        payload,
    })
}

fn number(bytes: &[u8]) -> Option<u32> {
    bytes.try_into().ok().map(u32::from_be_bytes)
}

/// The headers that say what a message is; the type of its payload is always the same.
#[derive(Default)]
struct Headers<'a> {
    message: Option<&'a str>,
    event: Option<&'a str>,
    exception: Option<&'a str>,
    code: Option<&'a str>,
    text: Option<&'a str>,
}

impl<'a> Headers<'a> {
    /// Reads headers; `None` if they are none.
    fn read(mut bytes: &'a [u8]) -> Option<Self> {
        let mut headers = Self::default();
        while let Some((&length, rest)) = bytes.split_first() {
            let (name, rest) = rest.split_at_checked(usize::from(length))?;
            let (&kind, rest) = rest.split_first()?;
            let (length, rest) = match kind {
                // True and false, and the numbers, a time and a UUID.
                0 | 1 => (0, rest),
                2 => (1, rest),
                3 => (2, rest),
                4 => (4, rest),
                5 | 8 => (8, rest),
                9 => (16, rest),
                // Bytes and text.
                6 | 7 => {
                    let (length, rest) = rest.split_at_checked(2)?;
                    (u16::from_be_bytes(length.try_into().ok()?), rest)
                }
                _ => return None,
            };
            let (value, rest) = rest.split_at_checked(usize::from(length))?;
            let text = || std::str::from_utf8(value).ok().filter(|_| kind == 7);
            match name {
                b":message-type" => headers.message = text(),
                b":event-type" => headers.event = text(),
                b":exception-type" => headers.exception = text(),
                b":error-code" => headers.code = text(),
                b":error-message" => headers.text = text(),
                _ => {}
            }
            bytes = rest;
        }
        Some(headers)
    }

    fn kind(self) -> Kind<'a> {
        match (self.message, self.event, self.exception) {
            (Some("event"), Some(event), _) => Kind::Event(event),
            (Some("exception"), _, exception) => Kind::Exception(exception.unwrap_or_default()),
            (Some("error"), ..) => Kind::Error {
                code: self.code.unwrap_or_default(),
                message: self.text.unwrap_or_default(),
            },
            _ => Kind::Other,
        }
    }
}

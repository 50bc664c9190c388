//! Cutting and encoding: text to chunks, events to bytes, bytes to pieces.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::{Pause, Piece};
use crate::behaviour::LineEnding;

/// A text in `count` chunks of nearly the same number of characters; without a count, a chunk per word.
pub(super) fn chunks(text: &str, count: Option<usize>) -> Vec<String> {
    let Some(count) = count else {
        return text.split_inclusive(' ').map(str::to_owned).collect();
    };
    let characters: Vec<char> = text.chars().collect();
    let size = characters.len().div_ceil(count.max(1)).max(1);
    characters
        .chunks(size)
        .map(|chunk| chunk.iter().collect())
        .collect()
}

/// A server-sent event.
pub(super) fn event(name: Option<&str>, data: &str, line_ending: LineEnding) -> String {
    let end = line_ending.text();
    let mut event = String::with_capacity(data.len() + 32);
    let written = match name {
        Some(name) => write!(event, "event: {name}{end}data: {data}{end}{end}"),
        None => write!(event, "data: {data}{end}{end}"),
    };
    // Writing to a `String` cannot fail.
    written.map(|()| event).unwrap_or_default()
}

/// A comment of a stream.
pub(super) fn comment(line_ending: LineEnding) -> String {
    let end = line_ending.text();
    format!(": keep-alive{end}{end}")
}

/// The parts as bytes, compressed if asked for so that each can be read when it arrives.
pub(super) fn encoded(parts: Vec<String>, gzip: bool) -> Vec<Vec<u8>> {
    if !gzip {
        return parts.into_iter().map(String::into_bytes).collect();
    }
    compressed(&parts).unwrap_or_default()
}

fn compressed(parts: &[String]) -> std::io::Result<Vec<Vec<u8>>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let mut compressed = Vec::with_capacity(parts.len());
    for part in parts {
        encoder.write_all(part.as_bytes())?;
        encoder.flush()?;
        compressed.push(std::mem::take(encoder.get_mut()));
    }
    let trailer = encoder.finish()?;
    if let Some(last) = compressed.last_mut() {
        last.extend(trailer);
    }
    Ok(compressed)
}

/// Parts as pieces: `between` comes before each part but the first, and a part larger than `split` goes out bit by bit.
pub(super) fn pieces(parts: Vec<Vec<u8>>, between: Duration, split: Option<usize>) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(parts.len());
    for (index, part) in parts.into_iter().enumerate() {
        let mut rest = Bytes::from(part);
        let mut pause = if index == 0 || between.is_zero() {
            Pause::None
        } else {
            Pause::For(between)
        };
        if split.is_some() && index > 0 && pause == Pause::None {
            pause = Pause::Flush;
        }
        while let Some(size) = split.map(|size| size.max(1)).filter(|size| rest.len() > *size) {
            pieces.push(Piece {
                pause,
                bytes: rest.split_to(size),
            });
            pause = Pause::Flush;
        }
        if !rest.is_empty() {
            pieces.push(Piece { pause, bytes: rest });
        }
    }
    pieces
}

/// Bytes from hexadecimal digits; what is no digit does not count.
pub(super) fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u32> = digits.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte * 16 + digit))
        .filter_map(|byte| u8::try_from(byte).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_hold_the_whole_text() {
        assert_eq!(chunks("Hello from a", None), ["Hello ", "from ", "a"]);
        assert_eq!(chunks("héllo", Some(2)), ["hél", "lo"]);
        assert_eq!(chunks("ab", Some(5)), ["a", "b"]);
        assert_eq!(chunks("", Some(3)), Vec::<String>::new());
    }

    #[test]
    fn pieces_are_never_larger_than_the_split() {
        let pieces = pieces(vec![b"abcdefg".to_vec(), b"hi".to_vec()], Duration::ZERO, Some(3));
        let sent: Vec<&[u8]> = pieces.iter().map(|piece| piece.bytes.as_ref()).collect();
        assert_eq!(sent, [b"abc".as_ref(), b"def", b"g", b"hi"]);
        assert_eq!(pieces[0].pause, Pause::None);
        assert!(pieces[1..].iter().all(|piece| piece.pause == Pause::Flush));
    }

    #[test]
    fn hexadecimal_digits_are_bytes() {
        assert_eq!(hex("ff 00 C3a9"), [0xff, 0x00, 0xc3, 0xa9]);
    }
}

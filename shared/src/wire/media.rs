//! Pictures and documents in a call: what they are, and data URLs.

use std::borrow::Cow;

use super::ir::Media;
use json::Text;

/// The media type of a PDF.
pub(crate) const PDF: &str = "application/pdf";

/// The first bytes of a file that tell what it is: `RIFF`, its length, `WEBP` is the longest of them.
const MAGIC: usize = 12;

/// A data URL taken apart; the data stays as it is.
pub(crate) struct DataUrl<'a> {
    /// The media type without parameters, in small letters; `text/plain` where there is none, as RFC 2397 says.
    pub(crate) media_type: String,
    /// The data.
    pub(crate) data: Text<'a>,
}

/// Whether a URL carries its data in itself.
pub(crate) fn is_data_url(url: &Text<'_>) -> bool {
    url.escaped()
        .get(..5)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"data:"))
}

/// Takes a data URL with base64 apart; `None` if it is none.
pub(crate) fn data_url<'a>(url: &Text<'a>) -> Option<DataUrl<'a>> {
    let (head, data) = url.split_once(b',')?;
    let head = head.plain()?.to_ascii_lowercase();
    let head = head.strip_prefix("data:")?.strip_suffix(";base64")?;
    let media_type = head.split(';').next().unwrap_or_default().trim();
    Some(DataUrl {
        media_type: if media_type.is_empty() {
            "text/plain"
        } else {
            media_type
        }
        .to_owned(),
        data,
    })
}

/// What a picture or a document really is, by its first bytes; the declared type, in its usual spelling, where
/// those say nothing. Agents often declare `image/png` for whatever they have, and providers look.
pub(crate) fn media_type<'t>(declared: &'t Text<'_>, data: &Text<'_>) -> Cow<'t, str> {
    if let Some(known) = by_magic(data) {
        return Cow::Borrowed(known);
    }
    match declared.plain().unwrap_or_default() {
        jpg if jpg.eq_ignore_ascii_case("image/jpg") => Cow::Borrowed("image/jpeg"),
        other => other,
    }
}

fn by_magic(data: &Text<'_>) -> Option<&'static str> {
    // Some serialisers escape the slashes of base64.
    let digits = data.escaped().iter().copied().filter(|&byte| byte != b'\\');
    let mut magic = Vec::with_capacity(MAGIC);
    decode_into(digits.take(MAGIC / 3 * 4), &mut magic)?;
    match magic.as_slice() {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P'] => Some("image/webp"),
        [b'%', b'P', b'D', b'F', b'-', ..] => Some(PDF),
        _ => None,
    }
}

/// Whether a document of this type is text that can stand in a prompt as it is.
pub(crate) fn is_text(media_type: &str) -> bool {
    media_type.starts_with("text/") || media_type == "application/json"
}

/// The text that base64 stands for.
pub(crate) fn decode_text(data: &Text<'_>) -> Option<Text<'static>> {
    let digits = data.plain()?;
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3);
    decode_into(digits.bytes(), &mut bytes)?;
    Some(Text::of_plain(std::str::from_utf8(&bytes).ok()?))
}

/// The bytes that base64 stands for; `None` if it is none.
pub(crate) fn decode(data: &Text<'_>) -> Option<Vec<u8>> {
    let digits = data.plain()?;
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3);
    decode_into(digits.bytes(), &mut bytes)?;
    Some(bytes)
}

/// The base64 of some bytes, padded.
pub(crate) fn encode(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |bits: u32| {
        let at = usize::try_from(bits & 0x3f).unwrap_or_default();
        DIGITS.get(at).copied().map_or('=', char::from)
    };
    let mut out = String::with_capacity(bytes.len().div_ceil(3).saturating_mul(4));
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        out.push(digit(bits >> 18));
        out.push(digit(bits >> 12));
        out.push(if three.len() > 1 { digit(bits >> 6) } else { '=' });
        out.push(if three.len() > 2 { digit(bits) } else { '=' });
    }
    out
}

/// Decodes base64, padded or not; `None` if it is none.
fn decode_into(digits: impl Iterator<Item = u8>, out: &mut Vec<u8>) -> Option<()> {
    let mut bits: u32 = 0;
    let mut count = 0;
    for digit in digits.filter(|digit| !digit.is_ascii_whitespace()) {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => break,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.extend(u8::try_from(bits >> count & 0xff));
        }
    }
    Some(())
}

/// A picture or a document with this data, under the name that it deserves.
pub(crate) fn inline<'a>(media_type: &str, data: Text<'a>) -> Media<'a> {
    Media::Inline {
        media_type: Text::of_plain(media_type),
        data,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn typed(declared: &str, data: &'static [u8]) -> String {
        media_type(&Text::of_plain(declared), &Text::of_escaped(data.to_vec())).into_owned()
    }

    #[test]
    fn the_first_bytes_know_better_than_the_declaration() {
        assert_eq!(typed("image/jpg", b"iVBORw0KGgoAAAANSUhEUg=="), "image/png");
        assert_eq!(typed("image/png", b"/9j/4AAQSkZJRgABAQ=="), "image/jpeg");
        assert_eq!(typed("image/png", br"\/9j\/4AAQSkZJRgABAQ=="), "image/jpeg");
        assert_eq!(typed("", b"R0lGODlhAQABAIAAAA=="), "image/gif");
        assert_eq!(typed("image/jpeg", b"UklGRiQAAABXRUJQVlA4IBgAAAA="), "image/webp");
        assert_eq!(typed("", b"JVBERi0xLjcK"), "application/pdf");
        assert_eq!(typed("image/jpg", b"AAAA"), "image/jpeg");
        assert_eq!(typed("image/tiff", b"!"), "image/tiff");
    }

    #[test]
    fn a_data_url_is_taken_apart_and_anything_else_is_none() {
        let url = Text::of_quoted(br#""DATA:image\/PNG;charset=utf-8;base64,QUJD""#).unwrap();
        assert!(is_data_url(&url));
        let parsed = data_url(&url).unwrap();
        assert_eq!(
            (parsed.media_type.as_str(), parsed.data.escaped()),
            ("image/png", b"QUJD".as_slice())
        );
        for none in [
            "data:image/png,abc",
            "data:",
            "https://example.com/a,b",
            "data:;base64",
        ] {
            assert!(data_url(&Text::of_plain(none)).is_none(), "{none}");
        }
    }

    #[test]
    fn text_in_base64_is_read() {
        assert_eq!(
            decode_text(&Text::of_plain("aMOpCg==")).unwrap().plain().unwrap(),
            "hé\n"
        );
        assert_eq!(decode_text(&Text::of_plain("/w==")), None);
        assert_eq!(decode_text(&Text::of_plain("%")), None);
    }

    #[test]
    fn bytes_come_back_out_of_their_base64() {
        for (bytes, base64) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
        ] {
            assert_eq!(encode(bytes.as_bytes()), base64);
            assert_eq!(decode(&Text::of_plain(base64)).unwrap(), bytes.as_bytes());
        }
        assert_eq!(encode(&[0xff, 0xef, 0xbe]), "/+++");
    }
}

//! What the input of a call is made of: text of some kinds, and media, which weigh more in bytes than in tokens.

use json::Span;
use json::scan::{self, Value, Words, string_members};

/// How many kinds of content there are.
pub const KINDS: usize = 4;

/// A quoted string that is longer than this may be a medium rather than a text.
const LONG: usize = 6_000;

/// How far a long string is looked into to tell base64 from text.
const PROBE: usize = 512;

/// Into how many blocks a text is cut to tell their kinds.
const BLOCKS: usize = 64;

/// A block has at least so many bytes.
const LEAST_BLOCK: usize = 256;

/// How many bytes of a block are looked at to tell its kind.
const SAMPLES: usize = 32;

/// A kind of content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text for people, in Latin letters.
    Prose,
    /// Code, JSON and other text for machines.
    Code,
    /// Text in other scripts, whose letters take two to four bytes.
    OtherScript,
}

/// How much of each kind an input holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Bytes of prose.
    pub prose: u64,
    /// Bytes of code.
    pub code: u64,
    /// Bytes of text in other scripts.
    pub other_script: u64,
    /// Images and other media, however many bytes they have: they are charged by their size in pixels or pages.
    pub media: u64,
}

impl Kind {
    /// The kind of a text: in other scripts a quarter of the bytes is not ASCII; in code and JSON more than an eighth
    /// are brackets, quotes, operators and digits.
    #[must_use]
    pub fn of(text: &[u8]) -> Self {
        let step = (text.len() / SAMPLES).max(1);
        let (mut all, mut wide, mut odd) = (0_usize, 0_usize, 0_usize);
        for byte in text.iter().step_by(step) {
            all += 1;
            wide += usize::from(!byte.is_ascii());
            odd += usize::from(is_odd(*byte));
        }
        if wide * 4 > all {
            Self::OtherScript
        } else if odd * 8 > all {
            Self::Code
        } else {
            Self::Prose
        }
    }
}

/// Whether a byte is more frequent in code than in prose.
fn is_odd(byte: u8) -> bool {
    matches!(
        byte,
        b'{' | b'}'
            | b'['
            | b']'
            | b'('
            | b')'
            | b'<'
            | b'>'
            | b'"'
            | b'\\'
            | b'/'
            | b'='
            | b';'
            | b':'
            | b'_'
            | b'|'
            | b'&'
            | b'+'
            | b'*'
            | b'#'
            | b'$'
            | b'@'
            | b'^'
            | b'`'
            | b'0'..=b'9'
    )
}

impl Content {
    /// Takes a text in, block by block: of each only some bytes are looked at.
    pub fn add_text(&mut self, text: &[u8]) {
        for block in text.chunks((text.len() / BLOCKS).max(LEAST_BLOCK)) {
            let part = match Kind::of(block) {
                Kind::Prose => &mut self.prose,
                Kind::Code => &mut self.code,
                Kind::OtherScript => &mut self.other_script,
            };
            *part = part.saturating_add(block.len() as u64);
        }
    }

    /// How much there is of each kind.
    #[must_use]
    pub fn amounts(&self) -> [u64; KINDS] {
        [self.prose, self.code, self.other_script, self.media]
    }
}

/// What was found in a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Whether there is an image.
    pub has_images: bool,
    pub content: Content,
}

/// Looks into a body that was scanned: into its messages only where its words say that there may be media.
pub(super) fn look(body: &[u8], words: Words, messages: Option<Value>) -> Found {
    let mut found = Found::default();
    let inside = messages
        .filter(|messages| messages.kind == scan::Kind::Array)
        .map(|messages| messages.span)
        .unwrap_or_default();
    let media = if words.image || (words.medium && inside.of(body).len() > LONG) {
        let media = media(inside.of(body));
        found.has_images = media.images > 0;
        found.content.media = media.images.max(media.inline.len() as u64);
        media.inline
    } else {
        Vec::new()
    };
    let mut at = 0;
    for medium in media {
        let medium = medium.shifted(inside.start);
        found
            .content
            .add_text(body.get(at..medium.start).unwrap_or_default());
        at = medium.end;
    }
    found.content.add_text(body.get(at..).unwrap_or_default());
    found
}

/// The media of some messages.
#[derive(Default)]
struct Media {
    /// How many parts say that they are images.
    images: u64,
    /// Those that stand in the body itself.
    inline: Vec<Span>,
}

fn media(messages: &[u8]) -> Media {
    let mut media = Media::default();
    let _scanned_before = string_members(messages, |member| {
        let value = member.value();
        if value.len() > LONG {
            let is_medium = member.has_key(b"data")
                || member.has_key(b"file_data")
                || value.starts_with(b"\"data:") && (member.has_key(b"url") || member.has_key(b"image_url"));
            if is_medium && is_base64(value) {
                media.inline.push(member.span());
            }
        } else if member.is_in_part() && member.has_key(b"type") {
            let kind = scan::string(value);
            let is_image =
                kind.is_some_and(|kind| matches!(kind.as_ref(), "image_url" | "image" | "input_image"));
            media.images += u64::from(is_image);
        }
    });
    media
}

/// Whether a string looks like base64 where it begins: a text of that length has spaces, other letters or escapes there,
/// base64 at most escaped slashes.
fn is_base64(quoted: &[u8]) -> bool {
    let probe = quoted.get(..PROBE).unwrap_or(quoted);
    let is_escape = |pair: &[u8]| matches!(pair, [b'\\', escaped] if *escaped != b'/');
    probe.is_ascii() && !probe.contains(&b' ') && !probe.windows(2).any(is_escape)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn kinds_of_text_are_told_apart() {
        let prose =
            "The broker reads a request once, and asks the account that is best placed to answer it. ";
        let code = "fn main() { let x = 5; println!(\"{}\", x + 1); }";
        let wide = "東京の天気はどうですか。";
        assert_eq!(Kind::of(prose.as_bytes()), Kind::Prose);
        assert_eq!(Kind::of(code.as_bytes()), Kind::Code);
        assert_eq!(
            Kind::of(br#"{"type":"object","properties":{"city":{"type":"string"}}}"#),
            Kind::Code
        );
        assert_eq!(Kind::of(wide.as_bytes()), Kind::OtherScript);
        assert_eq!(
            Kind::of("Größe und Maß sind hier nur ein Beispiel.".as_bytes()),
            Kind::Prose
        );
        assert_eq!(Kind::of(b""), Kind::Prose);
    }

    #[test]
    fn every_byte_of_a_mixed_text_is_counted_once() {
        let prose = "The broker reads a request once, and asks whoever is best placed. ".repeat(400);
        let code = "if (a[0] == b[1]) { return f(x, 1); }\n".repeat(400);
        let mut content = Content::default();
        content.add_text((prose.clone() + &code).as_bytes());
        assert_eq!(content.prose + content.code, (prose.len() + code.len()) as u64);
        assert!(content.prose.abs_diff(prose.len() as u64) < 1_500, "{content:?}");
        content.add_text(b"");
        assert_eq!(content.media, 0);
    }
}

//! What lies inside the messages of a call: images, and media that weigh more in bytes than in tokens.

use crate::json::scan::{self, Kind, Value, Words, string_members};

/// A quoted string that is longer than this may be a medium rather than a text.
const LONG: usize = 6_000;

/// What a picture, a page or a minute of sound comes to: base64 says nothing of it, whatever its length.
const TOKENS_PER_MEDIUM: u64 = 1_500;

/// How far a long string is looked into to tell base64 from text.
const PROBE: usize = 512;

/// What was found in the messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Content {
    /// Whether there is an image.
    pub images: bool,
    /// The bytes of the media that stand in the body itself.
    pub media_bytes: u64,
    /// What these come to.
    pub media_tokens: u64,
}

/// Looks into the messages of a body that was scanned, where its words say that there may be something to see.
pub(super) fn look(body: &[u8], words: Words, messages: Option<Value>) -> Content {
    let mut content = Content::default();
    let Some(messages) = messages.filter(|messages| messages.kind == Kind::Array) else {
        return content;
    };
    let messages = messages.span.of(body);
    let may_hold_media = words.image || (words.medium && messages.len() > LONG);
    if !may_hold_media {
        return content;
    }
    let _scanned_before = string_members(messages, |member| {
        let value = member.value();
        if value.len() > LONG {
            let is_medium = member.has_key(b"data")
                || member.has_key(b"file_data")
                || value.starts_with(b"\"data:") && (member.has_key(b"url") || member.has_key(b"image_url"));
            if is_medium && is_base64(value) {
                content.media_bytes += value.len() as u64;
                content.media_tokens += TOKENS_PER_MEDIUM;
            }
        } else if !content.images && member.is_in_part() && member.has_key(b"type") {
            content.images = scan::string(value)
                .is_some_and(|kind| matches!(kind.as_ref(), "image_url" | "image" | "input_image"));
        }
    });
    content
}

/// Whether a string looks like base64 where it begins: a text of that length has spaces, other letters or escapes there,
/// base64 at most escaped slashes.
fn is_base64(quoted: &[u8]) -> bool {
    let probe = quoted.get(..PROBE).unwrap_or(quoted);
    let is_escape = |pair: &[u8]| matches!(pair, [b'\\', escaped] if *escaped != b'/');
    probe.is_ascii() && !probe.contains(&b' ') && !probe.windows(2).any(is_escape)
}

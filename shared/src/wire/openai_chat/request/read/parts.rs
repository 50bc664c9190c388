//! The content of a message: a string, or parts.

use crate::limits::MAX_PARTS;
use crate::wire::codec::Untranslatable;
use crate::wire::ir::{Breakpoint, ChatRequest, Content, Loss, Media, Part};
use crate::wire::media::{self, DataUrl};
use crate::wire::place::Place;
use json::{Kind, Node, Text};

/// What a message's parts may be beside text.
#[derive(Clone, Copy)]
pub(super) struct Allowed {
    media: bool,
    refusal: bool,
}

impl Allowed {
    /// Nothing.
    pub(super) const TEXT: Self = Self {
        media: false,
        refusal: false,
    };
    /// Pictures, files and sound.
    pub(super) const MEDIA: Self = Self {
        media: true,
        refusal: false,
    };
    /// A refusal.
    pub(super) const REFUSAL: Self = Self {
        media: false,
        refusal: true,
    };
}

const KEYS: [&str; 8] = [
    "type",
    "text",
    "image_url",
    "file",
    "refusal",
    "input_audio",
    "prompt_cache_breakpoint",
    "cache_control",
];

/// Content that must be there.
pub(super) fn required<'a>(
    place: &Place<'_>,
    content: Option<Node<'a>>,
    allowed: Allowed,
    request: &mut ChatRequest<'a>,
) -> Result<Vec<Part<'a>>, Untranslatable> {
    if content.is_none() {
        return Err(place.malformed("must be a string or an array of parts"));
    }
    optional(place, content, allowed, request)
}

/// Content that may be missing or null.
pub(super) fn optional<'a>(
    place: &Place<'_>,
    content: Option<Node<'a>>,
    allowed: Allowed,
    request: &mut ChatRequest<'a>,
) -> Result<Vec<Part<'a>>, Untranslatable> {
    let Some(content) = content else {
        return Ok(Vec::new());
    };
    if let Some(text) = content.text() {
        return Ok(vec![Content::Text(text).into()]);
    }
    place.check(
        content.kind() == Kind::Array,
        "must be a string or an array of parts",
    )?;
    let mut parts = Vec::new();
    place.each_object(content, KEYS, |place, members| {
        let [.., breakpoint, cache_control] = members;
        place.check(parts.len() < MAX_PARTS, "is one part too many")?;
        if let Some(content) = part(&place, members, allowed, request)? {
            parts.push(Part {
                content,
                breakpoint: breakpoint.or(cache_control).map(read_breakpoint),
            });
        }
        Ok(())
    })?;
    Ok(parts)
}

/// One part; `None` if it can go to no other format, which is noted.
fn part<'a>(
    place: &Place<'_>,
    [kind, text, image, file, refusal, ..]: [Option<Node<'a>>; KEYS.len()],
    allowed: Allowed,
    request: &mut ChatRequest<'a>,
) -> Result<Option<Content<'a>>, Untranslatable> {
    let kind_place = place.key("type");
    let kind = kind_place.required_text(kind)?;
    let is_possible = match kind.escaped() {
        b"text" => true,
        b"image_url" | b"file" | b"input_audio" => allowed.media,
        b"refusal" => allowed.refusal,
        _ => return Err(kind_place.malformed("is not a type of content part")),
    };
    kind_place.check(is_possible, "is not possible in a message of this role")?;
    Ok(match kind.escaped() {
        b"image_url" => Some(Content::Image(read_image(
            &place.key("image_url"),
            image,
            request,
        )?)),
        b"file" => read_file(&place.key("file"), file, request)?,
        b"refusal" => Some(Content::Refusal(place.key("refusal").required_text(refusal)?)),
        b"input_audio" => {
            request.note(place.key("input_audio").to_string(), Loss::Meaning);
            None
        }
        _ => Some(Content::Text(place.key("text").required_text(text)?)),
    })
}

fn read_image<'a>(
    place: &Place<'_>,
    image: Option<Node<'a>>,
    request: &mut ChatRequest<'a>,
) -> Result<Media<'a>, Untranslatable> {
    let [url, detail] = place.object(image)?.fields(["url", "detail"]);
    if detail.is_some_and(|detail| !detail.is("auto")) {
        request.note(place.key("detail").to_string(), Loss::Nuance);
    }
    let place = place.key("url");
    let url = place.required_text(url)?;
    if media::is_data_url(&url) {
        let DataUrl { media_type, data } = media::data_url(&url)
            .ok_or_else(|| place.malformed("must be a data URL with base64, or an address"))?;
        return Ok(media::inline(&media_type, data));
    }
    let is_address = url
        .plain()
        .is_some_and(|url| url.starts_with("https://") || url.starts_with("http://"));
    place.check(is_address, "must be a data URL with base64, or an address")?;
    Ok(Media::Url(url))
}

fn read_file<'a>(
    place: &Place<'_>,
    file: Option<Node<'a>>,
    request: &mut ChatRequest<'a>,
) -> Result<Option<Content<'a>>, Untranslatable> {
    let [data, id, name] = place.object(file)?.fields(["file_data", "file_id", "filename"]);
    let Some(data) = data else {
        place.check(id.is_some(), "must have `file_data` or `file_id`")?;
        // An id of one provider means nothing to another.
        request.note(place.key("file_id").to_string(), Loss::Meaning);
        return Ok(None);
    };
    let name = name.map(|name| place.key("filename").text(name)).transpose()?;
    let place = place.key("file_data");
    let data = place.text(data)?;
    let (declared, data) = if media::is_data_url(&data) {
        let DataUrl { media_type, data } =
            media::data_url(&data).ok_or_else(|| place.malformed("must be a data URL with base64"))?;
        (media_type, data)
    } else {
        (String::new(), data)
    };
    let media_type = media::media_type(&Text::of_plain(&declared), &data).into_owned();
    place.check(!media_type.is_empty(), "must be a data URL with base64")?;
    if media_type.starts_with("image/") {
        return Ok(Some(Content::Image(media::inline(&media_type, data))));
    }
    let media = if media::is_text(&media_type) {
        let text = media::decode_text(&data);
        Media::Plain(text.ok_or_else(|| place.malformed("must be text in base64"))?)
    } else {
        media::inline(&media_type, data)
    };
    Ok(Some(Content::Document { media, name }))
}

/// A mark of either vendor: OpenAI's own, or Anthropic's, which several gateways take on this format.
pub(super) fn read_breakpoint(mark: Node<'_>) -> Breakpoint {
    match mark.field("ttl") {
        Some(ttl) if ttl.is("1h") => Breakpoint::Hour,
        _ => Breakpoint::Default,
    }
}

/// A mark on a whole message is one on its last part.
pub(super) fn mark_last(parts: &mut [Part<'_>], mark: Option<Node<'_>>) {
    if let (Some(last), Some(mark)) = (parts.last_mut(), mark) {
        last.breakpoint = Some(read_breakpoint(mark));
    }
}

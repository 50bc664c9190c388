//! The content of a message or of a tool's output: a string, or parts.

use crate::limits::MAX_PARTS;
use crate::wire::codec::Untranslatable;
use crate::wire::ir::{Breakpoint, ChatRequest, Content, Loss, Media, Part};
use crate::wire::media::{self, DataUrl};
use crate::wire::place::Place;
use json::{Kind, Node, Text};

const KEYS: [&str; 11] = [
    "type",
    "text",
    "refusal",
    "image_url",
    "file_id",
    "detail",
    "file_data",
    "file_url",
    "filename",
    "annotations",
    "prompt_cache_breakpoint",
];

/// Reads content.
pub(super) fn read<'a>(
    place: &Place<'_>,
    content: Node<'a>,
    request: &mut ChatRequest<'a>,
) -> Result<Vec<Part<'a>>, Untranslatable> {
    if let Some(text) = content.text() {
        return Ok(vec![Content::Text(text).into()]);
    }
    place.check(
        content.kind() == Kind::Array,
        "must be a string or an array of parts",
    )?;
    let mut parts = Vec::new();
    place.each_object(content, KEYS, |place, members| {
        place.check(parts.len() < MAX_PARTS, "is one part too many")?;
        let [.., mark] = members;
        if let Some(content) = read_part(&place, members, request)? {
            parts.push(Part {
                content,
                breakpoint: mark.map(read_breakpoint),
            });
        }
        Ok(())
    })?;
    Ok(parts)
}

fn read_breakpoint(mark: Node<'_>) -> Breakpoint {
    match mark.field("ttl") {
        Some(ttl) if ttl.is("1h") => Breakpoint::Hour,
        _ => Breakpoint::Default,
    }
}

/// One part; `None` if it can go to no other format, which is noted.
fn read_part<'a>(
    place: &Place<'_>,
    [
        kind,
        text,
        refusal,
        image,
        file_id,
        detail,
        file,
        file_url,
        name,
        annotations,
        _mark,
    ]: [Option<Node<'a>>; KEYS.len()],
    request: &mut ChatRequest<'a>,
) -> Result<Option<Content<'a>>, Untranslatable> {
    let kind_place = place.key("type");
    match kind_place.required_text(kind)?.escaped() {
        b"input_text" | b"output_text" | b"text" => {
            if annotations.is_some_and(|annotations| !annotations.elements().is_empty()) {
                request.note(place.key("annotations").to_string(), Loss::Nuance);
            }
            Ok(Some(Content::Text(place.key("text").required_text(text)?)))
        }
        b"refusal" => Ok(Some(Content::Refusal(
            place.key("refusal").required_text(refusal)?,
        ))),
        b"input_image" => {
            if detail.is_some_and(|detail| !detail.is("auto")) {
                request.note(place.key("detail").to_string(), Loss::Nuance);
            }
            let Some(image) = image else {
                place.check(file_id.is_some(), "must have `image_url` or `file_id`")?;
                return Ok(elsewhere(place, request));
            };
            read_image(&place.key("image_url"), image).map(|image| Some(Content::Image(image)))
        }
        b"input_file" => {
            let name = name.map(|name| place.key("filename").text(name)).transpose()?;
            match (file, file_url) {
                (Some(file), _) => read_file(&place.key("file_data"), file, name).map(Some),
                (None, Some(url)) => {
                    let media = Media::Url(place.key("file_url").text(url)?);
                    Ok(Some(Content::Document { media, name }))
                }
                (None, None) => {
                    let problem = "must have `file_data`, `file_url` or `file_id`";
                    place.check(file_id.is_some(), problem)?;
                    Ok(elsewhere(place, request))
                }
            }
        }
        b"input_audio" => {
            request.note(kind_place.to_string(), Loss::Meaning);
            Ok(None)
        }
        _ => Err(kind_place.malformed("is not a type of content part")),
    }
}

/// A file at one provider means nothing to another.
fn elsewhere<'a>(place: &Place<'_>, request: &mut ChatRequest<'a>) -> Option<Content<'a>> {
    request.note(place.key("file_id").to_string(), Loss::Meaning);
    None
}

fn read_image<'a>(place: &Place<'_>, url: Node<'a>) -> Result<Media<'a>, Untranslatable> {
    let problem = "must be a data URL with base64, or an address";
    let url = place.text(url)?;
    if media::is_data_url(&url) {
        let DataUrl { media_type, data } = media::data_url(&url).ok_or_else(|| place.malformed(problem))?;
        return Ok(media::inline(&media_type, data));
    }
    let is_address = url
        .plain()
        .is_some_and(|url| url.starts_with("https://") || url.starts_with("http://"));
    place.check(is_address, problem)?;
    Ok(Media::Url(url))
}

fn read_file<'a>(
    place: &Place<'_>,
    data: Node<'a>,
    name: Option<Text<'a>>,
) -> Result<Content<'a>, Untranslatable> {
    let problem = "must be a data URL with base64";
    let data = place.text(data)?;
    let (declared, data) = if media::is_data_url(&data) {
        let DataUrl { media_type, data } = media::data_url(&data).ok_or_else(|| place.malformed(problem))?;
        (media_type, data)
    } else {
        (String::new(), data)
    };
    let media_type = media::media_type(&Text::of_plain(&declared), &data).into_owned();
    place.check(!media_type.is_empty(), problem)?;
    if media_type.starts_with("image/") {
        return Ok(Content::Image(media::inline(&media_type, data)));
    }
    let media = if media::is_text(&media_type) {
        let text = media::decode_text(&data);
        Media::Plain(text.ok_or_else(|| place.malformed("must be text in base64"))?)
    } else {
        media::inline(&media_type, data)
    };
    Ok(Content::Document { media, name })
}

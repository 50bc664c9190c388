//! Pictures, documents and results of searches.

use super::{Block, Whose};
use crate::wire::codec::Untranslatable;
use crate::wire::ir::{ChatRequest, Content, Loss, Media, Part};
use crate::wire::place::Place;
use json::{Node, Text};

/// Reads one block of these.
pub(super) fn read<'a>(
    place: &Place<'_>,
    block: &Block<'a>,
    parts: &mut Vec<Part<'a>>,
    request: &mut ChatRequest<'a>,
) -> Result<(), Untranslatable> {
    let is = |name: &str| block.kind.is_some_and(|kind| kind.is(name));
    if is("image") {
        let media = read_source(&place.key("source"), block.source, request)?;
        parts.extend(media.map(|media| Content::Image(media).into()));
        return Ok(());
    }
    if is("search_result") {
        parts.push(search_result(place, block)?.into());
        return Ok(());
    }
    document(place, block, parts, request)
}

fn document<'a>(
    place: &Place<'_>,
    block: &Block<'a>,
    parts: &mut Vec<Part<'a>>,
    request: &mut ChatRequest<'a>,
) -> Result<(), Untranslatable> {
    let is_cited = block.citations.and_then(|citations| citations.field("enabled"));
    if is_cited.and_then(Node::boolean) == Some(true) {
        request.note(place.key("citations").to_string(), Loss::Nuance);
    }
    // The model is told what the document is about before it sees it, as it is by Anthropic.
    if let Some(context) = block.about {
        let context = place.key("context").text(context)?;
        parts.push(Content::Text(context).into());
    }
    let name = block
        .title
        .map(|title| place.key("title").text(title))
        .transpose()?;
    let source_place = place.key("source");
    if block
        .source
        .and_then(|source| source.field("type"))
        .is_some_and(|kind| kind.is("content"))
    {
        parts.extend(name.map(|name| Content::Text(name).into()));
        let pieces = source_place.object(block.source)?.field("content");
        let place = source_place.key("content");
        let pieces = pieces.ok_or_else(|| place.missing())?;
        parts.extend(super::read(&place, pieces, Whose::Document, request)?);
        return Ok(());
    }
    let media = read_source(&source_place, block.source, request)?;
    parts.extend(media.map(|media| Content::Document { media, name }.into()));
    Ok(())
}

/// Where a picture or a document is; `None` if only the provider itself can tell, which is noted.
fn read_source<'a>(
    place: &Place<'_>,
    source: Option<Node<'a>>,
    request: &mut ChatRequest<'a>,
) -> Result<Option<Media<'a>>, Untranslatable> {
    let [kind, media_type, data, url] = place
        .object(source)?
        .fields(["type", "media_type", "data", "url"]);
    let kind_place = place.key("type");
    Ok(match kind_place.required_text(kind)?.escaped() {
        b"base64" => Some(Media::Inline {
            media_type: place.key("media_type").required_text(media_type)?,
            data: place.key("data").required_text(data)?,
        }),
        b"text" => Some(Media::Plain(place.key("data").required_text(data)?)),
        b"url" => Some(Media::Url(place.key("url").required_text(url)?)),
        b"file" => {
            request.note(place.key("file_id").to_string(), Loss::Meaning);
            None
        }
        _ => return Err(kind_place.malformed("is not a type of source")),
    })
}

/// A result of a search is text with its title and its source on top.
fn search_result<'a>(place: &Place<'_>, block: &Block<'a>) -> Result<Content<'a>, Untranslatable> {
    let mut text = place.key("title").required_text(block.title)?.into_owned();
    let newline = Text::of_plain("\n");
    text.push(&newline);
    text.push(&place.key("source").required_text(block.source)?);
    let place = place.key("content");
    let pieces = block.content.ok_or_else(|| place.missing())?;
    place.each_object(pieces, ["text"], |place, [piece]| {
        text.push(&newline);
        text.push(&place.key("text").required_text(piece)?);
        Ok(())
    })?;
    Ok(Content::Text(text))
}

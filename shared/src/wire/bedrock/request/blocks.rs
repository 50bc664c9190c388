//! The blocks of a turn: each is an object with exactly one member.

use std::borrow::Cow;

use super::documents::{self, Names};
use super::{NOTHING, image_format};
use crate::wire::bedrock::models::Model;
use crate::wire::ir::{Content, Media, Part};
use crate::wire::media;
use crate::wire::tool_ids::ToolIds;
use json::Text;
use json::write::{Array, Object};

/// What stands for something within a tool's result that comes after it.
const FOLLOWS: &str = "(the result follows)";

/// What says that a tool failed, to models that can be told in no other way.
const FAILED: &str = "(the tool failed)";

/// Whether a part becomes a block: the API refuses blank text, and thoughts stay with the provider whose they are.
pub(super) fn says_something(part: &Part<'_>) -> bool {
    match &part.content {
        Content::Text(text) | Content::Refusal(text) => !text.is_blank(),
        Content::Thinking { .. } | Content::SealedThinking(_) => false,
        Content::Image(_)
        | Content::Document { .. }
        | Content::ToolCall { .. }
        | Content::ToolResult { .. } => true,
    }
}

/// Writes the blocks of a conversation, in its order.
pub(super) struct Writer<'r> {
    pub(super) ids: ToolIds<'r>,
    pub(super) names: Names,
    pub(super) model: Model,
}

impl<'r> Writer<'r> {
    /// One block. What a tool gave back and this model takes only in the user's own words goes to `hoisted`.
    pub(super) fn part(
        &mut self,
        list: &mut Array<'_>,
        part: &'r Part<'r>,
        is_end: bool,
        hoisted: &mut Vec<&'r Part<'r>>,
    ) {
        list.object(|block| match &part.content {
            Content::ToolCall { id, name, arguments } => {
                let id = self.ids.call(id);
                block.object("toolUse", |call| {
                    call.escaped("toolUseId", |out| out.extend_from_slice(&id));
                    call.text("name", name);
                    call.raw("input", &arguments.to_object());
                });
            }
            Content::ToolResult {
                id,
                content,
                is_error,
            } => {
                let id = self.ids.result(id);
                block.object("toolResult", |result| {
                    result.escaped("toolUseId", |out| out.extend_from_slice(&id));
                    self.result(result, content, *is_error, hoisted);
                });
            }
            content => self.plain(block, content, is_end),
        });
    }

    /// What a tool gave back; there must be something.
    fn result(
        &mut self,
        result: &mut Object<'_>,
        content: &'r [Part<'r>],
        is_error: bool,
        hoisted: &mut Vec<&'r Part<'r>>,
    ) {
        let rich = self.model.rich_results;
        let is_here =
            |part: &&Part<'_>| rich || matches!(part.content, Content::Text(_) | Content::Refusal(_));
        let said = || content.iter().filter(|part| says_something(part));
        let others = || said().filter(|part| !is_here(part));
        hoisted.extend(others());
        result.array("content", |list| {
            if is_error && !rich {
                list.object(|block| block.string("text", FAILED));
            }
            for part in said().filter(is_here) {
                list.object(|block| self.plain(block, &part.content, false));
            }
            if others().next().is_some() {
                list.object(|block| block.string("text", FOLLOWS));
            } else if said().next().is_none() && (rich || !is_error) {
                list.object(|block| block.string("text", NOTHING));
            }
        });
        if is_error && rich {
            result.string("status", "error");
        }
    }

    /// A block of text, a picture or a document. `is_end`: the model is to go on with this text, which must not end in
    /// white space then.
    fn plain(&mut self, block: &mut Object<'_>, content: &Content<'_>, is_end: bool) {
        match content {
            Content::Image(Media::Inline { media_type, data }) => {
                let format = image_format(&media::media_type(media_type, data)).unwrap_or("png");
                block.object("image", |image| {
                    image.string("format", format);
                    image.object("source", |source| source.text("bytes", data));
                });
            }
            Content::Document { media, name } => {
                let (format, bytes) = match media {
                    Media::Inline { media_type, data } => (
                        documents::format(&media::media_type(media_type, data)).unwrap_or("txt"),
                        Cow::Borrowed(data),
                    ),
                    Media::Plain(text) | Media::Url(text) => {
                        let plain = text.plain().unwrap_or_default();
                        let base64 = media::encode(plain.as_bytes());
                        ("txt", Cow::Owned(Text::of_plain(&base64)))
                    }
                };
                let name = self.names.give(name.as_ref());
                block.object("document", |document| {
                    document.string("format", format);
                    document.string("name", &name);
                    document.object("source", |source| source.text("bytes", &bytes));
                });
            }
            Content::Text(text) | Content::Refusal(text) => {
                let text = if is_end {
                    text.trimmed_end()
                } else {
                    Cow::Borrowed(text)
                };
                block.text("text", &text);
            }
            // Not within a tool's result, and the others are no blocks.
            Content::Image(_)
            | Content::ToolCall { .. }
            | Content::ToolResult { .. }
            | Content::Thinking { .. }
            | Content::SealedThinking(_) => block.string("text", NOTHING),
        }
    }
}

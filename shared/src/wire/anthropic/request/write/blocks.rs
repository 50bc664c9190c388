//! The blocks of a turn.

use std::borrow::Cow;

use super::marks::Marks;
use crate::wire::ir::{Content, Maker, Media, Part};
use crate::wire::media;
use crate::wire::tool_ids::ToolIds;
use json::Text;
use json::write::{Array, Object};

/// Whether a part becomes a block: the API refuses blank text, and thoughts that are not sealed by Anthropic.
pub(super) fn says_something(part: &Part<'_>) -> bool {
    match &part.content {
        Content::Text(text) | Content::Refusal(text) => !text.is_blank(),
        Content::Thinking { signature, maker, .. } => signature.is_some() && *maker == Some(Maker::Anthropic),
        Content::SealedThinking(_)
        | Content::Image(_)
        | Content::Document { .. }
        | Content::ToolCall { .. }
        | Content::ToolResult { .. } => true,
    }
}

/// Writes the blocks of a conversation, in its order.
pub(super) struct Writer<'r, 'm> {
    pub(super) ids: ToolIds<'r>,
    pub(super) marks: &'m mut Marks,
    /// Whether this is the turn that the model is to go on with.
    pub(super) is_prefill: bool,
}

impl<'r> Writer<'r, '_> {
    /// A text of the turn, which may be its last.
    pub(super) fn text<'t, 'a>(&self, text: &'t Text<'a>, is_last: bool) -> Cow<'t, Text<'a>> {
        if self.is_prefill && is_last {
            text.trimmed_end()
        } else {
            Cow::Borrowed(text)
        }
    }

    /// One block.
    pub(super) fn part(&mut self, list: &mut Array<'_>, part: &'r Part<'r>, is_last: bool) {
        list.object(|block| {
            match &part.content {
                Content::ToolCall { id, name, arguments } => {
                    let id = self.ids.call(id);
                    block.string("type", "tool_use");
                    block.escaped("id", |out| out.extend_from_slice(&id));
                    block.text("name", name);
                    block.raw("input", &arguments.to_object());
                }
                Content::ToolResult {
                    id,
                    content,
                    is_error,
                } => {
                    let id = self.ids.result(id);
                    block.string("type", "tool_result");
                    block.escaped("tool_use_id", |out| out.extend_from_slice(&id));
                    self.result(block, content);
                    if *is_error {
                        block.boolean("is_error", true);
                    }
                }
                content => self.plain(block, content, is_last),
            }
            self.marks.write(block, part.breakpoint);
        });
    }

    /// What a tool gave back; nothing at all is no content.
    fn result(&mut self, block: &mut Object<'_>, content: &[Part<'_>]) {
        let parts = || content.iter().filter(|part| says_something(part));
        match (parts().next(), parts().nth(1)) {
            (None, _) => {}
            (
                Some(Part {
                    content: Content::Text(text),
                    breakpoint: None,
                }),
                None,
            ) => block.text("content", text),
            _ => block.array("content", |list| {
                for part in parts() {
                    list.object(|block| {
                        self.plain(block, &part.content, false);
                        self.marks.write(block, part.breakpoint);
                    });
                }
            }),
        }
    }

    /// A block of text, a picture or a document.
    fn plain(&self, block: &mut Object<'_>, content: &Content<'_>, is_last: bool) {
        match content {
            Content::Image(image) => {
                block.string("type", "image");
                block.object("source", |source| write_source(source, image));
            }
            Content::Document { media, name } => {
                block.string("type", "document");
                block.object("source", |source| write_source(source, media));
                if let Some(name) = name.as_ref().filter(|name| !name.is_blank()) {
                    block.text("title", name);
                }
            }
            Content::Text(text) | Content::Refusal(text) => {
                block.string("type", "text");
                block.text("text", &self.text(text, is_last));
            }
            Content::Thinking { text, signature, .. } => {
                block.string("type", "thinking");
                block.text("thinking", text);
                if let Some(signature) = signature {
                    block.text("signature", signature);
                }
            }
            Content::SealedThinking(data) => {
                block.string("type", "redacted_thinking");
                block.text("data", data);
            }
            // Not within a tool's result.
            Content::ToolCall { .. } | Content::ToolResult { .. } => {
                block.string("type", "text");
                block.string("text", super::NOTHING);
            }
        }
    }
}

fn write_source(source: &mut Object<'_>, media: &Media<'_>) {
    match media {
        Media::Inline { media_type, data } => {
            source.string("type", "base64");
            source.string("media_type", &media::media_type(media_type, data));
            source.text("data", data);
        }
        Media::Plain(text) => {
            source.string("type", "text");
            source.string("media_type", "text/plain");
            source.text("data", text);
        }
        Media::Url(url) => {
            source.string("type", "url");
            source.text("url", url);
        }
    }
}

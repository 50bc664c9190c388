//! The conversation, in the order that Mistral takes: instructions first, the results of tools right after their calls, and
//! the model's word between them and the user's next. What is out of order is a 400, `invalid_request_message_order`.

use crate::wire::codec::Dropped;
use crate::wire::ir::{ChatRequest, Content, Media, Message, Part, Role};
use crate::wire::openai_chat::messages::{POINTER, data_url, write_calls, write_result};
use crate::wire::tool_ids::ToolIds;
use json::Text;
use json::write::{Array, Object};

/// What the model says between the results of tools and the user's next message, where it said nothing.
const BRIDGE: &str = "OK.";

/// Writes all messages.
pub(super) fn write(body: &mut Object<'_>, request: &ChatRequest<'_>, dropped: &mut Dropped) {
    let mut writer = Writer {
        ids: ToolIds::of_nine(),
        is_after_tool: false,
    };
    let said: Vec<_> = request
        .messages
        .iter()
        .filter(|message| message.role == Role::User || has_words(message))
        .collect();
    body.array("messages", |list| {
        write_instructions(list, request);
        let mut rest = said.as_slice();
        while let Some((first, after)) = rest.split_first() {
            if first.role == Role::User {
                // Results must come first even where the user spoke between them.
                let end = rest.iter().position(|message| message.role != Role::User);
                let (turn, after) = rest
                    .split_at_checked(end.unwrap_or(rest.len()))
                    .unwrap_or((rest, &[]));
                writer.user(list, turn);
                rest = after;
            } else {
                writer.assistant(list, first, after.is_empty());
                rest = after;
            }
        }
    });
    note_losses(request, dropped);
}

/// Notes marks of the cache, which Mistral does not take, and thoughts, which stay with the provider whose they are.
fn note_losses(request: &ChatRequest<'_>, dropped: &mut Dropped) {
    if request.is_marked() {
        dropped.note(request.words.breakpoint);
    }
    if let Some(message) = request.first_with(Part::is_thought) {
        dropped.note(&message.place());
    }
}

/// Whether a message of the model has anything but thoughts and empty texts.
fn has_words(message: &Message<'_>) -> bool {
    message.role == Role::Assistant
        && message.parts.iter().any(|part| match &part.content {
            Content::Text(text) | Content::Refusal(text) => !text.is_empty(),
            Content::ToolCall { .. } => true,
            _ => false,
        })
}

fn write_instructions(list: &mut Array<'_>, request: &ChatRequest<'_>) {
    if request.instructions().next().is_some() {
        list.object(|object| {
            object.string("role", "system");
            object.texts("content", r"\n\n", request.instructions());
        });
    }
}

struct Writer<'r> {
    ids: ToolIds<'r>,
    /// Whether the last message is a tool's.
    is_after_tool: bool,
}

impl<'r> Writer<'r> {
    fn assistant(&mut self, list: &mut Array<'_>, message: &'r Message<'r>, is_last: bool) {
        self.is_after_tool = false;
        let texts = message.parts.iter().filter_map(|part| match &part.content {
            Content::Text(text) | Content::Refusal(text) => Some(text),
            _ => None,
        });
        list.object(|object| {
            object.string("role", "assistant");
            object.texts("content", "", texts);
            write_calls(object, message, &mut self.ids);
            if is_last && message.calls().next().is_none() {
                // The beginning of the answer, which the model goes on with.
                object.boolean("prefix", true);
            }
        });
    }

    /// The results of tools, one message each, then all that the user says before the model's next turn.
    fn user(&mut self, list: &mut Array<'_>, turn: &[&'r Message<'r>]) {
        let mut moved = Vec::new();
        let mut own = Vec::new();
        let mut has_results = false;
        for part in turn.iter().flat_map(|message| &message.parts) {
            match &part.content {
                Content::ToolResult {
                    id,
                    content,
                    is_error,
                } => {
                    has_results = true;
                    self.result(list, id, content, *is_error, &mut moved);
                }
                _ => own.push(part),
            }
        }
        if own.is_empty() && moved.is_empty() && has_results {
            return;
        }
        if std::mem::take(&mut self.is_after_tool) {
            list.object(|object| {
                object.string("role", "assistant");
                object.string("content", BRIDGE);
            });
        }
        list.object(|object| {
            object.string("role", "user");
            match own.as_slice() {
                [] if moved.is_empty() => object.string("content", ""),
                [only] if moved.is_empty() && only.text().is_some() => {
                    object.texts("content", "", only.text());
                }
                _ => object.array("content", |content| {
                    moved
                        .into_iter()
                        .chain(own)
                        .for_each(|part| write_part(content, part));
                }),
            }
        });
    }

    /// A result in words; its pictures and files wait for the user's message.
    fn result(
        &mut self,
        list: &mut Array<'_>,
        id: &'r Text<'r>,
        content: &'r [Part<'r>],
        is_error: bool,
        moved: &mut Vec<&'r Part<'r>>,
    ) {
        let texts = || content.iter().filter_map(Part::plain);
        let before = moved.len();
        moved.extend(content.iter().filter(|part| part.plain().is_none()));
        let has_moved = moved.len() > before;
        let id = self.ids.result(id);
        self.is_after_tool = true;
        let instead = if has_moved { POINTER } else { "" };
        write_result(list, &id, texts, is_error, instead);
    }
}

/// A part of a user's message.
fn write_part(content: &mut Array<'_>, part: &Part<'_>) {
    match &part.content {
        Content::Text(text)
        | Content::Refusal(text)
        | Content::Image(Media::Plain(text))
        | Content::Document {
            media: Media::Plain(text),
            ..
        } => content.object(|object| {
            object.string("type", "text");
            object.text("text", text);
        }),
        Content::Image(media) => write_url(content, "image_url", media, None),
        Content::Document { media, name } => write_url(content, "document_url", media, name.as_ref()),
        // Whatever else stands in a user's turn is no part of a message.
        Content::ToolCall { .. }
        | Content::ToolResult { .. }
        | Content::Thinking { .. }
        | Content::SealedThinking(_) => {}
    }
}

fn write_url(content: &mut Array<'_>, kind: &str, media: &Media<'_>, name: Option<&Text<'_>>) {
    content.object(|object| {
        object.string("type", kind);
        match media {
            Media::Inline { media_type, data } => {
                object.escaped(kind, |out| data_url(out, media_type, data));
            }
            Media::Url(text) | Media::Plain(text) => object.text(kind, text),
        }
        if let Some(name) = name.filter(|name| !name.is_blank()) {
            object.text("document_name", name);
        }
    });
}

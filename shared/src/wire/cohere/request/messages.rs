//! The conversation. Pictures of tools' results follow in a message of the user, and thoughts stay with the provider whose
//! they are.

use crate::wire::codec::Dropped;
use crate::wire::ir::{ChatRequest, Content, Media, Message, Part, Role};
use crate::wire::openai_chat::messages::{POINTER, data_url, write_calls, write_result};
use crate::wire::tool_ids::ToolIds;
use json::write::{Array, Object};

/// The longest id of a call that is kept.
const LONGEST_ID: usize = 64;

/// What stands where an empty message would be refused: `message must be at least 1 token long`.
const NOTHING: &str = ".";

/// Writes all messages.
pub(super) fn write(body: &mut Object<'_>, request: &ChatRequest<'_>, dropped: &mut Dropped) {
    let mut ids = ToolIds::new(LONGEST_ID);
    body.array("messages", |list| {
        write_instructions(list, request);
        for message in &request.messages {
            match message.role {
                Role::System => {}
                Role::User => write_user(list, message, &mut ids),
                Role::Assistant => write_assistant(list, message, &mut ids),
            }
        }
    });
    note_losses(request, dropped);
}

fn note_losses(request: &ChatRequest<'_>, dropped: &mut Dropped) {
    if request.is_marked() {
        dropped.note(request.words.breakpoint);
    }
    if let Some(message) = request.first_with(Part::is_thought) {
        dropped.note(&message.place());
    }
}

/// All instructions first: `system turn must be the first in the list`.
fn write_instructions(list: &mut Array<'_>, request: &ChatRequest<'_>) {
    if request.instructions().next().is_some() {
        list.object(|object| {
            object.string("role", "system");
            object.texts("content", r"\n\n", request.instructions());
        });
    }
}

fn write_assistant<'r>(list: &mut Array<'_>, message: &'r Message<'r>, ids: &mut ToolIds<'r>) {
    let texts = || {
        let texts = message.parts.iter().filter_map(|part| match &part.content {
            Content::Text(text) | Content::Refusal(text) => Some(text),
            _ => None,
        });
        texts.filter(|text| !text.is_empty())
    };
    let has_calls = message.calls().next().is_some();
    if !has_calls && texts().next().is_none() {
        return;
    }
    list.object(|object| {
        object.string("role", "assistant");
        if texts().next().is_some() {
            // What is said before a call is the plan of it.
            object.texts(if has_calls { "tool_plan" } else { "content" }, "", texts());
        }
        write_calls(object, message, ids);
    });
}

/// The results of tools, one message each, then what the user says beside them.
fn write_user<'r>(list: &mut Array<'_>, message: &'r Message<'r>, ids: &mut ToolIds<'r>) {
    let mut moved = Vec::new();
    let mut own = Vec::new();
    let mut has_results = false;
    for part in &message.parts {
        match &part.content {
            Content::ToolResult {
                id,
                content,
                is_error,
            } => {
                has_results = true;
                let pictures = content.iter().filter(|part| part.plain().is_none());
                let before = moved.len();
                moved.extend(pictures);
                let id = ids.result(id);
                let texts = || {
                    content
                        .iter()
                        .filter_map(Part::plain)
                        .filter(|text| !text.is_empty())
                };
                let instead = if moved.len() > before { POINTER } else { NOTHING };
                write_result(list, &id, texts, *is_error, instead);
            }
            _ => own.push(part),
        }
    }
    let has_words = |part: &&&Part<'_>| part.text().is_none_or(|text| !text.is_blank());
    own.retain(|part| has_words(&part));
    if own.is_empty() && moved.is_empty() && has_results {
        return;
    }
    list.object(|object| {
        object.string("role", "user");
        match own.as_slice() {
            [] if moved.is_empty() => object.string("content", NOTHING),
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
        Content::Image(media) => content.object(|object| {
            object.string("type", "image_url");
            object.object("image_url", |image| match media {
                Media::Inline { media_type, data } => {
                    image.escaped("url", |out| data_url(out, media_type, data));
                }
                Media::Url(text) | Media::Plain(text) => image.text("url", text),
            });
        }),
        // Whatever else stands in a user's turn is no part of a message.
        Content::Document { .. }
        | Content::ToolCall { .. }
        | Content::ToolResult { .. }
        | Content::Thinking { .. }
        | Content::SealedThinking(_) => {}
    }
}

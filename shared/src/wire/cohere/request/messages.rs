//! The conversation. Pictures of tools' results follow in a message of the user, and thoughts stay with the provider whose
//! they are.

use crate::json::Text;
use crate::json::write::{Array, Object};
use crate::wire::codec::Dropped;
use crate::wire::ir::{ChatRequest, Content, Media, Message, Part, Role};
use crate::wire::openai_chat::messages::{FAILED, POINTER, data_url};
use crate::wire::tool_ids::ToolIds;

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
    let mut parts = request.messages.iter().flat_map(|message| &message.parts);
    let is_marked = |part: &Part<'_>| {
        part.breakpoint.is_some()
            || matches!(&part.content, Content::ToolResult { content, .. }
                if content.iter().any(|part| part.breakpoint.is_some()))
    };
    if parts.any(is_marked) || request.tools.iter().any(|tool| tool.breakpoint.is_some()) {
        dropped.note(request.words.breakpoint);
    }
    let has_thought = |message: &&Message<'_>| {
        message.parts.iter().any(|part| {
            matches!(
                part.content,
                Content::Thinking { .. } | Content::SealedThinking(_)
            )
        })
    };
    if let Some(message) = request.messages.iter().find(has_thought) {
        dropped.note(&message.place());
    }
}

/// All instructions first: `system turn must be the first in the list`.
fn write_instructions(list: &mut Array<'_>, request: &ChatRequest<'_>) {
    let texts = || {
        let systems = request
            .messages
            .iter()
            .filter(|message| message.role == Role::System);
        let parts = systems.flat_map(|message| &message.parts);
        parts.filter_map(text_of).filter(|text| !text.is_blank())
    };
    if texts().next().is_some() {
        list.object(|object| {
            object.string("role", "system");
            object.texts("content", r"\n\n", texts());
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
    let calls = || {
        message.parts.iter().filter_map(|part| match &part.content {
            Content::ToolCall { id, name, arguments } => Some((id, name, arguments)),
            _ => None,
        })
    };
    let has_calls = calls().next().is_some();
    if !has_calls && texts().next().is_none() {
        return;
    }
    list.object(|object| {
        object.string("role", "assistant");
        if texts().next().is_some() {
            // What is said before a call is the plan of it.
            object.texts(if has_calls { "tool_plan" } else { "content" }, "", texts());
        }
        if has_calls {
            object.array("tool_calls", |list| {
                for (id, name, arguments) in calls() {
                    let id = ids.call(id);
                    list.object(|call| {
                        call.escaped("id", |out| out.extend_from_slice(&id));
                        call.string("type", "function");
                        call.object("function", |function| {
                            function.text("name", name);
                            function.escaped("arguments", |out| arguments.write_encoded(out));
                        });
                    });
                }
            });
        }
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
                let pictures = content.iter().filter(|part| plain_of(part).is_none());
                let before = moved.len();
                moved.extend(pictures);
                let id = ids.result(id);
                write_result(list, &id, content, *is_error, moved.len() > before);
            }
            _ => own.push(part),
        }
    }
    let has_words = |part: &&&Part<'_>| text_of(part).is_none_or(|text| !text.is_blank());
    own.retain(|part| has_words(&part));
    if own.is_empty() && moved.is_empty() && has_results {
        return;
    }
    list.object(|object| {
        object.string("role", "user");
        match own.as_slice() {
            [] if moved.is_empty() => object.string("content", NOTHING),
            [only] if moved.is_empty() && text_of(only).is_some() => {
                object.texts("content", "", text_of(only));
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

fn write_result(list: &mut Array<'_>, id: &[u8], content: &[Part<'_>], is_error: bool, has_moved: bool) {
    let texts = || {
        content
            .iter()
            .filter_map(plain_of)
            .filter(|text| !text.is_empty())
    };
    list.object(|object| {
        object.string("role", "tool");
        object.escaped("tool_call_id", |out| out.extend_from_slice(id));
        object.escaped("content", |out| {
            if is_error {
                out.extend_from_slice(FAILED.as_bytes());
            }
            if texts().next().is_none() {
                let instead = if has_moved { POINTER } else { NOTHING };
                out.extend_from_slice(instead.as_bytes());
            }
            for (index, text) in texts().enumerate() {
                out.extend_from_slice(if index > 0 { br"\n" } else { b"" });
                out.extend_from_slice(text.escaped());
            }
        });
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

fn text_of<'p, 'a>(part: &'p Part<'a>) -> Option<&'p Text<'a>> {
    match &part.content {
        Content::Text(text) => Some(text),
        _ => None,
    }
}

/// The text of a part of a tool's result, be it a text or a document of nothing else.
fn plain_of<'p, 'a>(part: &'p Part<'a>) -> Option<&'p Text<'a>> {
    match &part.content {
        Content::Text(text)
        | Content::Document {
            media: Media::Plain(text),
            ..
        } => Some(text),
        _ => None,
    }
}

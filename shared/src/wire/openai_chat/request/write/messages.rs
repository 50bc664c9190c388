//! The conversation.

use super::says_something;
use crate::wire::codec::Dropped;
use crate::wire::ir::{Breakpoint, ChatRequest, Content, Media, Message, Part, Role};
use crate::wire::media;
use crate::wire::openai_chat::models::Model;
use crate::wire::tool_ids::ToolIds;
use json::Text;
use json::write::{Array, Object};

/// The longest id of a call: `Invalid 'messages[1].tool_calls[0].id': string too long. Expected a string with maximum
/// length 40`, microsoft/autogen#6377.
const LONGEST_ID: usize = 40;

/// What marks a tool's failure, for which this format has no place of its own.
const FAILED: &str = "Error: ";

/// What stands in a tool's message whose pictures and files follow in a user's.
pub(in crate::wire) const POINTER: &str = "The result follows in the next message of the user.";

/// The name of a document that has none; without one the provider refuses it.
const UNNAMED: &str = "document.pdf";

/// Writes all messages.
pub(super) fn write(body: &mut Object<'_>, request: &ChatRequest<'_>, model: &Model, dropped: &mut Dropped) {
    let mut writer = Writer {
        model,
        ids: ToolIds::new(LONGEST_ID),
        lost_mark: false,
        lost_thought: None,
    };
    body.array("messages", |list| {
        for message in &request.messages {
            match message.role {
                Role::System => writer.instructions(list, message),
                Role::User => writer.user(list, message),
                Role::Assistant => writer.assistant(list, message),
            }
        }
    });
    if writer.lost_mark || request.tools.iter().any(|tool| tool.breakpoint.is_some()) {
        dropped.note(request.words.breakpoint);
    }
    if let Some(message) = writer.lost_thought {
        dropped.note(&message.place());
    }
}

struct Writer<'r, 'm> {
    model: &'m Model,
    ids: ToolIds<'r>,
    lost_mark: bool,
    lost_thought: Option<&'r Message<'r>>,
}

/// Pictures and files of a tool's result, which this format takes from users only.
struct Moved<'r> {
    id: Vec<u8>,
    parts: Vec<&'r Part<'r>>,
}

impl<'r> Writer<'r, '_> {
    fn instructions(&mut self, list: &mut Array<'_>, message: &'r Message<'r>) {
        let parts = || {
            message
                .parts
                .iter()
                .filter(|part| part.text().is_some_and(|text| !text.is_blank()))
        };
        if parts().next().is_none() {
            return;
        }
        let is_marked = self.model.breakpoints && parts().any(|part| part.breakpoint.is_some());
        list.object(|object| {
            object.string("role", self.model.instructions);
            if is_marked {
                object.array("content", |content| {
                    parts().for_each(|part| self.part(content, part));
                });
            } else {
                parts().for_each(|part| self.lose_mark(part));
                object.texts("content", r"\n\n", parts().filter_map(Part::text));
            }
        });
    }

    fn assistant(&mut self, list: &mut Array<'_>, message: &'r Message<'r>) {
        if self.lost_thought.is_none() && message.parts.iter().any(Part::is_thought) {
            self.lost_thought = Some(message);
        }
        if !says_something(message) {
            return;
        }
        message.parts.iter().for_each(|part| self.lose_mark(part));
        let texts = || message.parts.iter().filter_map(Part::text);
        let refusals = || {
            message.parts.iter().filter_map(|part| match &part.content {
                Content::Refusal(text) => Some(text),
                _ => None,
            })
        };
        list.object(|object| {
            object.string("role", "assistant");
            if texts().all(Text::is_empty)
                && (message.calls().next().is_some() || refusals().next().is_some())
            {
                object.null("content");
            } else {
                object.texts("content", "", texts());
            }
            if refusals().next().is_some() {
                object.texts("refusal", "", refusals());
            }
            write_calls(object, message, &mut self.ids);
        });
    }

    /// The results of tools, one message each, then what the user says beside them.
    fn user(&mut self, list: &mut Array<'_>, message: &'r Message<'r>) {
        let mut moved = Vec::new();
        let mut own = Vec::new();
        let mut has_results = false;
        for part in &message.parts {
            if let Content::ToolResult {
                id,
                content,
                is_error,
            } = &part.content
            {
                has_results = true;
                self.lose_mark(part);
                moved.extend(self.result(list, id, content, *is_error));
            } else {
                own.push(part);
            }
        }
        if own.is_empty() && moved.is_empty() && has_results {
            return;
        }
        list.object(|object| {
            object.string("role", "user");
            match own.as_slice() {
                [] if moved.is_empty() => object.string("content", ""),
                [only] if moved.is_empty() && !self.keeps_mark(only) && only.text().is_some() => {
                    self.lose_mark(only);
                    object.texts("content", "", only.text());
                }
                _ => object.array("content", |content| {
                    for moved in &moved {
                        content.object(|part| {
                            part.string("type", "text");
                            part.escaped("text", |out| {
                                out.extend_from_slice(b"Result of the tool call ");
                                out.extend_from_slice(&moved.id);
                                out.push(b':');
                            });
                        });
                        moved.parts.iter().for_each(|part| self.part(content, part));
                    }
                    for part in own {
                        self.part(content, part);
                    }
                }),
            }
        });
    }

    fn result(
        &mut self,
        list: &mut Array<'_>,
        id: &'r Text<'r>,
        content: &'r [Part<'r>],
        is_error: bool,
    ) -> Option<Moved<'r>> {
        for part in content {
            self.lose_mark(part);
        }
        let texts = || content.iter().filter_map(Part::plain);
        let moved: Vec<_> = content.iter().filter(|part| part.plain().is_none()).collect();
        let id = self.ids.result(id);
        let instead = if moved.is_empty() { "" } else { POINTER };
        write_result(list, &id, texts, is_error, instead);
        (!moved.is_empty()).then(|| Moved {
            id: id.into_owned(),
            parts: moved,
        })
    }

    /// A part of a user's message or of instructions.
    fn part(&mut self, content: &mut Array<'_>, part: &Part<'_>) {
        self.lose_mark(part);
        let mark = self.keeps_mark(part).then_some(part.breakpoint).flatten();
        let mut write = |kind: &str, fill: &mut dyn FnMut(&mut Object<'_>)| {
            content.object(|object| {
                object.string("type", kind);
                fill(object);
                if let Some(mark) = mark {
                    object.object("prompt_cache_breakpoint", |object| write_mark(object, mark));
                }
            });
        };
        match &part.content {
            Content::Text(text) | Content::Refusal(text) => {
                write("text", &mut |object| object.text("text", text));
            }
            Content::Image(Media::Plain(text)) => write("text", &mut |object| object.text("text", text)),
            Content::Image(image) => write("image_url", &mut |object| {
                object.object("image_url", |object| write_url(object, "url", image));
            }),
            Content::Document {
                media: Media::Plain(text),
                name,
            } => write("text", &mut |object| {
                object.texts("text", r"\n\n", name.iter().chain([text]));
            }),
            Content::Document { media, name } => write("file", &mut |object| {
                object.object("file", |file| {
                    match name {
                        Some(name) if !name.is_blank() => file.text("filename", name),
                        _ => file.string("filename", UNNAMED),
                    }
                    write_url(file, "file_data", media);
                });
            }),
            // Whatever else stands in a user's turn is no part of a message.
            Content::ToolCall { .. }
            | Content::ToolResult { .. }
            | Content::Thinking { .. }
            | Content::SealedThinking(_) => {}
        }
    }

    fn keeps_mark(&self, part: &Part<'_>) -> bool {
        self.model.breakpoints && part.breakpoint.is_some()
    }

    /// Notes a mark that the model does not take.
    fn lose_mark(&mut self, part: &Part<'_>) {
        self.lost_mark |= part.breakpoint.is_some() && !self.model.breakpoints;
    }
}

/// Writes the calls of a message, if it has any.
pub(in crate::wire) fn write_calls<'r>(
    object: &mut Object<'_>,
    message: &'r Message<'r>,
    ids: &mut ToolIds<'r>,
) {
    if message.calls().next().is_none() {
        return;
    }
    object.array("tool_calls", |list| {
        for (id, name, arguments) in message.calls() {
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

/// Writes the message of a tool: its texts, or `instead` where there are none.
pub(in crate::wire) fn write_result<'t, T: Iterator<Item = &'t Text<'t>>>(
    list: &mut Array<'_>,
    id: &[u8],
    texts: impl Fn() -> T,
    is_error: bool,
    instead: &str,
) {
    list.object(|object| {
        object.string("role", "tool");
        object.escaped("tool_call_id", |out| out.extend_from_slice(id));
        object.escaped("content", |out| {
            if is_error {
                out.extend_from_slice(FAILED.as_bytes());
            }
            if texts().next().is_none() {
                out.extend_from_slice(instead.as_bytes());
            }
            for (index, text) in texts().enumerate() {
                out.extend_from_slice(if index > 0 { br"\n" } else { b"" });
                out.extend_from_slice(text.escaped());
            }
        });
    });
}

fn write_mark(object: &mut Object<'_>, mark: Breakpoint) {
    object.string("mode", "explicit");
    if mark == Breakpoint::Hour {
        object.string("ttl", "1h");
    }
}

fn write_url(object: &mut Object<'_>, key: &str, media: &Media<'_>) {
    match media {
        Media::Inline { media_type, data } => {
            object.escaped(key, |out| data_url(out, media_type, data));
        }
        Media::Url(text) | Media::Plain(text) => object.text(key, text),
    }
}

/// Writes a data URL as the content of a string.
pub(in crate::wire) fn data_url(out: &mut Vec<u8>, media_type: &Text<'_>, data: &Text<'_>) {
    let media_type = media::media_type(media_type, data);
    out.extend_from_slice(b"data:");
    out.extend_from_slice(Text::of_plain(&media_type).escaped());
    out.extend_from_slice(b";base64,");
    out.extend_from_slice(data.escaped());
}

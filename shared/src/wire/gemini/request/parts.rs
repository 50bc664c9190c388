//! The parts of a turn.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};

use crate::wire::gemini::seal;
use crate::wire::ir::{Content, Media, Part};
use crate::wire::media;
use crate::wire::tool_ids::ToolIds;
use json::Text;
use json::write::{Array, Object};

/// What stands where the API asks for something and there is nothing.
pub(super) const NOTHING: &str = "(empty)";

/// What stands in a tool's result whose pictures and documents follow.
const POINTER: &str = "The result follows.";

/// Whether a part is written: the API refuses blank text, and of thoughts it wants the seals that it gave itself.
pub(super) fn says_something(part: &Part<'_>) -> bool {
    match &part.content {
        Content::Text(text) | Content::Refusal(text) => !text.is_blank(),
        Content::Thinking { signature, .. } => seal_of(signature.as_ref()).is_some(),
        Content::SealedThinking(_) => false,
        Content::Image(_)
        | Content::Document { .. }
        | Content::ToolCall { .. }
        | Content::ToolResult { .. } => true,
    }
}

fn seal_of(signature: Option<&Text<'_>>) -> Option<Text<'static>> {
    seal::unmarked(signature?)
}

/// The pictures and documents among what a tool gave back, which follow its result.
pub(super) fn media_of<'r>(part: &'r Part<'r>) -> impl Iterator<Item = &'r Part<'r>> {
    let content = match &part.content {
        Content::ToolResult { content, .. } => content.as_slice(),
        _ => &[],
    };
    content.iter().filter(|part| is_media(part))
}

fn is_media(part: &Part<'_>) -> bool {
    match &part.content {
        Content::Image(_) => true,
        Content::Document { media, .. } => !matches!(media, Media::Plain(_)),
        _ => false,
    }
}

/// A call of a tool in the turn before.
pub(super) struct Called<'r> {
    /// Its id as it is written.
    id: Cow<'r, [u8]>,
    /// The tool: results are told with its name.
    name: &'r Text<'r>,
    /// Which call of the turn it is: results come in the order of their calls, for not every service goes by ids.
    pub(super) place: usize,
}

/// Writes the parts of a conversation, in its order.
pub(super) struct Writer<'r> {
    pub(super) ids: ToolIds<'r>,
    /// Whether the service takes ids of calls.
    pub(super) has_ids: bool,
    /// Whether the service wants to be told the type of what it fetches.
    pub(super) names_types: bool,
    /// The calls of the last turn of the model that have no result yet, by their ids: agents may use one for several.
    pub(super) calls: HashMap<&'r [u8], VecDeque<Called<'r>>>,
}

impl<'r> Writer<'r> {
    /// The call whose result a part is, if the model made it in the turn before: then it has its result.
    pub(super) fn call_of(&mut self, part: &Part<'_>) -> Option<Called<'r>> {
        match &part.content {
            Content::ToolResult { id, .. } => self.calls.get_mut(id.escaped())?.pop_front(),
            _ => None,
        }
    }

    /// The parts of a turn of the model. A seal stands on the part that follows it, or on an empty text at the end. The
    /// first call of a turn that `must_seal` has one in any case.
    pub(super) fn model(&mut self, list: &mut Array<'_>, parts: &[&'r Part<'r>], must_seal: bool) {
        let mut pending = None;
        let mut lacks_seal = must_seal;
        self.calls.clear();
        for (place, part) in parts.iter().enumerate() {
            match &part.content {
                Content::Thinking { signature, .. } => pending = seal_of(signature.as_ref()).or(pending),
                Content::ToolCall {
                    id: own,
                    name,
                    arguments,
                } => {
                    let id = self.ids.call(own);
                    list.object(|object| {
                        object.object("functionCall", |call| {
                            if self.has_ids {
                                call.escaped("id", |out| out.extend_from_slice(&id));
                            }
                            call.text("name", name);
                            call.raw("args", &arguments.to_object());
                        });
                        match pending.take() {
                            Some(seal) => object.text("thoughtSignature", &seal),
                            None if lacks_seal => object.string("thoughtSignature", seal::NONE),
                            None => {}
                        }
                    });
                    lacks_seal = false;
                    let calls = self.calls.entry(own.escaped()).or_default();
                    calls.push_back(Called { id, name, place });
                }
                content => list.object(|object| {
                    self.content(object, content);
                    if let Some(seal) = pending.take() {
                        object.text("thoughtSignature", &seal);
                    }
                }),
            }
        }
        if let Some(seal) = pending {
            list.object(|object| {
                object.string("text", "");
                object.text("thoughtSignature", &seal);
            });
        }
    }

    /// What a tool gave back.
    pub(super) fn result(&self, list: &mut Array<'_>, call: &Called<'_>, part: &Part<'_>) {
        let Content::ToolResult {
            content, is_error, ..
        } = &part.content
        else {
            return;
        };
        list.object(|object| {
            object.object("functionResponse", |response| {
                if self.has_ids {
                    response.escaped("id", |out| out.extend_from_slice(&call.id));
                }
                response.text("name", call.name);
                response.object("response", |given| {
                    let key = if *is_error { "error" } else { "output" };
                    let mut texts = texts(content).peekable();
                    if texts.peek().is_none() && content.iter().any(is_media) {
                        given.string(key, POINTER);
                    } else {
                        given.texts(key, r"\n", texts);
                    }
                });
            });
        });
    }

    /// A part of a user's turn. A result whose call is not in the turn before is what the user says: the API would refuse
    /// it as a result.
    pub(super) fn plain(&self, list: &mut Array<'_>, part: &Part<'_>) {
        match &part.content {
            Content::ToolResult { content, .. } => {
                if !content.iter().any(says_something) {
                    list.object(|object| object.string("text", NOTHING));
                }
                for part in content.iter().filter(|part| says_something(part)) {
                    list.object(|object| self.content(object, &part.content));
                }
            }
            content => list.object(|object| self.content(object, content)),
        }
    }

    fn content(&self, object: &mut Object<'_>, content: &Content<'_>) {
        match content {
            Content::Text(text)
            | Content::Refusal(text)
            | Content::Document {
                media: Media::Plain(text),
                ..
            } => object.text("text", text),
            Content::Image(media) => self.media(object, media, "image/jpeg"),
            Content::Document { media, .. } => self.media(object, media, media::PDF),
            // Not within a tool's result or a user's turn, and thoughts are none of these.
            Content::ToolCall { .. }
            | Content::ToolResult { .. }
            | Content::Thinking { .. }
            | Content::SealedThinking(_) => object.string("text", NOTHING),
        }
    }

    fn media(&self, object: &mut Object<'_>, media: &Media<'_>, usual_type: &str) {
        match media {
            Media::Inline { media_type, data } => object.object("inlineData", |inline| {
                inline.string("mimeType", &media::media_type(media_type, data));
                inline.text("data", data);
            }),
            Media::Url(url) => object.object("fileData", |file| {
                match type_of(url) {
                    Some(known) => file.string("mimeType", known),
                    None if self.names_types => file.string("mimeType", usual_type),
                    None => {}
                }
                file.text("fileUri", url);
            }),
            Media::Plain(text) => object.text("text", text),
        }
    }
}

fn texts<'t>(content: &'t [Part<'t>]) -> impl Iterator<Item = &'t Text<'t>> {
    content.iter().filter_map(|part| match &part.content {
        Content::Text(text)
        | Content::Refusal(text)
        | Content::Document {
            media: Media::Plain(text),
            ..
        } => Some(text),
        _ => None,
    })
}

/// What the ending of an address says of what is there.
fn type_of(url: &Text<'_>) -> Option<&'static str> {
    let url = url.plain()?.to_ascii_lowercase();
    let path = url.split(['?', '#']).next()?;
    let (_, ending) = path.rsplit('/').next()?.rsplit_once('.')?;
    Some(match ending {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "heic" => "image/heic",
        "heif" => "image/heif",
        "pdf" => media::PDF,
        _ => return None,
    })
}

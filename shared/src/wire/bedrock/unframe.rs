//! Turns a stream of binary frames into one of server-sent events, which everything behind it reads.

use crate::eventstream::{Damage, Decoder, Kind, Message};
use crate::sse;
use crate::wire::codec::NOT_JSON;
use crate::wire::ir::ErrorKind;
use crate::wire::{UpstreamFormat, anthropic, media};
use json::{Node, Text};

/// Turns one stream's frames into events, fed with chunks cut anywhere.
#[derive(Debug)]
pub struct Unframer {
    frames: Frames,
    decoder: Decoder,
}

/// What the frames carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frames {
    /// The events of a `ConverseStream`, each under its name.
    Converse,
    /// The events of a model's own stream, each in base64: those of Claude's.
    Chunks,
}

impl Unframer {
    /// Unframes the stream of a model that was asked in a format.
    #[must_use]
    pub fn new(format: UpstreamFormat) -> Self {
        Self {
            frames: match format {
                UpstreamFormat::AnthropicMessages => Frames::Chunks,
                _ => Frames::Converse,
            },
            decoder: Decoder::default(),
        }
    }

    /// Takes a chunk and writes the events that it completes. What comes after damage is not read.
    pub fn push(&mut self, chunk: &[u8], events: &mut Vec<u8>) -> Result<(), Damage> {
        let frames = self.frames;
        self.decoder.push(chunk, |message| match frames {
            Frames::Converse => write_event(&message, events),
            Frames::Chunks => write_chunk(&message, events),
        })
    }

    /// Whether the stream ends within a frame.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.decoder.is_cut()
    }

    /// Writes an event that says why the stream breaks off.
    pub fn break_off(&self, why: &str, events: &mut Vec<u8>) {
        match self.frames {
            Frames::Converse => write_exception("", &Text::of_plain(why), events),
            Frames::Chunks => write_error(ErrorKind::Internal, &Text::of_plain(why), events),
        }
    }
}

/// An event of a `ConverseStream`: what it carries, under its name.
fn write_event(message: &Message<'_>, events: &mut Vec<u8>) {
    match message.kind {
        // No other name could be one that is known.
        Kind::Event(name) if name.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            events.extend_from_slice(b"data: {\"");
            events.extend_from_slice(name.as_bytes());
            events.extend_from_slice(b"\":");
            let payload = message.payload.trim_ascii();
            write_line(if payload.is_empty() { b"{}" } else { payload }, events);
            events.extend_from_slice(b"}\n\n");
        }
        Kind::Exception(name) => write_exception(name, &said(message.payload), events),
        Kind::Error { code, message } => write_exception(code, &Text::of_plain(message), events),
        Kind::Event(_) | Kind::Other => {}
    }
}

fn write_exception(name: &str, said: &Text<'_>, events: &mut Vec<u8>) {
    sse::write_event(events, None, |event| {
        event.object("exception", |exception| exception.text("message", said));
        event.string("type", name);
    });
}

/// A part of a model's own stream: `{"bytes":BASE64}`, the base64 of one event.
fn write_chunk(message: &Message<'_>, events: &mut Vec<u8>) {
    match message.kind {
        Kind::Event("chunk") => {
            let event = Node::sound(message.payload, ["bytes"])
                .and_then(|(_, [bytes])| media::decode(&bytes?.text()?));
            let Some(event) = event.filter(|event| !event.is_empty()) else {
                return write_error(ErrorKind::Internal, &Text::of_plain(NOT_JSON), events);
            };
            let kind = Node::sound(&event, ["type"])
                .and_then(|(_, [kind])| kind?.text()?.plain().map(std::borrow::Cow::into_owned));
            if let Some(kind) =
                kind.filter(|kind| kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
            {
                events.extend_from_slice(b"event: ");
                events.extend_from_slice(kind.as_bytes());
                events.push(b'\n');
            }
            events.extend_from_slice(b"data: ");
            write_line(&event, events);
            events.extend_from_slice(b"\n\n");
        }
        Kind::Exception(name) => write_error(kind(name), &said(message.payload), events),
        Kind::Error { code, message } => write_error(kind(code), &Text::of_plain(message), events),
        Kind::Event(_) | Kind::Other => {}
    }
}

fn kind(name: &str) -> ErrorKind {
    super::error::kind(name).unwrap_or(ErrorKind::Internal)
}

/// An error as Claude's own stream has it.
fn write_error(kind: ErrorKind, said: &Text<'_>, events: &mut Vec<u8>) {
    sse::write_event(events, Some("error"), |event| {
        event.string("type", "error");
        event.object("error", |error| {
            error.string("type", anthropic::error::word(kind));
            error.text("message", said);
        });
    });
}

/// What an exception says of itself.
fn said(payload: &[u8]) -> Text<'_> {
    let message = Node::sound(payload, ["message", "Message"])
        .and_then(|(_, [message, capital])| message.or(capital)?.text());
    message
        .filter(|message| !message.is_blank())
        .unwrap_or_else(|| Text::of_plain("the provider broke its answer off"))
}

/// Writes JSON on one line: line breaks may stand between its values.
fn write_line(json: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(json);
    let written = out.get_mut(start..).unwrap_or_default();
    for byte in written.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')) {
        *byte = b' ';
    }
}

//! Turns a provider's answer into one of the caller's format while it passes.

use super::codec::{StreamReader, StreamWriter};
use super::ir::{Delta, ErrorKind, Finish, ProviderError};
use super::{Caller, Flaw, Format, Observation, UpstreamFormat, openai_chat};
use crate::ledger::Usage;
use crate::limits::{MAX_ERROR_BODY, MAX_OBSERVED_ANSWER, MAX_QUOTED};
use crate::sse::{Event, Piece, Splitter};

/// Translates one answer of a provider. It is fed chunks as they come, cut anywhere, and gives for each what the
/// agent gets in its place.
#[derive(Debug)]
pub struct AnswerTranslator {
    from: UpstreamFormat,
    to: Format,
    body: Body,
}

#[derive(Debug)]
enum Body {
    /// Events are translated one by one. At most [`crate::limits::MAX_EVENT`] and twice
    /// [`crate::limits::MAX_HELD`] are kept.
    Stream(Box<Stream>),
    /// An answer in one piece, kept until it is whole.
    Whole { caller: Caller, kept: Vec<u8> },
    /// An error with its status, kept until it is whole.
    Error {
        caller: Caller,
        status: u16,
        kept: Vec<u8>,
        is_too_long: bool,
    },
    /// All is told; nothing follows.
    Done,
}

impl AnswerTranslator {
    /// Translates a stream of a provider that speaks `from` for a caller that speaks `to`.
    #[must_use]
    pub fn of_stream(from: UpstreamFormat, to: Format, caller: Caller) -> Self {
        Self::new(
            from,
            to,
            Body::Stream(Box::new(Stream {
                splitter: Splitter::default(),
                session: Session {
                    reader: from.stream_reader(),
                    sink: Sink {
                        writer: (to.codec().stream_writer)(Self::of(from, caller)),
                        has_finished: false,
                        is_over: false,
                        is_stopped: false,
                    },
                },
            })),
        )
    }

    /// Translates an answer in one piece.
    #[must_use]
    pub fn of_answer(from: UpstreamFormat, to: Format, caller: Caller) -> Self {
        Self::new(
            from,
            to,
            Body::Whole {
                caller: Self::of(from, caller),
                kept: Vec::new(),
            },
        )
    }

    /// Translates the body of an answer whose status is not a success.
    #[must_use]
    pub fn of_error(from: UpstreamFormat, to: Format, caller: Caller, status: u16) -> Self {
        Self::new(
            from,
            to,
            Body::Error {
                caller,
                status,
                kept: Vec::new(),
                is_too_long: false,
            },
        )
    }

    /// Ends a stream before its provider does, and gives its end: the bound on its length is reached. What the provider
    /// still says is only heard for its usage. `None` where there is no stream under way.
    #[must_use]
    pub fn stop(&mut self, usage: &Usage, observation: &mut Observation) -> Option<Vec<u8>> {
        let Body::Stream(stream) = &mut self.body else {
            return None;
        };
        let mut out = Vec::new();
        let sink = &mut stream.session.sink;
        for delta in [Delta::Usage(*usage), Delta::Finish(Finish::Length), Delta::End] {
            sink.step(&delta, observation, &mut out);
        }
        sink.is_stopped = true;
        Some(out)
    }

    fn new(from: UpstreamFormat, to: Format, body: Body) -> Self {
        Self { from, to, body }
    }

    /// The caller of an answer of a provider that speaks `from`.
    fn of(from: UpstreamFormat, caller: Caller) -> Caller {
        Caller {
            maker: from.maker(),
            ..caller
        }
    }

    /// Takes the next chunk, notes what it says, and gives what the agent gets for it, which may be nothing yet;
    /// `is_last` if none follows. Of an answer in one piece nothing is given before it is whole.
    pub fn push(&mut self, chunk: &[u8], is_last: bool, observation: &mut Observation) -> Vec<u8> {
        match std::mem::replace(&mut self.body, Body::Done) {
            Body::Stream(mut stream) => {
                let out = stream.push(chunk, is_last, observation);
                let sink = &stream.session.sink;
                if !sink.is_over || sink.is_stopped {
                    self.body = Body::Stream(stream);
                }
                out
            }
            Body::Whole { caller, mut kept } => {
                if kept.len().saturating_add(chunk.len()) > MAX_OBSERVED_ANSWER {
                    let error = ProviderError::of(ErrorKind::Internal, "the provider's answer is too long");
                    return self.fail(&error, Flaw::TooLong, &caller, observation);
                }
                kept.extend_from_slice(chunk);
                if is_last {
                    return self.translate(&kept, &caller, observation);
                }
                self.body = Body::Whole { caller, kept };
                Vec::new()
            }
            Body::Error {
                caller,
                status,
                mut kept,
                is_too_long,
            } => {
                let is_too_long = is_too_long || kept.len().saturating_add(chunk.len()) > MAX_ERROR_BODY;
                if !is_too_long {
                    kept.extend_from_slice(chunk);
                }
                if is_last {
                    if self.from.is(self.to) && openai_chat::error::is_usual(&kept) {
                        return kept;
                    }
                    let body: &[u8] = if is_too_long { b"" } else { &kept };
                    let read = self.from.read_error(body, status);
                    let error = read.unwrap_or_else(|| unreadable(body, status));
                    return (self.to.codec().write_error)(&error, &caller.request_id);
                }
                self.body = Body::Error {
                    caller,
                    status,
                    kept,
                    is_too_long,
                };
                Vec::new()
            }
            Body::Done => Vec::new(),
        }
    }

    /// Translates an answer that is whole. A success may carry an error all the same.
    fn translate(&mut self, body: &[u8], caller: &Caller, observation: &mut Observation) -> Vec<u8> {
        if let Some(answer) = self.from.read_answer(body) {
            observation.note_answer(&answer);
            return (self.to.codec().write_answer)(&answer, caller);
        }
        if let Some(error) = self.from.read_error(body, 0) {
            return self.fail(&error, Flaw::Error, caller, observation);
        }
        let flaw = if body.trim_ascii().is_empty() {
            Flaw::Empty
        } else {
            Flaw::Unreadable
        };
        let error = ProviderError::of(ErrorKind::Internal, "the provider's answer cannot be read");
        self.fail(&error, flaw, caller, observation)
    }

    fn fail(
        &self,
        error: &ProviderError<'_>,
        flaw: Flaw,
        caller: &Caller,
        observation: &mut Observation,
    ) -> Vec<u8> {
        observation.note_flaw(flaw);
        (self.to.codec().write_error)(error, &caller.request_id)
    }
}

/// An error in no shape of the provider's, perhaps of a proxy before it. A page of HTML is for nobody's eyes here, and
/// of a text no more than its beginning.
fn unreadable(body: &[u8], status: u16) -> ProviderError<'static> {
    let text = std::str::from_utf8(body).unwrap_or_default().trim();
    let is_text = !text.is_empty() && !text.starts_with(['<', '{', '[']);
    let said: String = if is_text {
        [": ", &text.chars().take(MAX_QUOTED).collect::<String>()].concat()
    } else {
        String::new()
    };
    let message = format!("the provider answered with status {status}{said}");
    ProviderError::of(ErrorKind::of_status(status), &message)
}

#[derive(Debug)]
struct Stream {
    splitter: Splitter,
    session: Session,
}

impl Stream {
    fn push(&mut self, chunk: &[u8], is_last: bool, observation: &mut Observation) -> Vec<u8> {
        // What is written is rarely more than twice as long as what was read.
        let mut out = Vec::with_capacity(chunk.len().saturating_mul(2));
        let Self { splitter, session } = self;
        splitter.push(chunk, |piece| session.take(piece, observation, &mut out));
        if is_last {
            let rest = std::mem::take(splitter).finish();
            session.take(Piece::Event(Event { raw: &rest }), observation, &mut out);
            session.sink.end(!rest.is_empty(), observation, &mut out);
        }
        out
    }
}

#[derive(Debug)]
struct Session {
    reader: Box<dyn StreamReader>,
    sink: Sink,
}

impl Session {
    fn take(&mut self, piece: Piece<'_>, observation: &mut Observation, out: &mut Vec<u8>) {
        let Self { reader, sink } = self;
        if sink.is_stopped {
            if let Piece::Event(event) = piece
                && let Some(data) = event.data()
            {
                reader.read(&data, &mut |delta| {
                    if let Delta::Usage(usage) = delta {
                        observation.note_usage(Some(usage));
                    }
                });
            }
            return;
        }
        if sink.is_over {
            return;
        }
        let Piece::Event(event) = piece else {
            let message = "the provider's stream has too long an event";
            return sink.break_off(Flaw::TooLong, message, observation, out);
        };
        match event.data() {
            Some(data) if !data.trim_ascii().is_empty() => {
                reader.read(&data, &mut |delta| sink.step(&delta, observation, out));
            }
            // Data of nothing keeps the connection alive at some servers, and breaks clients that read it as JSON.
            Some(_) => sink.step(&Delta::Ping, observation, out),
            None if event.is_comment() => sink.step(&Delta::Ping, observation, out),
            None => {}
        }
    }
}

/// Where steps go: they are noted and written.
#[derive(Debug)]
struct Sink {
    writer: Box<dyn StreamWriter>,
    has_finished: bool,
    is_over: bool,
    /// Whether that is not the provider's doing.
    is_stopped: bool,
}

impl Sink {
    fn step(&mut self, delta: &Delta<'_>, observation: &mut Observation, out: &mut Vec<u8>) {
        if self.is_over {
            return;
        }
        match delta {
            Delta::Finish(_) => self.has_finished = true,
            Delta::End if !self.has_finished => {
                return self.break_off(Flaw::Empty, "the provider's stream is empty", observation, out);
            }
            Delta::End => self.is_over = true,
            Delta::Error(_) => {
                self.is_over = true;
                observation.note_flaw(Flaw::Error);
            }
            _ => {}
        }
        observation.note_delta(delta);
        if let Err(error) = self.writer.write(delta, out) {
            self.break_off(Flaw::TooLong, &error.to_string(), observation, out);
        }
    }

    /// The provider says no more. With its reason told, the answer is complete, though the last word is missing.
    fn end(&mut self, had_rest: bool, observation: &mut Observation, out: &mut Vec<u8>) {
        if self.is_over {
            return;
        }
        if self.has_finished {
            return self.step(&Delta::End, observation, out);
        }
        let flaw = if had_rest { Flaw::Unreadable } else { Flaw::Empty };
        self.break_off(
            flaw,
            "the provider's stream broke off before its end",
            observation,
            out,
        );
    }

    fn break_off(&mut self, flaw: Flaw, message: &str, observation: &mut Observation, out: &mut Vec<u8>) {
        observation.note_flaw(flaw);
        self.step(
            &Delta::Error(ProviderError::of(ErrorKind::Internal, message)),
            observation,
            out,
        );
        self.is_over = true;
    }
}

#[cfg(test)]
mod tests;

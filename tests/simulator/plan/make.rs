//! From a behaviour and a call to a plan.

use std::time::Duration;

use super::{Call, Content, End, Outcome, Pause, Plan, Told, bytes_of};
use crate::behaviour::{Answer, Behaviour, Ending, Raw, StatusError};
use crate::request::{Asked, Dialect};
use crate::usage::{self, Usage};
use crate::{anthropic, failure, openai};

impl Call<'_> {
    /// What becomes of this call under this behaviour.
    pub(crate) fn plan(&self, behaviour: &Behaviour) -> Outcome {
        match behaviour {
            Behaviour::Answer(answer) => Outcome::Respond(self.answer(answer)),
            Behaviour::Status(error) => Outcome::Respond(self.failure(error)),
            Behaviour::HtmlError { status } => Outcome::Respond(html(*status)),
            Behaviour::Hang => Outcome::Hang,
            Behaviour::Reset { how } => Outcome::Cut(*how),
            Behaviour::EmptyStream => Outcome::Respond(Plan {
                status: 200,
                headers: self.headers(EVENT_STREAM),
                wait: Duration::ZERO,
                pieces: Vec::new(),
                length: None,
                end: End::Done,
            }),
            Behaviour::Raw(raw) => Outcome::Respond(exactly(raw)),
        }
    }

    /// An error of this status, as for a call that the provider refuses whatever its behaviour is.
    pub(crate) fn refusal(&self, status: u16, message: &str) -> Plan {
        self.failure(&StatusError {
            status,
            message: Some(message.to_owned()),
            ..StatusError::default()
        })
    }

    /// The usage this call is told, if the answer reports one.
    pub(crate) fn usage(&self, behaviour: &Behaviour) -> Option<Usage> {
        match (behaviour, self.asked) {
            (Behaviour::Answer(answer), Some(Ok(asked))) => self.told(answer, asked, "").usage,
            _ => None,
        }
    }

    fn answer(&self, answer: &Answer) -> Plan {
        let asked = match (self.dialect, self.asked) {
            (Some(_), Some(Ok(asked))) => asked,
            (Some(_), Some(Err(message))) => return self.refusal(400, message),
            (Some(_), None) => return self.refusal(405, "Method not allowed"),
            (None, _) => return self.refusal(404, "Unknown path"),
        };
        let id = self.id();
        let told = self.told(answer, asked, &id);
        let mut plan = if asked.stream {
            self.streamed(answer, asked, &told)
        } else {
            self.whole(answer, asked, &told)
        };
        plan.wait = Duration::from_millis(answer.first_byte_ms);
        if answer.gzip {
            plan.headers
                .push(("content-encoding".to_owned(), "gzip".to_owned()));
        }
        plan.headers.extend(answer.headers.iter().cloned());
        plan
    }

    fn whole(&self, answer: &Answer, asked: &Asked, told: &Told<'_>) -> Plan {
        let json = match (answer.ending, asked.dialect) {
            (Ending::Error { status, .. }, dialect) => failure::body(dialect, &error_of(status), told.id),
            (_, Dialect::OpenAi) => openai::whole(told),
            (_, Dialect::Anthropic) => anthropic::whole(told),
        };
        let mut body = bytes_of::encoded(vec![json.to_string()], answer.gzip).concat();
        let length = body.len();
        if !matches!(answer.ending, Ending::Complete | Ending::Error { .. }) {
            body.truncate(length / 2);
        }
        let truncated = matches!(answer.ending, Ending::Truncated { .. });
        Plan {
            status: 200,
            headers: self.headers(JSON),
            wait: Duration::ZERO,
            pieces: bytes_of::pieces(vec![body], Duration::ZERO, answer.split),
            length: Some(length).filter(|_| !truncated),
            end: end_of(answer.ending),
        }
    }

    fn streamed(&self, answer: &Answer, asked: &Asked, told: &Told<'_>) -> Plan {
        let mut events: Vec<(Option<&str>, String)> = match asked.dialect {
            Dialect::OpenAi => openai::events(told, asked.include_usage)
                .into_iter()
                .map(|data| (None, data))
                .collect(),
            Dialect::Anthropic => anthropic::events(told)
                .into_iter()
                .map(|(name, data)| (Some(name), data))
                .collect(),
        };
        match answer.ending {
            Ending::Complete => {}
            Ending::Broken { after_events, .. }
            | Ending::Truncated { after_events }
            | Ending::Silent { after_events } => {
                events.truncate(after_events);
            }
            Ending::Error { after_events, status } => {
                events.truncate(after_events);
                let name = matches!(asked.dialect, Dialect::Anthropic).then_some("error");
                events.push((
                    name,
                    failure::body(asked.dialect, &error_of(status), told.id).to_string(),
                ));
            }
        }
        let framed = events
            .into_iter()
            .map(|(name, data)| bytes_of::event(name, &data, answer.line_ending))
            .collect();
        Plan {
            status: 200,
            headers: self.headers(EVENT_STREAM),
            wait: Duration::ZERO,
            pieces: bytes_of::pieces(
                bytes_of::encoded(framed, answer.gzip),
                Duration::from_millis(answer.between_chunks_ms),
                answer.split,
            ),
            length: None,
            end: end_of(answer.ending),
        }
    }

    fn failure(&self, error: &StatusError) -> Plan {
        let dialect = self.dialect.unwrap_or(Dialect::OpenAi);
        let body = failure::body(dialect, error, &self.id()).to_string().into_bytes();
        let mut headers = self.headers(JSON);
        headers.extend(failure::headers(dialect, error));
        Plan {
            status: error.status,
            headers,
            wait: Duration::from_millis(error.first_byte_ms),
            length: Some(body.len()),
            pieces: bytes_of::pieces(vec![body], Duration::ZERO, None),
            end: End::Done,
        }
    }

    fn told<'a>(&self, answer: &Answer, asked: &'a Asked, id: &'a str) -> Told<'a> {
        let content = asked.tool.as_ref().map_or_else(
            || self.text(answer, asked),
            |name| Content::Tool {
                name: name.clone(),
                arguments: TOOL_ARGUMENTS.map(str::to_owned).to_vec(),
            },
        );
        let output = match &content {
            Content::Text { text, .. } => usage::output_tokens(text),
            Content::Tool { .. } => 1,
        };
        let usage = Usage {
            input: usage::input_tokens(asked.body_bytes),
            cached: answer.cached_tokens,
            cache_write: answer.cache_write_tokens,
            output,
        };
        let hidden = asked.dialect == Dialect::OpenAi && asked.stream && !asked.include_usage;
        let usage = Some(usage).filter(|_| answer.usage && !hidden);
        Told {
            id,
            model: &asked.model,
            content,
            finish: answer.finish,
            usage,
        }
    }

    fn text(&self, answer: &Answer, asked: &Asked) -> Content {
        let text = answer
            .text
            .clone()
            .unwrap_or_else(|| format!("Hello from {}: {}.", self.account, asked.model));
        let chunks = bytes_of::chunks(&text, answer.chunks);
        Content::Text { text, chunks }
    }

    fn id(&self) -> String {
        format!("{}_{}", self.account, self.serial)
    }

    /// The headers both dialects send with every answer.
    fn headers(&self, content_type: &str) -> Vec<(String, String)> {
        let id = format!("req_{}", self.id());
        let own: &[(&str, &str)] = match self.dialect {
            Some(Dialect::Anthropic) => &[
                ("content-type", content_type),
                ("request-id", &id),
                ("anthropic-organization-id", "org-simulated"),
            ],
            Some(Dialect::OpenAi) | None => &[
                ("content-type", content_type),
                ("x-request-id", &id),
                ("openai-organization", "org-simulated"),
                ("openai-processing-ms", "7"),
                ("openai-version", "2020-10-01"),
            ],
        };
        own.iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }
}

fn html(status: u16) -> Plan {
    let body = format!(
        "<html><head><title>{status}</title></head><body><h1>{status}</h1><hr>nginx</body></html>\r\n"
    );
    Plan {
        status,
        headers: vec![("content-type".to_owned(), "text/html".to_owned())],
        wait: Duration::ZERO,
        length: Some(body.len()),
        pieces: bytes_of::pieces(vec![body.into_bytes()], Duration::ZERO, None),
        end: End::Done,
    }
}

fn exactly(raw: &Raw) -> Plan {
    let is_framing = |name: &str| {
        ["content-length", "transfer-encoding"]
            .iter()
            .any(|own| name.eq_ignore_ascii_case(own))
    };
    let text = raw.chunks.iter().map(|chunk| chunk.clone().into_bytes());
    let chunks: Vec<Vec<u8>> = text
        .chain(raw.hex_chunks.iter().map(|digits| bytes_of::hex(digits)))
        .collect();
    let length = if chunks.len() > 1 {
        None
    } else {
        Some(chunks.iter().map(Vec::len).sum())
    };
    let mut pieces = bytes_of::pieces(chunks, Duration::from_millis(raw.between_chunks_ms), None);
    for piece in pieces
        .iter_mut()
        .skip(1)
        .filter(|piece| piece.pause == Pause::None)
    {
        piece.pause = Pause::Flush;
    }
    Plan {
        status: raw.status,
        headers: raw
            .headers
            .iter()
            .filter(|(name, _)| !is_framing(name))
            .cloned()
            .collect(),
        wait: Duration::ZERO,
        pieces,
        length,
        end: End::Done,
    }
}

fn end_of(ending: Ending) -> End {
    match ending {
        Ending::Complete | Ending::Truncated { .. } | Ending::Error { .. } => End::Done,
        Ending::Broken { how, .. } => End::Cut(how),
        Ending::Silent { .. } => End::Silent,
    }
}

fn error_of(status: u16) -> StatusError {
    StatusError {
        status,
        ..StatusError::default()
    }
}

const JSON: &str = "application/json";
const EVENT_STREAM: &str = "text/event-stream; charset=utf-8";
const TOOL_ARGUMENTS: [&str; 2] = ["{\"city\":", "\"Paris\"}"];

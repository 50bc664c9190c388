//! From a behaviour and a call to a plan.

use std::time::Duration;

use super::said::{counted, simple};
use super::{Block, Call, End, Outcome, Pause, Plan, Told, bytes_of};
use crate::behaviour::{Answer, Behaviour, Ending, Finish, LineEnding, Raw, StatusError};
use crate::reply::{self, End as Ended, Reply, Said};
use crate::request::{Asked, Dialect};
use crate::usage::Usage;
use crate::{anthropic, bedrock, cohere, failure, google, manners, openai, responses};

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

    /// The response that is to be kept of this call's answer.
    pub(crate) fn stored(&self, behaviour: &Behaviour) -> Option<serde_json::Value> {
        match (behaviour, self.asked) {
            (Behaviour::Answer(answer), Some(Ok(asked))) if asked.is_stored => {
                Some(responses::whole(&self.told(answer, asked, &self.id())))
            }
            _ => None,
        }
    }

    fn answer(&self, answer: &Answer) -> Plan {
        let asked = match (self.dialect, self.asked) {
            (Some(_), Some(Ok(asked))) => asked,
            (Some(_), Some(Err(error))) => return self.failure(error),
            (Some(_), None) => return self.refusal(405, "Method not allowed"),
            (None, _) => return self.refusal(404, "Unknown path"),
        };
        let id = self.id();
        let told = self.told(answer, asked, &id);
        let mut plan = if let (true, Some(operation)) = (asked.stream, self.aws) {
            self.framed(answer, operation, &told)
        } else if asked.stream {
            self.streamed(answer, asked, &told)
        } else {
            self.whole(answer, asked, &told)
        };
        plan.wait = Duration::from_millis(answer.first_byte_ms);
        if let (Some(kind), Some((_, value))) = (&answer.content_type, plan.headers.first_mut()) {
            value.clone_from(kind);
        }
        if answer.gzip {
            plan.headers
                .push(("content-encoding".to_owned(), "gzip".to_owned()));
        }
        plan.headers.extend(answer.headers.iter().cloned());
        plan
    }

    fn whole(&self, answer: &Answer, asked: &Asked, told: &Told<'_>) -> Plan {
        let json = match (answer.ending, asked.dialect) {
            (Ending::Error { status, .. }, _) if self.aws.is_some() => bedrock::error(&error_of(status)),
            (Ending::Error { status, .. }, dialect) => {
                let body = failure::body(dialect, &error_of(status), told.id);
                manners::error(self.vendor, status, body)
            }
            _ if self.aws.is_some() => self
                .aws
                .map_or_else(Default::default, |asked| bedrock::whole(asked.words, told)),
            (_, Dialect::OpenAi) => manners::whole(self.vendor, openai::whole(told)),
            (_, Dialect::Responses) => responses::whole(told),
            (_, Dialect::Anthropic) => anthropic::whole(told),
            (_, Dialect::Cohere) => cohere::whole(told),
            (_, Dialect::Gemini) => google::answer::whole(told),
        };
        let mut body = bytes_of::encoded(vec![json.to_string()], answer.gzip).concat();
        let length = body.len();
        if !matches!(answer.ending, Ending::Complete | Ending::Error { .. }) {
            body.truncate(length / 2);
        }
        let truncated = matches!(answer.ending, Ending::Truncated { .. } | Ending::HalfEvent { .. });
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
        let numbered = match asked.dialect {
            Dialect::Responses => responses::events(told),
            _ => Vec::new(),
        };
        let mut events: Vec<(Option<&str>, String)> = match asked.dialect {
            Dialect::OpenAi => manners::events(self.vendor, openai::events(told, asked.include_usage))
                .into_iter()
                .map(|data| (None, data))
                .collect(),
            Dialect::Anthropic => anthropic::events(told)
                .into_iter()
                .map(|(name, data)| (Some(name), data))
                .collect(),
            Dialect::Gemini => google::answer::events(told)
                .into_iter()
                .map(|data| (None, data))
                .collect(),
            Dialect::Cohere => cohere::events(told)
                .into_iter()
                .map(|(name, data)| (Some(name), data))
                .collect(),
            Dialect::Responses => numbered
                .iter()
                .map(|(name, data)| (Some(name.as_str()), data.clone()))
                .collect(),
        };
        let mut half = None;
        match answer.ending {
            Ending::Complete => {}
            Ending::HalfEvent { after_events } => {
                half = events.drain(after_events.min(events.len())..).next();
            }
            Ending::Broken { after_events, .. }
            | Ending::Truncated { after_events }
            | Ending::Silent { after_events } => {
                events.truncate(after_events);
            }
            Ending::Error { after_events, status } => {
                events.truncate(after_events);
                let name =
                    matches!(asked.dialect, Dialect::Anthropic | Dialect::Responses).then_some("error");
                let body = failure::body(asked.dialect, &error_of(status), told.id);
                let data = match asked.dialect {
                    Dialect::Responses => responses::error(
                        body.pointer("/error/message")
                            .and_then(serde_json::Value::as_str)
                            .unwrap_or_default(),
                    ),
                    Dialect::OpenAi | Dialect::Anthropic | Dialect::Cohere | Dialect::Gemini => {
                        manners::error(self.vendor, status, body)
                    }
                };
                events.push((name, data.to_string()));
            }
        }
        let comment = if answer.comments {
            comment(asked.dialect, answer.line_ending)
        } else {
            String::new()
        };
        let half = half.map(|(name, data)| {
            let event = bytes_of::event(name, &data, answer.line_ending);
            event.chars().take(event.chars().count() / 2).collect()
        });
        let framed = events
            .into_iter()
            .enumerate()
            .map(|(index, (name, data))| {
                let before = if index == 0 { "" } else { &comment };
                before.to_owned() + &bytes_of::event(name, &data, answer.line_ending)
            })
            .chain(half)
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

    pub(crate) fn failure(&self, error: &StatusError) -> Plan {
        let dialect = self.dialect.unwrap_or(Dialect::OpenAi);
        let mut headers = self.headers(JSON);
        let body = if self.is_bedrock {
            let name = error
                .error_type
                .as_deref()
                .unwrap_or(bedrock::error_name(error.status));
            let name = format!("{name}:http://internal.amazon.com/coral/com.amazon.bedrock/");
            headers.push(("x-amzn-errortype".to_owned(), name));
            headers.extend(
                error
                    .retry_after
                    .map(|seconds| ("retry-after".to_owned(), seconds.to_string())),
            );
            headers.extend(error.headers.iter().cloned());
            bedrock::error(error)
        } else {
            headers.extend(failure::headers(dialect, error));
            manners::error(
                self.vendor,
                error.status,
                failure::body(dialect, error, &self.id()),
            )
        };
        let body = body.to_string().into_bytes();
        Plan {
            status: error.status,
            headers,
            wait: Duration::from_millis(error.first_byte_ms),
            length: Some(body.len()),
            pieces: bytes_of::pieces(vec![body], Duration::ZERO, None),
            end: End::Done,
        }
    }

    fn told<'a>(&self, answer: &'a Answer, asked: &'a Asked, id: &'a str) -> Told<'a> {
        let greeting = format!("Hello from {}: {}.", self.account, asked.model);
        let Reply { parts, end } = match &asked.conversation {
            Some(conversation) => reply::to(conversation, answer.text.as_deref(), &greeting),
            None => simple(answer, asked, greeting),
        };
        let usage = counted(answer, asked, &parts);
        let hidden = asked.dialect == Dialect::OpenAi && asked.stream && !asked.include_usage;
        let blocks = parts.into_iter().map(|said| Block {
            chunks: match &said {
                Said::Tool { arguments, .. } => bytes_of::chunks(arguments, Some(answer.chunks.unwrap_or(2))),
                Said::Text(text) | Said::Refusal(text) | Said::Thought(text) | Said::Sealed(text) => {
                    bytes_of::chunks(text, answer.chunks)
                }
            },
            said,
        });
        Told {
            id,
            model: &asked.model,
            vendor: asked.vendor,
            blocks: blocks.collect(),
            end: match (end, answer.finish) {
                (Ended::Stop, Finish::Length) => Ended::Length,
                (Ended::Stop, Finish::Filtered) => Ended::Filtered,
                (end, _) => end,
            },
            usage: Some(usage).filter(|_| answer.usage && !hidden),
            interleave: answer.interleave,
            reasoning_field: answer.reasoning_field.as_deref().unwrap_or("reasoning_content"),
            previous: asked.previous.as_deref(),
            is_stored: asked.is_stored,
        }
    }

    fn id(&self) -> String {
        format!("{}_{}", self.account, self.serial)
    }

    /// The headers both dialects send with every answer.
    pub(crate) fn headers(&self, content_type: &str) -> Vec<(String, String)> {
        let id = format!("req_{}", self.id());
        let content_type = if self.is_bedrock && content_type == EVENT_STREAM {
            "application/vnd.amazon.eventstream"
        } else {
            content_type
        };
        let own: &[(&str, &str)] = match self.dialect {
            _ if self.is_bedrock => &[("content-type", content_type), ("x-amzn-requestid", &id)],
            Some(Dialect::Anthropic) => &[
                ("content-type", content_type),
                ("request-id", &id),
                ("anthropic-organization-id", "org-simulated"),
            ],
            Some(Dialect::Gemini) => &[
                ("content-type", content_type),
                ("server", "scaffolding on HTTPServer2"),
            ],
            Some(Dialect::Cohere) => &[("content-type", content_type), ("x-debug-trace-id", &id)],
            Some(Dialect::OpenAi | Dialect::Responses) | None => &[
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

pub(super) fn end_of(ending: Ending) -> End {
    match ending {
        Ending::Complete | Ending::Truncated { .. } | Ending::HalfEvent { .. } | Ending::Error { .. } => {
            End::Done
        }
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

/// A comment, as servers send it to keep a connection open; Anthropic sends an event besides.
fn comment(dialect: Dialect, line_ending: LineEnding) -> String {
    match dialect {
        Dialect::OpenAi | Dialect::Cohere | Dialect::Responses | Dialect::Gemini => {
            bytes_of::comment(line_ending)
        }
        Dialect::Anthropic => {
            bytes_of::comment(line_ending) + &bytes_of::event(Some("ping"), r#"{"type":"ping"}"#, line_ending)
        }
    }
}

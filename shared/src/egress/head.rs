//! The head of an answer: what became of the attempt, and whether a body may follow that is an answer.

use crate::headers::{REQUEST_ID, X_AMZN_ERRORTYPE, X_AMZN_REQUESTID, X_BROKER_FAILURE, X_REQUEST_ID};
use crate::outcome::Outcome;
use crate::wire::{Flaw, aws_status};

/// The headers of an answer that the attempt is judged by.
pub struct Head<'a> {
    /// The HTTP status, or the one that fits AWS's name of the error better; 502 if there is none.
    pub status: u16,
    /// How the attempt went, as far as the head tells.
    pub outcome: Outcome,
    /// The provider's own id of the request.
    pub request_id: Option<&'a str>,
    content_type: &'a [u8],
    is_encoded: bool,
}

impl<'a> Head<'a> {
    /// Reads the headers. `has_hop`: whether a hop inside Envoy stands before the provider and is to be believed.
    pub fn read(headers: &'a [(String, Vec<u8>)], has_hop: bool) -> Self {
        let value = |name: &str| {
            headers
                .iter()
                .find(|(given, _)| given == name)
                .map(|(_, value)| value.as_slice())
        };
        let text = |name| value(name).and_then(|value| std::str::from_utf8(value).ok());
        let status = text(":status").and_then(|text| text.parse().ok()).unwrap_or(502);
        let status = text(X_AMZN_ERRORTYPE).map_or(status, |name| aws_status(name, status));
        Self {
            status,
            outcome: match value(X_BROKER_FAILURE).filter(|_| has_hop) {
                Some(flags) => Outcome::from_response_flags(flags),
                None => Outcome::Status(status),
            },
            request_id: text(X_REQUEST_ID).or(text(REQUEST_ID)).or(text(X_AMZN_REQUESTID)),
            content_type: value("content-type").unwrap_or_default(),
            is_encoded: value("content-encoding")
                .is_some_and(|encoding| !encoding.is_empty() && !encoding.eq_ignore_ascii_case(b"identity")),
        }
    }

    /// Whether the provider says that the body is a stream. `is_framed`: of AWS's binary frames.
    pub fn is_stream(&self, is_framed: bool) -> bool {
        self.is_type(if is_framed {
            b"application/vnd.amazon.eventstream"
        } else {
            b"text/event-stream"
        })
    }

    /// Whether the provider says that the body is JSON, and nothing that only begins so, as lines of it.
    pub fn is_json(&self) -> bool {
        let kind = self.content_type.split(|byte| *byte == b';').next();
        kind.is_some_and(|kind| kind.trim_ascii().eq_ignore_ascii_case(b"application/json"))
    }

    /// Whether the body is compressed.
    pub fn is_encoded(&self) -> bool {
        self.is_encoded
    }

    /// Whether the answer is an error that the agent can be given: one of the provider's own, in JSON, about the
    /// agent's request and not about the broker's credential.
    pub fn is_readable_error(&self, is_end: bool) -> bool {
        let is_answer = matches!(self.outcome, Outcome::Status(_));
        is_answer
            && !self.outcome.is_success()
            && !self.is_our_credential()
            && !is_end
            && !self.is_encoded
            && self.is_type(b"application/json")
    }

    /// A refusal of our own credential says nothing to the agent.
    pub fn is_our_credential(&self) -> bool {
        // Cohere has a status of its own for it.
        matches!(self.status, 401 | 403 | 498)
    }

    /// Whether something before the provider gave the call up, though the agent did not: nginx's word for it, which
    /// Cohere has too.
    pub fn is_given_up(&self) -> bool {
        self.status == 499
    }

    /// Whether Envoy goes on to the next account after this failure. The rendered route retries the same.
    pub fn moves_on(&self) -> bool {
        self.is_our_credential() || self.is_given_up() || matches!(self.status, 429 | 500..)
    }

    /// Whether the account is at its limit, and the body may say when to come back.
    pub fn may_tell_in_body(&self) -> bool {
        self.outcome == Outcome::Status(429) && !self.is_encoded && self.is_type(b"application/json")
    }

    /// What is wrong with a success before its body is seen, where a stream or an answer in one piece is wanted.
    pub fn flaw(&self, wants_stream: bool, is_framed: bool, is_end: bool) -> Option<Flaw> {
        // Whoever leaves the type out or calls JSON plain text is judged by the body.
        let is_right = self.content_type.is_empty()
            || if wants_stream {
                self.is_stream(is_framed)
            } else {
                self.is_type(b"application/json") || self.is_type(b"text/plain")
            };
        if self.is_encoded {
            Some(Flaw::Encoded)
        } else if is_end {
            Some(Flaw::Empty)
        } else if !is_right {
            Some(Flaw::WrongType)
        } else {
            None
        }
    }

    fn is_type(&self, name: &[u8]) -> bool {
        self.content_type
            .get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name))
    }
}

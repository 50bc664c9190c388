//! The once-per-attempt machine: it makes the provider's request out of the agent's and watches the answer.

use std::borrow::Cow;

use serde_json::Value;

use crate::call::{Attempt, Call, Outcome, SharedCall};
use crate::config::Scheme;
use crate::headers::{REQUEST_ID, X_BROKER_FAILURE, X_REQUEST_ID};
use crate::ids::ProviderName;
use crate::json::splice::{Edit, splice};
use crate::provider::{self, Address};
use crate::reply::quoted;
use crate::request::StreamUsage;
use crate::routing::PlannedAttempt;
use crate::units::{Millis, Timestamp};
use crate::wire::Dialect;
use crate::wire::{Observer, Relay};

/// What the host tells of an attempt.
#[derive(Debug)]
pub enum Event<'a> {
    /// A part of the request's body is on its way to the provider.
    RequestBody,
    /// The answer begins.
    ResponseHeaders {
        /// Its headers.
        headers: Vec<(String, Vec<u8>)>,
        /// Whether it has no body.
        is_end: bool,
        /// When.
        now: Timestamp,
    },
    /// The first byte of the answer's body is there; only told while [`Egress::awaits_first_byte`].
    FirstByte {
        /// When.
        now: Timestamp,
    },
    /// A chunk of the answer's body.
    ResponseBody {
        /// The chunk.
        chunk: &'a [u8],
        /// Whether none follows.
        is_last: bool,
    },
    /// Trailers end the answer: no last chunk comes, and nothing more can be added to the body.
    ResponseTrailers,
    /// The attempt is over, however it ended.
    Closed {
        /// Whether no connection came about.
        is_connect_failure: bool,
        /// When.
        now: Timestamp,
    },
}

/// What the machine wants done.
pub trait Output {
    /// Replaces all request headers.
    fn set_request_headers(&mut self, headers: &[(&'static str, Cow<'_, [u8]>)]);
    /// Names the cluster of the attempt that follows if this one fails.
    fn set_next_upstream(&mut self, cluster: &ProviderName);
    /// Replaces the part of the request's body that is at hand by these pieces, one after the other.
    fn set_request_body(&mut self, pieces: &[&[u8]]);
    /// Replaces all response headers.
    fn set_response_headers(&mut self, headers: &[(&str, &[u8])]);
    /// Replaces the chunk of the response's body that is at hand.
    fn set_response_chunk(&mut self, chunk: &[u8]);
}

/// What a cluster's egress filter is told of its provider account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The account, named as the cluster.
    pub provider: ProviderName,
    /// Where it is.
    pub address: Address,
    /// Whether it is reached through a hop inside Envoy, which tells in a header what became of an attempt.
    pub has_hop: bool,
}

impl Config {
    /// Reads the value of `egress` in a plugin configuration; `None` if something is missing or wrong.
    #[must_use]
    pub fn read(value: &Value) -> Option<Self> {
        let text = |key| value.get(key).and_then(Value::as_str);
        let scheme = match text("scheme")? {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return None,
        };
        Some(Self {
            provider: ProviderName::from(text("provider")?),
            address: Address {
                scheme,
                authority: text("authority")?.to_owned(),
                base_path: text("base_path").unwrap_or_default().to_owned(),
            },
            has_hop: value.get("hop").and_then(Value::as_bool).unwrap_or_default(),
        })
    }
}

/// One attempt.
#[derive(Debug)]
pub struct Egress {
    call: SharedCall,
    has_hop: bool,
    state: State,
}

#[derive(Debug)]
enum State {
    /// What the provider's request changes in the agent's body. The first part of the body that comes by is replaced
    /// by the whole.
    Sending(Vec<Edit>),
    /// All that is sent is sent; what is left of the agent's body is dropped.
    Sent,
    /// The answer passes under watch.
    Watching(Observer),
    /// Nothing more to see.
    Done,
}

/// The cluster is not the one whose turn it is: Envoy's configuration and the plan disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this cluster is not the next one of the call's plan")]
pub struct NotPlanned;

impl Egress {
    /// Begins the attempt that is next in the call's plan.
    pub fn start(
        call: SharedCall,
        config: &Config,
        now: Timestamp,
        output: &mut dyn Output,
    ) -> Result<Self, NotPlanned> {
        let mut shared = call.borrow_mut();
        // An attempt that ended without a word has failed by now.
        shared.fail_last(Outcome::Reset, now);
        shared.forget_answer();
        let is_next = |planned: &&PlannedAttempt| planned.provider.name == config.provider;
        let planned = shared.next_planned().filter(is_next).cloned().ok_or(NotPlanned)?;
        let kind = planned.provider.kind;
        let edits = shared
            .format
            .edits(&shared.request, planned.model.as_str(), kind, shared.defaults());
        let length = edited_length(&shared.body, &edits);
        let is_stream = shared.request.stream;
        output.set_request_headers(&provider::request_headers(
            kind,
            &config.address,
            &shared.headers,
            is_stream,
            length,
        ));
        shared.attempts.push(Attempt {
            provider: planned.provider,
            model: planned.model,
            started: now,
            outcome: None,
            took: Millis(0),
            request_id: None,
            is_deliverable: false,
        });
        drop(shared);
        Ok(Self {
            call,
            has_hop: config.has_hop,
            state: State::Sending(edits),
        })
    }

    /// Whether chunks of the answer are of interest.
    #[must_use]
    pub fn watches(&self) -> bool {
        matches!(self.state, State::Watching(_))
    }

    /// Whether the answer's first byte is still to come.
    #[must_use]
    pub fn awaits_first_byte(&self) -> bool {
        matches!(self.state, State::Watching(_)) && self.call.borrow().first_byte_at.is_none()
    }

    /// Whether the attempt is without an answer so far.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Sending(_) | State::Sent)
    }

    /// Takes what happens next.
    #[must_use]
    pub fn handle(self, event: Event<'_>, output: &mut dyn Output) -> Self {
        let Self { call, has_hop, state } = self;
        let state = match (state, event) {
            (State::Sending(mut edits), Event::RequestBody) => {
                output.set_request_body(&splice(&call.borrow().body, &mut edits));
                State::Sent
            }
            // The provider has the whole, or has answered without waiting for it: nothing of the agent's own follows.
            (state, Event::RequestBody) => {
                output.set_request_body(&[]);
                state
            }
            (State::Sending(_) | State::Sent, Event::ResponseHeaders { headers, is_end, now }) => {
                answer_begins(&call, has_hop, &headers, is_end, now, output)
            }
            (State::Watching(observer), Event::FirstByte { now }) => {
                call.borrow_mut().first_byte_at = Some(now);
                State::Watching(observer)
            }
            (State::Watching(observer), Event::ResponseBody { chunk, is_last }) => {
                watch(&call, observer, chunk, is_last, output)
            }
            (
                State::Sending(_) | State::Sent,
                Event::Closed {
                    is_connect_failure,
                    now,
                },
            ) => {
                let failure = if is_connect_failure {
                    Outcome::ConnectFailure
                } else {
                    Outcome::Reset
                };
                let mut shared = call.borrow_mut();
                shared.fail_last(failure, now);
                name_next(&shared, output);
                drop(shared);
                State::Done
            }
            (State::Watching(mut observer), Event::ResponseTrailers) => {
                let mut shared = call.borrow_mut();
                observer.push(b"", true, &mut shared.observation);
                shared.is_complete = true;
                State::Done
            }
            (_, Event::Closed { .. }) => State::Done,
            (state, _) => state,
        };
        Self { call, has_hop, state }
    }
}

fn edited_length(body: &[u8], edits: &[Edit]) -> usize {
    let added: usize = edits.iter().map(|edit| edit.text.len()).sum();
    let removed: usize = edits
        .iter()
        .map(|edit| edit.span.end.saturating_sub(edit.span.start))
        .sum();
    body.len().saturating_add(added).saturating_sub(removed)
}

/// Names the account to turn to now that this attempt has failed.
fn name_next(call: &Call, output: &mut dyn Output) {
    if let Some(next) = call.next_planned() {
        output.set_next_upstream(&next.provider.name);
    }
}

fn answer_begins(
    call: &SharedCall,
    has_hop: bool,
    headers: &[(String, Vec<u8>)],
    is_end: bool,
    now: Timestamp,
    output: &mut dyn Output,
) -> State {
    let mut shared = call.borrow_mut();
    let value = |name: &str| {
        headers
            .iter()
            .find(|(given, _)| given == name)
            .map(|(_, value)| value.as_slice())
    };
    let status = value(":status")
        .and_then(|text| std::str::from_utf8(text).ok()?.parse().ok())
        .unwrap_or(502);
    let content_type = value("content-type").unwrap_or_default();
    let is_type = |name: &[u8]| {
        content_type
            .get(..name.len())
            .is_some_and(|t| t.eq_ignore_ascii_case(name))
    };
    let (is_json, is_stream) = (is_type(b"application/json"), is_type(b"text/event-stream"));
    let outcome = match value(X_BROKER_FAILURE).filter(|_| has_hop) {
        Some(flags) => Outcome::from_response_flags(flags),
        None => Outcome::Status(status),
    };
    // A refusal of our own credential says nothing to the agent; as a 502 it goes to the next account.
    let is_our_credential = matches!(status, 401 | 403);
    let request_id = value(X_REQUEST_ID)
        .or(value(REQUEST_ID))
        .and_then(|id| std::str::from_utf8(id).ok());
    if let Some(attempt) = shared.attempts.last_mut() {
        attempt.request_id = request_id.map(|id| quoted(id).into_owned());
        attempt.outcome = Some(outcome);
        attempt.took = now.millis_since(attempt.started);
        attempt.is_deliverable =
            outcome.is_success() || (attempt.status().is_some() && is_json && !is_our_credential);
    }
    if outcome.is_success() {
        // No attempt follows one that succeeded.
        shared.body = Vec::new();
    } else {
        name_next(&shared, output);
    }
    shared.is_complete = is_end;
    let leaves_usage_out = is_stream && shared.request.stream_usage != StreamUsage::Wanted;
    let mut answer = provider::answer_headers(headers, !leaves_usage_out);
    let mut is_changed = is_our_credential || answer.len() != headers.len();
    if is_our_credential {
        answer
            .iter_mut()
            .filter(|(name, _)| *name == ":status")
            .for_each(|(_, value)| *value = b"502");
    }
    if shared.format.dialect() == Dialect::Anthropic {
        // OpenAI's equivalent is Envoy's own header.
        answer.extend(shared.headers.first(X_REQUEST_ID).map(|id| (REQUEST_ID, id)));
        is_changed = true;
    }
    if is_changed {
        output.set_response_headers(&answer);
    }
    State::Watching(if is_stream {
        Observer::of_stream(shared.format, leaves_usage_out)
    } else {
        Observer::of_answer(shared.format)
    })
}

fn watch(
    call: &SharedCall,
    mut observer: Observer,
    chunk: &[u8],
    is_last: bool,
    output: &mut dyn Output,
) -> State {
    let mut shared = call.borrow_mut();
    if let Relay::Replaced(passed) = observer.push(chunk, is_last, &mut shared.observation) {
        output.set_response_chunk(&passed);
    }
    shared.is_complete = is_last;
    if is_last {
        State::Done
    } else {
        State::Watching(observer)
    }
}

#[cfg(test)]
mod tests;

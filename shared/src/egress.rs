//! The once-per-attempt machine: it makes the provider's request out of the agent's and watches the answer.
//!
//! The beginning of an answer is held back until it is sure to be one: until then the call can still go to the next
//! account of its plan.

mod head;
mod outgoing;
mod passage;

use std::borrow::Cow;

use serde_json::Value;

use crate::call::{Attempt, Call, Outcome, SharedCall};
use crate::config::Scheme;
use crate::headers::{REQUEST_ID, X_REQUEST_ID};
use crate::ids::ProviderName;
use crate::limits::{MAX_HELD, MAX_HELD_BEFORE};
use crate::provider::{self, Address};
use crate::reply::quoted;
use crate::request::StreamUsage;
use crate::routing::PlannedAttempt;
use crate::units::{Millis, Timestamp};
use crate::wire::{AnswerTranslator, Caller, Dialect, Dropped, Flaw, Observer, Progress, Relay};
use head::Head;
use outgoing::Outgoing;
use passage::Passage;

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
    /// A chunk of the answer's body.
    ResponseBody {
        /// The chunk.
        chunk: &'a [u8],
        /// Whether none follows.
        is_last: bool,
        /// When; only told while [`Egress::wants_time`].
        now: Option<Timestamp>,
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
    /// Makes the answer, whose headers are held back, an error that Envoy answers with the next attempt.
    fn fail_response(&mut self);
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
    /// What the provider is sent. The first part of the agent's body that comes by is replaced by the whole.
    Sending(Outgoing),
    /// All that is sent is sent; what is left of the agent's body is dropped.
    Sent,
    /// An answer has begun and said nothing yet; its headers and what came of it wait.
    Holding(Held),
    /// The answer passes under watch.
    Watching(Passage),
    /// Nothing more to see.
    Done,
}

#[derive(Debug)]
struct Held {
    passage: Passage,
    since: Timestamp,
    bytes: usize,
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
        let mut dropped = Dropped::default();
        // The plan has no account that the call could not be told.
        let outgoing = Outgoing::make(&shared, &planned, &mut dropped).map_err(|_| NotPlanned)?;
        shared.dropped = dropped;
        output.set_request_headers(&provider::request_headers(
            planned.provider.kind,
            &config.address,
            (planned.provider.kind.format() == shared.format).then_some(&shared.headers),
            shared.request.stream,
            outgoing.length(&shared.body),
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
            state: State::Sending(outgoing),
        })
    }

    /// Whether chunks of the answer are of interest.
    #[must_use]
    pub fn watches(&self) -> bool {
        matches!(self.state, State::Watching(_) | State::Holding(_))
    }

    /// Whether the answer's headers, and what came of its body, are to be held back.
    #[must_use]
    pub fn holds(&self) -> bool {
        matches!(self.state, State::Holding(_))
    }

    /// Whether the time of the next chunk is of interest.
    #[must_use]
    pub fn wants_time(&self) -> bool {
        match self.state {
            State::Holding(_) => true,
            State::Watching(_) => self.call.borrow().first_byte_at.is_none(),
            _ => false,
        }
    }

    /// Whether nothing of an answer has gone to the agent.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Sending(_) | State::Sent | State::Holding(_))
    }

    /// Takes what happens next.
    #[must_use]
    pub fn handle(self, event: Event<'_>, output: &mut dyn Output) -> Self {
        let Self { call, has_hop, state } = self;
        let state = match (state, event) {
            (State::Sending(mut outgoing), Event::RequestBody) => {
                outgoing.hand_over(&call.borrow().body, |pieces| output.set_request_body(pieces));
                State::Sent
            }
            // The provider has the whole, or has answered without waiting for it: nothing of the agent's own follows.
            (state, Event::RequestBody) => {
                output.set_request_body(&[]);
                state
            }
            (State::Sending(_) | State::Sent, Event::ResponseHeaders { headers, is_end, now }) => {
                let head = Head::read(&headers, has_hop);
                answer_begins(&call, &head, &headers, is_end, now, output)
            }
            (
                State::Holding(held),
                Event::ResponseBody {
                    chunk, is_last, now, ..
                },
            ) => hold(&call, held, chunk, is_last, now.unwrap_or_default(), output),
            (
                State::Watching(passage),
                Event::ResponseBody {
                    chunk, is_last, now, ..
                },
            ) => watch(&call, passage, chunk, is_last, now, output),
            (
                State::Sending(_) | State::Sent | State::Holding(_),
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
            (State::Holding(mut held), Event::ResponseTrailers) => {
                let mut shared = call.borrow_mut();
                let relay = held.passage.push(b"", true, &mut shared.observation);
                match shared.observation.progress() {
                    // What is still to be said cannot be added any more.
                    Progress::Content if relay == Relay::Unchanged => release(&mut shared, true),
                    Progress::Failed(flaw) => fail(&mut shared, flaw, output),
                    _ => fail(&mut shared, Flaw::Unreadable, output),
                }
                State::Done
            }
            (State::Watching(mut passage), Event::ResponseTrailers) => {
                let mut shared = call.borrow_mut();
                passage.push(b"", true, &mut shared.observation);
                shared.is_complete = true;
                State::Done
            }
            (_, Event::Closed { .. }) => State::Done,
            (state, _) => state,
        };
        Self { call, has_hop, state }
    }
}

/// Names the account to turn to now that this attempt has failed.
fn name_next(call: &Call, output: &mut dyn Output) {
    if let Some(next) = call.next_planned() {
        output.set_next_upstream(&next.provider.name);
    }
}

/// The answer's head is there: an error passes or makes room for the next attempt, a success is held back until it
/// has said something.
fn answer_begins(
    call: &SharedCall,
    head: &Head<'_>,
    headers: &[(String, Vec<u8>)],
    is_end: bool,
    now: Timestamp,
    output: &mut dyn Output,
) -> State {
    let mut shared = call.borrow_mut();
    let wants_stream = shared.request.stream;
    let is_success = head.outcome.is_success();
    let flaw = head.flaw(wants_stream, is_end).filter(|_| is_success);
    let theirs = shared
        .attempts
        .last()
        .map(|attempt| attempt.provider.kind.format());
    if let Some(attempt) = shared.attempts.last_mut() {
        attempt.request_id = head.request_id.map(|id| quoted(id).into_owned());
        attempt.outcome = Some(head.outcome);
        attempt.took = now.millis_since(attempt.started);
        attempt.is_deliverable = head.is_readable_error(is_end);
    }
    if let Some(flaw) = flaw {
        fail(&mut shared, flaw, output);
        return State::Done;
    }
    if !is_success {
        name_next(&shared, output);
    }
    shared.is_complete = is_end;
    let ours = shared.format;
    let leaves_usage_out = wants_stream && is_success && shared.request.stream_usage != StreamUsage::Wanted;
    let passage = match theirs {
        Some(theirs) if theirs != ours => {
            let caller = caller(&shared, now);
            Passage::Translated(if !is_success {
                AnswerTranslator::of_error(theirs, ours, &caller, head.status)
            } else if wants_stream {
                AnswerTranslator::of_stream(theirs, ours, caller)
            } else {
                AnswerTranslator::of_answer(theirs, ours, caller)
            })
        }
        _ if !is_success => Passage::Same(Observer::of_nothing(ours)),
        _ if wants_stream => Passage::Same(Observer::of_stream(ours, leaves_usage_out)),
        _ => Passage::Same(Observer::of_answer(ours)),
    };
    let is_translated = matches!(passage, Passage::Translated(_));
    let mut answer = provider::answer_headers(headers, !leaves_usage_out && !is_translated);
    let mut is_changed = answer.len() != headers.len();
    let status = if head.is_our_credential() {
        // As a 502 it goes to the next account.
        502
    } else if is_translated {
        ours.dialect().status(head.status)
    } else {
        head.status
    };
    let status_text = status.to_string();
    if status != head.status {
        is_changed = true;
        answer
            .iter_mut()
            .filter(|(name, _)| *name == ":status")
            .for_each(|(_, value)| *value = status_text.as_bytes());
    }
    if is_translated {
        is_changed = true;
        answer.retain(|(name, _)| *name != "content-type" && !name.starts_with("openai-"));
        answer.push((
            "content-type",
            if wants_stream && is_success {
                b"text/event-stream"
            } else {
                b"application/json"
            },
        ));
    }
    if ours.dialect() == Dialect::Anthropic {
        // OpenAI's equivalent is Envoy's own header.
        answer.extend(shared.headers.first(X_REQUEST_ID).map(|id| (REQUEST_ID, id)));
        is_changed = true;
    }
    if is_changed {
        output.set_response_headers(&answer);
    }
    if is_success {
        State::Holding(Held {
            passage,
            since: now,
            bytes: 0,
        })
    } else {
        State::Watching(passage)
    }
}

fn caller(call: &Call, now: Timestamp) -> Caller {
    Caller {
        model: call.request.model.clone(),
        created: now.0 / 1_000_000_000,
        request_id: call.headers.text(X_REQUEST_ID).unwrap_or_default().to_owned(),
        stream_usage: call.request.stream_usage == StreamUsage::Wanted,
    }
}

/// A chunk of an answer that has said nothing yet.
fn hold(
    call: &SharedCall,
    mut held: Held,
    chunk: &[u8],
    is_last: bool,
    now: Timestamp,
    output: &mut dyn Output,
) -> State {
    let mut shared = call.borrow_mut();
    if shared.first_byte_at.is_none() && !chunk.is_empty() {
        shared.first_byte_at = Some(now);
    }
    let relay = held.passage.push(chunk, is_last, &mut shared.observation);
    if let Progress::Failed(flaw) = shared.observation.progress() {
        output.set_response_chunk(b"");
        fail(&mut shared, flaw, output);
        return State::Done;
    }
    if let Relay::Replaced(passed) = relay {
        output.set_response_chunk(&passed);
    }
    held.bytes = held.bytes.saturating_add(chunk.len());
    let is_overdue = now.millis_since(held.since) >= MAX_HELD_BEFORE || held.bytes > MAX_HELD;
    if shared.observation.progress() == Progress::Nothing
        && !is_last
        && !(is_overdue && shared.request.stream)
    {
        return State::Holding(held);
    }
    release(&mut shared, is_last);
    if is_last {
        State::Done
    } else {
        State::Watching(held.passage)
    }
}

/// The answer goes to the agent: no attempt follows.
fn release(call: &mut Call, is_last: bool) {
    call.observation.note_content();
    call.body = Vec::new();
    call.is_complete = is_last && call.observation.broke_off().is_none();
    if let Some(attempt) = call.attempts.last_mut() {
        attempt.is_deliverable = true;
    }
}

/// The answer is none: the call goes to the next account of the plan.
fn fail(call: &mut Call, flaw: Flaw, output: &mut dyn Output) {
    if let Some(attempt) = call.attempts.last_mut() {
        attempt.outcome = Some(Outcome::Flawed(flaw));
        attempt.is_deliverable = false;
    }
    output.fail_response();
    name_next(call, output);
}

fn watch(
    call: &SharedCall,
    mut passage: Passage,
    chunk: &[u8],
    is_last: bool,
    now: Option<Timestamp>,
    output: &mut dyn Output,
) -> State {
    let mut shared = call.borrow_mut();
    if shared.first_byte_at.is_none() && !chunk.is_empty() {
        shared.first_byte_at = now;
    }
    if let Relay::Replaced(passed) = passage.push(chunk, is_last, &mut shared.observation) {
        output.set_response_chunk(&passed);
    }
    shared.is_complete = is_last && shared.observation.broke_off().is_none();
    if is_last {
        State::Done
    } else {
        State::Watching(passage)
    }
}

#[cfg(test)]
mod tests;

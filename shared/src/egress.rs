//! The once-per-attempt machine: it makes the provider's request out of the agent's and watches the answer.
//!
//! The beginning of an answer is held back until it is sure to be one: until then the call can still go to the next
//! account of its plan.

mod answer;
mod endpoints;
mod head;
mod judging;
mod outgoing;
mod passage;
mod refused;
mod stopping;
mod stored;

use std::borrow::Cow;

use serde_json::Value;

use crate::call::{Attempt, Services, SharedCall};
use crate::config::Scheme;
use crate::endpoint::{self, Endpoint};
use crate::ids::ProviderName;
use crate::outcome::Outcome;
use crate::provider::{self, Address, Destination};
use crate::routing::{PlannedAttempt, Rung};
use crate::units::{Millis, Timestamp};
use crate::wire::{Flaw, Observation, Progress, Relay};
use answer::{begin, fail, hold, name_next, release, watch};
use head::Head;
use judging::Judging;
use outgoing::Outgoing;
use passage::Passage;
use refused::{Refused, hear_out};
use stopping::drop_rest;

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
    ResponseTrailers {
        /// When.
        now: Timestamp,
    },
    /// The attempt is over, however it ended.
    Closed {
        /// Whether no connection came about.
        is_connect_failure: bool,
        /// When.
        now: Timestamp,
    },
}

/// What the machine wants done.
pub trait Output: Services {
    /// Replaces all request headers.
    fn set_request_headers(&mut self, headers: &[(&'static str, Cow<'_, [u8]>)]);
    /// Names the cluster of the attempt that follows if this one fails.
    fn set_next_upstream(&mut self, cluster: &ProviderName);
    /// Replaces the part of the request's body that is at hand by these pieces, one after the other.
    fn set_request_body(&mut self, pieces: &[&[u8]]);
    /// Replaces all response headers; `given` are those that are there.
    fn set_response_headers(&mut self, given: &[(String, Vec<u8>)], headers: &[(&str, &[u8])]);
    /// Makes the answer, whose headers are held back, an error that Envoy answers with the next attempt.
    fn fail_response(&mut self);
    /// Tells the agent how long to wait, in the headers of the answer, which are held back.
    fn set_retry_after(&mut self, wait: Millis);
    /// Keeps Envoy from answering this failure, whose headers are at hand, with another attempt.
    fn forbid_retry(&mut self);
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
                api_version: text("api_version").map(str::to_owned),
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
    /// A limit refused the call; the headers wait for what the body says.
    Refused(Refused),
    /// The answer passes under watch.
    Watching(Passage),
    /// The agent has an end of the answer that is not the provider's; of what follows only the usage counts.
    Stopped(Passage, Box<Observation>),
    /// Nothing more to see.
    Done,
}

#[derive(Debug)]
struct Held {
    passage: Passage,
    since: Timestamp,
    bytes: usize,
    /// What judges the answer, if a higher rung may still be asked.
    judging: Option<Judging>,
}

/// Why an attempt is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotStarted {
    /// The cluster is not the one whose turn it is: Envoy's configuration and the plan disagree.
    #[error("this cluster is not the next one of the call's plan")]
    NotPlanned,
    /// Envoy goes on after a failure without an answer, but those who were to follow may not be asked any more.
    #[error("nobody of the call's plan is left to be asked")]
    NobodyLeft,
}

impl Egress {
    /// Begins the attempt that is next in the call's plan.
    pub fn start(
        call: SharedCall,
        config: &Config,
        now: Timestamp,
        output: &mut dyn Output,
    ) -> Result<Self, NotStarted> {
        let mut shared = call.borrow_mut();
        // An attempt that ended without a word has failed by now.
        shared.fail_last(Outcome::Reset, now);
        shared.settle_last(None, now, output);
        shared.forget_answer();
        let is_next = |planned: &&PlannedAttempt| planned.provider.name == config.provider;
        let planned = shared.next_planned().ok_or(NotStarted::NobodyLeft)?;
        let planned = Some(planned).filter(is_next).cloned();
        let planned = planned.ok_or(NotStarted::NotPlanned)?;
        // The plan has no account that the call could not be told.
        let (outgoing, dropped) =
            Outgoing::make(&mut shared, &planned).map_err(|_| NotStarted::NotPlanned)?;
        let leave = shared.entered.take();
        let rung = Rung::of(&shared.pool, planned.member);
        shared.dropped = dropped;
        let destination = Destination {
            kind: planned.provider.kind,
            model: planned.model.as_str(),
            address: &config.address,
        };
        let (format, is_stream) = (shared.format, shared.request.stream);
        let length = outgoing.length(&shared.body);
        output.set_request_headers(&match shared.endpoint {
            Endpoint::Answer => {
                provider::request_headers(&destination, format, &shared.headers, is_stream, length)
            }
            other => {
                endpoint::request_headers(other, &destination, format, &shared.headers, is_stream, length)
            }
        });
        shared.attempts.push(Attempt {
            provider: planned.provider,
            model: planned.model,
            member: planned.member,
            started: now,
            outcome: None,
            took: Millis(0),
            request_id: None,
            is_deliverable: false,
            leave,
            is_settled: false,
            rung,
            judgement: None,
            charge: None,
            usage: None,
            is_usage_estimated: false,
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
        matches!(
            self.state,
            State::Watching(_) | State::Stopped(..) | State::Holding(_) | State::Refused(_)
        )
    }

    /// Whether the answer's headers, and what came of its body, are to be held back.
    #[must_use]
    pub fn holds(&self) -> bool {
        matches!(self.state, State::Holding(_) | State::Refused(_))
    }

    /// Whether the time of the next chunk is of interest.
    #[must_use]
    pub fn wants_time(&self) -> bool {
        match self.state {
            State::Holding(_) | State::Refused(_) => true,
            State::Watching(_) => {
                let call = self.call.borrow();
                call.first_byte_at.is_none() || call.leash.is_some()
            }
            _ => false,
        }
    }

    /// Whether nothing of an answer has gone to the agent.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(
            self.state,
            State::Sending(_) | State::Sent | State::Holding(_) | State::Refused(_)
        )
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
                begin(&call, &head, &headers, is_end, now, output)
            }
            (
                State::Holding(held),
                Event::ResponseBody {
                    chunk, is_last, now, ..
                },
            ) => hold(&call, held, chunk, is_last, now.unwrap_or_default(), output),
            (
                State::Refused(refused),
                Event::ResponseBody {
                    chunk, is_last, now, ..
                },
            ) => hear_out(&call, refused, chunk, is_last, now.unwrap_or_default(), output),
            (
                State::Watching(passage),
                Event::ResponseBody {
                    chunk, is_last, now, ..
                },
            ) => watch(&call, passage, chunk, is_last, now, output),
            (State::Stopped(passage, heard), Event::ResponseBody { chunk, is_last, .. }) => {
                drop_rest(&call, passage, heard, chunk, is_last, output)
            }
            (
                State::Sending(_) | State::Sent | State::Holding(_) | State::Refused(_),
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
                // What ends with the call is the agent's doing, or was settled with it.
                if !shared.is_over {
                    shared.fail_last(failure, now);
                    shared.settle_last(None, now, output);
                    name_next(&mut shared, now, output);
                }
                drop(shared);
                State::Done
            }
            (State::Holding(mut held), Event::ResponseTrailers { now }) => {
                let mut shared = call.borrow_mut();
                let relay = held.passage.push(b"", true, &mut shared.observation);
                match shared.observation.progress() {
                    _ if held.judging.is_some() => Judging::give_up(&mut shared, now, output),
                    Progress::Content => {
                        if let Relay::Replaced(passed) = relay {
                            output.set_response_chunk(&passed);
                        }
                        release(&mut shared, true, now, output);
                    }
                    Progress::Failed(flaw) => fail(&mut shared, flaw, now, output),
                    Progress::Nothing => fail(&mut shared, Flaw::Unreadable, now, output),
                }
                State::Done
            }
            (State::Refused(refused), Event::ResponseTrailers { now }) => {
                hear_out(&call, refused, b"", true, now, output)
            }
            (State::Watching(mut passage), Event::ResponseTrailers { .. }) => {
                let mut shared = call.borrow_mut();
                // What is still to be said cannot be added any more: nothing of the body is held back.
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

#[cfg(test)]
mod tests;

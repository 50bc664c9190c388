//! The once-per-call machine: it finds out who calls and what for, plans the attempts, answers itself where no
//! provider may or can, and records how the call ended.

mod anew;
mod budgets;
mod cascade;
mod costs;
pub mod decision;
mod delivery;
mod exchange;
mod fleet;
mod measure;
pub(crate) mod offer;
mod permission;
mod planning;
mod portable;
mod record;
mod tally;
mod trail;

pub use exchange::{Event, Flow, Forward, Output, ServiceCall};

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use crate::api::{self, Api};
use crate::call::{Call, SharedCall};
use crate::config::{Agent, Snapshot};
use crate::endpoint::{Endpoint, count};
use crate::headers::{Headers, X_REQUEST_ID};
use crate::identity::{self, Arrival};
use crate::limits::MAX_REQUEST_BODY;
use crate::reply::{self, Refusal, Reply};
use crate::routing::Moment;
use crate::units::Timestamp;

use delivery::deliver;
use planning::{Reading, read_and_plan};
use trail::Trail;

/// One call.
#[derive(Debug)]
pub struct Broker {
    trail: Trail,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Nothing is known yet.
    Start,
    /// The caller is known and asks for an answer of a model; the body is awaited.
    Reading(Reading),
    /// It can go on once the rate limit service says so.
    Asking(Box<fleet::Asking>),
    /// The providers have it.
    Forwarded(SharedCall),
    /// The broker answered; whatever comes back is its own reply.
    Replied,
    /// The record is written.
    Finished,
}

impl Broker {
    /// A call that begins now. `random` decides where the plan leaves a choice.
    #[must_use]
    pub fn new(snapshot: Arc<Snapshot>, now: Timestamp, random: u64) -> Self {
        Self {
            trail: Trail::new(snapshot, now, random),
            state: State::Start,
        }
    }

    /// Whether the request may go on after the last event.
    #[must_use]
    pub fn flow(&self) -> Flow {
        match self.state {
            State::Forwarded(_) | State::Finished => Flow::Continue,
            State::Start | State::Reading(_) | State::Asking(_) | State::Replied => Flow::Pause,
        }
    }

    /// Whether the rest of the request's body is of interest.
    #[must_use]
    pub fn wants_body(&self) -> bool {
        matches!(self.state, State::Reading(_))
    }

    /// Whether the request is whole and only waits for the rate limit service.
    #[must_use]
    pub fn is_asking(&self) -> bool {
        matches!(self.state, State::Asking(_))
    }

    /// Whether nothing of the call has come yet.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        matches!(self.state, State::Start)
    }

    /// Whether the providers have the call.
    #[must_use]
    pub fn is_forwarded(&self) -> bool {
        matches!(self.state, State::Forwarded(_))
    }

    /// Whether the broker answered the call itself.
    #[must_use]
    pub fn has_replied(&self) -> bool {
        matches!(self.state, State::Replied)
    }

    /// Takes what happens next.
    #[must_use]
    pub fn handle(self, event: Event, output: &mut dyn Output) -> Self {
        let Self { mut trail, state } = self;
        let state = match (state, event) {
            (State::Start, Event::RequestHeaders { headers, is_end }) => {
                arrive(&mut trail, headers, is_end, output)
            }
            (State::Reading(_), Event::RequestBodyGrew { length }) if length > MAX_REQUEST_BODY => {
                refuse(&mut trail, Refusal::TooLarge, output)
            }
            (State::Reading(reading), Event::RequestBodyComplete { body, now }) => {
                begin(&mut trail, reading, body, now, output)
            }
            (State::Asking(asking), Event::ServiceAnswered { answer, now }) => {
                let answer = answer.as_ref().map(Vec::as_slice).map_err(|status| *status);
                fleet::answered(&mut trail, *asking, answer, now, output)
            }
            (State::Asking(asking), Event::EnvoyReplied { status }) => {
                fleet::abandon(&mut trail, *asking, output);
                refuse(&mut trail, Refusal::Envoy(status), output)
            }
            (State::Forwarded(call), Event::AnswerBegins) => deliver(&mut trail, call, output),
            (State::Start | State::Reading(_), Event::EnvoyReplied { status }) => {
                refuse(&mut trail, Refusal::Envoy(status), output)
            }
            (State::Start, Event::NeverArrived { status }) => {
                trail.status = Some(status);
                trail.refusal = Some(Refusal::Envoy(status));
                State::Replied
            }
            (State::Finished, _) => State::Finished,
            (state, Event::Finished { now }) => {
                match state {
                    State::Forwarded(call) => trail.upstream = Some(call),
                    State::Asking(asking) => fleet::abandon(&mut trail, *asking, output),
                    State::Start | State::Reading(_) | State::Replied | State::Finished => {}
                }
                trail.finish(now, output);
                State::Finished
            }
            (state, _) => state,
        };
        Self { trail, state }
    }
}

/// The request's headers are there: who is it, what is asked?
fn arrive(trail: &mut Trail, headers: Headers, is_end: bool, output: &mut dyn Output) -> State {
    let steering: Vec<&str> = headers.steering().collect();
    if !steering.is_empty() {
        output.remove_request_headers(&steering);
    }
    headers
        .text(X_REQUEST_ID)
        .unwrap_or_default()
        .clone_into(&mut trail.request_id);
    let api = match api::of(&headers) {
        Ok(api) => api,
        Err(error) => {
            let (api::ApiError::UnknownPath(dialect) | api::ApiError::WrongMethod(dialect, _)) = error;
            trail.dialect = dialect;
            return refuse(trail, Refusal::Api(error), output);
        }
    };
    trail.dialect = api.dialect();
    trail.api = Some(api);
    let arrival = Arrival {
        headers: &headers,
        verified: output.verified(),
        now: trail.started,
    };
    let identified = match identity::identify(arrival, &trail.snapshot) {
        Ok(identified) => identified,
        Err(error) => return refuse(trail, Refusal::Identity(error), output),
    };
    let agent = identified.agent.clone();
    trail.note_caller(identified, &headers);
    let Some((format, endpoint)) = api.asks() else {
        return show_models(trail, &agent, &headers, api, output);
    };
    if is_end && !endpoint.may_lack_body() {
        let empty = Refusal::Request(json::ScanError::Empty.into());
        return refuse(trail, empty, output);
    }
    if declared_length(&headers) > MAX_REQUEST_BODY as u64 {
        return refuse(trail, Refusal::TooLarge, output);
    }
    let reading = Reading {
        agent,
        format,
        endpoint,
        headers,
    };
    if is_end {
        let now = trail.started;
        return begin(trail, reading, Vec::new(), now, output);
    }
    State::Reading(reading)
}

/// The call is whole: it goes to its providers, or is answered.
fn begin(
    trail: &mut Trail,
    reading: Reading,
    body: Vec<u8>,
    now: Timestamp,
    output: &mut dyn Output,
) -> State {
    let moment = Moment {
        now,
        random: trail.random,
        store: output.store(),
        worker: output.worker(),
    };
    let is_count = reading.endpoint == Endpoint::CountTokens;
    match read_and_plan(trail, reading, body, moment) {
        Ok(call) if is_count && call.plan.attempts.is_empty() => answer_estimate(trail, output),
        Ok(call) => fleet::begin(trail, call, now, output),
        Err(refusal) if is_count && count::can_be_estimated(&refusal) => answer_estimate(trail, output),
        Err(refusal) => refuse(trail, refusal, output),
    }
}

/// Nobody else counts the tokens of a call.
fn answer_estimate(trail: &mut Trail, output: &mut dyn Output) -> State {
    let reply = count::estimate(trail.estimate.unwrap_or_default(), &trail.request_id);
    trail.is_estimate = true;
    answer(trail, &reply, output)
}

fn answer(trail: &mut Trail, reply: &Reply, output: &mut dyn Output) -> State {
    output.reply(reply);
    trail.status = Some(reply.status);
    State::Replied
}

fn declared_length(headers: &Headers) -> u64 {
    headers
        .text("content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or_default()
}

fn refuse(trail: &mut Trail, refusal: Refusal, output: &mut dyn Output) -> State {
    let reply = refusal.reply(trail.dialect, &trail.request_id);
    trail.refusal = Some(refusal);
    answer(trail, &reply, output)
}

/// The models that this agent may see, or one of them.
fn show_models(
    trail: &mut Trail,
    agent: &Agent,
    headers: &Headers,
    api: Api,
    output: &mut dyn Output,
) -> State {
    let (snapshot, dialect) = (trail.snapshot.clone(), trail.dialect);
    let mut models = offer::models(&snapshot, agent, headers, trail.started);
    if !matches!(api, Api::Model(_)) {
        return answer(trail, &reply::model_list(dialect, models), output);
    }
    // What is there but not for this agent is told as little as what is not.
    let id = api::model_id(headers).unwrap_or_default();
    match models.find(|model| *model == id) {
        Some(model) => answer(trail, &reply::model(dialect, model), output),
        None => refuse(trail, Refusal::UnknownModel(id), output),
    }
}

fn forward(trail: &Trail, call: Call, output: &mut dyn Output) -> State {
    let call = Rc::new(RefCell::new(call));
    let shared = call.borrow();
    let attempts = &shared.plan.attempts;
    let first_byte = attempts
        .iter()
        .map(|attempt| attempt.provider.timeouts.first_byte)
        .max();
    if let Some(first) = attempts.first() {
        output.forward(Forward {
            call: &call,
            cluster: &first.provider.name,
            retries: attempts.len() - 1,
            first_byte: first_byte.filter(|longest| *longest < trail.snapshot.longest_first_byte()),
        });
    }
    drop(shared);
    State::Forwarded(call)
}

#[cfg(test)]
mod tests;

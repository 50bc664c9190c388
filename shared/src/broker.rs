//! The once-per-call machine: it finds out who calls and what for, plans the attempts, answers itself where no
//! provider may or can, and records how the call ended.

mod anew;
mod budgets;
mod cascade;
mod costs;
pub mod decision;
mod exchange;
mod fleet;
mod measure;
pub(crate) mod offer;
mod permission;
mod portable;
mod record;
mod tally;
mod trail;

pub use exchange::{Event, Flow, Forward, Output, ServiceCall};

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use crate::api::{self, Api};
use crate::call::{Attempt, Call, SharedCall};
use crate::config::{Agent, Snapshot};
use crate::endpoint::{Endpoint, count};
use crate::headers::{Headers, X_BROKER_BUDGET_LEFT, X_ENVOY_RATELIMITED, X_REQUEST_ID};
use crate::identity::{self, Arrival};
use crate::limits::MAX_REQUEST_BODY;
use crate::outcome::Outcome;
use crate::reply::{self, Refusal, Reply, UpstreamFailure};
use crate::routing::{self, Moment};
use crate::units::Timestamp;
use crate::wire::{Dropped, Format, Observation};
use decision::{Asked, Decision};
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

#[derive(Debug)]
struct Reading {
    agent: Arc<Agent>,
    format: Format,
    endpoint: Endpoint,
    headers: Headers,
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
        let empty = Refusal::Request(crate::json::ScanError::Empty.into());
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

/// The body is there: what does it ask for, who can serve that, in what order?
fn read_and_plan(
    trail: &mut Trail,
    reading: Reading,
    body: Vec<u8>,
    moment: Moment<'_>,
) -> Result<Call, Refusal> {
    if body.len() > MAX_REQUEST_BODY {
        return Err(Refusal::TooLarge);
    }
    let Reading {
        agent,
        format,
        endpoint,
        headers,
    } = reading;
    let mut request = decision::read(&trail.snapshot, &agent, endpoint, format, &headers, &body)?;
    let user = identity::given_user(&headers, Some(&request.metadata));
    let agent = trail.snapshot.with_end_user(agent, user);
    let input = decision::estimate_input(&trail.snapshot, &request, moment);
    // What is only counted takes nothing of limits and budgets, and fits everywhere.
    let counted = (endpoint == Endpoint::CountTokens).then(|| std::mem::take(&mut request.content));
    trail.estimate = counted.map(|_| input);
    let asked = Asked {
        agent: &agent,
        format,
        endpoint,
        headers: &headers,
        body: &body,
        request: &request,
        input,
    };
    trail.note_request(&asked);
    let (decision, entered) = decision::decide_and_enter(&trail.snapshot, asked, moment)?;
    let Decision {
        resolution,
        conversation,
        verdicts,
        plan,
        prepared,
        refusal,
    } = decision;
    trail.verdicts = verdicts;
    let (model, pool) = (resolution.model.clone(), resolution.pool.clone());
    trail.resolution = Some(resolution);
    if let Some(refusal) = refusal {
        trail.excluded = plan.excluded;
        return Err(refusal);
    }
    let mut call = Call {
        agent: agent.clone(),
        format,
        endpoint,
        request,
        headers,
        body,
        model,
        pool,
        conversation,
        granted: plan.attempts.len(),
        plan,
        attempts: Vec::with_capacity(1),
        entered,
        unmade: Vec::new(),
        is_over: false,
        prepared,
        observation: Observation::default(),
        dropped: Dropped::default(),
        first_byte_at: None,
        is_complete: false,
        leash: None,
        stopped: None,
    };
    if let Some(content) = counted {
        trail.estimate = Some(count::prepare(&mut call, &content, moment));
        return Ok(call);
    }
    match budgets::reserve(&agent.allowances, &mut call, moment) {
        Ok(reserved) => trail.reserved = reserved,
        Err(refusal) => {
            call.give_back(moment.store, moment.now);
            trail.excluded = call.plan.excluded;
            return Err(refusal);
        }
    }
    routing::note_call(&call.pool, moment.store);
    Ok(call)
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

/// An answer begins: the provider's, or Envoy's own because no provider gave one.
fn deliver(trail: &mut Trail, call: SharedCall, output: &mut dyn Output) -> State {
    if call.borrow().is_at_end() {
        output.remove_response_header(X_ENVOY_RATELIMITED);
    }
    for change in call.borrow_mut().tell_taken() {
        output.worker().pending.add(change);
    }
    if let Some(left) = budgets::told(&trail.reserved.holding, trail.started, output) {
        output.set_response_header(X_BROKER_BUDGET_LEFT, &left);
    }
    let failure = undeliverable(call.borrow().attempts.last());
    if count::is_left_to_us(&call.borrow(), failure.is_some()) {
        trail.upstream = Some(call);
        return answer_estimate(trail, output);
    }
    let Some(failure) = failure else {
        trail.status = call.borrow().attempts.last().and_then(Attempt::status);
        return State::Forwarded(call);
    };
    trail.upstream = Some(call);
    refuse(trail, Refusal::Upstream(failure), output)
}

/// Why the last attempt has nothing that the agent could be given; `None` if it has.
fn undeliverable(last: Option<&Attempt>) -> Option<UpstreamFailure> {
    let Some(attempt) = last else {
        return Some(UpstreamFailure::Unreachable);
    };
    match attempt.outcome {
        Some(Outcome::Status(_)) if attempt.is_deliverable => None,
        Some(Outcome::Status(401 | 403 | 498)) => Some(UpstreamFailure::CredentialRefused),
        Some(Outcome::Status(status)) => Some(UpstreamFailure::Unreadable(status)),
        Some(Outcome::Timeout) => Some(UpstreamFailure::TimedOut),
        Some(Outcome::Flawed(_) | Outcome::NotAccepted(_)) => Some(UpstreamFailure::Flawed),
        Some(Outcome::ConnectFailure | Outcome::Reset | Outcome::Unhealthy) | None => {
            Some(UpstreamFailure::Unreachable)
        }
    }
}

#[cfg(test)]
mod tests;

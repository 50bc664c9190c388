//! One call that is under way: what the two roles of the filter share in memory.

mod health;
mod leash;
mod limits;
mod spent;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use crate::acceptance::{Judge, Judgement, Wanted};
use crate::budget::Settled;
use crate::config::{Agent, Defaults, LogicalModel, NO_DEFAULTS, Pool, Provider};
use crate::endpoint::Endpoint;
use crate::fleet::Change;
use crate::headers::Headers;
use crate::ids::UpstreamModelName;
use crate::ledger::Usage;
use crate::outcome::Outcome;
use crate::provider::Capability;
use crate::request::Request;
use crate::routing::{Conversation, Leave, Plan, PlannedAttempt, Rung};
use crate::units::{MicroUsd, Millis, Timestamp};
use crate::wire::{Dropped, Format, Observation, UpstreamFormat};

pub use health::Services;
pub use leash::{Leash, Stopped};

/// A call as both roles hold it. Both run on one thread, never within each other.
pub type SharedCall = Rc<RefCell<Call>>;

/// A call from the moment it was planned.
#[derive(Debug)]
pub struct Call {
    /// Who calls.
    pub agent: Arc<Agent>,
    /// The format that the agent speaks.
    pub format: Format,
    /// What is asked of providers.
    pub endpoint: Endpoint,
    /// The facts of the request.
    pub request: Request,
    /// The agent's headers; they stay here, no attempt is sent them.
    pub headers: Headers,
    /// The agent's body, from which every attempt's is made; empty once no attempt can follow.
    pub body: Vec<u8>,
    /// The logical model that was asked for, with its defaults.
    pub model: Option<Arc<LogicalModel>>,
    /// The pool that takes the call.
    pub pool: Arc<Pool>,
    /// The conversation that it goes on with, where the pool keeps them.
    pub conversation: Option<Conversation>,
    /// The attempts that may be made.
    pub plan: Plan,
    /// The attempts that were made.
    pub attempts: Vec<Attempt>,
    /// How many attempts Envoy may make.
    pub granted: usize,
    /// The leave to make the attempt that is next in the plan.
    pub entered: Option<Leave>,
    /// What the rate limit service is to be told of attempts that it counted and that were not made.
    pub unmade: Vec<Change>,
    /// Whether the call is over, so that an attempt which ends with it says nothing of its account.
    pub is_over: bool,
    /// The first attempt's body, where it is in another format than the agent's.
    pub prepared: Option<Prepared>,
    /// What the last answer said of itself.
    pub observation: Observation,
    /// What of the request the last attempt's provider could not be told.
    pub dropped: Dropped,
    /// When the first byte of the last answer's body came.
    pub first_byte_at: Option<Timestamp>,
    /// Whether the last answer came to its end.
    pub is_complete: bool,
    /// How far its stream may go; `None`: as far as it likes.
    pub leash: Option<Leash>,
    /// Why its stream was ended before its provider ended it.
    pub stopped: Option<Stopped>,
}

/// A body in a provider's format, made out of the agent's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// The body.
    pub body: Vec<u8>,
    /// What of the agent's it cannot say.
    pub dropped: Dropped,
}

/// An attempt that was made.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The account that was asked.
    pub provider: Arc<Provider>,
    /// What the provider calls the model.
    pub model: UpstreamModelName,
    /// Which member of the pool that is.
    pub member: usize,
    /// When it began.
    pub started: Timestamp,
    /// How it went; `None` while it is under way.
    pub outcome: Option<Outcome>,
    /// How long it took until its answer began or it failed.
    pub took: Millis,
    /// The provider's own id of the request.
    pub request_id: Option<String>,
    /// Whether the answer is something that can be passed on to the agent.
    pub is_deliverable: bool,
    /// The leave with which it is made.
    pub leave: Option<Leave>,
    /// Whether it is noted how it went.
    pub is_settled: bool,
    /// Which rung of a cascade it is.
    pub rung: Option<Rung>,
    /// What was found of its answer, where it was to be judged.
    pub judgement: Option<Judgement>,
    /// What it was charged to its account's budget.
    pub charge: Option<Charge>,
    /// What its answer used, if it was one and says so; noted when the attempt is over.
    pub usage: Option<Usage>,
    /// Whether that is an estimate, for want of the provider's word.
    pub is_usage_estimated: bool,
}

/// What an attempt was charged to its account's budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// How much.
    pub cost: MicroUsd,
    /// What came of it.
    pub settled: Settled,
}

impl Attempt {
    /// Whether it has begun as a success.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.outcome.is_some_and(Outcome::is_success)
    }

    /// The format in which it was asked for a call that came in the format `from`.
    #[must_use]
    pub fn format(&self, from: Format) -> UpstreamFormat {
        self.provider.kind.speaks(self.model.as_str(), from)
    }

    /// The HTTP status of the answer, if there is one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self.outcome? {
            Outcome::Status(status) => Some(status),
            Outcome::ConnectFailure
            | Outcome::Reset
            | Outcome::Timeout
            | Outcome::Unhealthy
            | Outcome::Flawed(_)
            | Outcome::NotAccepted(_) => None,
        }
    }
}

impl Call {
    /// The attempt to make next, in the plan's order.
    #[must_use]
    pub fn next_planned(&self) -> Option<&PlannedAttempt> {
        self.plan.attempts.get(self.attempts.len())
    }

    /// The defaults of the logical model that was asked for.
    #[must_use]
    pub fn defaults(&self) -> &Defaults {
        self.model.as_ref().map_or(&NO_DEFAULTS, |model| &model.defaults)
    }

    /// Whether the attempt that follows is of a higher rung than the last one.
    #[must_use]
    pub fn may_escalate(&self) -> bool {
        let rung = self.attempts.last().and_then(|attempt| attempt.rung);
        let next = self.next_planned();
        let next = next.and_then(|planned| Rung::of(&self.pool, planned.member));
        rung.is_some() && next > rung
    }

    /// Judges the last answer, which is whole.
    #[must_use]
    pub fn judge(&self, judge: Judge) -> Judgement {
        let Some(acceptance) = &self.pool.acceptance else {
            return Judgement::Accepted;
        };
        let wanted = Wanted {
            is_json: self.request.needs.has(Capability::Json),
            schema: self.format.wanted_schema(&self.body),
        };
        judge.conclude(acceptance, &self.observation, wanted)
    }

    /// Notes what was found of the last answer.
    pub fn note_judgement(&mut self, judgement: Judgement) {
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.judgement = Some(judgement);
        }
    }

    /// Forgets what the answer of an earlier attempt said. That one cannot be delivered any more either: if what
    /// follows is no attempt of the plan, no answer is left.
    pub fn forget_answer(&mut self) {
        self.note_usage();
        self.observation = Observation::default();
        self.dropped = Dropped::default();
        self.first_byte_at = None;
        self.is_complete = false;
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.is_deliverable = false;
        }
    }

    /// Notes that the last attempt ended without an answer; the first word counts, unless it was a success of
    /// which nothing came.
    pub fn fail_last(&mut self, failure: Outcome, now: Timestamp) {
        if let Some(attempt) = self.attempts.last_mut()
            && !attempt.is_deliverable
            && attempt.outcome.is_none_or(Outcome::is_success)
        {
            attempt.took = now.millis_since(attempt.started);
            // Envoy ends an attempt that is too slow in the same way as one whose connection breaks.
            let is_late = failure == Outcome::Reset && attempt.took >= attempt.provider.timeouts.first_byte;
            attempt.outcome = Some(if is_late { Outcome::Timeout } else { failure });
        }
    }
}

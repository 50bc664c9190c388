//! What became known of a call on its way, for its record and its metrics.

use std::sync::Arc;

use crate::api::Api;
use crate::broker::Output;
use crate::broker::budgets::{self, Reserved};
use crate::broker::costs::Costs;
use crate::broker::decision::Asked;
use crate::broker::fleet::Inquiry;
use crate::broker::measure::measure;
use crate::broker::tally::tally;
use crate::call::{Attempt, Call, SharedCall};
use crate::config::{Agent, Snapshot};
use crate::fleet::Trouble;
use crate::headers::Headers;
use crate::identity::Identified;
use crate::metrics::{NONE, OTHER};
use crate::policy::Verdicts;
use crate::provider::Capabilities;
use crate::reply::{Refusal, quoted};
use crate::request::Metadata;
use crate::routing::{Exclusion, Resolution, Stated};
use crate::units::{Timestamp, Tokens};
use crate::wire::Dialect;

#[derive(Debug)]
pub(super) struct Trail {
    pub snapshot: Arc<Snapshot>,
    pub random: u64,
    pub request_id: String,
    pub dialect: Dialect,
    pub api: Option<Api>,
    pub resolution: Option<Resolution>,
    /// What policies said of the pool's members.
    pub verdicts: Option<Verdicts>,
    pub refusal: Option<Refusal>,
    /// Who was left out of a plan that came to nothing.
    pub excluded: Vec<Exclusion>,
    /// The tokens that a call which asks for their number is estimated to have.
    pub estimate: Option<Tokens>,
    /// Whether it was answered with that.
    pub is_estimate: bool,
    /// What the call holds of its caller's budgets.
    pub reserved: Reserved,
    /// Why the rate limit service did not count the call, which it should have.
    pub uncounted: Option<Trouble>,
    /// What the call has asked that service.
    pub inquiry: Inquiry,
    /// The status that the agent got.
    pub status: Option<u16>,
    /// The call, once it was forwarded and is over.
    pub upstream: Option<SharedCall>,
    pub started: Timestamp,
    pub caller: Option<Identified>,
    pub stated: Said,
    pub request: Option<Requested>,
}

/// What the call says of itself, short enough for a record.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub step: Option<String>,
    pub purpose: Option<String>,
    pub tier: Option<String>,
    pub user: Option<String>,
    pub feature: Option<String>,
}

/// What the request asked for.
#[derive(Debug)]
pub(super) struct Requested {
    pub model: String,
    pub needs: Capabilities,
    pub stream: bool,
    pub input: Tokens,
}

impl Trail {
    pub fn new(snapshot: Arc<Snapshot>, started: Timestamp, random: u64) -> Self {
        Self {
            snapshot,
            random,
            request_id: String::new(),
            dialect: Dialect::OpenAi,
            api: None,
            resolution: None,
            verdicts: None,
            refusal: None,
            excluded: Vec::new(),
            estimate: None,
            is_estimate: false,
            reserved: Reserved::default(),
            uncounted: None,
            inquiry: Inquiry::default(),
            status: None,
            upstream: None,
            started,
            caller: None,
            stated: Said::default(),
            request: None,
        }
    }

    pub fn note_caller(&mut self, caller: Identified, headers: &Headers) {
        self.stated = self.said(&caller.agent, headers, None);
        self.caller = Some(caller);
    }

    fn said(&self, agent: &Agent, headers: &Headers, metadata: Option<&Metadata>) -> Said {
        Said {
            user: self.snapshot.identity.user.of(headers, metadata),
            ..Stated::of(agent, headers, metadata).into()
        }
    }

    pub fn note_request(&mut self, asked: &Asked<'_>) {
        let request = asked.request;
        self.stated = self.said(asked.agent, asked.headers, Some(&request.metadata));
        self.request = Some(Requested {
            model: quoted(&request.model).into_owned(),
            needs: request.needs,
            stream: request.stream,
            input: asked.input,
        });
    }

    /// Writes the record and the metrics.
    pub fn finish(&mut self, now: Timestamp, output: &mut dyn Output) {
        let mut is_providers_fault = false;
        if let Some(call) = &self.upstream {
            let mut call = call.borrow_mut();
            if let Some(leash) = call.leash.take() {
                leash.release(output.store(), now);
            }
            close_last(&mut call, now, output);
            let is_cut_off = !call.is_complete && call.attempts.last().is_some_and(Attempt::is_success);
            is_providers_fault =
                is_cut_off && (call.observation.broke_off().is_some() || output.has_provider_broken_off());
            let has_given_up = self.refusal.is_some() || self.is_estimate;
            call.settle_end(has_given_up, is_providers_fault, now, output);
            for change in call.take_changes() {
                output.worker().pending.add(change);
            }
        }
        let learned = self
            .upstream
            .as_ref()
            .and_then(|call| learn(&call.borrow(), now, output));
        let call = self.upstream.as_ref().map(|call| call.borrow());
        let costs = match &call {
            Some(call) => Costs::of(call),
            None => Costs::default(),
        };
        let Reserved { holding, clamped } = std::mem::take(&mut self.reserved);
        let budgets = match (&call, &self.refusal) {
            (Some(call), _) => budgets::settle(holding, call, &costs.of_attempts, now, output),
            (None, Some(Refusal::Overdrawn(overdrawn))) => vec![overdrawn.statement()],
            (None, _) => Vec::new(),
        };
        let mut record = self.record(call.as_ref(), &costs, now);
        record.budgets = budgets;
        record.rate_limit_service = self.uncounted.map(Trouble::as_str);
        record.tokens_clamped = clamped;
        record.tokens_estimated = learned;
        output.record(&record);
        // Only names of the configuration become labels, so that their number is bounded.
        let agent = match &self.caller {
            None => NONE,
            Some(caller) if caller.is_configured => caller.agent.name.as_str(),
            Some(_) => OTHER,
        };
        measure(&record, agent, call.as_ref(), &costs, output);
        budgets::measure(&record.budgets, Some(agent), output);
        let downgrade = self
            .resolution
            .as_ref()
            .and_then(|resolution| resolution.downgrade.as_ref());
        let chosen = downgrade.map(|downgrade| &downgrade.from);
        tally(&record, chosen, costs.total(), is_providers_fault, output);
    }
}

impl From<Stated<'_>> for Said {
    fn from(stated: Stated<'_>) -> Self {
        let short = |text: Option<&str>| text.map(|text| quoted(text).into_owned());
        Self {
            step: short(stated.step),
            purpose: short(stated.purpose),
            tier: short(stated.tier),
            user: None,
            feature: short(stated.feature),
        }
    }
}

/// An attempt that is still without a word when the call ends was cut off with it. What its answer used is known now.
fn close_last(call: &mut Call, now: Timestamp, output: &mut dyn Output) {
    call.note_usage();
    call.settle_stopped();
    call.estimate_usage(|model, content| {
        output
            .worker()
            .estimators
            .estimate(model, content, output.store())
    });
    if let Some(attempt) = call.attempts.last_mut()
        && attempt.outcome.is_none()
    {
        attempt.took = now.millis_since(attempt.started);
    }
}

/// Learns from a call that was answered how its model counts tokens, and where its conversation is now. Gives the tokens
/// that were expected of its input.
fn learn(call: &Call, now: Timestamp, output: &mut dyn Output) -> Option<Tokens> {
    let attempt = call.attempts.last().filter(|attempt| attempt.is_success())?;
    let usage = call.observation.usage()?;
    let (estimators, store) = (&output.worker().estimators, output.store());
    let content = &call.request.content;
    let expected = estimators.estimate(&attempt.model, content, store);
    // What the account remembers of earlier turns counts there, and was not sent.
    if call.request.keeping.named.is_none() {
        estimators.learn(&attempt.model, content, usage.input, store);
    }
    if let Some(conversation) = &call.conversation
        && let Some(member) = call.pool.members.get(attempt.member)
    {
        conversation.note(member, &usage, store, now);
    }
    Some(expected)
}

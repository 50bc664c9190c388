//! What became known of a call on its way, for its record and its metrics.

use std::cell::Ref;
use std::sync::Arc;

use crate::api::Api;
use crate::audit::{self, AttemptRecord, CallOutcome, Decision, Record};
use crate::broker::Output;
use crate::broker::budgets::{self, Reserved};
use crate::broker::cascade;
use crate::broker::costs::{self, Costs, Saved};
use crate::broker::decision::Asked;
use crate::broker::permission;
use crate::broker::tally::tally;
use crate::call::{Attempt, Call, SharedCall};
use crate::config::{Agent, Snapshot};
use crate::headers::Headers;
use crate::identity::Identified;
use crate::ledger::Usage;
use crate::metrics::{Labels, Metric, NONE, OTHER};
use crate::outcome::Outcome;
use crate::policy::Verdicts;
use crate::provider::Capabilities;
use crate::reply::{Refusal, quoted};
use crate::request::Metadata;
use crate::routing::{Exclusion, ExclusionReason, Resolution, Stated, Stay, Unfit};
use crate::units::{MicroUsd, Timestamp, Tokens};
use crate::wire::{Dialect, Flaw};

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
    /// The status that the agent got.
    pub status: Option<u16>,
    /// The call, once it was forwarded and is over.
    pub upstream: Option<SharedCall>,
    pub started: Timestamp,
    caller: Option<Identified>,
    stated: Said,
    request: Option<Requested>,
}

/// What the call says of itself, short enough for a record.
#[derive(Debug, Default)]
struct Said {
    step: Option<String>,
    purpose: Option<String>,
    tier: Option<String>,
    user: Option<String>,
    feature: Option<String>,
}

/// What the request asked for.
#[derive(Debug)]
struct Requested {
    model: String,
    needs: Capabilities,
    stream: bool,
    input: Tokens,
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
            close_last(&mut call, now, output);
            let is_cut_off = !call.is_complete && call.attempts.last().is_some_and(Attempt::is_success);
            is_providers_fault =
                is_cut_off && (call.observation.broke_off().is_some() || output.has_provider_broken_off());
            let has_given_up = self.refusal.is_some() || self.is_estimate;
            call.settle_end(has_given_up, is_providers_fault, now, output);
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

    fn record<'a>(&'a self, call: Option<&'a Ref<'_, Call>>, costs: &Costs, now: Timestamp) -> Record<'a> {
        let agent = self.caller.as_ref().map(|caller| caller.agent.as_ref());
        let classification = agent
            .and_then(|agent| agent.attributes.get("classification"))
            .map(String::as_str);
        let workspace = agent.and_then(|agent| agent.workspace.as_deref());
        let last = call.and_then(|call| call.attempts.last());
        let request = self.request.as_ref();
        let refused = self.refusal.as_ref().map(Refusal::code);
        let (outcome, broken) = match call {
            // Whoever was asked to count, the broker did.
            _ if self.is_estimate => (CallOutcome::Ok, None),
            Some(_) if refused.is_some() => (CallOutcome::Unavailable, None),
            Some(call) => outcome(call),
            None if refused.is_some() => (CallOutcome::Denied, None),
            // The agent went away before the call was decided.
            None if self.status.is_none() => (CallOutcome::Aborted, None),
            None => (CallOutcome::Ok, None),
        };
        let denied = refused.filter(|_| call.is_none());
        let mut record = Record {
            time: audit::rfc3339(self.started),
            request_id: &self.request_id,
            config: self.snapshot.version.as_str(),
            agent: agent.map(|agent| &agent.name),
            workspace: workspace.map(|workspace| &workspace.name),
            tenant: workspace.and_then(|workspace| workspace.tenant.as_ref()),
            identity: self.caller.as_ref().map(|caller| caller.source.as_str()),
            user: self.stated.user.as_deref(),
            tier: self.stated.tier.as_deref(),
            classification,
            step: self.stated.step.as_deref(),
            purpose: self.stated.purpose.as_deref(),
            feature: self.stated.feature.as_deref(),
            api: self.api.map(Api::as_str),
            stream: request.map(|request| request.stream),
            needs: request.map(|request| request.needs),
            model_requested: request.map(|request| request.model.as_str()),
            context_tokens: request.map(|request| request.input),
            rule: self
                .resolution
                .as_ref()
                .and_then(|resolution| resolution.rule.as_ref()),
            pool: self.resolution.as_ref().map(|resolution| &resolution.pool.name),
            provider: last.map(|attempt| &attempt.provider.name),
            region: last.and_then(|attempt| attempt.provider.region.as_deref()),
            model: last.map(|attempt| &attempt.model),
            model_response: call.and_then(|call| call.observation.model()),
            attempts: call
                .into_iter()
                .flat_map(|call| &call.attempts)
                .zip(&costs.of_attempts)
                .map(|(attempt, cost)| AttemptRecord::new(attempt, *cost))
                .collect(),
            excluded: call.map_or(&self.excluded, |call| &call.plan.excluded),
            dropped: call.map_or(&[], |call| call.dropped.places()),
            decision: if denied.is_some() {
                Decision::Deny
            } else {
                Decision::Allow
            },
            reason: denied.map_or_else(|| self.reason(call.map(|call| &**call)), str::to_owned),
            outcome,
            status: self.status,
            ttft_ms: call
                .and_then(|call| call.first_byte_at)
                .map(|at| at.millis_since(self.started)),
            duration_ms: now.millis_since(self.started),
            finish_reason: call.and_then(|call| call.observation.finish_reason()),
            error: refused.or(broken),
            ..Record::default()
        };
        if let Some(usage) = last.and_then(|attempt| attempt.usage) {
            record.set_usage(&usage);
        }
        let is_estimated = last.is_some_and(|attempt| attempt.is_usage_estimated);
        record.usage = (self.is_estimate || is_estimated).then_some("estimated");
        record.cost_usd = costs.total().map(MicroUsd::as_dollars);
        record.failed_usd = call.and_then(|call| costs.failed(call)).map(MicroUsd::as_dollars);
        record.saved_usd = costs.saved.map(Saved::as_dollars);
        if let Some(call) = call {
            set_affinity(&mut record, call);
        }
        if let Some(verdicts) = &self.verdicts
            && (call.is_some_and(|call| !call.attempts.is_empty()) || self.is_policy_denial())
        {
            permission::set(&mut record, verdicts, call.map(|call| &**call));
        }
        record
    }

    /// What chose the pool, and why its cascade did not begin or end with the first rung.
    fn reason(&self, call: Option<&Call>) -> String {
        let mut reason = self.chosen();
        if let Some(call) = call {
            reason.push_str(&cascade::climb(call));
        }
        reason
    }

    fn is_policy_denial(&self) -> bool {
        matches!(self.refusal, Some(Refusal::Unfit(Unfit::Denied)))
    }

    /// What chose the pool.
    fn chosen(&self) -> String {
        let Some(resolution) = &self.resolution else {
            return "no pool was needed".to_owned();
        };
        let (pool, downgrade) = (&resolution.pool.name, resolution.downgrade.as_ref());
        let chosen = downgrade.map_or(pool, |downgrade| &downgrade.from);
        let mut reason = match &resolution.rule {
            Some(rule) => ["rule ", rule.as_str(), " chose pool ", chosen.as_str()].concat(),
            None => ["the model's own pool is ", chosen.as_str()].concat(),
        };
        if let Some(downgrade) = downgrade {
            for part in [
                "; budget ",
                downgrade.budget.as_str(),
                " downgraded it to pool ",
                pool.as_str(),
            ] {
                reason.push_str(part);
            }
        }
        reason
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
    estimators.learn(&attempt.model, content, usage.input, store);
    if let Some(conversation) = &call.conversation
        && let Some(member) = call.pool.members.get(attempt.member)
    {
        conversation.note(member, &usage, store, now);
    }
    Some(expected)
}

/// What became of the conversation.
fn set_affinity<'a>(record: &mut Record<'a>, call: &'a Call) {
    let answered = call.attempts.last().filter(|attempt| attempt.is_success());
    let Some((conversation, attempt)) = call.conversation.as_ref().zip(answered) else {
        return;
    };
    record.affinity = Some(match conversation.outcome(attempt.member) {
        Stay::New => "new",
        Stay::Kept => "kept",
        Stay::Moved { from, warm } => {
            let from = call.pool.members.get(from);
            record.affinity_from = from.map(|member| &member.provider.name);
            record.affinity_lost = Some(warm);
            "moved"
        }
    });
}

fn measure(
    record: &Record<'_>,
    agent: &str,
    call: Option<&Ref<'_, Call>>,
    costs: &Costs,
    output: &mut dyn Output,
) {
    let labels = Labels {
        agent: Some(agent),
        pool: Some(record.pool.map_or(NONE, |name| name.as_str())),
        provider: Some(record.provider.map_or(NONE, |name| name.as_str())),
        model: Some(record.model.map_or(NONE, |name| name.as_str())),
        ..Labels::default()
    };
    output.measure(
        Metric::Calls,
        Labels {
            outcome: Some(record.outcome.as_str()),
            ..labels
        },
        1,
    );
    let Some(call) = call else { return };
    for (attempt, cost) in call.attempts.iter().zip(&costs.of_attempts) {
        measure_attempt(attempt, *cost, record, labels, output);
    }
    let of_pool = Labels {
        pool: labels.pool,
        ..Labels::default()
    };
    let is_forgone = |exclusion: &Exclusion| exclusion.reason == ExclusionReason::RetryBudget;
    if call.plan.excluded.iter().any(is_forgone) {
        output.measure(Metric::RetriesForgone, of_pool, 1);
    }
    if let Some(affinity) = record.affinity {
        let stayed = Labels {
            outcome: Some(affinity),
            ..of_pool
        };
        output.measure(Metric::Conversations, stayed, 1);
    }
    if let Some(lost) = record.affinity_lost {
        output.measure(Metric::LostTokens, of_pool, lost.0);
    }
    cascade::measure(call, costs, labels, output);
    let served = Labels {
        agent: None,
        ..labels
    };
    output.measure(Metric::DurationMs, served, record.duration_ms.0);
    if let Some(first_byte) = record.ttft_ms {
        output.measure(Metric::FirstByteMs, served, first_byte.0);
    }
}

/// `labels`: those of the call.
fn measure_attempt(
    attempt: &Attempt,
    cost: Option<MicroUsd>,
    record: &Record<'_>,
    labels: Labels<'_>,
    output: &mut dyn Output,
) {
    let labels = Labels {
        provider: Some(attempt.provider.name.as_str()),
        model: Some(attempt.model.as_str()),
        ..labels
    };
    if let Some(outcome) = attempt.outcome {
        let of_attempt = Labels {
            agent: None,
            status: Some(&outcome.label()),
            ..labels
        };
        output.measure(Metric::Attempts, of_attempt, 1);
    }
    if let Some(usage) = &attempt.usage {
        measure_usage(usage, labels, output);
    }
    costs::measure(attempt, cost, record, labels, output);
}

fn measure_usage(usage: &Usage, labels: Labels<'_>, output: &mut dyn Output) {
    output.measure(Metric::InputTokens, labels, usage.input.0);
    output.measure(Metric::OutputTokens, labels, usage.output.0);
    if usage.cache_read.0 > 0 {
        output.measure(Metric::CachedTokens, labels, usage.cache_read.0);
    }
}

/// How a call that was forwarded ended, and what broke it off.
fn outcome(call: &Call) -> (CallOutcome, Option<&'static str>) {
    let Some(last) = call.attempts.last() else {
        return (CallOutcome::Aborted, Some("agent_went_away"));
    };
    match last.outcome {
        Some(outcome) if outcome.is_success() => match call.observation.broke_off() {
            Some(Flaw::Error) => (CallOutcome::ProviderError, Some("error_in_stream")),
            None if call.is_complete => (CallOutcome::Ok, None),
            _ => (CallOutcome::Aborted, Some("answer_broke_off")),
        },
        Some(Outcome::Status(_)) if last.is_deliverable => (CallOutcome::ProviderError, None),
        Some(_) => (CallOutcome::Unavailable, None),
        None => (CallOutcome::Aborted, Some("agent_went_away")),
    }
}

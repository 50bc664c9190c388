//! What became known of a call on its way, for its record and its metrics.

use std::sync::Arc;

use crate::api::{Api, Dialect};
use crate::audit::{self, AttemptRecord, CallOutcome, Decision, Record};
use crate::broker::Output;
use crate::call::{Call, Outcome, SharedCall};
use crate::config::{Agent, Snapshot};
use crate::headers::{Headers, X_BROKER_PURPOSE, X_BROKER_STEP};
use crate::ledger::Usage;
use crate::metrics::{Labels, Metric, NONE};
use crate::reply::{Refusal, quoted};
use crate::request::Request;
use crate::routing::{Exclusion, Resolution};
use crate::units::{MicroUsd, Millis, Timestamp, Tokens};

#[derive(Debug)]
pub(super) struct Trail {
    pub snapshot: Arc<Snapshot>,
    pub random: u64,
    pub request_id: String,
    pub dialect: Dialect,
    pub api: Option<Api>,
    pub refusal: Option<Refusal>,
    pub excluded: Vec<Exclusion>,
    /// The call whose attempts all failed, so that the broker answered.
    pub upstream: Option<SharedCall>,
    started: Timestamp,
    agent: Option<Arc<Agent>>,
    step: Option<String>,
    purpose: Option<String>,
    stream: Option<bool>,
    model: Option<String>,
    estimated: Option<Tokens>,
    resolution: Option<Resolution>,
    settled: Option<Settled>,
}

/// What the attempts of a call came to.
#[derive(Debug)]
struct Settled {
    attempts: Vec<AttemptRecord>,
    /// The labels and outcomes of the attempts, for metrics.
    outcomes: Vec<(crate::call::Attempt, Outcome)>,
    last: Option<crate::call::Attempt>,
    usage: Option<Usage>,
    cost: Option<MicroUsd>,
    model_response: Option<String>,
    finish_reason: Option<String>,
    first_byte: Option<Millis>,
    outcome: CallOutcome,
    error: Option<&'static str>,
}

impl Trail {
    pub fn new(snapshot: Arc<Snapshot>, started: Timestamp, random: u64) -> Self {
        Self {
            snapshot,
            random,
            request_id: String::new(),
            dialect: Dialect::OpenAi,
            api: None,
            refusal: None,
            excluded: Vec::new(),
            upstream: None,
            started,
            agent: None,
            step: None,
            purpose: None,
            stream: None,
            model: None,
            estimated: None,
            resolution: None,
            settled: None,
        }
    }

    pub fn note_agent(&mut self, agent: &Arc<Agent>, headers: &Headers) {
        let given = |header: &str, attribute: &str| {
            let value = headers.text(header).or(agent.attributes.get(attribute).map(String::as_str));
            value.map(|value| quoted(value).into_owned())
        };
        self.step = given(X_BROKER_STEP, "step");
        self.purpose = given(X_BROKER_PURPOSE, "purpose");
        self.agent = Some(agent.clone());
    }

    pub fn note_request(&mut self, request: &Request) {
        self.stream = Some(request.stream);
        self.model = Some(quoted(&request.model).into_owned());
        self.estimated = Some(request.estimated_input);
    }

    pub fn note_resolution(&mut self, resolution: &Resolution) {
        self.resolution = Some(resolution.clone());
    }

    /// Takes over how the attempts went.
    pub fn settle(&mut self, call: &mut Call, now: Timestamp) {
        let last_is_open = call.attempts.last().is_some_and(|attempt| attempt.outcome.is_none());
        if last_is_open && let Some(attempt) = call.attempts.last_mut() {
            attempt.took = now.millis_since(attempt.started);
        }
        let last = call.attempts.last().cloned();
        let usage = call.observation.usage();
        let price = last.as_ref().and_then(|attempt| self.snapshot.prices.get(attempt.model.as_str()));
        let (outcome, error) = outcome(call);
        self.settled = Some(Settled {
            attempts: call.attempts.iter().map(AttemptRecord::from).collect(),
            outcomes: call.attempts.iter().filter_map(|a| Some((a.clone(), a.outcome?))).collect(),
            usage,
            cost: usage.zip(price).map(|(usage, price)| price.cost(&usage)),
            model_response: call.observation.model().map(str::to_owned),
            finish_reason: call.observation.finish_reason().map(str::to_owned),
            first_byte: call.first_byte_at.map(|at| at.millis_since(self.started)),
            last,
            outcome,
            error,
        });
    }

    /// Writes the record and the metrics.
    pub fn finish(&mut self, status: Option<u16>, now: Timestamp, output: &mut dyn Output) {
        if let Some(call) = self.upstream.take() {
            self.settle(&mut call.borrow_mut(), now);
        }
        let record = self.record(status, now);
        self.measure(&record, output);
        output.record(&record);
    }

    fn record(&self, status: Option<u16>, now: Timestamp) -> Record {
        let agent = self.agent.as_deref();
        let attribute = |name: &str| agent.and_then(|agent| agent.attributes.get(name)).cloned();
        let workspace = agent.and_then(|agent| agent.workspace.as_deref());
        let settled = self.settled.as_ref();
        let last = settled.and_then(|settled| settled.last.as_ref());
        let resolution = self.resolution.as_ref();
        let refused = self.refusal.as_ref().map(Refusal::code);
        let is_denied = refused.is_some() && settled.is_none();
        let outcome = match settled {
            Some(settled) => settled.outcome,
            None if is_denied => CallOutcome::Denied,
            // The agent went away before the call was decided.
            None if status.is_none() => CallOutcome::Aborted,
            None => CallOutcome::Ok,
        };
        let mut record = Record {
            time: audit::rfc3339(self.started),
            request_id: self.request_id.clone(),
            config: self.snapshot.version.clone(),
            agent: agent.map(|agent| agent.name.clone()),
            workspace: workspace.map(|workspace| workspace.name.clone()),
            tenant: workspace.and_then(|workspace| workspace.tenant.clone()),
            tier: attribute("tier"),
            classification: attribute("classification"),
            step: self.step.clone(),
            purpose: self.purpose.clone(),
            api: self.api.map(Api::as_str),
            stream: self.stream,
            model_requested: self.model.clone(),
            rule: resolution.and_then(|resolution| resolution.rule.clone()),
            pool: resolution.map(|resolution| resolution.pool.name.clone()),
            provider: last.map(|attempt| attempt.provider.name.clone()),
            region: last.and_then(|attempt| attempt.provider.region.clone()),
            model: last.map(|attempt| attempt.model.clone()),
            model_response: settled.and_then(|settled| settled.model_response.clone()),
            attempts: settled.map(|settled| settled.attempts.clone()).unwrap_or_default(),
            excluded: self.excluded.clone(),
            decision: if is_denied { Decision::Deny } else { Decision::Allow },
            reason: if is_denied { refused.unwrap_or_default().to_owned() } else { self.reason() },
            outcome,
            status,
            tokens_input: None,
            tokens_output: None,
            tokens_total: None,
            tokens_cached: None,
            tokens_cache_write: None,
            tokens_reasoning: None,
            context_tokens: self.estimated,
            cost_usd: None,
            ttft_ms: settled.and_then(|settled| settled.first_byte),
            duration_ms: now.millis_since(self.started),
            finish_reason: settled.and_then(|settled| settled.finish_reason.clone()),
            error: refused.or(settled.and_then(|settled| settled.error)).map(str::to_owned),
        };
        if let Some((usage, cost)) = settled.and_then(|settled| Some((settled.usage?, settled.cost))) {
            record.set_usage(&usage, cost);
        }
        record
    }

    /// What chose the pool.
    fn reason(&self) -> String {
        match &self.resolution {
            Some(Resolution { rule: Some(rule), pool, .. }) => format!("rule {rule} chose pool {}", pool.name),
            Some(Resolution { pool, .. }) => format!("the model's own pool is {}", pool.name),
            None => "no pool was needed".to_owned(),
        }
    }

    fn measure(&self, record: &Record, output: &mut dyn Output) {
        let settled = self.settled.as_ref();
        let agent = Some(record.agent.as_ref().map_or(NONE, |name| name.as_str()));
        let pool = Some(record.pool.as_ref().map_or(NONE, |name| name.as_str()));
        let last = settled.and_then(|settled| settled.last.as_ref());
        let provider = Some(last.map_or(NONE, |attempt| attempt.provider.name.as_str()));
        let model = Some(last.map_or(NONE, |attempt| attempt.model.as_str()));
        let call = Labels { agent, pool, provider, model, ..Labels::default() };
        output.measure(Metric::Calls, Labels { outcome: Some(record.outcome.as_str()), ..call }, 1);
        let Some(settled) = settled else { return };
        for (attempt, outcome) in &settled.outcomes {
            let labels = Labels {
                pool,
                provider: Some(attempt.provider.name.as_str()),
                model: Some(attempt.model.as_str()),
                status: Some(&outcome.label()),
                ..Labels::default()
            };
            output.measure(Metric::Attempts, labels, 1);
        }
        if let Some(usage) = settled.usage {
            output.measure(Metric::InputTokens, call, usage.input.0);
            output.measure(Metric::OutputTokens, call, usage.output.0);
            if usage.cache_read.0 > 0 {
                output.measure(Metric::CachedTokens, call, usage.cache_read.0);
            }
        }
        if let Some(cost) = settled.cost {
            output.measure(Metric::CostMicroUsd, call, cost.0);
        }
        let served = Labels { agent: None, ..call };
        output.measure(Metric::DurationMs, served, record.duration_ms.0);
        if let Some(first_byte) = settled.first_byte {
            output.measure(Metric::FirstByteMs, served, first_byte.0);
        }
    }
}

/// How a call that was forwarded ended, and what broke it off.
fn outcome(call: &Call) -> (CallOutcome, Option<&'static str>) {
    let Some(last) = call.attempts.last() else {
        return (CallOutcome::Unavailable, None);
    };
    match last.outcome {
        Some(outcome) if outcome.is_success() => {
            if call.observation.has_failed() {
                (CallOutcome::ProviderError, Some("error_in_stream"))
            } else if call.is_complete {
                (CallOutcome::Ok, None)
            } else {
                (CallOutcome::Aborted, Some("answer_broke_off"))
            }
        }
        Some(Outcome::Status(_)) if last.is_deliverable => (CallOutcome::ProviderError, None),
        Some(_) => (CallOutcome::Unavailable, None),
        None => (CallOutcome::Aborted, Some("agent_went_away")),
    }
}

//! The record of a call that is over, out of what became known of it.

use std::cell::Ref;

use crate::api::Api;
use crate::audit::{AttemptRecord, CallOutcome, Decision, Record};
use crate::broker::cascade;
use crate::broker::costs::{Costs, Saved};
use crate::broker::permission;
use crate::broker::trail::Trail;
use crate::call::Call;
use crate::outcome::Outcome;
use crate::reply::Refusal;
use crate::routing::{Stay, Unfit};
use crate::units::{MicroUsd, Timestamp, rfc3339};
use crate::wire::Flaw;

impl Trail {
    /// The record, but for what budgets say.
    pub(super) fn record<'a>(
        &'a self,
        call: Option<&'a Ref<'_, Call>>,
        costs: &Costs,
        now: Timestamp,
    ) -> Record<'a> {
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
            time: rfc3339(self.started),
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

//! Every metric of the broker, with its labels.
//!
//! Envoy knows a metric by one name, so the labels are written into it, each as `;label=value`; the rendered
//! `stats_tags` take them out again. See `broker render`.

/// The prefix of every metric.
pub const PREFIX: &str = "model_broker";

/// The labels, in the order in which they are written.
pub const LABELS: [&str; 12] = [
    "agent",
    "pool",
    "provider",
    "model",
    "rung",
    "outcome",
    "status",
    "cause",
    "rule",
    "workspace",
    "tenant",
    "budget",
];

/// What stands in for a label that does not apply.
pub const NONE: &str = "none";
/// The label of an agent that the configuration does not name.
pub const OTHER: &str = "other";

/// A metric's kind and unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Metric {
    /// Calls that ended. Counter; agent, pool, provider, model, outcome.
    Calls,
    /// Attempts that ended. Counter; pool, provider, model, status.
    Attempts,
    /// Tokens of inputs, cached ones included. Counter; agent, pool, provider, model.
    InputTokens,
    /// Tokens of inputs that came from the provider's cache. Counter; agent, pool, provider, model.
    CachedTokens,
    /// Tokens of outputs. Counter; agent, pool, provider, model.
    OutputTokens,
    /// Cost in millionths of a dollar. Counter; agent, pool, provider, model, workspace, tenant.
    CostMicroUsd,
    /// Of that, what answers cost that no agent got. Counter; the same.
    FailedCostMicroUsd,
    /// Answers whose cost is not known, for want of usage or of a price. Counter; provider, model.
    UnpricedCalls,
    /// Circuits that opened. Counter; provider, model.
    CircuitOpenings,
    /// Cool-downs that began. Counter; provider, model, cause.
    Cooldowns,
    /// What became of the rungs of cascades. Counter; pool, provider, model, rung, outcome: accepted, refused,
    /// unjudged, failed; cause: the criterion that was not met, or why there was no judgement.
    Rungs,
    /// What cascades saved against always asking their last rung, in millionths of a dollar. Counter; agent, pool.
    SavedMicroUsd,
    /// What they cost beyond that, because rungs were asked in vain. Counter; agent, pool.
    OverspentMicroUsd,
    /// Calls that failed while their pool's retry budget was spent. Counter; pool.
    RetriesForgone,
    /// Conversations of pools with affinity that were answered. Counter; pool, outcome: new, kept, moved.
    Conversations,
    /// Tokens in the cache of an account that a conversation left. Counter; pool.
    LostTokens,
    /// Milliseconds from the request's first byte to the answer's last. Histogram; pool, provider, model.
    DurationMs,
    /// Milliseconds from the request's first byte to the first byte of the answer's body. Histogram; pool, provider,
    /// model.
    FirstByteMs,
    /// Calls that a rule took and that ended. Counter; rule, pool, outcome.
    RuleCalls,
    /// As [`Metric::DurationMs`]. Histogram; rule, pool.
    RuleDurationMs,
    /// Cost in millionths of a dollar. Counter; rule, pool.
    RuleCostMicroUsd,
    /// Tokens that calls took of a budget. Counter; agent, budget.
    BudgetTokens,
    /// Millionths of a dollar that calls took of a budget. Counter; agent, budget.
    BudgetMicroUsd,
    /// Calls that a budget kept back, or would have. Counter; agent, budget, outcome: enforce, audit, stop.
    BudgetRefusals,
    /// Calls that the rate limit service was to count. Counter; outcome: counted, exhausted, local, closed; cause: why it
    /// did not.
    RateLimitService,
    /// Thresholds of budgets that were crossed. Counter; budget, cause: the threshold in per cent.
    BudgetAlerts,
    /// Alerts that were posted to the webhook. Counter; outcome: ok, failed, dropped.
    AlertPosts,
}

impl Metric {
    /// The name after the prefix.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Attempts => "attempts",
            Self::InputTokens => "input_tokens",
            Self::CachedTokens => "cached_tokens",
            Self::OutputTokens => "output_tokens",
            Self::CostMicroUsd => "cost_micro_usd",
            Self::FailedCostMicroUsd => "failed_cost_micro_usd",
            Self::UnpricedCalls => "unpriced_calls",
            Self::CircuitOpenings => "circuit_openings",
            Self::Cooldowns => "cooldowns",
            Self::Rungs => "cascade_rungs",
            Self::SavedMicroUsd => "cascade_saved_micro_usd",
            Self::OverspentMicroUsd => "cascade_overspent_micro_usd",
            Self::RetriesForgone => "retries_forgone",
            Self::Conversations => "conversations",
            Self::LostTokens => "affinity_lost_tokens",
            Self::DurationMs => "duration_ms",
            Self::FirstByteMs => "ttft_ms",
            Self::RuleCalls => "rule_calls",
            Self::RuleDurationMs => "rule_duration_ms",
            Self::RuleCostMicroUsd => "rule_cost_micro_usd",
            Self::BudgetTokens => "budget_spent_tokens",
            Self::BudgetMicroUsd => "budget_spent_micro_usd",
            Self::BudgetRefusals => "budget_refusals",
            Self::RateLimitService => "rate_limit_service_calls",
            Self::BudgetAlerts => "budget_alerts",
            Self::AlertPosts => "alert_posts",
        }
    }

    /// Whether values are distributed rather than summed.
    #[must_use]
    pub fn is_histogram(self) -> bool {
        matches!(self, Self::DurationMs | Self::FirstByteMs | Self::RuleDurationMs)
    }
}

/// The values of a metric's labels; names of the configuration, so their number is bounded.
#[derive(Clone, Copy, Debug, Default)]
pub struct Labels<'a> {
    /// Who called.
    pub agent: Option<&'a str>,
    /// The pool that took the call.
    pub pool: Option<&'a str>,
    /// The provider account.
    pub provider: Option<&'a str>,
    /// What the provider calls the model.
    pub model: Option<&'a str>,
    /// Which rung of a cascade it is.
    pub rung: Option<&'a str>,
    /// How the call, or a rung, ended.
    pub outcome: Option<&'a str>,
    /// The attempt's status or failure.
    pub status: Option<&'a str>,
    /// Why a cool-down began, or a rung's answer was not accepted; the threshold of an alert in per cent.
    pub cause: Option<&'a str>,
    /// The rule that chose the pool; `match_when` if it was the pool's own condition.
    pub rule: Option<&'a str>,
    /// The agent's workspace.
    pub workspace: Option<&'a str>,
    /// The workspace's tenant.
    pub tenant: Option<&'a str>,
    /// The budget.
    pub budget: Option<&'a str>,
}

impl<'a> Labels<'a> {
    /// The values in the order of [`LABELS`].
    #[must_use]
    pub fn values(self) -> [Option<&'a str>; LABELS.len()] {
        [
            self.agent,
            self.pool,
            self.provider,
            self.model,
            self.rung,
            self.outcome,
            self.status,
            self.cause,
            self.rule,
            self.workspace,
            self.tenant,
            self.budget,
        ]
    }
}

/// A metric with its labels as Envoy knows it: `model_broker.calls;agent=bot;pool=...`.
#[must_use]
pub fn stat_name(metric: Metric, labels: Labels<'_>) -> String {
    let mut name = String::with_capacity(160);
    for part in [PREFIX, ".", metric.name()] {
        name.push_str(part);
    }
    for (label, value) in LABELS.iter().zip(labels.values()) {
        if let Some(value) = value {
            for part in [";", label, "=", value] {
                name.push_str(part);
            }
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn labels_are_written_into_the_name() {
        let labels = Labels {
            agent: Some("bot"),
            outcome: Some("ok"),
            ..Labels::default()
        };
        assert_eq!(
            stat_name(Metric::Calls, labels),
            "model_broker.calls;agent=bot;outcome=ok"
        );
    }
}

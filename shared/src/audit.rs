//! The uniform record of a call: one line of JSON, the same names for every provider. It knows no content.

mod attempt;

use serde::Serialize;

use crate::budget::Statement;
use crate::ids::{AgentName, PoolName, ProviderName, RuleName, TenantName, UpstreamModelName, WorkspaceName};
use crate::ledger::Usage;
use crate::policy::PolicyId;
use crate::provider::Capabilities;
use crate::routing::Exclusion;
use crate::units::{Millis, Tokens};

pub use attempt::AttemptRecord;

/// How a call ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CallOutcome {
    /// The agent has its answer.
    #[default]
    Ok,
    /// The broker refused the call.
    Denied,
    /// The agent has the provider's own error.
    ProviderError,
    /// No provider gave an answer.
    Unavailable,
    /// The answer broke off, or the agent went away before its end.
    Aborted,
}

impl CallOutcome {
    /// The outcome as metrics and records spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Denied => "denied",
            Self::ProviderError => "provider_error",
            Self::Unavailable => "unavailable",
            Self::Aborted => "aborted",
        }
    }
}

/// Whether a call might go to a provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It might.
    Allow,
    /// It might not.
    #[default]
    Deny,
}

/// The record of a call. What does not apply is absent, never a guess.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Record<'a> {
    /// When the call began, RFC 3339, UTC.
    pub time: String,
    /// Envoy's id of the request.
    #[serde(rename = "llm.request_id", skip_serializing_if = "str::is_empty")]
    pub request_id: &'a str,
    /// The hash of the configuration that decided.
    #[serde(rename = "llm.config")]
    pub config: &'a str,
    /// Who called.
    #[serde(rename = "llm.agent", skip_serializing_if = "Option::is_none")]
    pub agent: Option<&'a AgentName>,
    /// The agent's workspace.
    #[serde(rename = "llm.workspace", skip_serializing_if = "Option::is_none")]
    pub workspace: Option<&'a WorkspaceName>,
    /// The workspace's tenant.
    #[serde(rename = "llm.tenant", skip_serializing_if = "Option::is_none")]
    pub tenant: Option<&'a TenantName>,
    /// What made the agent known: `token`, `jwt`, `spiffe`.
    #[serde(rename = "llm.identity", skip_serializing_if = "Option::is_none")]
    pub identity: Option<&'static str>,
    /// The person behind the agent, in the agent's words.
    #[serde(rename = "llm.user", skip_serializing_if = "Option::is_none")]
    pub user: Option<&'a str>,
    /// The tier of the call: the agent's, or where it has none what the call says.
    #[serde(rename = "llm.tier", skip_serializing_if = "Option::is_none")]
    pub tier: Option<&'a str>,
    /// The agent's classification of what it handles.
    #[serde(rename = "llm.classification", skip_serializing_if = "Option::is_none")]
    pub classification: Option<&'a str>,
    /// What the call is a step of.
    #[serde(rename = "llm.step", skip_serializing_if = "Option::is_none")]
    pub step: Option<&'a str>,
    /// What the call is for.
    #[serde(rename = "llm.purpose", skip_serializing_if = "Option::is_none")]
    pub purpose: Option<&'a str>,
    /// The feature of a product that the call is for.
    #[serde(rename = "llm.feature", skip_serializing_if = "Option::is_none")]
    pub feature: Option<&'a str>,
    /// The API that the agent spoke.
    #[serde(rename = "llm.api", skip_serializing_if = "Option::is_none")]
    pub api: Option<&'static str>,
    /// Whether it asked for a stream.
    #[serde(rename = "llm.stream", skip_serializing_if = "Option::is_none")]
    pub stream: Option<bool>,
    /// What it needs of the model; empty where it needs nothing in particular, so that absent means not known.
    #[serde(rename = "llm.needs", skip_serializing_if = "Option::is_none")]
    pub needs: Option<Capabilities>,
    /// The model that it asked for.
    #[serde(rename = "llm.model.requested", skip_serializing_if = "Option::is_none")]
    pub model_requested: Option<&'a str>,
    /// The rule that chose the pool.
    #[serde(rename = "llm.rule", skip_serializing_if = "Option::is_none")]
    pub rule: Option<&'a RuleName>,
    /// The pool that took the call.
    #[serde(rename = "llm.pool", skip_serializing_if = "Option::is_none")]
    pub pool: Option<&'a PoolName>,
    /// The account of the last attempt.
    #[serde(rename = "llm.provider", skip_serializing_if = "Option::is_none")]
    pub provider: Option<&'a ProviderName>,
    /// Where that account is.
    #[serde(rename = "llm.region", skip_serializing_if = "Option::is_none")]
    pub region: Option<&'a str>,
    /// The model of the last attempt, as it was asked of the provider.
    #[serde(rename = "llm.model", skip_serializing_if = "Option::is_none")]
    pub model: Option<&'a UpstreamModelName>,
    /// The model that answered, in the provider's words.
    #[serde(rename = "llm.model.response", skip_serializing_if = "Option::is_none")]
    pub model_response: Option<&'a str>,
    /// Every attempt, in order.
    #[serde(rename = "llm.attempts", skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<AttemptRecord<'a>>,
    /// The members that were left out of the plan.
    #[serde(rename = "llm.excluded", skip_serializing_if = "<[Exclusion]>::is_empty")]
    pub excluded: &'a [Exclusion],
    /// What of the request could not be said in the provider's format and was left out: places in the agent's body.
    #[serde(rename = "llm.dropped", skip_serializing_if = "<[String]>::is_empty")]
    pub dropped: &'a [String],
    /// Whether the call might go to a provider.
    #[serde(rename = "llm.decision")]
    pub decision: Decision,
    /// Why: what chose the pool, or the code of the refusal.
    #[serde(rename = "llm.reason")]
    pub reason: String,
    /// What policies said: `allow` or `deny`; absent without policies, or where they were not asked.
    #[serde(rename = "llm.policy", skip_serializing_if = "Option::is_none")]
    pub policy: Option<&'static str>,
    /// `audit` where what they say does not count yet.
    #[serde(rename = "llm.policy.mode", skip_serializing_if = "Option::is_none")]
    pub policy_mode: Option<&'static str>,
    /// The policies that determined it.
    #[serde(rename = "llm.policies", skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<&'a PolicyId>,
    /// How the call ended.
    #[serde(rename = "llm.outcome")]
    pub outcome: CallOutcome,
    /// The HTTP status that the agent got.
    #[serde(rename = "llm.status", skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Tokens of the input, cached ones included, as the provider counted them.
    #[serde(rename = "llm.tokens.input", skip_serializing_if = "Option::is_none")]
    pub tokens_input: Option<Tokens>,
    /// Tokens of the output, reasoning included.
    #[serde(rename = "llm.tokens.output", skip_serializing_if = "Option::is_none")]
    pub tokens_output: Option<Tokens>,
    /// Both together.
    #[serde(rename = "llm.tokens.total", skip_serializing_if = "Option::is_none")]
    pub tokens_total: Option<Tokens>,
    /// `estimated` if the provider did not say what was used, because the answer broke off.
    #[serde(rename = "llm.usage", skip_serializing_if = "Option::is_none")]
    pub usage: Option<&'static str>,
    /// Input that came from the provider's cache.
    #[serde(rename = "llm.tokens.cached", skip_serializing_if = "Option::is_none")]
    pub tokens_cached: Option<Tokens>,
    /// Input that went into the provider's cache.
    #[serde(rename = "llm.tokens.cache_write", skip_serializing_if = "Option::is_none")]
    pub tokens_cache_write: Option<Tokens>,
    /// Of that, what is kept there for an hour.
    #[serde(
        rename = "llm.tokens.cache_write_hour",
        skip_serializing_if = "Option::is_none"
    )]
    pub tokens_cache_write_hour: Option<Tokens>,
    /// Output that was thought and not said.
    #[serde(rename = "llm.tokens.reasoning", skip_serializing_if = "Option::is_none")]
    pub tokens_reasoning: Option<Tokens>,
    /// What the broker expected the input to have as the model counts that answered.
    #[serde(rename = "llm.tokens.estimated", skip_serializing_if = "Option::is_none")]
    pub tokens_estimated: Option<Tokens>,
    /// The output to which a budget that clamps bounded the call.
    #[serde(rename = "llm.tokens.clamped", skip_serializing_if = "Option::is_none")]
    pub tokens_clamped: Option<Tokens>,
    /// What became of the conversation in a pool that keeps conversations on the account with their cache: `new`,
    /// `kept`, `moved`.
    #[serde(rename = "llm.affinity", skip_serializing_if = "Option::is_none")]
    pub affinity: Option<&'static str>,
    /// The account that a moved conversation left.
    #[serde(rename = "llm.affinity.from", skip_serializing_if = "Option::is_none")]
    pub affinity_from: Option<&'a ProviderName>,
    /// The tokens in that account's cache that had to be read anew.
    #[serde(rename = "llm.affinity.lost_tokens", skip_serializing_if = "Option::is_none")]
    pub affinity_lost: Option<Tokens>,
    /// The broker's own estimate of the input, which conditions on `context.tokens` look at.
    #[serde(rename = "llm.context.tokens", skip_serializing_if = "Option::is_none")]
    pub context_tokens: Option<Tokens>,
    /// Dollars of all attempts, as far as usage and price are known.
    #[serde(rename = "llm.cost.usd", skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// Of these, the dollars of attempts whose answer the agent did not get.
    #[serde(rename = "llm.cost.failed_usd", skip_serializing_if = "Option::is_none")]
    pub failed_usd: Option<f64>,
    /// Dollars that a cascade saved against asking its last rung alone; below zero if it cost more.
    #[serde(rename = "llm.cost.saved_usd", skip_serializing_if = "Option::is_none")]
    pub saved_usd: Option<f64>,
    /// What the call did to each budget that applies to its caller.
    #[serde(rename = "llm.budgets", skip_serializing_if = "Vec::is_empty")]
    pub budgets: Vec<Statement>,
    /// Why the rate limit service did not count the call, which it should have.
    #[serde(rename = "llm.rate_limit_service", skip_serializing_if = "Option::is_none")]
    pub rate_limit_service: Option<&'static str>,
    /// Milliseconds to the first byte of the answer's body.
    #[serde(rename = "llm.ttft_ms", skip_serializing_if = "Option::is_none")]
    pub ttft_ms: Option<Millis>,
    /// Milliseconds from the first byte of the request to the end.
    #[serde(rename = "llm.duration_ms")]
    pub duration_ms: Millis,
    /// Why the answer ended: `stop`, `length`, `tool_calls`, `content_filter`, or a provider's own word.
    #[serde(rename = "llm.finish_reason", skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<&'a str>,
    /// What went wrong: the code of the refusal, or how the answer broke off.
    #[serde(rename = "llm.error", skip_serializing_if = "Option::is_none")]
    pub error: Option<&'a str>,
}

impl Record<'_> {
    /// Fills in what the provider says was used; parts that are zero are absent.
    pub fn set_usage(&mut self, usage: &Usage) {
        let part = |tokens: Tokens| (tokens.0 > 0).then_some(tokens);
        self.tokens_input = Some(usage.input);
        self.tokens_output = Some(usage.output);
        self.tokens_total = Some(usage.total());
        self.tokens_cached = part(usage.cache_read);
        self.tokens_cache_write = part(usage.cache_write);
        self.tokens_cache_write_hour = part(usage.cache_write_hour);
        self.tokens_reasoning = part(usage.reasoning);
    }

    /// The record as one line of JSON, without a line break.
    #[must_use]
    pub fn to_line(&self) -> Vec<u8> {
        let mut line = Vec::with_capacity(1024);
        // A record has no key or value that JSON could not hold.
        if serde_json::to_writer(&mut line, self).is_err() {
            line.clear();
        }
        line
    }
}

//! The configuration as everything downstream reads it: immutable, complete, every name looked up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::criteria::Criterion;
use crate::acceptance::Acceptance;
use crate::alert::Webhook;
use crate::budget::{Allowance, Budget, Carried, Counter};
use crate::fleet::Service;
use crate::health::CircuitBreaker;
use crate::identity::Sources;
use crate::ids::{
    AgentName, ConfigVersion, LogicalModelName, PoolName, ProviderName, RuleName, TenantName,
    UpstreamModelName, WorkspaceName,
};
use crate::ledger::{Price, Prices, RateLimits};
use crate::policy::{Mode, Policies};
use crate::provider::Capabilities;
use crate::routing::{MemberIdentity, RetryLimits, Strategy};
use crate::units::{Millis, Tokens};

/// A valid configuration.
#[derive(Debug)]
pub struct Snapshot {
    /// A short hash of the document.
    pub version: ConfigVersion,
    /// The provider accounts.
    pub providers: Vec<Arc<Provider>>,
    /// The pools, in the document's order.
    pub pools: Vec<Arc<Pool>>,
    /// The logical models, by name.
    pub models: BTreeMap<LogicalModelName, Arc<LogicalModel>>,
    /// The rules, highest priority first, then in the document's order.
    pub rules: Vec<Rule>,
    /// The agents, by name.
    pub agents: BTreeMap<AgentName, Arc<Agent>>,
    /// The workspaces, by name.
    pub workspaces: BTreeMap<WorkspaceName, Arc<Workspace>>,
    /// By what agents are known.
    pub identity: Sources,
    /// The budgets of agents, workspaces and tenants.
    pub budgets: Vec<Arc<Budget>>,
    /// Who is told of thresholds that budgets cross.
    pub webhook: Option<Webhook>,
    /// What was spent before this Envoy started.
    pub carried: Vec<Carried>,
    /// Who counts the budgets that a fleet of Envoys shares.
    pub rate_limit_service: Option<Arc<Service>>,
    /// Who may call what; `None`: everybody everything.
    pub policies: Option<Arc<Policies>>,
    /// What a denial of theirs leads to.
    pub policy_mode: Mode,
    /// What models cost.
    pub prices: Prices,
    /// Every model name that an agent may ask for, if something takes it: the logical models and the names in
    /// conditions on `request.model`.
    pub offered_models: BTreeSet<String>,
    /// The names of the providers' own models, which are known names too: a rule without a condition on the
    /// model may take them.
    pub upstream_models: BTreeSet<String>,
}

impl Snapshot {
    /// Whether anything of the configuration has this name for a model: agents may ask for others in vain only.
    #[must_use]
    pub fn knows_model(&self, name: &str) -> bool {
        self.models.contains_key(name)
            || self.offered_models.contains(name)
            || self.upstream_models.contains(name)
    }

    /// The agent of a call with the budgets of its end user, where there are such. `given`: who the call says that is.
    #[must_use]
    pub fn with_end_user(&self, agent: Arc<Agent>, given: Option<&str>) -> Arc<Agent> {
        let of_user = Allowance::of_end_user(&self.budgets, &agent, given);
        if of_user.is_empty() {
            return agent;
        }
        let mut agent = Agent::clone(&agent);
        agent.allowances.extend(of_user);
        Arc::new(agent)
    }

    /// The longest time that an account is given to its first byte: what the rendered route allows an attempt.
    #[must_use]
    pub fn longest_first_byte(&self) -> Millis {
        self.providers
            .iter()
            .map(|provider| provider.timeouts.first_byte)
            .max()
            .unwrap_or_default()
    }
}

/// A provider account, the Envoy cluster of the same name.
#[derive(Debug)]
pub struct Provider {
    /// Its name.
    pub name: ProviderName,
    /// What it speaks.
    pub kind: ProviderKind,
    /// Where it is.
    pub region: Option<String>,
    /// How long it may take.
    pub timeouts: Timeouts,
    /// When its models are left alone after failures.
    pub circuit_breaker: CircuitBreaker,
    /// What it may be asked for within a minute.
    pub limits: RateLimits,
    /// What may be spent at it, in dollars.
    pub budget: Option<Counter>,
}

/// What a provider account speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProviderKind {
    /// OpenAI's API.
    OpenAi,
    /// Anthropic's API.
    Anthropic,
    /// A server with OpenAI's API: vLLM, Ollama, llama.cpp and their like.
    OpenAiCompatible,
    /// OpenAI's models in Microsoft's cloud.
    AzureOpenAi,
    /// Mistral's API.
    Mistral,
    /// Cohere's API.
    Cohere,
    /// A server of this make with OpenAI's API: `openai-compatible` with a `dialect`.
    SelfHosted(Server),
    /// AWS Bedrock's runtime.
    Bedrock,
    /// Google's Gemini API.
    Gemini,
    /// Google's Vertex AI: Gemini, and Anthropic's Claude.
    Vertex,
}

/// A make of server with OpenAI's API and ways of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "names of products")]
pub enum Server {
    Vllm,
    Ollama,
    LlamaCpp,
    Tgi,
}

impl Server {
    /// All makes.
    pub const ALL: &'static [Self] = &[Self::Vllm, Self::Ollama, Self::LlamaCpp, Self::Tgi];

    /// The make as the document spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vllm => "vllm",
            Self::Ollama => "ollama",
            Self::LlamaCpp => "llama.cpp",
            Self::Tgi => "tgi",
        }
    }
}

impl ProviderKind {
    /// All kinds as the document names them.
    pub const ALL: &'static [Self] = &[
        Self::OpenAi,
        Self::Anthropic,
        Self::OpenAiCompatible,
        Self::Bedrock,
        Self::AzureOpenAi,
        Self::Mistral,
        Self::Cohere,
        Self::Gemini,
        Self::Vertex,
    ];

    /// The kind as the document spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::OpenAiCompatible | Self::SelfHosted(_) => "openai-compatible",
            Self::AzureOpenAi => "azure-openai",
            Self::Mistral => "mistral",
            Self::Cohere => "cohere",
            Self::Bedrock => "bedrock",
            Self::Gemini => "gemini",
            Self::Vertex => "vertex",
        }
    }
}

/// How long a provider account may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Until the connection stands.
    pub connect: Millis,
    /// From the request's end to the first byte of the answer.
    pub first_byte: Millis,
    /// Between two bytes of the answer.
    pub idle: Millis,
}

impl Default for Timeouts {
    /// Models that think answer late, above all where they do not stream.
    fn default() -> Self {
        Self {
            connect: Millis(5_000),
            first_byte: Millis(300_000),
            idle: Millis(300_000),
        }
    }
}

/// A pool of provider accounts, or the targets of one logical model.
#[derive(Debug)]
pub struct Pool {
    /// Its name; the logical model's name for a model's own targets.
    pub name: PoolName,
    /// How its members are ordered.
    pub strategy: Strategy,
    /// What an answer must be for a cascade to stop at it.
    pub acceptance: Option<Acceptance>,
    /// Whether conversations stay on the account that holds their beginning in its cache.
    pub has_affinity: bool,
    /// How many attempts after the first it may make in all.
    pub retry_budget: RetryLimits,
    /// Attempts after the first, within the same call.
    pub failover: u32,
    /// Its members, in the document's order.
    pub members: Vec<Member>,
    /// The calls that come here without a rule; empty: none.
    pub match_when: Vec<Criterion>,
}

/// A member of a pool.
#[derive(Debug)]
pub struct Member {
    /// The account.
    pub provider: Arc<Provider>,
    /// What the provider calls the model.
    pub model: UpstreamModelName,
    /// Its share of first choices among the members of one priority.
    pub weight: u32,
    /// Lower ones are tried first.
    pub priority: u32,
    /// What the model can do.
    pub capabilities: Capabilities,
    /// The tokens of its context; `None` where that is not known.
    pub context: Option<Tokens>,
    /// What the model costs, where that is known.
    pub price: Option<Price>,
    /// What tells it from other members, the same on every Envoy.
    pub identity: MemberIdentity,
}

/// What agents ask for.
#[derive(Debug)]
pub struct LogicalModel {
    /// Its name.
    pub name: LogicalModelName,
    /// Who serves it.
    pub pool: Arc<Pool>,
    /// What agents may ask of it; `None` where nothing is declared.
    pub capabilities: Option<Capabilities>,
    /// What applies where the agent said nothing.
    pub defaults: Defaults,
}

/// Parameters of a logical model that apply where the agent said nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Defaults {
    /// The sampling temperature.
    pub temperature: Option<f64>,
    /// The nucleus sampling bound.
    pub top_p: Option<f64>,
    /// The most tokens of an answer.
    pub max_tokens: Option<u64>,
    /// The stop sequences.
    pub stop: Vec<String>,
}

/// The defaults of a name that is no logical model.
pub static NO_DEFAULTS: Defaults = Defaults {
    temperature: None,
    top_p: None,
    max_tokens: None,
    stop: Vec::new(),
};

/// Sends the calls that match to a pool.
#[derive(Debug)]
pub struct Rule {
    /// Its own name, or its place such as `rules[2]`.
    pub name: RuleName,
    /// Higher ones are looked at first.
    pub priority: i64,
    /// All of them must hold; empty: every call.
    pub criteria: Vec<Criterion>,
    /// Where the call goes.
    pub pool: Arc<Pool>,
}

/// A workspace.
#[derive(Debug)]
pub struct Workspace {
    /// Its name.
    pub name: WorkspaceName,
    /// The tenant it belongs to.
    pub tenant: Option<TenantName>,
    /// The regions that its calls may go to, its tenant's bounds included; `None`: anywhere.
    pub regions: Option<Vec<String>>,
}

/// An agent.
#[derive(Clone, Debug)]
pub struct Agent {
    /// Its name.
    pub name: AgentName,
    /// The workspace it belongs to.
    pub workspace: Option<Arc<Workspace>>,
    /// What the operator says about it.
    pub attributes: BTreeMap<String, String>,
    /// The budgets that apply to it.
    pub allowances: Vec<Allowance>,
}

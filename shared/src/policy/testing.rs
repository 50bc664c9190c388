//! A small company that the tests of policies are about.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{
    Action, Call, Compiled, Context, KnownNames, Policies, PolicyMistake, Principal, Scope, Source, Target,
    Verdict, compile,
};
use crate::config::{Provider, ProviderKind, Timeouts};
use crate::provider::Capabilities;
use crate::units::{Timestamp, Tokens};

/// 21 November 2026, a Saturday, 16:30 UTC.
pub const NOW: Timestamp = Timestamp(1_795_278_600_000_000_000);

pub fn names() -> KnownNames<'static> {
    KnownNames {
        tenants: ["acme", "globex"].into(),
        workspaces: ["support", "research", "abroad"].into(),
        agents: ["support-bot", "research-bot", "abroad-bot", "lone-bot"].into(),
        models: ["primary-llm", "gpt-5-mini"].into(),
        pools: ["standard-tier", "reasoning-tier"].into(),
        providers: ["openai-us", "bedrock-eu", "local-vllm"].into(),
    }
}

/// Compiles one text of global scope.
pub fn compile_text(text: &str) -> Result<Compiled, Vec<PolicyMistake>> {
    compile_in(&Scope::Global, text)
}

pub fn compile_in(scope: &Scope, text: &str) -> Result<Compiled, Vec<PolicyMistake>> {
    let source = Source {
        origin: "policies",
        scope,
        text,
    };
    compile(&[source], &names())
}

pub fn policies(text: &str) -> Policies {
    Policies::new(compiled(text).program).unwrap()
}

pub fn compiled(text: &str) -> Compiled {
    compile_text(text).unwrap_or_else(|mistakes| panic!("{}", shown(&mistakes).join("\n")))
}

pub fn shown(mistakes: &[PolicyMistake]) -> Vec<String> {
    mistakes.iter().map(ToString::to_string).collect()
}

/// Who calls, owning what a principal borrows.
#[derive(Clone, Debug)]
pub struct Caller {
    pub agent: &'static str,
    pub workspace: Option<&'static str>,
    pub tenant: Option<&'static str>,
    pub attributes: BTreeMap<String, String>,
}

pub fn caller(agent: &'static str) -> Caller {
    let (workspace, tenant) = match agent {
        "support-bot" => (Some("support"), Some("acme")),
        "research-bot" => (Some("research"), Some("acme")),
        "abroad-bot" => (Some("abroad"), Some("globex")),
        _ => (None, None),
    };
    Caller {
        agent,
        workspace,
        tenant,
        attributes: BTreeMap::new(),
    }
}

impl Caller {
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.attributes.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn principal(&self) -> Principal<'_> {
        Principal {
            agent: self.agent,
            workspace: self.workspace,
            tenant: self.tenant,
            attributes: &self.attributes,
        }
    }
}

pub fn provider(name: &'static str) -> Arc<Provider> {
    let (kind, region) = match name {
        "openai-us" => (ProviderKind::OpenAi, Some("us")),
        "bedrock-eu" => (ProviderKind::Anthropic, Some("eu")),
        _ => (ProviderKind::OpenAiCompatible, None),
    };
    Arc::new(Provider {
        name: name.into(),
        kind,
        region: region.map(str::to_owned),
        timeouts: Timeouts::default(),
        circuit_breaker: crate::health::CircuitBreaker::default(),
        limits: crate::ledger::RateLimits::default(),
        budget: None,
    })
}

/// A member of the standard tier.
pub fn target(provider: &Provider) -> Target<'_> {
    Target {
        logical_model: "primary-llm",
        pool: "standard-tier",
        provider,
        model: "gpt-5-mini",
        capabilities: Capabilities::ALL,
    }
}

pub fn context() -> Context<'static> {
    Context {
        estimated_tokens: Tokens(1_000),
        now: NOW,
        ..Context::default()
    }
}

/// Decides a call of one agent to one account of the standard tier.
pub fn decide(
    policies: &Policies,
    agent: &'static str,
    account: &'static str,
    context: &Context<'_>,
) -> Verdict {
    let caller = caller(agent);
    let provider = provider(account);
    policies.decide(&Call {
        principal: &caller.principal(),
        action: Action::Invoke,
        target: &target(&provider),
        context,
    })
}

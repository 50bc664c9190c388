//! What policies may look at: who calls, what is asked for, and what is known of the call. `schema.cedarschema` has the
//! same in Cedar's words.

use std::collections::BTreeMap;

use super::expression::ContextAttribute;
use super::program::{Action, EntityType};
use super::value::Value;
use crate::config::{Agent, Member, Pool, Provider};
use crate::provider::{Capabilities, Capability};
use crate::routing::Facts;
use crate::units::{MicroUsd, Timestamp, Tokens};

/// Who calls.
#[derive(Clone, Copy, Debug)]
pub struct Principal<'a> {
    /// The agent's name.
    pub agent: &'a str,
    /// Its workspace.
    pub workspace: Option<&'a str>,
    /// Its workspace's tenant.
    pub tenant: Option<&'a str>,
    /// What the operator says about it.
    pub attributes: &'a BTreeMap<String, String>,
}

impl<'a> From<&'a Agent> for Principal<'a> {
    fn from(agent: &'a Agent) -> Self {
        let workspace = agent.workspace.as_deref();
        Self {
            agent: agent.name.as_str(),
            workspace: workspace.map(|workspace| workspace.name.as_str()),
            tenant: workspace.and_then(|workspace| Some(workspace.tenant.as_ref()?.as_str())),
            attributes: &agent.attributes,
        }
    }
}

impl<'a> Principal<'a> {
    /// The agent and what it is in.
    pub fn lineage(&self) -> impl Iterator<Item = (EntityType, &'a str)> + use<'a> {
        [
            (EntityType::Agent, Some(self.agent)),
            (EntityType::Workspace, self.workspace),
            (EntityType::Tenant, self.tenant),
        ]
        .into_iter()
        .filter_map(|(entity_type, name)| Some((entity_type, name?)))
    }

    pub(super) fn attribute(&self, name: &str) -> Option<Value<'a>> {
        Some(Value::Text(match name {
            "name" => self.agent,
            "workspace" => self.workspace.unwrap_or_default(),
            "tenant" => self.tenant.unwrap_or_default(),
            _ => return None,
        }))
    }
}

/// An account and model that could serve a call.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The name that the agent asks for.
    pub logical_model: &'a str,
    /// The pool.
    pub pool: &'a str,
    /// The account.
    pub provider: &'a Provider,
    /// What the provider calls the model.
    pub model: &'a str,
    /// What the model can do.
    pub capabilities: Capabilities,
}

impl<'a> Target<'a> {
    /// A member of a pool, as it serves the model that an agent asks for.
    #[must_use]
    pub fn new(asked: &'a str, pool: &'a Pool, member: &'a Member) -> Self {
        Self {
            logical_model: asked,
            pool: pool.name.as_str(),
            provider: &member.provider,
            model: member.model.as_str(),
            capabilities: member.capabilities,
        }
    }

    /// What the target is in. It has no name of its own: no policy can name it.
    #[must_use]
    pub fn lineage(&self) -> [(EntityType, &'a str); 3] {
        [
            (EntityType::Model, self.logical_model),
            (EntityType::Pool, self.pool),
            (EntityType::Provider, self.provider.name.as_str()),
        ]
    }

    pub(super) fn attribute(&self, name: &str) -> Option<Value<'a>> {
        Some(match name {
            "model" => Value::Text(self.model),
            "logical_model" => Value::Text(self.logical_model),
            "pool" => Value::Text(self.pool),
            "provider" => Value::Entity(EntityType::Provider, self.provider.name.as_str()),
            "capabilities" => Value::Set(self.capabilities.iter().map(Value::from).collect()),
            _ => return None,
        })
    }

    pub(super) fn provider_attribute(&self, name: &str) -> Option<Value<'a>> {
        Some(Value::Text(match name {
            "name" => self.provider.name.as_str(),
            "kind" => self.provider.kind.as_str(),
            "region" => self.provider.region.as_deref().unwrap_or_default(),
            _ => return None,
        }))
    }
}

impl From<Capability> for Value<'_> {
    fn from(capability: Capability) -> Self {
        Self::Text(capability.as_str())
    }
}

/// What is known of a call. Text is empty where nothing is said.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// The agent's attribute.
    pub classification: &'a str,
    /// What the call is a step of.
    pub step: &'a str,
    /// What it is for.
    pub purpose: &'a str,
    /// Its tier.
    pub tier: &'a str,
    /// The agent's attribute.
    pub region: &'a str,
    /// The estimated tokens of the input.
    pub estimated_tokens: Tokens,
    /// What it needs of the model.
    pub needs: Capabilities,
    /// The time.
    pub now: Timestamp,
    /// What is left of the tightest budget that applies.
    pub budget_left: Option<MicroUsd>,
}

impl<'a> Context<'a> {
    /// What the facts of a call say.
    #[must_use]
    pub fn of(facts: Facts<'a>, now: Timestamp, budget_left: Option<MicroUsd>) -> Self {
        let granted = |name: &str| facts.agent.attributes.get(name).map_or("", String::as_str);
        Self {
            classification: granted("classification"),
            step: facts.stated.step.unwrap_or_default(),
            purpose: facts.stated.purpose.unwrap_or_default(),
            tier: facts.stated.tier.unwrap_or_default(),
            region: granted("region"),
            estimated_tokens: facts.input,
            needs: facts.needs,
            now,
            budget_left,
        }
    }

    pub(super) fn attribute(&self, attribute: ContextAttribute) -> Option<Value<'a>> {
        let millis = i64::try_from(self.now.0 / 1_000_000).unwrap_or(i64::MAX);
        let minutes = millis / 60_000;
        Some(match attribute {
            ContextAttribute::Classification => Value::Text(self.classification),
            ContextAttribute::Step => Value::Text(self.step),
            ContextAttribute::Purpose => Value::Text(self.purpose),
            ContextAttribute::Tier => Value::Text(self.tier),
            ContextAttribute::Region => Value::Text(self.region),
            ContextAttribute::EstimatedTokens => Value::long(self.estimated_tokens.0),
            ContextAttribute::Stream => Value::Bool(self.needs.has(Capability::Streaming)),
            ContextAttribute::Tools => Value::Bool(self.needs.has(Capability::Tools)),
            ContextAttribute::Images => Value::Bool(self.needs.has(Capability::Vision)),
            ContextAttribute::Json => Value::Bool(self.needs.has(Capability::Json)),
            ContextAttribute::Now => Value::Datetime(millis),
            ContextAttribute::Hour => Value::Long(minutes / 60 % 24),
            ContextAttribute::Minute => Value::Long(minutes % 60),
            ContextAttribute::Weekday => Value::Text(weekday(minutes / (24 * 60))),
            ContextAttribute::BudgetLeftUsd => Value::long(self.budget_left?.0 / 1_000_000),
        })
    }
}

/// The day of the week so many days after 1 January 1970, a Thursday.
fn weekday(days: i64) -> &'static str {
    match days % 7 {
        0 => "thu",
        1 => "fri",
        2 => "sat",
        3 => "sun",
        4 => "mon",
        5 => "tue",
        _ => "wed",
    }
}

/// A call of one target, as policies are evaluated for it.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Who calls.
    pub principal: &'a Principal<'a>,
    /// What it does.
    pub action: Action,
    /// What is asked for.
    pub target: &'a Target<'a>,
    /// What is known of the call.
    pub context: &'a Context<'a>,
}

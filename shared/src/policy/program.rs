//! Policies as they are evaluated: what is left of Cedar's text once it was parsed, validated and lowered.
//!
//! This is also how the rendered configuration carries them to the filter, so that neither the parser nor the
//! validator is part of the module.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::expression::Expr;
use crate::ids::{TenantName, WorkspaceName};

/// The version of the entity model in `schema.cedarschema`. It grows with every change that an evaluator of the version
/// before would get wrong.
pub const SCHEMA_VERSION: u32 = 1;

/// All policies of a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// The version of the entity model they were validated against.
    pub schema: u32,
    /// The policies, in the order of their sources.
    pub policies: Vec<Policy>,
}

/// What names a policy in records and explanations: its `@id`, or its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PolicyId(Arc<str>);

impl PolicyId {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for PolicyId {
    fn from(text: &str) -> Self {
        Self(Arc::from(text))
    }
}

impl fmt::Display for PolicyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// One policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Its name.
    pub id: PolicyId,
    /// What it does where it is satisfied.
    pub effect: Effect,
    /// Whose calls it is about, whatever its text says.
    #[serde(default, skip_serializing_if = "Scope::is_global")]
    pub scope: Scope,
    /// The principals of its head; `None`: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<Constraint>,
    /// The actions of its head.
    pub actions: ActionSet,
    /// The resources of its head; `None`: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<Constraint>,
    /// Its conditions: `when` and `unless` as one conjunction.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Expr>,
}

/// What a policy does where it is satisfied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It lets the call pass if no policy forbids it.
    Permit,
    /// It keeps the call back.
    Forbid,
}

/// Whose calls a policy is about: nobody outside is touched by it, whatever its text says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Everybody's.
    #[default]
    Global,
    /// Those of a tenant's agents.
    Tenant(#[serde(with = "super::names")] TenantName),
    /// Those of a workspace's agents.
    Workspace(#[serde(with = "super::names")] WorkspaceName),
}

impl Scope {
    fn is_global(&self) -> bool {
        *self == Self::Global
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Global => formatter.write_str("global"),
            Self::Tenant(name) => write!(formatter, "tenant {name}"),
            Self::Workspace(name) => write!(formatter, "workspace {name}"),
        }
    }
}

/// What the head of a policy says of its principal or its resource: `in` an entity, which includes being it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constraint {
    /// The entity's type.
    #[serde(rename = "type")]
    pub entity_type: EntityType,
    /// The entity's name.
    pub name: Arc<str>,
    /// Whether being below it is not enough.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exactly: bool,
}

/// The types of the entity model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EntityType {
    /// A tenant.
    Tenant,
    /// A workspace.
    Workspace,
    /// An agent.
    Agent,
    /// The name that an agent asks for.
    Model,
    /// A pool.
    Pool,
    /// A provider account.
    Provider,
    /// An account and model that could serve the call.
    Target,
    /// What is done.
    Action,
}

impl EntityType {
    /// All types.
    pub const ALL: [Self; 8] = [
        Self::Tenant,
        Self::Workspace,
        Self::Agent,
        Self::Model,
        Self::Pool,
        Self::Provider,
        Self::Target,
        Self::Action,
    ];

    /// The type as policies spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "Tenant",
            Self::Workspace => "Workspace",
            Self::Agent => "Agent",
            Self::Model => "Model",
            Self::Pool => "Pool",
            Self::Provider => "Provider",
            Self::Target => "Target",
            Self::Action => "Action",
        }
    }
}

/// What an agent does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Calls a model.
    Invoke,
    /// Sees a model in the list of models.
    List,
}

impl Action {
    /// All actions.
    pub const ALL: [Self; 2] = [Self::Invoke, Self::List];

    /// The group that all actions are in.
    pub const GROUP: &str = "use";

    /// The action as policies spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invoke => "invoke",
            Self::List => "list",
        }
    }
}

/// A set of actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionSet {
    /// Whether calls are in it.
    pub invoke: bool,
    /// Whether lists are in it.
    pub list: bool,
}

impl ActionSet {
    /// Whether an action is in the set.
    #[must_use]
    pub fn has(self, action: Action) -> bool {
        match action {
            Action::Invoke => self.invoke,
            Action::List => self.list,
        }
    }
}

//! Whether the names in policies are names of the configuration.

use std::collections::BTreeSet;

use cedar_policy::EntityUid;

use crate::config::nearest;
use crate::policy::program::{Action, EntityType};

/// The names that the configuration gives to things.
#[derive(Clone, Debug, Default)]
pub struct KnownNames<'a> {
    /// The tenants.
    pub tenants: BTreeSet<&'a str>,
    /// The workspaces.
    pub workspaces: BTreeSet<&'a str>,
    /// The agents.
    pub agents: BTreeSet<&'a str>,
    /// What agents may ask for.
    pub models: BTreeSet<&'a str>,
    /// The pools, those of models' own targets included.
    pub pools: BTreeSet<&'a str>,
    /// The provider accounts.
    pub providers: BTreeSet<&'a str>,
}

impl KnownNames<'_> {
    /// What is wrong with an entity's name, and the nearest right one.
    pub(super) fn check(&self, entity: &EntityUid) -> Option<(String, Option<String>)> {
        let spelled = entity.type_name().to_string();
        let entity_type = EntityType::ALL
            .into_iter()
            .find(|entity_type| entity_type.as_str() == spelled)?;
        let (known, kind) = match entity_type {
            EntityType::Tenant => (&self.tenants, "tenant"),
            EntityType::Workspace => (&self.workspaces, "workspace"),
            EntityType::Agent => (&self.agents, "agent"),
            EntityType::Model => (&self.models, "model"),
            EntityType::Pool => (&self.pools, "pool"),
            EntityType::Provider => (&self.providers, "provider"),
            // The validator knows the actions.
            EntityType::Target | EntityType::Action => return None,
        };
        let name: &str = entity.id().as_ref();
        if known.contains(name) {
            return None;
        }
        let problem = format!("no {kind} has the name of `{entity}`, so that it matches nothing");
        Some((problem, nearest(name, known.iter().copied())))
    }
}

/// The actions that a name stands for.
pub(super) fn actions(name: &str) -> impl Iterator<Item = Action> {
    Action::ALL
        .into_iter()
        .filter(move |action| name == Action::GROUP || name == action.as_str())
}

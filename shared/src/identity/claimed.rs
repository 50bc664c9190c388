//! What a certificate or a JWT says of its holder, before it is held against the configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Identified, IdentityError, Source};
use crate::budget::Allowance;
use crate::config::{Agent, Snapshot, Workspace};
use crate::ids::{AgentName, TenantName};

/// A verified claim to be an agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Claimed {
    pub agent: String,
    pub workspace: Option<String>,
    pub tenant: Option<String>,
    pub attributes: BTreeMap<String, String>,
}

impl Claimed {
    /// The agent that is meant. One of the configuration must be where the claim says, and keeps its own attributes.
    /// Another is taken into a workspace of the configuration, which bounds it, with the attributes of the claim.
    pub fn resolve(self, source: Source, snapshot: &Snapshot) -> Result<Identified, IdentityError> {
        if let Some(agent) = snapshot.agents.get(self.agent.as_str()) {
            self.check(agent.workspace.as_deref())?;
            return Ok(Identified {
                agent: agent.clone(),
                source,
                is_configured: true,
            });
        }
        let workspace = self
            .workspace
            .as_deref()
            .and_then(|name| snapshot.workspaces.get(name))
            .ok_or(IdentityError::UnknownAgent)?;
        self.check(Some(workspace))?;
        let name = AgentName::from(self.agent.as_str());
        let agent = Agent {
            allowances: Allowance::of(&snapshot.budgets, &name, Some(workspace)),
            name,
            workspace: Some(workspace.clone()),
            attributes: self.attributes,
        };
        Ok(Identified {
            agent: Arc::new(agent),
            source,
            is_configured: false,
        })
    }

    /// Whether workspace and tenant are those that were named, where they were.
    fn check(&self, workspace: Option<&Workspace>) -> Result<(), IdentityError> {
        let name = workspace.map(|workspace| workspace.name.as_str());
        let tenant = workspace.and_then(|workspace| workspace.tenant.as_ref());
        let agrees = |claimed: &Option<String>, actual: Option<&str>| {
            claimed.is_none() || claimed.as_deref() == actual
        };
        if agrees(&self.workspace, name) && agrees(&self.tenant, tenant.map(TenantName::as_str)) {
            Ok(())
        } else {
            Err(IdentityError::OtherWorkspace)
        }
    }
}

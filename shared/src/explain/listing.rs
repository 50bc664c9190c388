//! Whether a model is on the list that an agent is shown, and why.

use super::policies::{self, PolicyReport};
use crate::broker::offer;
use crate::config::{Agent, Snapshot};
use crate::headers::Headers;
use crate::ids::{ProviderName, UpstreamModelName};
use crate::policy::Action;
use crate::routing::{self, Facts, allows_region};
use crate::units::Timestamp;

/// Whether a model is on the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Whether it is.
    pub is_listed: bool,
    /// Every member of the pool that would take the smallest call for it.
    pub members: Vec<ListedMember>,
}

/// A member that could make a model be on the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedMember {
    /// The account.
    pub provider: ProviderName,
    /// The model.
    pub model: UpstreamModelName,
    /// Whether it is where the agent's calls may go.
    pub is_in_region: bool,
    /// What policies say of it; `None` without policies.
    pub policy: Option<PolicyReport>,
}

/// Whether a model is on the list that an agent is shown who asks with these headers.
#[must_use]
pub fn list(
    snapshot: &Snapshot,
    (agent, headers): (&Agent, &Headers),
    model: &str,
    now: Timestamp,
    conditions: &[Vec<String>],
) -> Listing {
    let facts = Facts::of_model(agent, headers, model);
    let Ok(resolution) = routing::resolve(snapshot, facts) else {
        return Listing {
            is_listed: false,
            members: Vec::new(),
        };
    };
    let pool = &resolution.pool;
    let listed = |member| ListedMember {
        is_in_region: allows_region(agent, member),
        provider: member.provider.name.clone(),
        model: member.model.clone(),
        policy: policies::report(snapshot, (facts, Action::List), now, (pool, member), conditions),
    };
    Listing {
        is_listed: offer::models(snapshot, agent, headers, now).any(|offered| offered == model),
        members: pool.members.iter().map(listed).collect(),
    }
}

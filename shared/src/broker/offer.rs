//! The models that an agent is shown: those that it could call.

use crate::config::{Agent, Snapshot};
use crate::headers::Headers;
use crate::policy::{Action, Context, Deciding, Principal, Target};
use crate::routing::{self, Facts, allows_region};
use crate::units::Timestamp;

/// The names of the models of which some account may answer this agent: by rules, regions and policies.
pub(crate) fn models<'a>(
    snapshot: &'a Snapshot,
    agent: &'a Agent,
    headers: &'a Headers,
    now: Timestamp,
) -> impl Iterator<Item = &'a str> {
    let names = snapshot.offered_models.iter().map(String::as_str);
    names.filter(move |model| is_offered(snapshot, Facts::of_model(agent, headers, model), now))
}

fn is_offered(snapshot: &Snapshot, facts: Facts<'_>, now: Timestamp) -> bool {
    let Ok(resolution) = routing::resolve(snapshot, facts) else {
        return false;
    };
    let pool = &resolution.pool;
    let mut members = pool
        .members
        .iter()
        .filter(|member| allows_region(facts.agent, member));
    let Some(policies) = snapshot
        .policies
        .as_deref()
        .filter(|_| snapshot.policy_mode.is_enforced())
    else {
        return members.next().is_some();
    };
    let (principal, context) = (Principal::from(facts.agent), Context::of(facts, now, None));
    let mut deciding = Deciding::new(policies, &principal, Action::List, &context);
    members.any(|member| {
        deciding
            .decide(&Target::new(facts.model, pool, member))
            .is_allowed()
    })
}

//! What policies say of a member, and what would have to change.

use serde::Serialize;

use crate::config::{Member, Pool, Snapshot};
use crate::policy::{Action, Call, Context, Decision, DenialCause, Effect, PolicyId, Principal, Target};
use crate::routing::Facts;
use crate::units::Timestamp;

/// The decision of one member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PolicyReport {
    /// Whether the agent may call it.
    pub is_allowed: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<DenialCause>,
    /// The policies that determined it.
    pub policies: Vec<PolicyId>,
    /// The policies that would decide otherwise if one more thing held: permits where it is denied, forbids where it is
    /// allowed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub one_condition_away: Vec<NearMissReport>,
}

/// A policy that is one condition away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NearMissReport {
    /// The policy.
    pub policy: PolicyId,
    /// What it does.
    pub effect: Effect,
    /// What would have to hold, in Cedar's words.
    pub unmet: String,
}

/// What the policies of a configuration say of a member; `None` without policies. `conditions`: their conditions in
/// Cedar's words.
pub(super) fn report(
    snapshot: &Snapshot,
    (facts, action): (Facts<'_>, Action),
    now: Timestamp,
    (pool, member): (&Pool, &Member),
    conditions: &[Vec<String>],
) -> Option<PolicyReport> {
    let policies = snapshot.policies.as_deref()?;
    let call = Call {
        principal: &Principal::from(facts.agent),
        action,
        target: &Target::new(facts.model, pool, member),
        context: &Context::of(facts, now, None),
    };
    let explanation = policies.explain(&call, conditions);
    let near_misses = explanation.near_misses.into_iter();
    Some(PolicyReport {
        is_allowed: explanation.verdict.is_allowed(),
        cause: match explanation.verdict.decision {
            Decision::Allow => None,
            Decision::Deny(denial) => Some(denial.into()),
        },
        policies: explanation.verdict.determining,
        one_condition_away: near_misses
            .map(|miss| NearMissReport {
                policy: miss.policy,
                effect: miss.effect,
                unmet: miss.unmet,
            })
            .collect(),
    })
}

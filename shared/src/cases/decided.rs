//! What is decided of a case.

use std::fmt;

use super::{Case, Deed};
use crate::config::Snapshot;
use crate::endpoint::Endpoint;
use crate::explain::{self, Explanation, Listing, MemberReport, Place, PolicyReport, Question};
use crate::policy::PolicyId;
use crate::routing::ExclusionReason;
use crate::units::Timestamp;

/// What was decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided {
    /// The decision.
    pub decision: Decision,
    /// Every member of the pool.
    pub members: Vec<DecidedMember>,
}

/// A decision of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may go to a provider; a model is on the list.
    Allow,
    /// Policies keep it back.
    Deny,
    /// Something else does: the code of the refusal.
    Refused(String),
}

/// What becomes of a member.
#[derive(Clone, Debug, PartialEq)]
pub struct DecidedMember {
    /// The account and the model, as `provider/model`.
    pub name: String,
    /// What becomes of it.
    pub standing: Standing,
    /// What policies say; `None` without policies.
    pub policy: Option<PolicyReport>,
}

/// What becomes of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may be asked.
    Allowed,
    /// Policies keep the call from it.
    Denied,
    /// Something else does, in the words of records.
    LeftOut(&'static str),
}

impl Decision {
    /// The decision of a refusal with this code.
    pub(super) fn of_code(code: &str) -> Self {
        match code {
            POLICY_DENIED => Self::Deny,
            code => Self::Refused(code.to_owned()),
        }
    }
}

/// The code of a call that policies keep back.
const POLICY_DENIED: &str = "policy_denied";

impl fmt::Display for Decision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow => formatter.write_str("allow"),
            Self::Deny => formatter.write_str("deny"),
            Self::Refused(code) => write!(formatter, "deny, but not by policies: {code}"),
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allowed => formatter.write_str("allow"),
            Self::Denied => formatter.write_str("deny"),
            Self::LeftOut(reason) => write!(formatter, "left out: {reason}"),
        }
    }
}

impl Case {
    /// Decides the case. `now`: when it is made if it does not say; `conditions`: those of each policy in Cedar's words.
    #[must_use]
    pub fn decide(&self, snapshot: &Snapshot, now: Timestamp, conditions: &[Vec<String>]) -> Decided {
        let now = self.at.unwrap_or(now);
        match &self.deed {
            Deed::List { model } => Decided::from(explain::list(
                snapshot,
                (&self.agent, &self.headers),
                model,
                now,
                conditions,
            )),
            Deed::Invoke { format, body, input } => {
                let question = Question {
                    agent: &self.agent,
                    format: *format,
                    endpoint: Endpoint::Answer,
                    headers: &self.headers,
                    body,
                    input: *input,
                    random: 0,
                    now,
                    conditions,
                };
                match explain::explain(snapshot, question) {
                    Ok(explanation) => Decided::from(explanation),
                    Err(refusal) => Decided {
                        decision: Decision::of_code(refusal.code()),
                        members: Vec::new(),
                    },
                }
            }
        }
    }
}

impl Decided {
    /// The policies that determined the decision: of the members that may be asked, or if there is none of those that
    /// policies keep the call from; each once.
    #[must_use]
    pub fn determining(&self) -> Vec<&PolicyId> {
        let wanted = match self.decision {
            Decision::Allow => Standing::Allowed,
            Decision::Deny | Decision::Refused(_) => Standing::Denied,
        };
        let members = self.members.iter().filter(|member| member.standing == wanted);
        let mut policies = Vec::new();
        for policy in members.flat_map(DecidedMember::policies) {
            if !policies.contains(&policy) {
                policies.push(policy);
            }
        }
        policies
    }
}

impl DecidedMember {
    /// The policies that determined what becomes of it.
    pub fn policies(&self) -> impl Iterator<Item = &PolicyId> {
        self.policy.iter().flat_map(|report| &report.policies)
    }
}

impl From<Explanation> for Decided {
    fn from(explanation: Explanation) -> Self {
        Self {
            decision: explanation
                .refusal
                .map_or(Decision::Allow, |refusal| Decision::of_code(refusal.code)),
            members: explanation.members.into_iter().map(DecidedMember::from).collect(),
        }
    }
}

impl From<MemberReport> for DecidedMember {
    fn from(member: MemberReport) -> Self {
        Self {
            name: name(&member.provider, &member.model),
            standing: match &member.place {
                Place::Excluded {
                    excluded: ExclusionReason::Denied { .. },
                } => Standing::Denied,
                Place::Excluded { excluded } => Standing::LeftOut(excluded.as_str()),
                Place::Attempt { .. } | Place::BeyondFailover => Standing::Allowed,
            },
            policy: member.policy,
        }
    }
}

impl From<Listing> for Decided {
    fn from(listing: Listing) -> Self {
        let members: Vec<DecidedMember> = listing
            .members
            .into_iter()
            .map(|member| DecidedMember {
                name: name(&member.provider, &member.model),
                standing: match &member.policy {
                    Some(report) if !report.is_allowed => Standing::Denied,
                    _ if !member.is_in_region => Standing::LeftOut(ExclusionReason::Region.as_str()),
                    _ => Standing::Allowed,
                },
                policy: member.policy,
            })
            .collect();
        let is_denied = members.iter().any(|member| member.standing == Standing::Denied);
        Self {
            decision: match (listing.is_listed, members.is_empty()) {
                (true, _) => Decision::Allow,
                (false, true) => Decision::Refused("model_not_found".to_owned()),
                (false, false) if is_denied => Decision::Deny,
                (false, false) => Decision::Refused("region_not_allowed".to_owned()),
            },
            members,
        }
    }
}

/// A member as cases name it.
pub(super) fn name(provider: &impl fmt::Display, model: &impl fmt::Display) -> String {
    format!("{provider}/{model}")
}

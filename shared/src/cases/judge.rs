//! Whether a decision is the one that was expected.

use super::{Decided, Decision, Expectation, Standing};
use crate::policy::PolicyId;

/// What is otherwise than expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The decision.
    #[error("expected {expected}, decided {decided}")]
    Decision {
        /// What was expected.
        expected: Decision,
        /// What was decided.
        decided: Decision,
    },
    /// A policy is not among those that determined it.
    #[error("policy `{0}` does not determine it")]
    Policy(PolicyId),
    /// What becomes of a member.
    #[error("expected {member}: {expected}, decided {decided}")]
    Member {
        /// The member.
        member: String,
        /// What was expected of it.
        expected: Standing,
        /// What becomes of it.
        decided: Standing,
    },
    /// A member is not one of the pool that takes the call.
    #[error("{0} is no member of the pool that takes the call")]
    NoMember(String),
}

impl Expectation {
    /// Everything about a decision that is otherwise than expected.
    #[must_use]
    pub fn failures(&self, decided: &Decided) -> Vec<Failure> {
        let decision = (self.decision != decided.decision).then(|| Failure::Decision {
            expected: self.decision.clone(),
            decided: decided.decision.clone(),
        });
        let determining = decided.determining();
        let policies = self.policies.iter().filter(|id| !determining.contains(id));
        let members = self.members.iter().filter_map(|(name, expected)| {
            let mut members = decided.members.iter();
            match members.find(|member| member.name == *name) {
                None => Some(Failure::NoMember(name.clone())),
                Some(member) if member.standing == *expected => None,
                Some(member) => Some(Failure::Member {
                    member: name.clone(),
                    expected: *expected,
                    decided: member.standing,
                }),
            }
        });
        decision
            .into_iter()
            .chain(policies.cloned().map(Failure::Policy))
            .chain(members)
            .collect()
    }
}

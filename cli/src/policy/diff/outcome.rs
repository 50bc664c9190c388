//! What becomes of a member under one of the configurations.

use serde_json::{Value, json};
use shared::policy::{Mode, PolicyId};
use shared::replay::MemberReplay;
use shared::routing::ExclusionReason;

/// What becomes of a member.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It may be asked; permitted by these, none where there are no policies.
    Allowed(Vec<PolicyId>),
    /// It may be asked only because policies do not count yet.
    Audited(Vec<PolicyId>),
    /// Policies keep the call from it.
    Denied(Vec<PolicyId>),
    /// It cannot serve the call, or is not where the call may go.
    LeftOut(&'static str),
    /// It is out of the question.
    Absent(Absence),
}

/// Why a member is out of the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Absence {
    /// Another pool takes the call, or this one has no such member.
    NotInPool,
    /// Nothing takes the call.
    UnknownModel,
    /// The caller is not known.
    UnknownAgent,
}

impl Outcome {
    pub fn of(member: &MemberReplay, mode: Mode) -> Self {
        let policies = || {
            let verdict = member.verdict.as_ref();
            verdict.map_or_else(Vec::new, |verdict| verdict.determining.clone())
        };
        let is_denied = member
            .verdict
            .as_ref()
            .is_some_and(|verdict| !verdict.is_allowed());
        match &member.exclusion {
            Some(ExclusionReason::Denied { policies, .. }) => Self::Denied(policies.clone()),
            Some(reason) => Self::LeftOut(reason.as_str()),
            None if is_denied && mode == Mode::Audit => Self::Audited(policies()),
            None => Self::Allowed(policies()),
        }
    }

    /// Whether the member may be asked.
    pub fn is_served(&self) -> bool {
        matches!(self, Self::Allowed(_) | Self::Audited(_))
    }

    /// Whether this is another decision: one names more than what led to it.
    pub fn differs(&self, other: &Self) -> bool {
        let is_audited = |outcome: &Self| matches!(outcome, Self::Audited(_));
        self.is_served() != other.is_served() || is_audited(self) != is_audited(other)
    }

    /// The outcome for people.
    pub fn text(&self) -> String {
        match self {
            Self::Allowed(policies) if policies.is_empty() => "allow".to_owned(),
            Self::Allowed(policies) => format!("allow by {}", names(policies)),
            Self::Audited(policies) if policies.is_empty() => "allow; audit: no policy permits it".to_owned(),
            Self::Audited(policies) => format!("allow; audit: deny by {}", names(policies)),
            Self::Denied(policies) if policies.is_empty() => "deny: no policy permits it".to_owned(),
            Self::Denied(policies) => format!("deny by {}", names(policies)),
            Self::LeftOut(reason) => format!("left out: {reason}"),
            Self::Absent(absence) => absence.text().to_owned(),
        }
    }

    /// The outcome for programs.
    pub fn json(&self) -> Value {
        match self {
            Self::Allowed(policies) => json!({"decision": "allow", "policies": policies}),
            Self::Audited(policies) => json!({"decision": "allow", "audit": "deny", "policies": policies}),
            Self::Denied(policies) => json!({"decision": "deny", "policies": policies}),
            Self::LeftOut(reason) => json!({"decision": "deny", "reason": reason}),
            Self::Absent(absence) => json!({"decision": "deny", "reason": absence.name()}),
        }
    }
}

impl Absence {
    fn text(self) -> &'static str {
        match self {
            Self::NotInPool => "not in the pool",
            Self::UnknownModel => "no such model",
            Self::UnknownAgent => "no such agent",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::NotInPool => "not_in_pool",
            Self::UnknownModel => "model_not_found",
            Self::UnknownAgent => "unknown_agent",
        }
    }
}

fn names(policies: &[PolicyId]) -> String {
    let names: Vec<_> = policies.iter().map(PolicyId::as_str).collect();
    names.join(", ")
}

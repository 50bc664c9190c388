//! Decides a call of one target: default deny, one `forbid` outweighs every `permit`, and a policy that has no value
//! denies.

use super::evaluate::{EvaluationError, all_hold};
use super::expression::{ContextAttribute, Expr};
use super::facts::{Call, Principal, Target};
use super::index::Index;
use super::program::{Constraint, Effect, EntityType, Policy, PolicyId, Program, SCHEMA_VERSION, Scope};
use crate::limits::{MAX_NAMED_POLICIES, MAX_POLICIES, MAX_POLICY_DEPTH};

/// All policies of a configuration, ready to decide.
#[derive(Debug)]
pub struct Policies {
    all: Vec<Policy>,
    /// Of each policy, whether its conditions look at the target.
    look_at_target: Vec<bool>,
    index: Index,
}

/// Why a program is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProgramError {
    /// It was made by another version of the broker.
    #[error(
        "the policies were rendered for version {0} of the entity model, this is version {SCHEMA_VERSION}: render them anew"
    )]
    Version(u32),
    /// There are too many policies.
    #[error("there are {0} policies; at most {MAX_POLICIES} are taken")]
    TooMany(usize),
    /// A condition is nested too deeply.
    #[error("policy `{0}` is nested too deeply; at most {MAX_POLICY_DEPTH} levels are taken")]
    TooDeep(PolicyId),
}

/// What was decided of one target, and by which policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What was decided.
    pub decision: Decision,
    /// The policies that determined it: those that permit, those that forbid, or those that have no value. The first
    /// [`MAX_NAMED_POLICIES`] of them.
    pub determining: Vec<PolicyId>,
    /// How many more did.
    pub others: usize,
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A policy permits it and none forbids it.
    Allow,
    /// Something keeps it back.
    Deny(Denial),
}

/// Why a call is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// No policy permits it.
    NotPermitted,
    /// A policy forbids it.
    Forbidden,
    /// A policy has no value, for this reason.
    Failed(EvaluationError),
}

impl Verdict {
    /// Whether the call may pass.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.decision == Decision::Allow
    }
}

impl Policies {
    /// Takes the policies of a configuration.
    pub fn new(program: Program) -> Result<Self, ProgramError> {
        let Program { schema, policies } = program;
        if schema != SCHEMA_VERSION {
            return Err(ProgramError::Version(schema));
        }
        if policies.len() > MAX_POLICIES {
            return Err(ProgramError::TooMany(policies.len()));
        }
        let too_deep = policies.iter().find(|policy| {
            let mut conditions = policy.conditions.iter();
            conditions.any(|condition| condition.depth() > MAX_POLICY_DEPTH)
        });
        if let Some(policy) = too_deep {
            return Err(ProgramError::TooDeep(policy.id.clone()));
        }
        let look_at_target = policies
            .iter()
            .map(|policy| policy.conditions.iter().any(Expr::looks_at_target));
        Ok(Self {
            look_at_target: look_at_target.collect(),
            index: Index::of(&policies),
            all: policies,
        })
    }

    /// The policies, in the order of their sources.
    #[must_use]
    pub fn all(&self) -> &[Policy] {
        &self.all
    }

    /// Whether any of them looks at an attribute of the context.
    #[must_use]
    pub fn looks_at(&self, attribute: ContextAttribute) -> bool {
        let mut conditions = self.all.iter().flat_map(|policy| &policy.conditions);
        conditions.any(|condition| condition.looks_at(attribute))
    }

    /// Decides a call of one target.
    #[must_use]
    pub fn decide(&self, call: &Call<'_>) -> Verdict {
        decide(self.candidates(call), |_, policy| policy.is_satisfied(call))
    }

    /// Whether the conditions of the policy of this number look at the target.
    pub(super) fn looks_at_target(&self, number: usize) -> bool {
        self.look_at_target.get(number).copied().unwrap_or(true)
    }

    /// The policies whose heads may match, with their numbers.
    pub(super) fn candidates(&self, call: &Call<'_>) -> impl Iterator<Item = (usize, &Policy)> + use<'_> {
        let numbers = self.index.candidates(call.principal, call.target).into_iter();
        numbers.filter_map(|number| {
            let number = usize::try_from(number).ok()?;
            Some((number, self.all.get(number)?))
        })
    }
}

/// Decides by these policies, given which are satisfied.
pub(super) fn decide<'p>(
    policies: impl Iterator<Item = (usize, &'p Policy)>,
    mut is_satisfied: impl FnMut(usize, &Policy) -> Result<bool, EvaluationError>,
) -> Verdict {
    let mut permits = Named::default();
    let mut forbids = Named::default();
    let mut failed = Named::default();
    let mut error = None;
    for (number, policy) in policies {
        match (is_satisfied(number, policy), policy.effect) {
            (Ok(false), _) => {}
            (Ok(true), Effect::Permit) => permits.add(&policy.id),
            (Ok(true), Effect::Forbid) => forbids.add(&policy.id),
            (Err(cause), _) => {
                failed.add(&policy.id);
                error.get_or_insert(cause);
            }
        }
    }
    let (decision, Named { ids, others }) = if !forbids.ids.is_empty() {
        (Decision::Deny(Denial::Forbidden), forbids)
    } else if let Some(error) = error {
        (Decision::Deny(Denial::Failed(error)), failed)
    } else if permits.ids.is_empty() {
        (Decision::Deny(Denial::NotPermitted), permits)
    } else {
        (Decision::Allow, permits)
    };
    Verdict {
        decision,
        determining: ids,
        others,
    }
}

/// Policies that a verdict names, as many as a record takes.
#[derive(Default)]
struct Named {
    ids: Vec<PolicyId>,
    others: usize,
}

impl Named {
    fn add(&mut self, id: &PolicyId) {
        if self.ids.len() < MAX_NAMED_POLICIES {
            self.ids.push(id.clone());
        } else {
            self.others += 1;
        }
    }
}

impl Policy {
    /// Whether the call is within the policy's scope and head, and all conditions hold.
    pub(super) fn is_satisfied(&self, call: &Call<'_>) -> Result<bool, EvaluationError> {
        if !self.is_about_target(call) {
            return Ok(false);
        }
        self.is_satisfied_but_for_target(call)
    }

    /// Whether the target is within the policy's head.
    pub(super) fn is_about_target(&self, call: &Call<'_>) -> bool {
        self.resource.as_ref().is_none_or(|of| of.has_target(call.target))
    }

    /// Whether the call is within the policy's scope and the rest of its head, and all conditions hold.
    pub(super) fn is_satisfied_but_for_target(&self, call: &Call<'_>) -> Result<bool, EvaluationError> {
        let principal = call.principal;
        let is_about = self.actions.has(call.action)
            && self.scope.has(principal)
            && self
                .principal
                .as_ref()
                .is_none_or(|of| of.has_principal(principal));
        Ok(is_about && all_hold(&self.conditions, call)?)
    }
}

impl Scope {
    /// Whether an agent is in the scope.
    pub(super) fn has(&self, principal: &Principal<'_>) -> bool {
        match self {
            Self::Global => true,
            Self::Tenant(name) => principal.tenant == Some(name.as_str()),
            Self::Workspace(name) => principal.workspace == Some(name.as_str()),
        }
    }
}

impl Constraint {
    pub(super) fn has_principal(&self, principal: &Principal<'_>) -> bool {
        let mut lineage = principal.lineage();
        lineage.any(|entity| self.names(entity, EntityType::Agent))
    }

    /// A target is only ever in something: it has no name that a policy could say.
    pub(super) fn has_target(&self, target: &Target<'_>) -> bool {
        let mut lineage = target.lineage().into_iter();
        lineage.any(|entity| self.names(entity, EntityType::Target))
    }

    fn names(&self, (entity_type, name): (EntityType, &str), itself: EntityType) -> bool {
        self.entity_type == entity_type && *self.name == *name && (!self.exactly || entity_type == itself)
    }
}

//! What policies said of the targets of a call.

use super::decide::{Decision, Denial, Verdict};
use super::deciding::Deciding;
use super::facts::Target;
use super::program::PolicyId;
use crate::config::Pool;
use crate::limits::MAX_NAMED_POLICIES;
use crate::routing::{ExclusionReason, Placed};

/// What a denial leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// The call is kept back.
    #[default]
    Enforce,
    /// The call passes, and the record says what would have become of it.
    Audit,
}

impl Mode {
    /// All modes.
    pub const ALL: [Self; 2] = [Self::Enforce, Self::Audit];

    /// Whether a denial keeps the call back.
    #[must_use]
    pub fn is_enforced(self) -> bool {
        self == Self::Enforce
    }

    /// The mode as the document spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Audit => "audit",
        }
    }
}

/// What was said of the members of a pool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdicts {
    /// What a denial leads to.
    pub mode: Mode,
    of: Vec<(usize, Verdict)>,
}

impl Verdicts {
    /// Nothing was said yet.
    #[must_use]
    pub fn new(mode: Mode) -> Self {
        Self { mode, of: Vec::new() }
    }

    /// Whether a member may serve a call for the model of this name.
    pub fn check(
        &mut self,
        deciding: &mut Deciding<'_>,
        asked: &str,
        pool: &Pool,
        (place, member): Placed<'_>,
    ) -> Result<(), ExclusionReason> {
        let known = self.of.iter().position(|(known, _)| *known == place);
        let index = known.unwrap_or_else(|| {
            self.of
                .push((place, deciding.decide(&Target::new(asked, pool, member))));
            self.of.len() - 1
        });
        match self.of.get(index).map(|(_, verdict)| verdict) {
            Some(verdict) if self.mode.is_enforced() => match verdict.decision {
                Decision::Allow => Ok(()),
                Decision::Deny(denial) => Err(ExclusionReason::Denied {
                    cause: denial.into(),
                    policies: verdict.determining.clone(),
                }),
            },
            _ => Ok(()),
        }
    }

    /// What was said of a member.
    #[must_use]
    pub fn of(&self, place: usize) -> Option<&Verdict> {
        let mut verdicts = self.of.iter();
        verdicts
            .find(|(known, _)| *known == place)
            .map(|(_, verdict)| verdict)
    }

    /// The policies that determined that no member may, each once.
    #[must_use]
    pub fn denying(&self) -> Vec<&PolicyId> {
        let mut policies = Vec::new();
        let denied = self.of.iter().filter(|(_, verdict)| !verdict.is_allowed());
        for policy in denied.flat_map(|(_, verdict)| &verdict.determining) {
            if !policies.contains(&policy) && policies.len() < MAX_NAMED_POLICIES {
                policies.push(policy);
            }
        }
        policies
    }
}

/// Why policies keep a member from a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DenialCause {
    /// No policy permits it.
    NotPermitted,
    /// A policy forbids it.
    Forbidden,
    /// A policy has no value for it.
    Failed,
}

impl From<Denial> for DenialCause {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::NotPermitted => Self::NotPermitted,
            Denial::Forbidden => Self::Forbidden,
            Denial::Failed(_) => Self::Failed,
        }
    }
}

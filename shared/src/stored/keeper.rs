//! Which members of a pool can be asked about a response that is kept: those of the account that keeps it.

use super::Tag;
use crate::config::{Agent, Member};
use crate::request::Request;
use crate::routing::{Exclusion, ExclusionReason};

/// Who keeps the response that a call names.
#[derive(Debug)]
pub struct Keeper {
    /// `None` if the id says nothing, or belongs to another workspace.
    tag: Option<Tag>,
    is_found: bool,
    has_others: bool,
}

impl Keeper {
    /// Of the response that a call of `agent` names; `None` if it names none.
    #[must_use]
    pub fn of(request: &Request, agent: &Agent) -> Option<Self> {
        let named = request.keeping.named.as_ref()?;
        let tag = named.read().map(|(tag, _)| tag);
        Some(Self {
            tag: tag.filter(|tag| tag.belongs_to(agent)),
            is_found: false,
            has_others: false,
        })
    }

    /// Whether a member can be asked. Whoever keeps no responses has reasons of its own for which it cannot.
    pub fn check(&mut self, member: &Member) -> Result<(), ExclusionReason> {
        if !member.provider.kind.keeps_responses() {
            return Ok(());
        }
        if self.tag.is_some_and(|tag| tag.is_of(&member.provider.name)) {
            self.is_found = true;
            return Ok(());
        }
        self.has_others = true;
        Err(ExclusionReason::KeptElsewhere)
    }

    /// Whether one of those that were checked is of the account.
    #[must_use]
    pub fn is_found(&self) -> bool {
        self.is_found
    }

    /// Whether the account is none of those that were checked, though others of its kind are.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        !self.is_found && self.has_others
    }

    /// Why the account's own members were left out, if it has some here.
    #[must_use]
    pub fn own(&self, excluded: &[Exclusion]) -> Option<Vec<Exclusion>> {
        let tag = self.tag.filter(|_| self.is_found)?;
        let own = excluded.iter().filter(|exclusion| tag.is_of(&exclusion.provider));
        Some(own.cloned().collect())
    }
}

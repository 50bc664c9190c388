//! What a call asks of whoever serves it, whatever the length of its input: where that may be and what it must be able to do.

use super::ExclusionReason;
use super::eligibility::{allows, regions};
use crate::config::{Agent, LogicalModel, Member};
use crate::provider::Capabilities;

/// What a call asks of a member, but for room for its input.
#[derive(Clone, Copy, Debug)]
pub struct Requirements<'a> {
    /// Where it may go; `None`: anywhere.
    regions: Option<&'a [String]>,
    /// What agents may ask of the logical model.
    declared: Capabilities,
    needs: Capabilities,
}

impl<'a> Requirements<'a> {
    /// What a call of `agent` asks.
    #[must_use]
    pub fn of(agent: &'a Agent, model: Option<&LogicalModel>, needs: Capabilities) -> Self {
        Self {
            regions: regions(agent),
            declared: model
                .and_then(|model| model.capabilities)
                .unwrap_or(Capabilities::ALL),
            needs,
        }
    }

    /// Whether a member meets them.
    pub fn check(&self, member: &Member) -> Result<(), ExclusionReason> {
        if !allows(self.regions, member) {
            return Err(ExclusionReason::Region);
        }
        let missing = self
            .declared
            .first_missing(self.needs)
            .or_else(|| member.capabilities.first_missing(self.needs));
        missing.map_or(Ok(()), |missing| Err(missing.into()))
    }
}

//! The question whether the fleet has enough left for a call, which takes it at once; and what the service says.

use super::account::{Account, Division, LIMIT};
use super::message::{self, Counted, Descriptor};
use super::pending::{Change, Pending};
use super::service::Service;
use super::trouble::Trouble;
use crate::ids::BudgetName;
use crate::ledger::Ceiling;
use crate::units::Timestamp;

/// What a call needs of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The account.
    pub account: Account,
    /// In what it is counted.
    pub division: Division,
    /// How many units.
    pub needed: u64,
    /// What is added to an amount before it is divided, so that on the average nothing is rounded.
    offset: u64,
}

impl Share {
    /// What a call that needs an amount needs of a counter. `random` decides where an amount is no whole unit.
    #[must_use]
    pub fn of(
        budget: &BudgetName,
        key: &str,
        ceiling: &Ceiling,
        amount: u64,
        random: u64,
        now: Timestamp,
    ) -> Self {
        let division = Division::of(ceiling, now);
        let mut share = Self {
            account: Account::of(budget, key, &division),
            division,
            needed: 0,
            offset: random.checked_rem(division.scale).unwrap_or_default(),
        };
        share.needed = share.units(amount);
        share
    }

    /// What is to be told of a call that is over. `reserved`: whether the service counted what it needed.
    #[must_use]
    pub fn change(&self, used: u64, reserved: bool) -> Change {
        let used = self.units(used);
        let taken = if reserved { self.needed } else { 0 };
        Change {
            account: self.account.clone(),
            taken: used.saturating_sub(taken),
            returned: taken.saturating_sub(used),
        }
    }

    fn units(&self, amount: u64) -> u64 {
        let units = amount
            .saturating_add(self.offset)
            .checked_div(self.division.scale);
        // A single call never takes more than a service can count to.
        units.unwrap_or_default().min(LIMIT)
    }

    fn amount(&self, units: u64) -> u64 {
        units.saturating_mul(self.division.scale)
    }
}

/// A question about all accounts of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    shares: Vec<Share>,
    /// Whether what is needed is taken with it.
    takes: bool,
    /// What goes along: one for each account of which there is something to tell.
    carried: Vec<Option<Change>>,
}

/// What the service said of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What the fleet had left for this call, in tokens or millionths of a dollar.
    pub left: u64,
    /// Whether that is enough.
    pub is_enough: bool,
}

/// What the service said of all accounts, in their order.
pub type Verdict = Vec<Asked>;

impl Ask {
    /// A question that takes what is needed, or one that only looks.
    #[must_use]
    pub fn new(shares: Vec<Share>, takes: bool) -> Self {
        Self {
            shares,
            takes,
            carried: Vec::new(),
        }
    }

    /// Whether it takes what is needed.
    #[must_use]
    pub fn takes(&self) -> bool {
        self.takes
    }

    /// What is asked for.
    #[must_use]
    pub fn shares(&self) -> &[Share] {
        &self.shares
    }

    /// What was asked for.
    #[must_use]
    pub fn into_shares(self) -> Vec<Share> {
        self.shares
    }

    /// The message to the service, with what there is to tell of the same accounts.
    pub fn message(&mut self, service: &Service, pending: &Pending) -> Vec<u8> {
        self.carried = self
            .shares
            .iter()
            .map(|share| pending.take(&share.account))
            .collect();
        let names: Vec<_> = self
            .shares
            .iter()
            .zip(&self.carried)
            .flat_map(|(share, carried)| {
                let (taken, returned) = carried
                    .as_ref()
                    .map_or((0, 0), |change| (change.taken, change.returned));
                let needed = if self.takes { share.needed } else { 0 };
                let account = &share.account;
                let budget = account.budget.as_str();
                // First what was returned: between the two others can only take.
                [
                    (budget, account.returned(), returned),
                    (budget, account.taken(), taken.saturating_add(needed)),
                ]
            })
            .collect();
        let descriptors = names.iter().map(|(budget, account, hits)| Descriptor {
            budget,
            account,
            hits: *hits,
        });
        message::request(&service.domain, descriptors)
    }

    /// What went along, where nobody can say whether it was counted.
    pub fn take_carried(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.carried).into_iter().flatten().collect()
    }

    /// What the service's answer says.
    pub fn read(&self, answer: &[u8]) -> Result<Verdict, Trouble> {
        let counted = message::read_response(answer).map_err(|_| Trouble::Unreadable)?;
        if counted.len() != self.shares.len().saturating_mul(2) {
            return Err(Trouble::Unreadable);
        }
        let pairs = counted.chunks_exact(2);
        let carried = self.carried.iter().chain(std::iter::repeat(&None));
        let verdicts = self.shares.iter().zip(carried).zip(pairs);
        verdicts
            .map(|((share, carried), pair)| {
                let [returned, taken] = pair else {
                    return Err(Trouble::Unreadable);
                };
                let told = carried.as_ref();
                self.verdict(share, told, count(share, *returned)?, count(share, *taken)?)
            })
            .collect()
    }

    fn verdict(
        &self,
        share: &Share,
        told: Option<&Change>,
        returned: u64,
        taken: u64,
    ) -> Result<Asked, Trouble> {
        let added = if self.takes { share.needed } else { 0 };
        let (told_taken, told_returned) = told.map_or((0, 0), |change| (change.taken, change.returned));
        let is_counted =
            taken >= added.saturating_add(told_taken).min(LIMIT) && returned >= told_returned.min(LIMIT);
        if !is_counted {
            // It did not add what each descriptor says, but something of its own.
            return Err(Trouble::Unreadable);
        }
        if taken >= LIMIT || returned >= LIMIT {
            // It cannot count any further. What is not known is spent.
            return Ok(Asked {
                left: 0,
                is_enough: false,
            });
        }
        let held = taken.saturating_sub(added).saturating_sub(returned);
        let left = share.division.most.saturating_sub(held);
        Ok(Asked {
            left: share.amount(left),
            is_enough: left > 0 && share.needed <= left,
        })
    }
}

/// What a counter is at.
fn count(share: &Share, counted: Counted) -> Result<u64, Trouble> {
    if counted.limit != LIMIT || counted.unit != share.division.unit.number() {
        return Err(Trouble::UnknownBudget);
    }
    Ok(LIMIT.saturating_sub(counted.left))
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

//! The question whether the fleet has enough left for a call, which takes it at once; and what the service says.

use super::account::{Account, Division, LIMIT, Owner};
use super::book::Sent;
use super::message::{self, Counted};
use super::pending::{Change, Pending};
use super::service::Service;
use super::trouble::Trouble;
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
    pub fn of(owner: &Owner, key: &str, ceiling: &Ceiling, amount: u64, random: u64, now: Timestamp) -> Self {
        let division = Division::of(ceiling, now);
        let mut share = Self {
            account: Account::of(owner, key, &division),
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
    /// What is on its way: one for each share.
    sent: Vec<Sent>,
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
            sent: Vec::new(),
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

    /// The message to the service, with what there is to tell of the same accounts. `random` names new books.
    pub fn message(&mut self, service: &Service, pending: &Pending, random: u64) -> Vec<u8> {
        let shares = self.shares.iter();
        let sent = shares.map(|share| {
            let takes = if self.takes { share.needed } else { 0 };
            pending.send(&share.account, takes, random)
        });
        self.sent = sent.collect();
        message::request_of(service, &self.sent)
    }

    /// What was on its way, where nobody can say whether it was counted.
    pub fn take_sent(&mut self) -> Vec<Sent> {
        std::mem::take(&mut self.sent)
    }

    /// What the service's answer says, which is noted as counted.
    pub fn read(&mut self, answer: &[u8], pending: &Pending) -> Result<Verdict, Trouble> {
        let counted = message::read_response(answer).map_err(|_| Trouble::Unreadable)?;
        if counted.len() != self.shares.len().saturating_mul(message::COUNTERS) {
            return Err(Trouble::Unreadable);
        }
        let of_shares = counted.chunks_exact(message::COUNTERS);
        let counts = self.shares.iter().zip(of_shares);
        let counts = counts
            .map(|(share, counters)| count(share, counters))
            .collect::<Result<Vec<_>, _>>()?;
        let all = self.shares.iter().zip(&self.sent).zip(&counts);
        let verdict = all
            .map(|((share, sent), counts)| verdict(share, sent, *counts))
            .collect::<Result<Vec<_>, _>>()?;
        for (sent, counts) in self.take_sent().into_iter().zip(counts) {
            pending.count(sent, counts.own_taken, counts.own_returned);
        }
        Ok(verdict)
    }
}

/// What the counters of an account are at.
#[derive(Clone, Copy, Debug)]
struct Counts {
    returned: u64,
    taken: u64,
    own_returned: u64,
    own_taken: u64,
}

fn count(share: &Share, counters: &[Counted]) -> Result<Counts, Trouble> {
    let at = |index: usize| {
        let counted = counters.get(index).ok_or(Trouble::Unreadable)?;
        if counted.unit != share.division.unit.number() {
            return Err(Trouble::UnknownBudget);
        }
        counted.count().ok_or(Trouble::UnknownBudget)
    };
    Ok(Counts {
        returned: at(0)?,
        taken: at(1)?,
        own_returned: at(2)?,
        own_taken: at(3)?,
    })
}

fn verdict(share: &Share, sent: &Sent, counts: Counts) -> Result<Asked, Trouble> {
    let Counts { returned, taken, .. } = counts;
    if taken < sent.taken().min(LIMIT) || returned < sent.returned.min(LIMIT) {
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
    let held = taken.saturating_sub(sent.takes).saturating_sub(returned);
    let left = share.division.most.saturating_sub(held);
    Ok(Asked {
        left: share.amount(left),
        is_enough: left > 0 && share.needed <= left,
    })
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

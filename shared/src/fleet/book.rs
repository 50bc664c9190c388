//! What a worker knows of its own messages about an account.
//!
//! Each message adds the same to two counters that are only this worker's as to those of the whole fleet. When one is
//! answered while no other is on its way, these say exactly what was counted of the worker's messages: more than was
//! answered, if some were counted although no answer came.

use super::account::Account;
use super::pending::Change;

/// A message about an account that is on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The account.
    pub account: Account,
    /// What is taken because calls that are over used it.
    pub told: u64,
    /// What is returned.
    pub returned: u64,
    /// What a call takes that asks.
    pub takes: u64,
    /// What tells this worker's counters of the account from those of others.
    pub book: String,
    /// Which message of the book it is.
    number: u64,
    /// Whether no other was on its way when it was sent.
    is_alone: bool,
}

impl Sent {
    /// All that it takes.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.told.saturating_add(self.takes)
    }
}

/// What a worker knows of its messages about an account.
#[derive(Debug)]
pub(super) struct Book {
    name: String,
    /// What was taken and returned by messages that are known to be counted.
    taken: u64,
    returned: u64,
    /// What messages were to return of which nobody knows whether they were counted.
    withheld: u64,
    /// Whether there were such messages since the own counters were last understood.
    is_in_doubt: bool,
    /// The messages so far, and how many are on their way.
    sent: u64,
    under_way: u32,
}

impl Book {
    pub fn new(random: u64, number: u64) -> Self {
        Self {
            name: format!("{random:016x}-{number}"),
            taken: 0,
            returned: 0,
            withheld: 0,
            is_in_doubt: false,
            sent: 0,
            under_way: 0,
        }
    }

    /// Whether a message stands in it.
    pub fn holds(&self, sent: &Sent) -> bool {
        self.name == sent.book
    }

    /// Whether something would be lost with it.
    pub fn is_needed(&self) -> bool {
        self.is_in_doubt || self.under_way > 0
    }

    /// Whether a message only to read the own counters would make something clear.
    pub fn is_to_be_read(&self) -> bool {
        self.is_in_doubt && self.under_way == 0
    }

    pub fn send(&mut self, account: &Account, told: u64, returned: u64, takes: u64) -> Sent {
        let is_alone = self.under_way == 0;
        self.sent = self.sent.wrapping_add(1);
        self.under_way = self.under_way.saturating_add(1);
        Sent {
            account: account.clone(),
            told,
            returned,
            takes,
            book: self.name.clone(),
            number: self.sent,
            is_alone,
        }
    }

    /// A message was counted, and the own counters are at this. Gives what is to be told to make up for messages of which
    /// it was not known.
    pub fn count(&mut self, sent: Sent, taken: u64, returned: u64) -> Option<Change> {
        self.under_way = self.under_way.saturating_sub(1);
        self.taken = self.taken.saturating_add(sent.taken());
        self.returned = self.returned.saturating_add(sent.returned);
        if !sent.is_alone || sent.number != self.sent {
            return None;
        }
        let (unknown_taken, unknown_returned) = (
            taken.saturating_sub(self.taken),
            returned.saturating_sub(self.returned),
        );
        self.taken = self.taken.saturating_add(unknown_taken);
        self.returned = self.returned.saturating_add(unknown_returned);
        self.is_in_doubt = false;
        let withheld = std::mem::take(&mut self.withheld);
        // What was taken without a call that knows of it is returned, with what is known now not to have been returned. More
        // than what was to be returned can only have been returned if it came twice, and is taken again.
        Some(Change {
            account: sent.account,
            taken: unknown_returned.saturating_sub(withheld),
            returned: unknown_taken.saturating_add(withheld.saturating_sub(unknown_returned)),
        })
    }

    /// Nobody can say whether a message was counted.
    pub fn lose(&mut self, sent: &Sent) {
        self.under_way = self.under_way.saturating_sub(1);
        self.withheld = self.withheld.saturating_add(sent.returned);
        self.is_in_doubt = true;
    }
}

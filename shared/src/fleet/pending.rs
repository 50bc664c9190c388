//! What a worker has yet to tell the service: what calls returned that are over, and what they used beyond what they took.
//! It goes along with the next question about the same account, and otherwise by itself, a few times a second.
//!
//! Of a message without an answer nobody knows whether the service counted it. So each worker has a [`Book`] of its own
//! beside every account, which says so later. Until then what was to be taken is taken again and what was to be returned
//! is not: the fleet may believe for a while to have spent more than it did, never less.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::account::Account;
use super::book::{Book, Sent};
use super::message::{self, Counted};
use super::service::Service;
use super::trouble::Trouble;
use crate::limits::{MAX_PENDING_ACCOUNTS, MAX_TOLD_ACCOUNTS, SERVICE_REST};
use crate::units::Timestamp;

/// A change of an account, in its units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The account.
    pub account: Account,
    /// What is taken.
    pub taken: u64,
    /// What is returned.
    pub returned: u64,
}

/// What one worker has yet to tell.
#[derive(Debug, Default)]
pub struct Pending {
    changes: RefCell<BTreeMap<Account, (u64, u64)>>,
    books: RefCell<BTreeMap<Account, Book>>,
    /// How many books there were, so that each has another name.
    opened: Cell<u64>,
    /// What is on its way by itself, while nothing came back.
    told: RefCell<Option<Vec<Sent>>>,
    /// Until when the service is left alone.
    rests_until: Cell<Timestamp>,
    /// Whether it did not answer when it was last spoken to.
    is_silent: Cell<bool>,
}

impl Pending {
    /// Adds what is to be told.
    pub fn add(&self, change: Change) {
        if change.taken == 0 && change.returned == 0 {
            return;
        }
        let mut changes = self.changes.borrow_mut();
        if changes.len() >= MAX_PENDING_ACCOUNTS && !changes.contains_key(&change.account) {
            return;
        }
        let (taken, returned) = changes.entry(change.account).or_default();
        *taken = taken.saturating_add(change.taken);
        *returned = returned.saturating_add(change.returned);
    }

    /// Notes that a message about an account goes out, with what there is to tell of it and what a call takes. `random`
    /// names a new book.
    pub fn send(&self, account: &Account, takes: u64, random: u64) -> Sent {
        let (told, returned) = self.changes.borrow_mut().remove(account).unwrap_or_default();
        let mut books = self.books.borrow_mut();
        if books.len() >= MAX_PENDING_ACCOUNTS && !books.contains_key(account) {
            // A book that is begun anew has another name, so that nothing that stands in the one before is in it.
            books.retain(|_, book| book.is_needed());
            if books.len() >= MAX_PENDING_ACCOUNTS {
                // Without a book that is kept, what becomes of this one message in vain is counted against the budget.
                return self.open(random).send(account, told, returned, takes);
            }
        }
        let book = books.entry(account.clone()).or_insert_with(|| self.open(random));
        book.send(account, told, returned, takes)
    }

    fn open(&self, random: u64) -> Book {
        let number = self.opened.get().wrapping_add(1);
        self.opened.set(number);
        Book::new(random, number)
    }

    /// Notes that the service counted a message, and what the worker's own counters are at then, of what was taken and what
    /// was returned.
    pub fn count(&self, sent: Sent, taken: u64, returned: u64) {
        let change = self
            .books
            .borrow_mut()
            .get_mut(&sent.account)
            .filter(|book| book.holds(&sent))
            .and_then(|book| book.count(sent, taken, returned));
        if let Some(change) = change {
            self.add(change);
        }
    }

    /// Notes that nobody can say whether these were counted.
    pub fn lose(&self, sent: Vec<Sent>, trouble: Trouble, now: Timestamp) {
        for sent in sent {
            if let Some(book) = self.books.borrow_mut().get_mut(&sent.account)
                && book.holds(&sent)
            {
                book.lose(&sent);
            }
            self.add(Change {
                taken: sent.told,
                returned: 0,
                account: sent.account,
            });
        }
        self.is_silent.set(trouble.is_lasting());
        if trouble.is_lasting() {
            self.rests_until.set(now.after(SERVICE_REST));
        }
    }

    /// Notes that the service answered.
    pub fn hear(&self) {
        self.is_silent.set(false);
        self.rests_until.set(Timestamp(0));
    }

    /// Whether calls go without the service for now: it is left alone, or a message that no call waits for is finding out
    /// whether it is back.
    #[must_use]
    pub fn is_without_service(&self, now: Timestamp) -> bool {
        self.is_resting(now) || self.is_silent.get() && self.told.borrow().is_some()
    }

    fn is_resting(&self, now: Timestamp) -> bool {
        let until = self.rests_until.get();
        // Further ahead the clock went back.
        now < until && until <= now.after(SERVICE_REST)
    }

    /// The message that tells the service of some changes and asks about what is in doubt; `None` if there is nothing,
    /// while another is on its way, and while the service is left alone.
    pub fn tell(&self, service: &Service, now: Timestamp) -> Option<Vec<u8>> {
        if self.told.borrow().is_some() || self.is_resting(now) {
            return None;
        }
        let accounts = self.accounts_to_tell_of();
        if accounts.is_empty() {
            return None;
        }
        let sent: Vec<_> = accounts
            .iter()
            // Books of these are open already, but for what was never asked about; the time tells workers apart as well.
            .map(|account| self.send(account, 0, now.0))
            .collect();
        let message = message::request_of(service, &sent);
        self.told.replace(Some(sent));
        Some(message)
    }

    fn accounts_to_tell_of(&self) -> Vec<Account> {
        let (changes, books) = (self.changes.borrow(), self.books.borrow());
        let in_doubt = books.iter().filter(|(_, book)| book.is_to_be_read());
        let in_doubt = in_doubt
            .map(|(account, _)| account)
            .filter(|account| !changes.contains_key(account));
        let accounts = changes.keys().chain(in_doubt);
        accounts.take(MAX_TOLD_ACCOUNTS).cloned().collect()
    }

    /// Notes what came of that: the answer, or the status of gRPC with which there is none.
    pub fn told(&self, answer: Result<&[u8], u32>, now: Timestamp) {
        let sent = self.told.borrow_mut().take().unwrap_or_default();
        let counted = answer.map_err(Trouble::of_status).and_then(|answer| {
            let counted = message::read_response(answer).map_err(|_| Trouble::Unreadable)?;
            own_counters(&counted, sent.len())
        });
        match counted {
            Ok(counted) => {
                self.hear();
                for (sent, (taken, returned)) in sent.into_iter().zip(counted) {
                    self.count(sent, taken, returned);
                }
            }
            Err(trouble) => self.lose(sent, trouble, now),
        }
    }
}

/// What a worker's own counters are at, of each account that a message was about.
fn own_counters(counted: &[Counted], accounts: usize) -> Result<Vec<(u64, u64)>, Trouble> {
    if counted.len() != accounts.saturating_mul(message::COUNTERS) {
        return Err(Trouble::Unreadable);
    }
    let of_accounts = counted.chunks_exact(message::COUNTERS);
    of_accounts
        .map(|counters| match counters {
            [_, _, returned, taken] => Ok((
                taken.count().ok_or(Trouble::UnknownBudget)?,
                returned.count().ok_or(Trouble::UnknownBudget)?,
            )),
            _ => Err(Trouble::Unreadable),
        })
        .collect()
}

#[cfg(test)]
mod tests;

//! What a worker has yet to tell the service: what calls returned that are over, and what they used beyond what they took.
//!
//! It goes along with the next question about the same account, and otherwise by itself, a few times a second. If nobody
//! can say whether the service counted it, what was taken is told again and what was returned is not: the fleet may then
//! believe to have spent more than it did, never less.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::account::Account;
use super::message::{self, Descriptor};
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
    /// The changes that are on their way, while nothing came back.
    told: RefCell<Option<Vec<Change>>>,
    /// Until when the service is left alone.
    rests_until: Cell<Timestamp>,
    /// Whether it did not answer when it was last spoken to.
    is_silent: Cell<bool>,
}

impl Pending {
    /// Adds what is to be told.
    pub fn add(&self, change: Change) {
        let mut changes = self.changes.borrow_mut();
        if changes.len() >= MAX_PENDING_ACCOUNTS && !changes.contains_key(&change.account) {
            return;
        }
        if change.taken == 0 && change.returned == 0 {
            return;
        }
        let (taken, returned) = changes.entry(change.account).or_default();
        *taken = taken.saturating_add(change.taken);
        *returned = returned.saturating_add(change.returned);
    }

    /// Takes what is to be told of an account.
    pub fn take(&self, account: &Account) -> Option<Change> {
        let (account, (taken, returned)) = self.changes.borrow_mut().remove_entry(account)?;
        Some(Change {
            account,
            taken,
            returned,
        })
    }

    /// Whether calls go without the service for now: it is left alone, or a message that no call waits for is finding out
    /// whether it is back.
    #[must_use]
    pub fn is_without_service(&self, now: Timestamp) -> bool {
        self.is_resting(now) || self.is_silent.get() && self.told.borrow().is_some()
    }

    /// Notes that the service answered.
    pub fn hear(&self) {
        self.is_silent.set(false);
        self.rests_until.set(Timestamp(0));
    }

    fn is_resting(&self, now: Timestamp) -> bool {
        let until = self.rests_until.get();
        // Further ahead the clock went back.
        now < until && until <= now.after(SERVICE_REST)
    }

    /// Notes that nobody can say whether these were counted.
    pub fn fail(&self, changes: Vec<Change>, trouble: Trouble, now: Timestamp) {
        for change in changes {
            self.add(Change {
                returned: 0,
                ..change
            });
        }
        self.is_silent.set(trouble.is_lasting());
        if trouble.is_lasting() {
            self.rests_until.set(now.after(SERVICE_REST));
        }
    }

    /// The message that tells the service of some changes; `None` if there are none, while others are on their way, and
    /// while the service is left alone.
    pub fn tell(&self, service: &Service, now: Timestamp) -> Option<Vec<u8>> {
        let mut told = self.told.borrow_mut();
        if told.is_some() || self.changes.borrow().is_empty() || self.is_resting(now) {
            return None;
        }
        let mut changes = Vec::new();
        while changes.len() < MAX_TOLD_ACCOUNTS
            && let Some((account, (taken, returned))) = self.changes.borrow_mut().pop_first()
        {
            changes.push(Change {
                account,
                taken,
                returned,
            });
        }
        let names: Vec<_> = changes
            .iter()
            .flat_map(|change| {
                let budget = change.account.budget.as_str();
                [
                    (budget, change.account.taken(), change.taken),
                    (budget, change.account.returned(), change.returned),
                ]
            })
            .filter(|(.., hits)| *hits > 0)
            .collect();
        let descriptors = names.iter().map(|(budget, account, hits)| Descriptor {
            budget,
            account,
            hits: *hits,
        });
        let message = message::request(&service.domain, descriptors);
        *told = Some(changes);
        Some(message)
    }

    /// Notes what came of that.
    pub fn told(&self, result: Result<(), Trouble>, now: Timestamp) {
        let changes = self.told.borrow_mut().take().unwrap_or_default();
        match result {
            Ok(()) => self.hear(),
            Err(trouble) => self.fail(changes, trouble, now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::account::Division;
    use super::super::service::WhenDown;
    use super::*;
    use crate::ledger::{Ceiling, Period, Unit, Zone};
    use crate::units::Millis;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NOW: Timestamp = Timestamp(1_795_254_245_000_000_000);

    fn account(key: &str) -> Account {
        let ceiling = Ceiling {
            unit: Unit::Tokens,
            most: 100,
            period: Period::Day,
            zone: Zone::UTC,
        };
        Account::of(&"b".into(), key, &Division::of(&ceiling, NOW))
    }

    fn change(key: &str, taken: u64, returned: u64) -> Change {
        Change {
            account: account(key),
            taken,
            returned,
        }
    }

    fn service() -> Service {
        Service {
            cluster: "ratelimit".to_owned(),
            domain: "d".to_owned(),
            when_down: WhenDown::Local,
            timeout: Millis(20),
        }
    }

    #[test]
    fn changes_of_one_account_are_told_together() {
        let pending = Pending::default();
        pending.add(change("x", 3, 0));
        pending.add(change("x", 4, 5));
        pending.add(change("y", 0, 0));
        assert_eq!(pending.take(&account("x")), Some(change("x", 7, 5)));
        assert_eq!(pending.take(&account("x")), None);
        assert_eq!(pending.take(&account("y")), None);
    }

    #[test]
    fn only_one_message_is_on_its_way() {
        let pending = Pending::default();
        assert_eq!(pending.tell(&service(), NOW), None);
        pending.add(change("x", 3, 0));
        assert!(pending.tell(&service(), NOW).is_some());
        pending.add(change("x", 4, 0));
        assert_eq!(pending.tell(&service(), NOW), None);
        pending.told(Ok(()), NOW);
        assert!(pending.tell(&service(), NOW).is_some());
    }

    #[test]
    fn after_a_failure_what_was_taken_is_told_again_and_what_was_returned_is_not() {
        let pending = Pending::default();
        pending.add(change("x", 3, 5));
        pending.tell(&service(), NOW);
        pending.told(Err(Trouble::Failed), NOW);
        assert_eq!(pending.take(&account("x")), Some(change("x", 3, 0)));
        assert!(!pending.is_resting(NOW));
    }

    #[test]
    fn a_service_that_does_not_answer_is_left_alone_for_a_while() {
        let pending = Pending::default();
        pending.fail(vec![change("x", 3, 5)], Trouble::TimedOut, NOW);
        assert!(pending.is_resting(NOW));
        assert_eq!(pending.tell(&service(), NOW), None);
        assert!(!pending.is_resting(NOW.after(SERVICE_REST)));
        assert!(pending.tell(&service(), NOW.after(SERVICE_REST)).is_some());
        // The clock went back.
        assert!(!pending.is_resting(Timestamp(1)));
    }

    #[test]
    fn no_call_waits_while_a_message_finds_out_whether_the_service_is_back() {
        let pending = Pending::default();
        pending.fail(vec![change("x", 3, 0)], Trouble::TimedOut, NOW);
        let later = NOW.after(SERVICE_REST);
        assert!(!pending.is_without_service(later));
        pending.tell(&service(), later);
        assert!(pending.is_without_service(later));
        pending.told(Ok(()), later);
        assert!(!pending.is_without_service(later));
        // While it answers, what is told is nothing that calls go by.
        pending.add(change("x", 3, 0));
        pending.tell(&service(), later);
        assert!(!pending.is_without_service(later));
    }
}

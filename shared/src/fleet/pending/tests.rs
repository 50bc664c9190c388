use super::super::account::Division;
use super::super::testing::Memory;
use super::*;
use crate::fleet::{Owner, WhenDown};
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
    Account::of(&Owner::Budget("b".into()), key, &Division::of(&ceiling, NOW))
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

/// Tells the service everything, until there is nothing more to tell.
fn tell(pending: &Pending, memory: &Memory) {
    while let Some(message) = pending.tell(&service(), NOW.after(SERVICE_REST)) {
        pending.told(Ok(&memory.answer(&message)), NOW);
    }
}

#[test]
fn changes_of_one_account_are_told_together() {
    let (pending, memory) = (Pending::default(), Memory::new(5));
    pending.add(change("x", 3, 0));
    pending.add(change("x", 4, 5));
    pending.add(change("y", 0, 0));
    let sent = pending.send(&account("x"), 10, 0);
    assert_eq!((sent.told, sent.takes, sent.returned), (7, 10, 5));
    assert_eq!(pending.tell(&service(), NOW), None);
    pending.add(change("y", 1, 0));
    tell(&pending, &memory);
    assert_eq!(memory.counted(), (1, 0));
}

#[test]
fn only_one_message_is_on_its_way() {
    let (pending, memory) = (Pending::default(), Memory::new(5));
    assert_eq!(pending.tell(&service(), NOW), None);
    pending.add(change("x", 3, 0));
    let message = pending.tell(&service(), NOW).unwrap();
    pending.add(change("x", 4, 0));
    assert_eq!(pending.tell(&service(), NOW), None);
    pending.told(Ok(&memory.answer(&message)), NOW);
    tell(&pending, &memory);
    assert_eq!(memory.counted(), (7, 0));
}

#[test]
fn after_a_failure_it_is_found_out_what_was_counted() {
    for was_counted in [true, false] {
        let (pending, memory) = (Pending::default(), Memory::new(5));
        memory.answer(&message::request_of(
            &service(),
            &[Pending::default().send(&account("x"), 50, 9)],
        ));
        pending.add(change("x", 3, 5));
        let message = pending.tell(&service(), NOW).unwrap();
        if was_counted {
            memory.answer(&message);
        }
        pending.told(Err(2), NOW);
        tell(&pending, &memory);
        let (taken, returned) = memory.counted();
        assert_eq!(taken - returned, 48, "{was_counted}");
    }
}

#[test]
fn what_a_lost_question_took_is_returned() {
    let (pending, memory) = (Pending::default(), Memory::new(5));
    let sent = vec![pending.send(&account("x"), 50, 0)];
    memory.answer(&message::request_of(&service(), &sent));
    pending.lose(sent, Trouble::TimedOut, NOW);
    assert_eq!(memory.counted(), (50, 0));
    tell(&pending, &memory);
    assert_eq!(memory.counted(), (50, 50));
}

#[test]
fn what_is_counted_late_is_noticed_with_the_next_message() {
    let (pending, memory) = (Pending::default(), Memory::new(5));
    let sent = vec![pending.send(&account("x"), 50, 0)];
    let late = message::request_of(&service(), &sent);
    pending.lose(sent, Trouble::TimedOut, NOW);
    tell(&pending, &memory);
    assert_eq!(memory.counted(), (0, 0));
    memory.answer(&late);
    pending.add(change("x", 1, 0));
    tell(&pending, &memory);
    assert_eq!(memory.counted(), (51, 50));
}

#[test]
fn a_service_that_does_not_answer_is_left_alone_for_a_while() {
    let pending = Pending::default();
    pending.add(change("x", 3, 5));
    pending.tell(&service(), NOW);
    pending.told(Err(4), NOW);
    assert!(pending.is_without_service(NOW));
    assert_eq!(pending.tell(&service(), NOW), None);
    let later = NOW.after(SERVICE_REST);
    assert!(!pending.is_without_service(later));
    // The clock went back.
    assert!(!pending.is_without_service(Timestamp(1)));
    assert!(pending.tell(&service(), later).is_some());
}

#[test]
fn no_call_waits_while_a_message_finds_out_whether_the_service_is_back() {
    let (pending, memory) = (Pending::default(), Memory::new(5));
    pending.add(change("x", 3, 0));
    pending.tell(&service(), NOW);
    pending.told(Err(14), NOW);
    let later = NOW.after(SERVICE_REST);
    assert!(!pending.is_without_service(later));
    let message = pending.tell(&service(), later).unwrap();
    assert!(pending.is_without_service(later));
    pending.told(Ok(&memory.answer(&message)), later);
    assert!(!pending.is_without_service(later));
    // While it answers, what is told is nothing that calls go by.
    pending.add(change("x", 3, 0));
    pending.tell(&service(), later);
    assert!(!pending.is_without_service(later));
}

#[test]
fn no_more_books_are_kept_than_there_is_room_for() {
    let (pending, memory) = (Pending::default(), Memory::new(5));
    for number in 0..MAX_PENDING_ACCOUNTS {
        let sent = pending.send(&account(&number.to_string()), 1, 0);
        pending.lose(vec![sent], Trouble::Failed, NOW);
    }
    let beyond = pending.send(&account("x"), 50, 0);
    let message = message::request_of(&service(), std::slice::from_ref(&beyond));
    assert_eq!(pending.books.borrow().len(), MAX_PENDING_ACCOUNTS);
    pending.lose(vec![beyond], Trouble::Failed, NOW);

    // Once the others are clear there is room, and what comes of the message without a book is not taken for another's.
    tell(&pending, &memory);
    assert_eq!(memory.counted(), (0, 0));
    let sent = pending.send(&account("x"), 7, 0);
    assert_eq!(pending.books.borrow().len(), 1);
    let beyond = Pending::default().send(&account("x"), 50, 9);
    memory.answer(&message);
    pending.count(beyond, 50, 0);
    memory.answer(&message::request_of(&service(), std::slice::from_ref(&sent)));
    pending.count(sent, 7, 0);
    tell(&pending, &memory);
    assert_eq!(memory.counted(), (57, 0), "at most too much is counted");
}

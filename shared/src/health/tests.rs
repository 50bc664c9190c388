#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::limits::{DEFAULT_COOLDOWN, KEY_REFUSED_COOLDOWN, MAX_PROBE_TIME};
use crate::units::Tokens;
use crate::wire::Flaw;

const OK: Outcome = Outcome::Status(200);
const DOWN: Outcome = Outcome::Status(503);

/// A point in time well after the epoch.
fn at(millis: u64) -> Timestamp {
    Timestamp(1_775_044_800_000_000_000).after(Millis(millis))
}

struct Account {
    health: Health,
    breaker: CircuitBreaker,
}

impl Account {
    fn new() -> Self {
        Self {
            health: Health::default(),
            breaker: CircuitBreaker::default(),
        }
    }

    fn enter(&mut self, millis: u64) -> Option<Ticket> {
        self.health.enter(&self.breaker, at(millis))
    }

    fn settle(&mut self, ticket: Ticket, outcome: Outcome, millis: u64) {
        self.health
            .settle(&self.breaker, ticket, outcome, None, at(millis));
    }

    /// A call that takes no time.
    fn call(&mut self, outcome: Outcome, millis: u64) {
        let ticket = self.enter(millis).expect("it is let through");
        self.settle(ticket, outcome, millis);
    }

    fn fail(&mut self, times: u64, millis: u64) {
        (0..times).for_each(|_| self.call(DOWN, millis));
    }

    fn standing(&self, millis: u64) -> Standing {
        self.health.standing(&self.breaker, at(millis))
    }
}

fn open(until: u64) -> Standing {
    Standing::Open { until: at(until) }
}

#[test]
fn failures_in_a_row_open_the_circuit_and_a_success_between_does_not() {
    let mut account = Account::new();
    account.fail(4, 0);
    account.call(OK, 1);
    account.fail(2, 2);
    assert_eq!(account.standing(2), Standing::Healthy);
    account.call(Outcome::Flawed(Flaw::Empty), 3);
    assert_eq!(account.standing(3), Standing::Deprioritised);
    account.call(Outcome::Timeout, 4);
    account.call(Outcome::Status(400), 5);
    account.call(Outcome::Reset, 5);
    assert_eq!(account.standing(6), open(30_005));
    assert!(account.enter(29_000).is_none());
}

#[test]
fn a_share_of_failures_opens_the_circuit_once_there_are_enough_calls() {
    let mut account = Account::new();
    for round in 0..4 {
        account.fail(1, round * 100);
        account.call(OK, round * 100);
    }
    assert_eq!(account.standing(400), Standing::Healthy);
    account.call(OK, 400);
    account.fail(1, 400);
    assert!(matches!(account.standing(400), Standing::Open { .. }));
    // Spread over more than the window, the same number of failures does not.
    let mut account = Account::new();
    for round in 0..20 {
        account.fail(1, round * 10_000);
        account.call(OK, round * 10_000);
        assert_eq!(account.standing(round * 10_000), Standing::Healthy);
    }
}

#[test]
fn many_failures_put_a_member_behind_the_others_for_the_windows_time() {
    let mut account = Account::new();
    for round in 0..9 {
        account.call(OK, round);
    }
    account.fail(3, 10);
    assert_eq!(account.standing(10), Standing::Deprioritised);
    assert_eq!(account.standing(31_000), Standing::Healthy);
}

#[test]
fn after_the_recovery_exactly_one_call_probes() {
    let mut account = Account::new();
    account.fail(5, 0);
    assert_eq!(account.standing(30_000), Standing::HalfOpen);
    let probe = account.enter(30_000).unwrap();
    assert!(probe.is_probe());
    assert_eq!(account.standing(30_001), open(30_000 + MAX_PROBE_TIME.0));
    assert!(account.enter(30_001).is_none());
    account.settle(probe, DOWN, 31_000);
    assert_eq!(account.standing(31_001), open(61_000));
    let probe = account.enter(61_000).unwrap();
    account.settle(probe, OK, 62_000);
    assert_eq!(account.standing(62_000), Standing::Healthy);
    assert!(!account.enter(62_000).unwrap().is_probe());
}

#[test]
fn a_probe_that_says_nothing_makes_room_for_the_next() {
    let mut account = Account::new();
    account.fail(5, 0);
    let probe = account.enter(30_000).unwrap();
    account.settle(probe, Outcome::Status(400), 30_100);
    let probe = account.enter(30_200).unwrap();
    account.health.abandon(probe);
    let lost = account.enter(30_300).unwrap();
    assert!(account.enter(30_300 + MAX_PROBE_TIME.0 - 1).is_none());
    let probe = account.enter(30_300 + MAX_PROBE_TIME.0).unwrap();
    // The lost one does not give the new one's place away.
    account.health.abandon(lost);
    assert!(account.enter(30_301 + MAX_PROBE_TIME.0).is_none());
    account.settle(probe, OK, 91_000);
    assert_eq!(account.standing(91_000), Standing::Healthy);
}

#[test]
fn calls_from_before_say_nothing_of_what_came_after() {
    let mut account = Account::new();
    let slow: Vec<_> = (0..10).map(|_| account.enter(0).unwrap()).collect();
    account.fail(5, 1_000);
    account.settle(slow[0], OK, 2_000);
    assert_eq!(account.standing(2_000), open(31_000));
    let probe = account.enter(31_000).unwrap();
    account.settle(slow[1], DOWN, 31_500);
    account.settle(probe, OK, 32_000);
    slow[2..]
        .iter()
        .for_each(|ticket| account.settle(*ticket, DOWN, 33_000));
    assert_eq!(account.standing(33_000), Standing::Healthy);
}

#[test]
fn a_last_resort_that_works_closes_the_circuit_and_one_that_fails_prolongs_nothing() {
    let mut account = Account::new();
    account.fail(5, 0);
    let last_resort = |account: &mut Account, millis| {
        let breaker = account.breaker;
        account.health.enter_as_last_resort(&breaker, at(millis))
    };
    let ticket = last_resort(&mut account, 5_000).unwrap();
    account.settle(ticket, DOWN, 6_000);
    assert_eq!(account.standing(6_000), open(30_000));
    let ticket = last_resort(&mut account, 7_000).unwrap();
    account.settle(ticket, OK, 8_000);
    assert_eq!(account.standing(8_000), Standing::Healthy);
    account.call(Outcome::Status(401), 9_000);
    assert!(account.enter(9_001).is_none() && last_resort(&mut account, 9_001).is_some());
    let late = last_resort(&mut account, 9_002).unwrap();
    account.settle(late, Outcome::Status(429), 9_003);
    assert!(
        last_resort(&mut account, 9_004).is_none(),
        "a limit is not broken"
    );
}

#[test]
fn a_circuit_that_opens_again_soon_stays_open_longer_within_bounds() {
    let mut account = Account::new();
    let mut now = 0;
    let mut opened_for = Vec::new();
    for _ in 0..5 {
        account.fail(5, now);
        let Standing::Open { until } = account.standing(now) else {
            panic!()
        };
        opened_for.push(until.millis_since(at(now)).0);
        now += opened_for.last().unwrap();
        account.call(OK, now);
        now += 1_000;
    }
    assert_eq!(opened_for, [30_000, 60_000, 120_000, 120_000, 120_000]);
    now += 200_000;
    account.fail(5, now);
    assert_eq!(account.standing(now), open(now + 30_000));
}

#[test]
fn too_many_requests_begin_a_cool_down_that_is_never_shortened() {
    let mut account = Account::new();
    let under_way: Vec<_> = (0..4).map(|_| account.enter(0).unwrap()).collect();
    let cooling = |until| Standing::CoolingDown {
        until: at(until),
        cause: Cause::Throttled,
    };
    let limited = Outcome::Status(429);
    account.health.settle(
        &account.breaker,
        under_way[0],
        limited,
        Some(Millis(20_000)),
        at(1_000),
    );
    account.settle(under_way[1], limited, 2_000);
    account.settle(under_way[2], Outcome::Status(401), 2_000);
    account.settle(under_way[3], OK, 2_000);
    assert!(matches!(
        account.standing(20_999),
        Standing::CoolingDown {
            cause: Cause::Throttled,
            ..
        }
    ));
    let mut account = Account::new();
    account.call(limited, 0);
    assert_eq!(account.standing(0), cooling(DEFAULT_COOLDOWN.0));
    assert!(account.enter(DEFAULT_COOLDOWN.0 - 1).is_none());
    // Each that follows at once doubles it, until something works.
    let mut now = DEFAULT_COOLDOWN.0;
    for doubled in [2, 4, 8] {
        account.call(limited, now);
        assert_eq!(account.standing(now), cooling(now + doubled * DEFAULT_COOLDOWN.0));
        now += doubled * DEFAULT_COOLDOWN.0;
    }
    account.call(OK, now);
    account.call(limited, now);
    assert_eq!(account.standing(now), cooling(now + DEFAULT_COOLDOWN.0));
}

#[test]
fn many_calls_that_come_back_at_once_double_the_cool_down_once() {
    let mut account = Account::new();
    let under_way: Vec<_> = (0..50).map(|_| account.enter(0).unwrap()).collect();
    for ticket in under_way {
        account.settle(ticket, Outcome::Status(529), 100);
    }
    assert_eq!(
        account.standing(100),
        Standing::CoolingDown {
            until: at(100 + DEFAULT_COOLDOWN.0),
            cause: Cause::Overloaded,
        }
    );
}

#[test]
fn a_refused_key_puts_the_account_out_for_its_time_and_is_no_limit() {
    let mut account = Account::new();
    account.call(Outcome::Status(401), 0);
    let standing = account.standing(KEY_REFUSED_COOLDOWN.0 - 1);
    assert_eq!(
        standing,
        Standing::CoolingDown {
            until: at(KEY_REFUSED_COOLDOWN.0),
            cause: Cause::KeyRefused,
        }
    );
    assert_eq!(standing.limited_until(), None);
    assert_eq!(account.standing(KEY_REFUSED_COOLDOWN.0), Standing::Healthy);
}

#[test]
fn a_failure_that_says_when_to_come_back_is_taken_at_its_word() {
    let mut account = Account::new();
    let ticket = account.enter(0).unwrap();
    account
        .health
        .settle(&account.breaker, ticket, DOWN, Some(Millis(9_000)), at(0));
    assert!(account.enter(8_999).is_none());
    assert!(account.enter(9_000).is_some());
}

#[test]
fn a_clock_that_goes_back_keeps_nobody_out() {
    let day = 86_400_000;
    let mut account = Account::new();
    account.fail(5, day);
    assert_eq!(account.standing(0), Standing::HalfOpen);
    let probe = account.enter(0).unwrap();
    account.settle(probe, OK, 10);
    assert_eq!(account.standing(10), Standing::Healthy);
    account.call(Outcome::Status(429), day);
    assert_eq!(account.standing(0), Standing::Healthy);
    // One that is over does not come up again either.
    let mut over = Account::new();
    over.call(Outcome::Status(429), day);
    assert_eq!(over.standing(day - 600_000), Standing::Healthy);
    // Failures count at once, though the circuit was closed in what is the future now.
    account.fail(5, 20);
    assert!(matches!(account.standing(20), Standing::Open { .. }));
}

#[test]
fn a_reload_with_a_shorter_recovery_takes_effect() {
    let mut account = Account::new();
    account.fail(5, 0);
    account.breaker.recovery = Millis(1_000);
    assert_eq!(account.standing(1_000), Standing::HalfOpen);
}

#[test]
fn the_state_has_a_fixed_size_and_survives_as_bytes() {
    let mut account = Account::new();
    assert_eq!(Health::LENGTH, 131);
    let check = |account: &Account| {
        let bytes = account.health.pack();
        assert_eq!(bytes.len(), Health::LENGTH);
        assert_eq!(Health::unpack(&bytes).as_ref(), Some(&account.health));
        for (index, wrong) in [(0, 9), (1, 7)] {
            let mut bytes = bytes.clone();
            bytes[index] = wrong;
            assert_eq!(Health::unpack(&bytes), None);
        }
        assert_eq!(Health::unpack(&bytes[1..]), None);
    };
    check(&account);
    account.call(Outcome::Status(529), 0);
    let rest = Sample::Rest {
        took: Millis(900),
        output: Tokens(70),
    };
    for sample in [Sample::FirstByte(Millis(300)), rest] {
        account.health.latency.note(sample, at(0));
    }
    account.fail(5, 10_000);
    check(&account);
    account.enter(45_000).unwrap();
    check(&account);
}

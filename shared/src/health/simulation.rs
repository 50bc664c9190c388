//! Hours of failures by a virtual clock: several workers share one store, and each write is overtaken by whatever else
//! happens at that moment.

mod account;
mod world;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::delay;
use crate::ledger::RateLimits;
use crate::limits::MAX_PROBE_TIME;
use crate::outcome::Outcome;
use crate::units::{Millis, Timestamp};
use account::{Account, Answer, Asked, rfc3339};
use world::{MINUTE, SECOND, START, World};

const OK: Outcome = Outcome::Status(200);
const DOWN: Outcome = Outcome::Status(503);

fn healthy(name: &str, priority: u32) -> Account {
    Account::new(name, priority, |_| Answer::new(OK, 400))
}

fn is_within(millis: u64, from: u64, to: u64) -> bool {
    (from..to).contains(&millis)
}

/// Probes of one account never overlap.
fn check_probes(asked: &[Asked]) {
    let probes: Vec<_> = asked.iter().filter(|asked| asked.is_probe).collect();
    for pair in probes.windows(2) {
        assert!(
            pair[0].ended <= pair[1].started || pair[1].started - pair[0].started >= MAX_PROBE_TIME.0,
            "{pair:?}"
        );
    }
}

#[test]
fn an_outage_costs_a_handful_of_calls_and_ends_within_the_recovery_time() {
    let (from, to) = (20 * MINUTE, 80 * MINUTE);
    let broken = Account::new("broken", 0, move |at| match at {
        at if !is_within(at, from, to) => Answer::new(OK, 400),
        at if at % 3 == 0 => Answer::new(Outcome::Timeout, 10_000),
        at if at % 3 == 1 => Answer::new(Outcome::ConnectFailure, 1_000),
        _ => Answer::new(DOWN, 200),
    });
    let world = World::new(vec![broken, healthy("other", 1)], 1);
    world.calls_per_tick.set(2);
    world.run(2 * 60 * MINUTE, 500);
    let asked = world.asked(0);
    check_probes(&asked);
    assert_eq!((world.failed(), world.refused()), (0, 0));
    assert!(
        world.store.lost.get() > 1_000,
        "{} workers were overtaken",
        world.store.lost.get()
    );
    // Until the circuit opens at most a timeout's worth of calls is under way; then one call per recovery probes.
    let at_first = asked
        .iter()
        .filter(|asked| is_within(asked.started, from, from + 10 * SECOND));
    assert!(at_first.count() <= 45);
    let later = asked
        .iter()
        .filter(|asked| is_within(asked.started, from + 10 * SECOND, to))
        .count();
    assert!((60..=125).contains(&later), "{later}");
    let back = asked
        .iter()
        .find(|asked| asked.started >= to && !asked.is_probe)
        .unwrap();
    assert!(back.started <= to + 41 * SECOND, "{}", back.started - to);
    let at_last = asked
        .iter()
        .filter(|asked| asked.started >= to + 45 * SECOND)
        .count();
    assert!(at_last > 9_000, "{at_last}");
}

#[test]
fn a_provider_that_asks_for_a_pause_is_not_asked_again_before_it_said() {
    // In turn, all the ways to say it; each for another time.
    let throttled = Account::new("throttled", 0, |at| {
        let pause = 1 + at % 29;
        let until = Timestamp(START.after(Millis(at + 150)).0 / 1_000_000_000 * 1_000_000_000)
            .after(Millis(pause * SECOND));
        let answer = Answer::new(Outcome::Status(if at % 2 == 0 { 429 } else { 529 }), 150);
        let seconds = |pause: u64| pause.to_string();
        let answer = match at / 1_000 % 6 {
            0 => answer.header("retry-after", seconds(pause)),
            1 => answer.header("retry-after-ms", seconds(pause * 1_000 - 250)),
            2 => answer
                .header("x-ratelimit-remaining-tokens", seconds(0))
                .header("x-ratelimit-reset-tokens", format!("{pause}.5s")),
            3 => answer
                .header("anthropic-ratelimit-requests-remaining", seconds(0))
                .header("anthropic-ratelimit-requests-reset", rfc3339(until)),
            4 => answer.body(format!(
                r#"[{{"error":{{"details":[{{"retryDelay":"{pause}s"}}]}}}}]"#
            )),
            // Nothing at all.
            _ => answer,
        };
        // Now and then it works.
        if at % 11 == 0 {
            Answer::new(OK, 150)
        } else {
            answer
        }
    });
    for others in [vec![healthy("other", 0)], Vec::new()] {
        let is_alone = others.is_empty();
        let mut accounts = vec![throttled.clone()];
        accounts.extend(others);
        let world = World::new(accounts, 2);
        world.run(60 * MINUTE, 200);
        let asked = world.asked(0);
        assert!(asked.len() > 100);
        // In the order in which the store learned of it.
        let mut events: Vec<_> = asked
            .iter()
            .flat_map(|asked| [(asked.places.0, asked, true), (asked.places.1, asked, false)])
            .collect();
        events.sort_by_key(|(place, ..)| *place);
        let mut until = Timestamp(0);
        for (_, asked, is_beginning) in events {
            if is_beginning {
                assert!(asked.started_at >= until, "{asked:?} began before {until:?}");
            } else if asked.outcome != OK {
                let said = delay::asked(&asked.headers, &asked.body, asked.ended_at);
                until = until.max(asked.ended_at.after(said.unwrap_or_default()));
            }
        }
        assert_eq!(world.failed() > 0 || world.refused() > 0, is_alone);
        assert!(world.waits().iter().all(|wait| *wait > 0 && *wait <= 300_000));
    }
}

#[test]
fn a_provider_that_comes_and_goes_is_mostly_left_alone_and_fails_no_call() {
    let flapping = Account::new("flapping", 0, |at| {
        let is_up = (at / (20 * SECOND)).is_multiple_of(2);
        Answer::new(if is_up { OK } else { DOWN }, 300)
    });
    let world = World::new(vec![flapping, healthy("other", 0)], 3);
    world.run(2 * 60 * MINUTE, 250);
    let asked = world.asked(0);
    check_probes(&asked);
    assert_eq!((world.failed(), world.refused()), (0, 0));
    let failures = asked.iter().filter(|asked| asked.outcome != OK).count();
    // Left to itself it would fail a quarter of all calls.
    assert!(failures * 40 < world.calls(), "{failures} of {}", world.calls());
}

#[test]
fn traffic_shifts_before_a_provider_refuses_and_waits_are_honest() {
    let limited = |name: &str, priority| {
        let mut account = healthy(name, priority);
        account.limits = RateLimits {
            requests_per_minute: Some(100),
            tokens_per_minute: Some(70_000),
            shared: false,
        };
        account
    };
    let world = World::new(vec![limited("first", 0), limited("second", 1)], 4);
    world.run(60 * MINUTE, 200);
    for index in [0, 1] {
        let asked = world.asked(index);
        assert!(asked.len() > 60 * 90, "{}", asked.len());
        for (place, first) in asked.iter().enumerate() {
            let within = asked[place..]
                .iter()
                .take_while(|asked| asked.started < first.started + MINUTE);
            let (requests, tokens) =
                within.fold((0, 0), |(count, sum), asked| (count + 1, sum + asked.tokens));
            assert!(requests <= 100, "{requests}");
            // Estimates are off by up to a fifth, and some calls are under way.
            assert!(tokens <= 70_000 + 20_000, "{tokens}");
        }
    }
    assert!(world.refused() > 1_000);
    assert!(world.waits().iter().all(|wait| (1..=62_000).contains(wait)));
    assert_eq!(world.failed(), 0);
}

#[test]
fn when_everything_is_down_somebody_is_asked_and_retries_stay_within_their_budget() {
    let (from, to) = (10 * MINUTE, 25 * MINUTE);
    let broken = |name: &str| {
        Account::new(name, 0, move |at| {
            Answer::new(if is_within(at, from, to) { DOWN } else { OK }, 100)
        })
    };
    let world = World::new(vec![broken("a"), broken("b"), broken("c")], 5);
    world.calls_per_tick.set(4);
    world.run(30 * MINUTE, 250);
    let during: usize = (0..3)
        .map(|index| {
            world
                .asked(index)
                .iter()
                .filter(|asked| is_within(asked.started, from, to))
                .count()
        })
        .sum();
    let calls = 15 * 60 * 4 * 4;
    assert!(during >= calls, "each call was tried: {during} of {calls}");
    let retries = calls / 5 + 15 * 60 * 10 + 110;
    assert!(during <= calls + retries, "{during}");
    // It is back at once: a last resort that works closes the circuit.
    let last_failure = world.failures_ended().into_iter().max().unwrap();
    assert!(last_failure <= to + SECOND, "{last_failure}");
}

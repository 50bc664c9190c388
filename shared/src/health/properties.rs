use proptest::prelude::*;

use super::*;
use crate::limits::{MAX_COOLDOWN, MAX_PROBE_TIME};
use crate::wire::Flaw;

#[derive(Clone, Debug)]
enum Step {
    Pass(u64),
    GoBack(u64),
    Enter { is_last_resort: bool },
    Settle(prop::sample::Index, Outcome, Option<u64>),
    Abandon(prop::sample::Index),
    Reload { recovery: u64, window: u64 },
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        4 => Just(Outcome::Status(200)),
        6 => Just(Outcome::Status(500)),
        1 => (100..700_u16).prop_map(Outcome::Status),
        1 => Just(Outcome::Status(429)),
        1 => Just(Outcome::Timeout),
        1 => Just(Outcome::Flawed(Flaw::TooLong)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let which = any::<prop::sample::Index>;
    prop_oneof![
        4 => (0..40_000_u64).prop_map(Step::Pass),
        1 => prop_oneof![0..100_u64, 0..10_000_000_u64].prop_map(Step::GoBack),
        8 => any::<bool>().prop_map(|is_last_resort| Step::Enter { is_last_resort }),
        8 => (which(), outcome(), prop::option::weighted(0.2, any::<u64>()))
            .prop_map(|(which, outcome, asked)| Step::Settle(which, outcome, asked)),
        1 => which().prop_map(Step::Abandon),
        1 => (1_000..3_600_000_u64, 1_000..3_600_000_u64)
            .prop_map(|(recovery, window)| Step::Reload { recovery, window }),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_probes_are_single_and_nobody_is_out_for_ever(
        steps in prop::collection::vec(step(), 0..150),
        start in 0..u64::MAX / 2_000_000,
    ) {
        let mut breaker = CircuitBreaker::default();
        let mut health = Health::default();
        let mut now = Timestamp(0).after(Millis(start));
        let mut held: Vec<Ticket> = Vec::new();
        // The probe that is under way, as long as the clock goes on.
        let mut probe: Option<Ticket> = None;
        for step in steps {
            match step {
                Step::Pass(millis) => now = now.after(Millis(millis)),
                Step::GoBack(millis) => {
                    now = Timestamp(now.0.saturating_sub(millis * 1_000_000));
                    probe = None;
                }
                Step::Enter { is_last_resort } => {
                    now = Timestamp(now.0 + 1);
                    let standing = health.standing(&breaker, now);
                    let ticket = if is_last_resort {
                        health.enter_as_last_resort(&breaker, now)
                    } else {
                        let ticket = health.enter(&breaker, now);
                        prop_assert_eq!(ticket.is_some(), standing.is_in());
                        ticket
                    };
                    if let Some(ticket) = ticket {
                        prop_assert_eq!(standing.limited_until(), None);
                        if ticket.is_probe() {
                            prop_assert_eq!(standing, Standing::HalfOpen);
                            if let Some(earlier) = probe.replace(ticket) {
                                prop_assert!(now >= earlier.at.after(MAX_PROBE_TIME), "two probes");
                            }
                        }
                        held.push(ticket);
                    }
                }
                Step::Settle(which, outcome, asked) if !held.is_empty() => {
                    let ticket = held.swap_remove(which.index(held.len()));
                    health.settle(&breaker, ticket, outcome, asked.map(Millis), now);
                    // A success of whatever is not from before closes the circuit, a failure opens it anew.
                    if probe.is_some_and(|probe| probe == ticket) || Verdict::of(outcome) != Verdict::Neutral {
                        probe = None;
                    }
                }
                Step::Abandon(which) if !held.is_empty() => {
                    let ticket = held.swap_remove(which.index(held.len()));
                    health.abandon(ticket);
                    probe = probe.filter(|probe| *probe != ticket);
                }
                Step::Reload { recovery, window } => {
                    breaker.recovery = Millis(recovery);
                    breaker.window = Millis(window);
                }
                Step::Settle(..) | Step::Abandon(_) => {}
            }
            // Somebody who asks once in an hour is let in within two.
            let mut asked = health.clone();
            let hours = (0..3).map(|hours| now.after(Millis(hours * (MAX_COOLDOWN.0 + 1))));
            let is_in = hours.into_iter().any(|later| asked.enter(&breaker, later).is_some());
            prop_assert!(is_in, "{:?}", asked);
            prop_assert_eq!(Health::unpack(&health.pack()), Some(health.clone()));
        }
    }

    #[test]
    fn whatever_bytes_are_found_there_is_a_way_out(bytes in prop::collection::vec(any::<u8>(), Health::LENGTH - 1), now in 0..u64::MAX / 2) {
        let bytes = [&[Health::VERSION][..], &bytes].concat();
        if let Some(mut health) = Health::unpack(&bytes) {
            let (breaker, now) = (CircuitBreaker::default(), Timestamp(now));
            for outcome in [200, 429, 500].map(Outcome::Status) {
                if let Some(ticket) = health.enter_as_last_resort(&breaker, now) {
                    health.settle(&breaker, ticket, outcome, None, now);
                }
            }
            let mut hours = (0..3).map(|hours| now.after(Millis(hours * (MAX_COOLDOWN.0 + 1))));
            prop_assert!(hours.any(|later| health.enter(&breaker, later).is_some()));
        }
    }
}

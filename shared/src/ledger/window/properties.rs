use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Pass(u64),
    GoBack(u64),
    Reserve(u64),
    Settle(prop::sample::Index, u64),
    Release(prop::sample::Index),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..20_000_u64).prop_map(Step::Pass),
        1 => (0..200_000_u64).prop_map(Step::GoBack),
        8 => (0..600_u64).prop_map(Step::Reserve),
        4 => (any::<prop::sample::Index>(), 0..600_u64).prop_map(|(which, used)| Step::Settle(which, used)),
        2 => any::<prop::sample::Index>().prop_map(Step::Release),
    ];
    prop::collection::vec(step, 0..120)
}

/// What really was let through: when, by a clock that never goes back, and how much of it counts.
struct Passed {
    at: u64,
    tokens: u64,
}

proptest! {
    #[test]
    fn no_minute_has_more_than_the_limit_and_the_estimates_errors(
        steps in steps(),
        requests in 1..20_u64,
        tokens in 1..2_000_u64,
    ) {
        let limits = RateLimits { requests_per_minute: Some(requests), tokens_per_minute: Some(tokens), shared: false };
        // The clock that is read may go back, the true one does not.
        let (mut read, mut truth) = (1_000_000_000_u64, 0_u64);
        let mut window = Window::default();
        let mut held: Vec<(Reservation, usize)> = Vec::new();
        let mut passed: Vec<Option<Passed>> = Vec::new();
        let mut largest_error = 0_u64;
        for step in steps {
            let now = Timestamp(read * 1_000_000);
            match step {
                Step::Pass(millis) => {
                    read += millis;
                    truth += millis;
                }
                Step::GoBack(millis) => read -= millis,
                Step::Reserve(estimate) => {
                    let before = window.used(now);
                    match window.reserve(&limits, Tokens(estimate), now) {
                        Ok(reservation) => {
                            let recent = |(count, sum): (u64, u64), passed: &Passed| {
                                if truth - passed.at < 60_000 { (count + 1, sum + passed.tokens) } else { (count, sum) }
                            };
                            let (count, sum) = passed.iter().flatten().fold((0, 0), recent);
                            prop_assert!(count < requests, "{count} of {requests} requests were let through");
                            prop_assert!(
                                sum + estimate.min(tokens) <= tokens + largest_error,
                                "{sum} + {estimate} of {tokens} tokens, {largest_error} of them beyond estimates"
                            );
                            held.push((reservation, passed.len()));
                            passed.push(Some(Passed { at: truth, tokens: estimate }));
                            largest_error += estimate.saturating_sub(tokens);
                        }
                        Err(used_up) => {
                            prop_assert_eq!(window.used(now), before);
                            // The wait is honest: if nothing else happens there is room then, and not before.
                            prop_assert!(window.check(&limits, Tokens(estimate), used_up.until).is_ok());
                            let before = Timestamp(used_up.until.0 - 1);
                            if before >= now {
                                prop_assert!(window.check(&limits, Tokens(estimate), before).is_err());
                            }
                            prop_assert!(used_up.wait(now) <= Millis(66_000));
                        }
                    }
                }
                Step::Settle(which, used) if !held.is_empty() => {
                    let (reservation, index) = held.swap_remove(which.index(held.len()));
                    window.settle(reservation, Tokens(used));
                    if let Some(passed) = passed[index].as_mut() {
                        largest_error += used.saturating_sub(passed.tokens);
                        // A settlement that the clock made impossible leaves the larger number.
                        passed.tokens = used;
                    }
                }
                Step::Release(which) if !held.is_empty() => {
                    let (reservation, index) = held.swap_remove(which.index(held.len()));
                    window.release(reservation);
                    passed[index] = None;
                }
                Step::Settle(..) | Step::Release(_) => {}
            }
            prop_assert_eq!(Window::unpack(&window.pack()), Some(window.clone()));
        }
    }

    #[test]
    fn what_is_reserved_and_released_leaves_nothing(
        estimates in prop::collection::vec((0..u64::MAX, 0..1_000_u64, any::<bool>()), 1..60),
        start in 0..u64::MAX,
    ) {
        let none = RateLimits::default();
        let mut window = Window::default();
        let mut now = Timestamp(start);
        let mut held = Vec::new();
        for (estimate, pause, is_settled) in estimates {
            let reservation = window.reserve(&none, Tokens(estimate), now).unwrap();
            if is_settled {
                window.settle(reservation, Tokens(0));
            } else {
                held.push(reservation);
            }
            now = now.after(Millis(pause));
        }
        // Counters that reached their end cannot be taken back from exactly, but never below nothing.
        for reservation in held {
            window.release(reservation);
        }
        let (_, tokens) = window.used(now);
        prop_assert!(tokens.0 <= 60 * u64::from(u32::MAX));
    }
}

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// So many milliseconds into a minute.
fn at(millis: u64) -> Timestamp {
    Timestamp(29_920_904 * 60_000_000_000 + millis * 1_000_000)
}

const LIMITS: RateLimits = RateLimits {
    requests_per_minute: Some(3),
    tokens_per_minute: Some(1_000),
    shared: true,
};

fn said(requests: u64, tokens: u64, needed: u64) -> [Asked; 2] {
    [(requests, 1), (tokens, needed)].map(|(left, needed)| Asked {
        left,
        is_enough: needed <= left,
    })
}

#[test]
fn of_what_nothing_is_known_all_is_there() {
    let mut known = Known::default();
    assert_eq!(known.check(&LIMITS, Tokens(5_000), at(0)), Ok(()));
    assert_eq!(known.take(&LIMITS, Tokens(600), at(0)), Ok(()));
    let used_up = Standing::Limited { until: at(60_000) };
    assert_eq!(known.take(&LIMITS, Tokens(600), at(10)), Err(used_up));
    assert_eq!(known.take(&LIMITS, Tokens(400), at(20)), Ok(()));
    // Another minute begins anew, where no call needs more than the whole limit.
    assert_eq!(known.take(&LIMITS, Tokens(5_000), at(60_000)), Ok(()));
}

#[test]
fn what_the_service_says_is_taken_over_with_what_the_call_takes() {
    let mut known = Known::default();
    assert!(known.learn(&LIMITS, &said(2, 900, 500), Tokens(500), at(0)));
    assert!(known.take(&LIMITS, Tokens(401), at(1)).is_err());
    known.settle(at(0), Tokens(500), Tokens(100));
    assert_eq!(known.take(&LIMITS, Tokens(800), at(1)), Ok(()));
    assert!(known.take(&LIMITS, Tokens(0), at(1)).is_err());
    known.release(at(1), Tokens(800));
    assert_eq!(known.take(&LIMITS, Tokens(700), at(1)), Ok(()));
}

#[test]
fn that_there_is_too_little_is_believed_for_a_moment_by_those_who_ask_and_for_the_minute_by_others() {
    let mut known = Known::default();
    assert!(!known.learn(&LIMITS, &said(2, 90, 500), Tokens(500), at(0)));
    let used_up = Err(Standing::Limited { until: at(60_000) });
    assert_eq!(known.check(&LIMITS, Tokens(91), at(999)), used_up);
    assert_eq!(known.check(&LIMITS, Tokens(90), at(999)), Ok(()));
    assert_eq!(known.check(&LIMITS, Tokens(91), at(1_000)), Ok(()));
    assert_eq!(known.take(&LIMITS, Tokens(91), at(50_000)), used_up);
    // Which is found anew with it.
    assert_eq!(known.check(&LIMITS, Tokens(91), at(50_500)), used_up);
}

#[test]
fn what_is_not_enough_is_less_than_was_asked_for() {
    let mut known = Known::default();
    let asked = Asked {
        left: 500,
        is_enough: false,
    };
    let limits = RateLimits {
        requests_per_minute: None,
        ..LIMITS
    };
    // Counted in larger units, of which a fraction is missing.
    assert!(!known.learn(&limits, &[asked], Tokens(495), at(0)));
    assert!(known.check(&limits, Tokens(495), at(0)).is_err());
    assert!(known.check(&limits, Tokens(494), at(0)).is_ok());
}

#[test]
fn what_nobody_counts_is_closed_until_somebody_does_or_a_second_has_passed() {
    let mut known = Known::default();
    known.close(at(0));
    let closed = Err(Standing::Uncounted { until: at(1_000) });
    assert_eq!(known.check(&LIMITS, Tokens(1), at(999)), closed);
    assert_eq!(known.take(&LIMITS, Tokens(1), at(999)), closed);
    assert_eq!(known.check(&LIMITS, Tokens(1), at(1_000)), Ok(()));
    known.close(at(2_000));
    assert!(known.learn(&LIMITS, &said(3, 1_000, 1), Tokens(1), at(2_001)));
    assert_eq!(known.check(&LIMITS, Tokens(1), at(2_002)), Ok(()));
    // A clock that went back by an hour.
    known.close(at(3_600_000));
    assert_eq!(known.check(&LIMITS, Tokens(1), at(0)), Ok(()));
}

#[test]
fn it_is_kept_as_bytes() {
    let mut known = Known::default();
    known.learn(&LIMITS, &said(2, 90, 500), Tokens(500), at(7));
    known.close(at(8));
    let bytes = known.pack();
    assert_eq!(bytes.len(), Known::LENGTH);
    assert_eq!(Known::unpack(&bytes), Some(known));
}

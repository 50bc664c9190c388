#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// The beginning of a bucket.
fn at(millis: u64) -> Timestamp {
    Timestamp(1_775_044_800_000_000_000).after(Millis(millis))
}

fn limits(requests: u64, tokens: u64) -> RateLimits {
    RateLimits {
        requests_per_minute: Some(requests),
        tokens_per_minute: Some(tokens),
        shared: false,
    }
}

#[test]
fn a_minute_has_as_much_room_as_the_limit_says() {
    let limits = limits(3, 1_000_000);
    let mut window = Window::default();
    for second in 0..3 {
        assert!(window.reserve(&limits, Tokens(10), at(second * 1_000)).is_ok());
    }
    let used_up = window.reserve(&limits, Tokens(10), at(3_000)).unwrap_err();
    assert_eq!(used_up.wait(at(3_000)), Millis(59_000));
    assert_eq!(window.check(&limits, Tokens(10), at(61_999)), Err(used_up));
    assert_eq!(window.check(&limits, Tokens(10), at(62_000)), Ok(()));
    assert_eq!(window.used(at(62_000)), (1, Tokens(10)));
    assert_eq!(window.used(at(70_000)), (0, Tokens(0)));
}

#[test]
fn what_was_used_replaces_what_was_estimated() {
    let limits = limits(100, 1_000);
    let mut window = Window::default();
    let first = window.reserve(&limits, Tokens(600), at(0)).unwrap();
    assert!(window.reserve(&limits, Tokens(600), at(4_000)).is_err());
    window.settle(first, Tokens(300));
    let second = window.reserve(&limits, Tokens(600), at(4_000)).unwrap();
    window.settle(second, Tokens(900));
    assert_eq!(window.used(at(4_000)), (2, Tokens(1_200)));
    // Only the older one has to leave for a small one, both for a big one.
    let until = |estimate| {
        window
            .check(&limits, Tokens(estimate), at(5_000))
            .unwrap_err()
            .until
    };
    assert_eq!((until(100), until(101)), (at(62_000), at(66_000)));
}

#[test]
fn an_attempt_that_was_not_made_counts_for_nothing() {
    let limits = limits(1, 1_000);
    let mut window = Window::default();
    let reservation = window.reserve(&limits, Tokens(600), at(0)).unwrap();
    window.release(reservation);
    assert_eq!(window.used(at(0)), (0, Tokens(0)));
    assert!(window.reserve(&limits, Tokens(600), at(0)).is_ok());
}

#[test]
fn what_is_larger_than_the_limit_has_room_by_itself() {
    let limits = limits(10, 1_000);
    let mut window = Window::default();
    assert!(window.reserve(&limits, Tokens(u64::MAX), at(0)).is_ok());
    assert!(window.reserve(&limits, Tokens(1), at(59_000)).is_err());
    assert!(window.reserve(&limits, Tokens(1), at(62_000)).is_ok());
    assert!(window.reserve(&limits, Tokens(5_000), at(62_000)).is_err());
}

#[test]
fn a_reservation_that_is_older_than_the_window_changes_nothing() {
    let limits = limits(10, 1_000);
    let mut window = Window::default();
    let old = window.reserve(&limits, Tokens(100), at(0)).unwrap();
    let new = window.reserve(&limits, Tokens(100), at(100_000)).unwrap();
    window.settle(old, Tokens(900));
    window.release(old);
    assert_eq!(window.used(at(100_000)), (1, Tokens(100)));
    window.settle(new, Tokens(0));
    assert_eq!(window.used(at(100_000)), (1, Tokens(0)));
}

#[test]
fn a_clock_that_goes_back_gives_no_room_and_keeps_none_for_much_longer() {
    let limits = limits(2, 1_000);
    let day = 86_400_000;
    let mut window = Window::default();
    let held = window.reserve(&limits, Tokens(400), at(day)).unwrap();
    assert!(window.reserve(&limits, Tokens(400), at(day)).is_ok());
    assert!(window.reserve(&limits, Tokens(1), at(0)).is_err());
    window.settle(held, Tokens(500));
    assert_eq!(window.used(at(1_000)), (2, Tokens(900)));
    assert_eq!(window.used(at(64_000)), (0, Tokens(0)));
    // Another worker's reading that is a moment older moves nothing.
    let mut window = Window::default();
    assert!(window.reserve(&limits, Tokens(1), at(10_000)).is_ok());
    assert!(window.reserve(&limits, Tokens(1), at(9_999)).is_ok());
    assert_eq!(window.used(at(71_999)), (2, Tokens(2)));
    assert_eq!(window.used(at(72_000)), (0, Tokens(0)));
}

#[test]
fn without_limits_there_is_always_room_and_a_limit_of_nothing_has_none() {
    let mut window = Window::default();
    let none = RateLimits::default();
    assert!(none.is_empty() && !limits(1, 1).is_empty());
    for _ in 0..100 {
        assert!(window.reserve(&none, Tokens(u64::MAX), at(0)).is_ok());
    }
    assert!(
        Window::default()
            .reserve(&limits(0, 1), Tokens(1), at(0))
            .is_err()
    );
}

#[test]
fn the_state_has_a_fixed_size_and_survives_as_bytes() {
    assert_eq!(Window::LENGTH, 258);
    let mut window = Window::default();
    assert!(window.reserve(&limits(9, 900), Tokens(5), at(0)).is_ok());
    assert!(window.reserve(&limits(9, 900), Tokens(7), at(9_000)).is_ok());
    let bytes = window.pack();
    assert_eq!(bytes.len(), Window::LENGTH);
    assert_eq!(Window::unpack(&bytes), Some(window));
}

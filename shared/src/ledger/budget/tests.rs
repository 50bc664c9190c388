use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const SECOND: u64 = 1_000_000_000;

/// A midnight, 2026-11-21T00:00:00Z.
const START: u64 = 1_795_219_200;

fn at(seconds: u64) -> Timestamp {
    Timestamp((START + seconds) * SECOND)
}

fn tokens(most: u64, period: Period) -> Ceiling {
    Ceiling {
        unit: Unit::Tokens,
        most,
        period,
        zone: Zone::UTC,
    }
}

#[test]
fn what_is_reserved_is_not_left_for_others_until_it_is_settled() {
    let (mut spending, ceiling) = (Spending::default(), tokens(100, Period::Day));
    let hold = spending.reserve(&ceiling, 60, at(0)).unwrap();
    assert_eq!(spending.left(&ceiling, at(1)), 40);
    assert!(spending.reserve(&ceiling, 41, at(1)).is_err());
    let other = spending.reserve(&ceiling, 40, at(1)).unwrap();
    spending.settle(&ceiling, hold, 15, at(2));
    spending.settle(&ceiling, other, 0, at(2));
    assert_eq!(
        (spending.spent(&ceiling, at(3)), spending.left(&ceiling, at(3))),
        (15, 85)
    );
}

#[test]
fn what_is_exhausted_says_when_it_begins_anew() {
    for (period, until) in [
        (Period::Minute, Some(at(60))),
        (Period::Day, Some(at(86_400))),
        (Period::Total, None),
    ] {
        let (mut spending, ceiling) = (Spending::default(), tokens(10, period));
        let hold = spending.reserve(&ceiling, 10, at(0)).unwrap();
        spending.settle(&ceiling, hold, 10, at(1));
        assert_eq!(spending.reserve(&ceiling, 1, at(2)), Err(Exhausted { until }));
        // Not even what is expected to cost nothing.
        assert_eq!(spending.reserve(&ceiling, 0, at(2)), Err(Exhausted { until }));
    }
}

#[test]
fn a_window_begins_with_nothing_spent_and_with_what_is_under_way() {
    let (mut spending, ceiling) = (Spending::default(), tokens(100, Period::Minute));
    let early = spending.reserve(&ceiling, 50, at(10)).unwrap();
    spending.settle(&ceiling, early, 50, at(20));
    let late = spending.reserve(&ceiling, 30, at(59)).unwrap();
    assert_eq!(spending.left(&ceiling, at(61)), 70);
    spending.settle(&ceiling, late, 20, at(62));
    assert_eq!(
        (spending.spent(&ceiling, at(63)), spending.left(&ceiling, at(63))),
        (20, 80)
    );
}

#[test]
fn a_reservation_that_nobody_settles_ages_out() {
    let life = MAX_RESERVATION_TIME.0 / 1_000;
    let (mut spending, ceiling) = (Spending::default(), tokens(100, Period::Total));
    let lost = spending.reserve(&ceiling, 100, at(0)).unwrap();
    assert!(spending.reserve(&ceiling, 1, at(life)).is_err());
    let next = spending.reserve(&ceiling, 100, at(2 * life)).unwrap();
    // Whoever comes back after all is charged, and takes nothing of what others hold.
    spending.settle(&ceiling, lost, 5, at(2 * life));
    assert_eq!(spending.left(&ceiling, at(2 * life)), 0);
    spending.settle(&ceiling, next, 90, at(2 * life));
    assert_eq!(spending.left(&ceiling, at(2 * life)), 5);
}

#[test]
fn more_than_was_reserved_is_charged_nevertheless() {
    let (mut spending, ceiling) = (Spending::default(), tokens(100, Period::Hour));
    let hold = spending.reserve(&ceiling, 10, at(0)).unwrap();
    spending.settle(&ceiling, hold, 130, at(1));
    assert_eq!(
        (spending.spent(&ceiling, at(1)), spending.left(&ceiling, at(1))),
        (130, 0)
    );
}

#[test]
fn in_audit_all_is_counted_and_what_would_have_been_too_much_is_told() {
    let (mut spending, ceiling) = (Spending::default(), tokens(10, Period::Hour));
    let (hold, was_left) = spending.reserve_anyway(&ceiling, 10, at(0));
    assert!(was_left);
    let (other, was_left) = spending.reserve_anyway(&ceiling, 1, at(0));
    assert!(!was_left);
    spending.settle(&ceiling, hold, 9, at(1));
    spending.settle(&ceiling, other, 8, at(1));
    assert_eq!(spending.spent(&ceiling, at(1)), 17);
}

#[test]
fn each_threshold_is_told_of_once_in_each_window() {
    let (mut spending, ceiling) = (Spending::default(), tokens(100, Period::Minute));
    let thresholds = [Percent(50), Percent(80), Percent(95)];
    let mut spend = |used, now| {
        let (hold, _) = spending.reserve_anyway(&ceiling, 0, now);
        spending.settle(&ceiling, hold, used, now);
        spending
            .alert(&ceiling, &thresholds, now)
            .map(|threshold| threshold.0)
    };
    assert_eq!(spend(49, at(0)), None);
    assert_eq!(spend(1, at(1)), Some(50));
    assert_eq!(spend(29, at(2)), None);
    // Of several at once the highest.
    assert_eq!(spend(40, at(3)), Some(95));
    assert_eq!(spend(40, at(4)), None);
    assert_eq!(spend(60, at(60)), Some(50));
}

#[test]
fn a_clock_that_goes_back_gives_nothing_back() {
    let (mut spending, ceiling) = (Spending::default(), tokens(100, Period::Day));
    let hold = spending.reserve(&ceiling, 90, at(86_400 * 40)).unwrap();
    spending.settle(&ceiling, hold, 90, at(86_400 * 40));
    assert_eq!(spending.left(&ceiling, at(0)), 10);
    let exhausted = spending.reserve(&ceiling, 11, at(0)).unwrap_err();
    assert_eq!(exhausted.until, Some(at(86_400)));
    assert_eq!(spending.left(&ceiling, at(86_400)), 100);
}

#[test]
fn a_worker_whose_clock_is_a_little_behind_counts_in_the_new_window() {
    let (mut spending, ceiling) = (Spending::default(), tokens(100, Period::Minute));
    let hold = spending.reserve(&ceiling, 60, at(60)).unwrap();
    spending.settle(&ceiling, hold, 60, at(60));
    assert_eq!(
        spending.reserve(&ceiling, 41, at(59)),
        Err(Exhausted { until: Some(at(120)) })
    );
    assert_eq!(spending.left(&ceiling, at(61)), 40);
}

#[test]
fn the_state_survives_as_bytes() {
    let (mut spending, ceiling) = (Spending::default(), tokens(100, Period::Day));
    let hold = spending.reserve(&ceiling, 60, at(0)).unwrap();
    spending.settle(&ceiling, hold, 50, at(1));
    assert_eq!(spending.alert(&ceiling, &[Percent(50)], at(1)), Some(Percent(50)));
    let _held = spending.reserve(&ceiling, 20, at(1)).unwrap();
    let bytes = spending.pack();
    assert_eq!(
        (bytes.len(), Spending::unpack(&bytes)),
        (Spending::LENGTH, Some(spending))
    );
}

#[test]
fn what_others_spent_before_counts_in_its_window_only() {
    let ceiling = tokens(100, Period::Day);
    let mut spending = Spending::carried(START, 60, 50);
    assert_eq!(spending.left(&ceiling, at(1)), 40);
    // What was told of is not told again.
    assert_eq!(spending.alert(&ceiling, &[Percent(50)], at(1)), None);
    assert_eq!(spending.left(&ceiling, at(86_400)), 100);
}

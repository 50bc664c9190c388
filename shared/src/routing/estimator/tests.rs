#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

fn prose(bytes: u64) -> Content {
    Content {
        prose: bytes,
        ..Content::default()
    }
}

#[test]
fn the_first_estimate_is_a_quarter_of_the_bytes() {
    let estimator = Estimator::default();
    assert_eq!(estimator.estimate(&prose(4_001)), Tokens(1_001));
    assert_eq!(estimator.estimate(&Content::default()), Tokens(0));
    let image = Content {
        media: 2,
        ..Content::default()
    };
    assert_eq!(estimator.estimate(&image), Tokens(3_000));
}

#[test]
fn a_kind_learns_by_itself() {
    let mut estimator = Estimator::default();
    for _ in 0..30 {
        estimator.learn(&prose(1_000), Tokens(500));
    }
    assert!(estimator.estimate(&prose(1_000)).0.abs_diff(500) < 10);
    let code = Content {
        code: 1_000,
        ..Content::default()
    };
    assert_eq!(estimator.estimate(&code), Tokens(250));
}

#[test]
fn a_mixed_input_teaches_what_it_mostly_is() {
    let mut estimator = Estimator::default();
    for _ in 0..30 {
        estimator.learn(&prose(10_000), Tokens(2_200));
    }
    let mixed = Content {
        prose: 100,
        code: 10_000,
        ..Content::default()
    };
    for _ in 0..50 {
        estimator.learn(&mixed, Tokens(4_022));
    }
    assert!(estimator.estimate(&prose(10_000)).0.abs_diff(2_200) < 50);
    assert!(estimator.estimate(&mixed).0.abs_diff(4_022) < 100);
}

#[test]
fn a_model_that_counts_otherwise_from_one_day_on_is_followed_soon() {
    let mut estimator = Estimator::default();
    for _ in 0..1_000 {
        estimator.learn(&prose(1_000), Tokens(250));
    }
    for _ in 0..15 {
        estimator.learn(&prose(1_000), Tokens(600));
    }
    let estimate = estimator.estimate(&prose(1_000)).0;
    assert!(estimate.abs_diff(600) < 90, "{estimate}");
}

#[test]
fn a_report_that_is_absurd_or_too_small_moves_little() {
    let mut estimator = Estimator::default();
    for _ in 0..50 {
        estimator.learn(&prose(1_000), Tokens(300));
    }
    let before = estimator.estimate(&prose(100_000)).0;
    estimator.learn(&prose(1_000), Tokens(u64::MAX));
    let after = estimator.estimate(&prose(100_000)).0;
    assert!(after - before <= before / 15, "{before} {after}");
    let unmoved = estimator;
    estimator.learn(&prose(1), Tokens(9));
    estimator.learn(&prose(0), Tokens(1_000));
    assert_eq!(estimator, unmoved);
    assert_eq!(
        Estimator::default().estimate(&prose(u64::MAX)).0,
        u64::MAX / 4 + 1
    );
}

#[test]
fn the_state_has_a_fixed_size_and_survives_as_bytes() {
    let mut estimator = Estimator::default();
    estimator.learn(&prose(1_000), Tokens(300));
    let bytes = estimator.pack();
    assert_eq!((bytes.len(), Estimator::LENGTH), (45, 45));
    assert_eq!(Estimator::unpack(&bytes), Some(estimator));
}

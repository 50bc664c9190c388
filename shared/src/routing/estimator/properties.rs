use proptest::prelude::*;

use super::*;
use crate::request::content::Kind;

/// An amount, how far it is from the average, and how wrong its report is.
type Input = (u64, f64, Option<f64>);

/// What an input consists of: a kind of text, or media.
type Of = Option<Kind>;

/// Inputs of one kind: how many tokens a byte, or a medium, has on average, and how much single inputs differ.
fn inputs() -> impl Strategy<Value = (Of, f64, Vec<Input>)> {
    let text = (
        prop_oneof![
            Just(Some(Kind::Prose)),
            Just(Some(Kind::Code)),
            Just(Some(Kind::OtherScript))
        ],
        0.12..0.7_f64,
        1_200..40_000_u64,
    );
    let images = (Just(None), 90.0..4_000.0_f64, 1..8_u64);
    prop_oneof![3 => text, 1 => images].prop_flat_map(|(kind, ratio, largest)| {
        // Within ten percent of the average; one report in twenty is wrong altogether.
        let wrong = prop::option::weighted(0.05, 0.0..40.0_f64);
        let input = (largest.div_ceil(8)..=largest, -0.1..0.1_f64, wrong);
        (Just(kind), Just(ratio), prop::collection::vec(input, 150))
    })
}

fn content(kind: Of, amount: u64) -> Content {
    let mut content = Content::default();
    match kind {
        Some(Kind::Prose) => content.prose = amount,
        Some(Kind::Code) => content.code = amount,
        Some(Kind::OtherScript) => content.other_script = amount,
        None => content.media = amount,
    }
    content
}

proptest! {
    #[test]
    fn after_fifty_calls_of_a_kind_the_median_error_is_below_eight_percent((kind, ratio, inputs) in inputs()) {
        let mut estimator = Estimator::default();
        let mut errors = Vec::new();
        for (index, (amount, deviation, wrong)) in inputs.into_iter().enumerate() {
            #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a test's numbers")]
            let actual = (amount as f64 * ratio * (1.0 + deviation)) as u64;
            let content = content(kind, amount);
            if index >= 50 {
                let estimate = estimator.estimate(&content).0;
                errors.push(estimate.abs_diff(actual) * 1_000 / actual.max(1));
            }
            #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a test's numbers")]
            let reported = wrong.map_or(actual, |factor| (actual as f64 * factor) as u64);
            estimator.learn(&content, Tokens(reported));
        }
        errors.sort_unstable();
        prop_assert!(errors[errors.len() / 2] < 80, "{kind:?} {ratio} {errors:?}");
    }

    #[test]
    fn whatever_is_reported_ratios_stay_within_bounds(
        reports in prop::collection::vec((any::<u64>(), any::<u64>(), any::<u64>(), any::<u64>()), 0..60),
    ) {
        let mut estimator = Estimator::default();
        for (prose, code, media, reported) in reports {
            let content = Content { prose, code, media, other_script: prose / 2 };
            estimator.learn(&content, Tokens(reported));
            for (ratio, (least, most)) in estimator.ratios.iter().zip(BOUNDS) {
                prop_assert!((least..=most).contains(&ratio.value));
            }
            prop_assert_eq!(Estimator::unpack(&estimator.pack()), Some(estimator));
        }
    }
}

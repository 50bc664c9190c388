//! What holds for all figures.

use proptest::prelude::*;

use super::*;

fn ended() -> impl Strategy<Value = Ended> {
    let endings = [Ending::Success, Ending::Error, Ending::Refused, Ending::Abandoned];
    let took = proptest::option::of((0_u32..64, any::<u64>()).prop_map(|(bits, any)| Millis(any >> bits)));
    (proptest::sample::select(endings.to_vec()), took, any::<u32>()).prop_map(|(ending, took, cost)| Ended {
        ending,
        took,
        cost: MicroUsd(cost.into()),
    })
}

fn statistics() -> impl Strategy<Value = RuleStatistics> {
    (any::<u64>(), proptest::collection::vec(ended(), 0..40)).prop_map(|(since, calls)| {
        let mut statistics = RuleStatistics::beginning(Timestamp(since));
        for call in calls {
            statistics.note(call);
        }
        statistics
    })
}

fn merged(mut one: RuleStatistics, another: &RuleStatistics) -> RuleStatistics {
    one.merge(another);
    one
}

proptest! {
    #[test]
    fn workers_may_merge_in_any_order(a in statistics(), b in statistics(), c in statistics()) {
        prop_assert_eq!(merged(a.clone(), &b), merged(b.clone(), &a));
        prop_assert_eq!(merged(merged(a.clone(), &b), &c), merged(a, &merged(b, &c)));
    }

    #[test]
    fn it_does_not_matter_who_noted_a_call(calls in proptest::collection::vec((ended(), any::<bool>()), 0..60)) {
        let mut alone = RuleStatistics::default();
        let mut workers = [RuleStatistics::default(), RuleStatistics::default()];
        for (call, is_first) in calls {
            alone.note(call);
            workers[usize::from(is_first)].note(call);
        }
        let [one, another] = workers;
        prop_assert_eq!(merged(one, &another), alone);
    }

    #[test]
    fn nothing_is_lost_in_the_shared_state(statistics in statistics()) {
        let bytes = statistics.pack();
        prop_assert_eq!(bytes.len(), RuleStatistics::LENGTH);
        prop_assert_eq!(RuleStatistics::unpack(&bytes), Some(statistics));
    }

    #[test]
    fn a_percentile_is_within_a_tenth_of_the_true_one(
        mut durations in proptest::collection::vec(0_u64..4_000_000, 1..200), percent in 1_u8..=100,
    ) {
        let mut noted = Durations::default();
        for duration in &durations {
            noted.note(Millis(*duration));
        }
        durations.sort_unstable();
        let rank = (durations.len() * usize::from(percent)).div_ceil(100);
        let (expected, found) = (durations[rank - 1], noted.percentile(percent).unwrap());
        prop_assert!(found.0.abs_diff(expected) * 10 <= expected, "{found:?} and not {expected}");
    }
}

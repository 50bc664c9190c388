use std::cell::Cell;

use super::*;
use crate::health::Cause;
use crate::routing::testing::member;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const LATER: Timestamp = Timestamp(9_000_000_000);

fn names(arrangement: &Arrangement<'_>) -> Vec<String> {
    let names = arrangement.attempts.iter();
    names.map(|(_, member)| member.model.to_string()).collect()
}

/// Members as they stand; each later one is cheaper and quicker.
struct Known<'a>(&'a [(Member, Standing)], Cell<usize>);

impl Known<'_> {
    fn index(&self, member: &Member) -> usize {
        let found = self.0.iter().position(|(known, _)| std::ptr::eq(known, member));
        found.unwrap()
    }
}

impl Knowledge for Known<'_> {
    fn standing(&self, member: &Member) -> Standing {
        self.1.set(self.1.get() + 1);
        self.0[self.index(member)].1
    }

    fn cost(&self, member: &Member) -> Option<MicroUsd> {
        Some(MicroUsd(100 - self.index(member) as u64))
    }

    fn speed(&self, member: &Member) -> Speed {
        Speed {
            expected: Some(100 - self.index(member) as u64),
            measured_at: Some(Timestamp(0)),
        }
    }
}

fn arranged(members: &[(Member, Standing)], wishes: Wishes) -> Arrangement<'_> {
    let placed = members.iter().map(|(member, _)| member).enumerate().collect();
    arrange(placed, wishes, &Known(members, Cell::default()))
}

fn wishes() -> Wishes {
    Wishes {
        most: 99,
        ..Wishes::default()
    }
}

fn well<const N: usize>(members: [Member; N]) -> [(Member, Standing); N] {
    members.map(|member| (member, Standing::Healthy))
}

fn order(members: &[(Member, Standing)], random: u64) -> Vec<String> {
    let wishes = Wishes { random, ..wishes() };
    names(&arranged(members, wishes))
}

#[test]
fn first_choices_follow_the_weights_within_a_point() {
    let members = well([member("a", 0, 70), member("b", 0, 25), member("c", 0, 5)]);
    let mut counts = [0u32; 3];
    let mut random: u64 = 42;
    for _ in 0..10_000 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let first = &order(&members, random.rotate_left(32))[0];
        counts[["a", "b", "c"].iter().position(|name| name == first).unwrap()] += 1;
    }
    for (count, weight) in counts.iter().zip([7_000, 2_500, 500]) {
        assert!(count.abs_diff(weight) <= 100, "{counts:?}");
    }
}

#[test]
fn the_others_follow_in_order_and_later_priorities_come_last() {
    let members = well([
        member("z", 1, 1),
        member("a", 0, 0),
        member("b", 0, 1),
        member("c", 0, 0),
    ]);
    assert_eq!(order(&members, 7), ["b", "a", "c", "z"]);
}

#[test]
fn without_any_weight_the_order_is_the_documents() {
    let members = well([member("a", 0, 0), member("b", 0, 0)]);
    assert_eq!(order(&members, u64::MAX), ["a", "b"]);
    assert!(order(&[], 1).is_empty());
}

#[test]
fn the_ends_of_the_range_fall_on_the_first_and_the_last() {
    let members = well([member("a", 0, 1), member("b", 0, 1), member("c", 0, 1)]);
    assert_eq!(order(&members, 0)[0], "a");
    assert_eq!(order(&members, u64::MAX)[0], "c");
}

#[test]
fn no_more_members_are_looked_at_than_the_plan_needs() {
    let members: Vec<_> = (0..50)
        .map(|index| {
            let standing = if index % 2 == 0 {
                Standing::Open { until: LATER }
            } else {
                Standing::Healthy
            };
            (member(&index.to_string(), 0, 1), standing)
        })
        .collect();
    for strategy in Strategy::ALL {
        let known = Known(&members, Cell::default());
        let placed = members.iter().map(|(member, _)| member).enumerate().collect();
        let wishes = Wishes {
            strategy,
            most: 4,
            ..Wishes::default()
        };
        let arrangement = arrange(placed, wishes, &known);
        assert_eq!(arrangement.attempts.len(), 4);
        assert!(known.1.get() <= 9, "{} {}", strategy.as_str(), known.1.get());
        assert_eq!(arrangement.left_out.len() + 4, known.1.get());
    }
}

#[test]
fn healthy_members_come_first_whatever_their_priority() {
    let members = [
        (member("shaky", 0, 1), Standing::Deprioritised),
        (member("open", 0, 9), Standing::Open { until: LATER }),
        (member("late", 1, 1), Standing::Healthy),
        (member("probe", 0, 1), Standing::HalfOpen),
    ];
    let arrangement = arranged(&members, wishes());
    assert_eq!(names(&arrangement), ["probe", "late", "shaky"]);
    assert_eq!(arrangement.left_out.len(), 1);
    assert_eq!((arrangement.is_last_resort, arrangement.wait), (false, None));
}

#[test]
fn the_share_of_a_member_that_is_out_goes_to_the_others_by_weight() {
    let members = [
        (member("out", 0, 70), Standing::Open { until: LATER }),
        (member("b", 0, 20), Standing::Healthy),
        (member("c", 0, 10), Standing::Healthy),
    ];
    let mut random: u64 = 7;
    let firsts = (0..3_000).filter(|_| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let wishes = Wishes {
            random: random.rotate_left(32),
            ..wishes()
        };
        names(&arranged(&members, wishes))[0] == "c"
    });
    let firsts = firsts.count();
    assert!((900..1_100).contains(&firsts), "{firsts}");
}

#[test]
fn each_strategy_and_affinity_order_what_is_healthy() {
    let members = ["a", "b", "c"].map(|name| (member(name, 0, 1), Standing::Healthy));
    let order = |strategy, conversation| {
        let wishes = Wishes {
            strategy,
            conversation,
            random: u64::MAX,
            ..wishes()
        };
        names(&arranged(&members, wishes))
    };
    assert_eq!(order(Strategy::PriorityWeighted, None), ["c", "a", "b"]);
    assert_eq!(order(Strategy::Cascade, None), ["a", "b", "c"]);
    assert_eq!(order(Strategy::LowestCost, None), ["c", "b", "a"]);
    assert_eq!(order(Strategy::LowestLatency, None), ["c", "b", "a"]);
    let key = crate::routing::affinity::prefix_key(b"Once upon a time");
    let group: Vec<_> = members.iter().map(|(member, _)| member).enumerate().collect();
    let preferred = group[preferred(&group, key, None)].1.model.to_string();
    for strategy in Strategy::ALL {
        assert_eq!(
            order(strategy, Some(Conversation { key, holder: None }))[0],
            preferred,
            "{}",
            strategy.as_str()
        );
    }
}

#[test]
fn nobody_is_asked_beyond_a_limit_and_the_wait_is_told() {
    let members = [
        (member("a", 0, 1), Standing::Limited { until: LATER }),
        (
            member("b", 0, 1),
            Standing::CoolingDown {
                until: Timestamp(3_000_000_000),
                cause: Cause::Throttled,
            },
        ),
    ];
    let arrangement = arranged(&members, wishes());
    assert!(arrangement.attempts.is_empty());
    let reasons = arrangement
        .left_out
        .iter()
        .map(|(_, standing)| ExclusionReason::of(*standing, Timestamp(0)));
    assert_eq!(
        serde_json::to_value(reasons.collect::<Vec<_>>()).unwrap(),
        serde_json::json!([
            {"reason": "limited", "for_ms": 9_000},
            {"reason": "cooling_down", "for_ms": 3_000, "cause": "throttled"},
        ])
    );
    assert_eq!(arrangement.wait, Some(Millis(3_000)));
}

#[test]
fn a_pool_that_is_down_is_asked_nevertheless() {
    let members = [
        (member("late", 0, 1), Standing::Open { until: LATER }),
        (member("soon", 0, 1), Standing::Open { until: Timestamp(5) }),
    ];
    let arrangement = arranged(&members, wishes());
    assert_eq!(names(&arrangement), ["soon", "late"]);
    assert!(arrangement.is_last_resort);
}

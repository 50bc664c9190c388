//! Who is asked in what order, from the strategy of the pool and from how its members stand.

use super::ExclusionReason;
use super::affinity::prefer;
use super::conversation::Conversation;
use super::order::{Placed, Speed, cascade, lowest_cost, lowest_latency, priority_weighted};
use crate::config::Member;
use crate::health::{Standing, sort};
use crate::units::{MicroUsd, Millis, Timestamp};

/// How a pool orders its members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// By priority, and within one by weight.
    #[default]
    PriorityWeighted,
    /// As in the document.
    Cascade,
    /// By what the call is expected to cost.
    LowestCost,
    /// By how long the call is expected to take.
    LowestLatency,
}

impl Strategy {
    /// All strategies.
    pub const ALL: [Self; 4] = [
        Self::PriorityWeighted,
        Self::Cascade,
        Self::LowestCost,
        Self::LowestLatency,
    ];

    /// The strategy as the document spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PriorityWeighted => "priority-weighted",
            Self::Cascade => "cascade",
            Self::LowestCost => "lowest-cost",
            Self::LowestLatency => "lowest-latency",
        }
    }
}

/// A member that can serve the call, with what is known of it at this moment.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The member.
    pub member: Placed<'a>,
    /// How it stands.
    pub standing: Standing,
    /// What the call is expected to cost there; only asked for by [`Strategy::LowestCost`].
    pub cost: Option<MicroUsd>,
    /// How quick it is; only asked for by [`Strategy::LowestLatency`].
    pub speed: Speed,
}

/// What the pool and the call wish for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wishes {
    /// The pool's strategy.
    pub strategy: Strategy,
    /// The conversation that should stay where it is.
    pub conversation: Option<Conversation>,
    /// Decides between members that are equal.
    pub random: u64,
}

/// The members in the order in which they are asked.
#[derive(Debug)]
pub struct Arrangement<'a> {
    /// Who is asked.
    pub attempts: Vec<Placed<'a>>,
    /// Who is left out, and why.
    pub left_out: Vec<(Placed<'a>, Standing)>,
    /// Whether all were out and those that only failed are asked nevertheless.
    pub is_last_resort: bool,
    /// How long to wait if nobody can be asked, for a `retry-after`.
    pub wait: Option<Millis>,
}

/// Orders the members that can serve a call: the healthy ones by the strategy, then those that failed of late, again
/// by the strategy. Those that are out are left out, unless all are: see [`sort`].
#[must_use]
pub fn arrange<'a>(candidates: &[Candidate<'a>], wishes: Wishes, now: Timestamp) -> Arrangement<'a> {
    let members = candidates
        .iter()
        .map(|candidate| (candidate.member, candidate.standing));
    let sorted = sort(members);
    let wait = sorted.wait(now);
    let known = |member: &Member| {
        candidates
            .iter()
            .find(|candidate| std::ptr::eq(candidate.member.1, member))
    };
    let order = |members| {
        let cost = |member: &Member| known(member).and_then(|candidate| candidate.cost);
        let speed = |member: &Member| known(member).map(|candidate| candidate.speed).unwrap_or_default();
        let ordered = match wishes.strategy {
            Strategy::PriorityWeighted => priority_weighted(members, wishes.random),
            Strategy::Cascade => cascade(members),
            Strategy::LowestCost => lowest_cost(members, cost),
            Strategy::LowestLatency => lowest_latency(members, speed, wishes.random, now),
        };
        match wishes.conversation {
            Some(Conversation { key, holder }) => prefer(ordered, key, holder.map(|holder| holder.member)),
            None => ordered,
        }
    };
    let mut attempts = order(sorted.well);
    if sorted.is_last_resort {
        attempts.extend(sorted.unwell);
    } else {
        attempts.extend(order(sorted.unwell));
    }
    Arrangement {
        attempts,
        left_out: sorted.out,
        is_last_resort: sorted.is_last_resort,
        wait,
    }
}

impl ExclusionReason {
    /// Why a member that stands so is left out; `None` if it need not be.
    #[must_use]
    pub fn of(standing: Standing, now: Timestamp) -> Option<Self> {
        let left = |until: Timestamp| until.wait_from(now).unwrap_or_default();
        match standing {
            Standing::Healthy | Standing::Deprioritised | Standing::HalfOpen => None,
            Standing::Open { until } => Some(Self::CircuitOpen { for_ms: left(until) }),
            Standing::CoolingDown { until, cause } => Some(Self::CoolingDown {
                for_ms: left(until),
                cause,
            }),
            Standing::Limited { until } => Some(Self::Limited { for_ms: left(until) }),
        }
    }
}

#[cfg(test)]
mod tests {
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

    fn arranged(members: &[(Member, Standing)], wishes: Wishes) -> Arrangement<'_> {
        let candidates: Vec<_> = members
            .iter()
            .enumerate()
            .map(|(index, (member, standing))| Candidate {
                member: (index, member),
                standing: *standing,
                cost: Some(MicroUsd(100 - index as u64)),
                speed: Speed {
                    expected: Some(100 - index as u64),
                    measured_at: Some(Timestamp(0)),
                },
            })
            .collect();
        arrange(&candidates, wishes, Timestamp(0))
    }

    #[test]
    fn healthy_members_come_first_whatever_their_priority() {
        let members = [
            (member("shaky", 0, 1), Standing::Deprioritised),
            (member("open", 0, 9), Standing::Open { until: LATER }),
            (member("late", 1, 1), Standing::Healthy),
            (member("probe", 0, 1), Standing::HalfOpen),
        ];
        let arrangement = arranged(&members, Wishes::default());
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
                ..Wishes::default()
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
            };
            names(&arranged(&members, wishes))
        };
        assert_eq!(order(Strategy::PriorityWeighted, None), ["c", "a", "b"]);
        assert_eq!(order(Strategy::Cascade, None), ["a", "b", "c"]);
        assert_eq!(order(Strategy::LowestCost, None), ["c", "b", "a"]);
        assert_eq!(order(Strategy::LowestLatency, None), ["c", "b", "a"]);
        let key = crate::routing::affinity::prefix_key(b"Once upon a time");
        let placed = members.iter().map(|(member, _)| member).enumerate();
        let preferred = prefer(placed.collect(), key, None)[0].1.model.to_string();
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
        let arrangement = arranged(&members, Wishes::default());
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
        let arrangement = arranged(&members, Wishes::default());
        assert_eq!(names(&arrangement), ["soon", "late"]);
        assert!(arrangement.is_last_resort);
    }
}

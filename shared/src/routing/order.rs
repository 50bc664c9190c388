//! The order of attempts. Lower priorities come first whatever the strategy; it decides within one.

use crate::config::Member;
use crate::health::Latency;
use crate::ledger::{Price, Usage};
use crate::limits::{EXPLORE_AFTER, EXPLORED_PERCENT, EXPLORED_PERCENT_NEW};
use crate::units::{MicroUsd, Timestamp, Tokens};

/// A member and its place in the pool.
pub type Placed<'a> = (usize, &'a Member);

/// By priority, and within one as in the document.
pub fn as_written(mut members: Vec<Placed<'_>>) -> Vec<Placed<'_>> {
    members.sort_by_key(|(_, member)| member.priority);
    members
}

/// The cheapest first, by what the call is expected to cost there. Members of the same cost follow in the document's
/// order, and those whose price is not known come last: they may cost anything.
pub fn lowest_cost(
    mut members: Vec<Placed<'_>>,
    cost: impl Fn(&Member) -> Option<MicroUsd>,
) -> Vec<Placed<'_>> {
    members.sort_by_cached_key(|(_, member)| {
        let cost = cost(member);
        (member.priority, cost.is_none(), cost)
    });
    members
}

/// What a call is expected to cost, if nothing of its input comes from a cache.
#[must_use]
pub fn expected_cost(price: &Price, input: Tokens, output: Tokens) -> MicroUsd {
    price.cost(&Usage {
        input,
        output,
        ..Usage::default()
    })
}

/// What is known of a member's speed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Speed {
    /// The microseconds that the call is expected to take; `None` if nothing was measured.
    pub expected: Option<u64>,
    /// When something was last measured.
    pub measured_at: Option<Timestamp>,
}

impl Speed {
    /// What is known of it for an answer of `output` tokens.
    #[must_use]
    pub fn of(latency: &Latency, is_stream: bool, output: Tokens) -> Self {
        Self {
            expected: latency.expected(is_stream, output),
            measured_at: latency.measured_at(),
        }
    }
}

/// The quickest first, of what was measured lately; those of which nothing is known come last.
///
/// Some calls in a hundred explore: they go first to the member of the first priority that was measured the longest
/// ago, so that one that has become quick is noticed; more of them where one was never measured. Where all were measured
/// a moment ago none do.
pub fn lowest_latency(
    members: Vec<Placed<'_>>,
    speed: impl Fn(&Member) -> Speed,
    random: u64,
    now: Timestamp,
) -> Vec<Placed<'_>> {
    let mut members: Vec<_> = members
        .into_iter()
        .map(|placed| (placed, speed(placed.1)))
        .collect();
    members.sort_by_key(|((_, member), speed)| (member.priority, speed.expected.is_none(), speed.expected));
    let priority = members.first().map(|((_, member), _)| member.priority);
    let peers = members
        .iter()
        .take_while(|((_, member), _)| Some(member.priority) == priority)
        .map(|(_, speed)| speed.measured_at);
    let oldest = peers.enumerate().min_by_key(|(_, measured_at)| *measured_at);
    if let Some((index, measured_at)) = oldest
        && explores(measured_at, random, now)
    {
        members
            .get_mut(..=index)
            .into_iter()
            .for_each(|peers| peers.rotate_right(1));
    }
    members.into_iter().map(|(placed, _)| placed).collect()
}

/// Whether a call finds out about a member that was last measured then.
fn explores(measured_at: Option<Timestamp>, random: u64, now: Timestamp) -> bool {
    let percent = match measured_at {
        None => EXPLORED_PERCENT_NEW,
        Some(at) if now.millis_since(at) >= EXPLORE_AFTER => EXPLORED_PERCENT,
        Some(_) => 0,
    };
    (u128::from(random) * 100) >> 64 < u128::from(percent)
}

/// The index of the member that `random` falls on by weight; `None` if no member has weight. A member without weight is
/// never drawn while another one has some.
pub fn draw(members: &[Placed<'_>], random: u64) -> Option<usize> {
    let total: u64 = members.iter().map(|(_, member)| u64::from(member.weight)).sum();
    // The high half of the product maps the whole range of `random` evenly onto the weights.
    let mut ticket = u64::try_from((u128::from(random) * u128::from(total)) >> 64).unwrap_or_default();
    members.iter().position(|(_, member)| {
        let weight = u64::from(member.weight);
        let is_drawn = ticket < weight;
        ticket = ticket.saturating_sub(weight);
        is_drawn
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Rates;
    use crate::routing::testing::member;
    use crate::units::Millis;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn names<'a>(members: &[Placed<'a>]) -> Vec<&'a str> {
        members.iter().map(|(_, member)| member.model.as_str()).collect()
    }

    #[test]
    fn the_documents_order_counts_within_a_priority() {
        let members = [member("z", 1, 9), member("b", 0, 1), member("a", 0, 9)];
        assert_eq!(
            names(&as_written(members.iter().enumerate().collect())),
            ["b", "a", "z"]
        );
    }

    #[test]
    fn the_cheapest_comes_first_and_an_unknown_price_last() {
        let members = [
            member("unknown", 0, 1),
            member("dear", 0, 1),
            member("cheap", 0, 1),
            member("equal", 0, 1),
            member("later", 1, 1),
        ];
        let cost = |member: &Member| match member.model.as_str() {
            "unknown" => None,
            "dear" => Some(MicroUsd(9_000)),
            "later" => Some(MicroUsd(1)),
            _ => Some(MicroUsd(50)),
        };
        let ordered = lowest_cost(members.iter().enumerate().collect(), cost);
        assert_eq!(names(&ordered), ["cheap", "equal", "dear", "unknown", "later"]);
    }

    #[test]
    fn a_call_is_expected_to_cost_its_input_and_output() {
        let rate = |dollars| Price::rate(dollars).unwrap();
        let price = Price::of(Rates::flat(rate(3.0), rate(15.0)));
        assert_eq!(expected_cost(&price, Tokens(1_000), Tokens(200)), MicroUsd(6_000));
    }

    #[test]
    fn the_quickest_comes_first_and_a_few_calls_explore() {
        let members =
            ["slow", "quick", "stale", "later"].map(|name| member(name, u32::from(name == "later"), 1));
        let now = Timestamp(1_000_000_000_000);
        let speed = |member: &Member| {
            let (expected, age) = match member.model.as_str() {
                "slow" => (900, 1_000),
                "quick" => (100, 1_000),
                "later" => (1, 900_000),
                _ => (500, 60_000),
            };
            Speed {
                expected: Some(expected),
                measured_at: Some(Timestamp(now.0 - age * 1_000_000)),
            }
        };
        let order = |random| lowest_latency(members.iter().enumerate().collect(), speed, random, now);
        assert_eq!(names(&order(u64::MAX)), ["quick", "stale", "slow", "later"]);
        assert_eq!(names(&order(0)), ["stale", "quick", "slow", "later"]);
        let fifth = u64::MAX / 100 * u64::from(EXPLORED_PERCENT);
        assert_eq!(
            (
                order(fifth - 100)[0].1.model.as_str(),
                order(fifth + 100)[0].1.model.as_str()
            ),
            ("stale", "quick")
        );
        // What was measured a moment ago need not be explored.
        let fresh = |member: &Member| Speed {
            measured_at: Some(Timestamp(now.0 - 1)),
            ..speed(member)
        };
        assert_eq!(
            lowest_latency(members.iter().enumerate().collect(), fresh, 0, now)[0]
                .1
                .model
                .as_str(),
            "quick"
        );
    }

    #[test]
    fn a_member_of_which_nothing_is_known_comes_last_but_is_explored() {
        let members = [member("new", 0, 1), member("known", 0, 1)];
        let now = Timestamp(0).after(Millis(60_000));
        let speed = |member: &Member| match member.model.as_str() {
            "known" => Speed {
                expected: Some(100),
                measured_at: Some(now),
            },
            _ => Speed::default(),
        };
        let first = |random| {
            lowest_latency(members.iter().enumerate().collect(), speed, random, now)[0]
                .1
                .model
                .as_str()
        };
        assert_eq!((first(u64::MAX), first(0)), ("known", "new"));
        assert!(lowest_latency(Vec::new(), speed, 0, now).is_empty());
        assert_eq!(Speed::of(&Latency::default(), true, Tokens(9)), Speed::default());
    }
}

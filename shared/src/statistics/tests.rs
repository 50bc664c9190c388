use serde_json::json;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::config::{Audience, load};

fn ended(ending: Ending, took: u64, cost: u64) -> Ended {
    Ended {
        ending,
        took: Some(Millis(took)),
        cost: MicroUsd(cost),
    }
}

#[test]
fn rates_are_shares_of_all_that_matched() {
    let mut statistics = RuleStatistics::default();
    assert_eq!((statistics.success_rate(), statistics.p50()), (None, None));
    for _ in 0..6 {
        statistics.note(ended(Ending::Success, 10, 500));
    }
    statistics.note(ended(Ending::Error, 30, 0));
    statistics.note(ended(Ending::Abandoned, 20, 70));
    let refused = Ended {
        took: None,
        ..ended(Ending::Refused, 0, 0)
    };
    statistics.note(refused);
    statistics.note(refused);
    assert_eq!(statistics.matches(), 10);
    assert_eq!(statistics.success_rate(), Some(0.6));
    assert_eq!(statistics.error_rate(), Some(0.1));
    assert_eq!(statistics.cost, MicroUsd(3_070));
    assert_eq!(
        statistics.durations.count(),
        8,
        "who asked no provider took no time"
    );
    assert_eq!(
        (statistics.p50(), statistics.p95()),
        (Some(Millis(10)), Some(Millis(30)))
    );
}

#[test]
fn figures_count_from_the_earliest_beginning_that_is_known() {
    let merged = |one: u64, another: u64| {
        let mut statistics = RuleStatistics::beginning(Timestamp(one));
        statistics.merge(&RuleStatistics::beginning(Timestamp(another)));
        statistics.since.0
    };
    assert_eq!([merged(0, 7), merged(7, 0), merged(7, 9), merged(9, 7)], [7; 4]);
}

#[test]
fn everything_that_can_take_a_call_is_listed_once() {
    let member = |model| json!([{"provider": "a", "model": model}]);
    let document = json!({
        "providers": [{"name": "a", "kind": "openai"}],
        "pools": [
            {"name": "large", "members": member("m")},
            {"name": "small", "match_when": {"request.model": "m"}, "members": member("n")},
        ],
        "models": [
            {"name": "one", "pool": "large"}, {"name": "two", "pool": "large"},
            {"name": "own", "targets": [{"provider": "a"}]},
        ],
        "rules": [
            {"match": {"request.model": "one"}, "pool": "large"},
            {"name": "first", "priority": 9, "match": {"request.model": "two"}, "pool": "small"},
        ],
    });
    let snapshot = load(&document, Audience::Filter).unwrap().snapshot;
    let all = Selection::all(&snapshot).into_iter();
    let all: Vec<_> = all
        .map(|selection| (selection.rule, selection.pool.as_str()))
        .collect();
    assert_eq!(
        all,
        [
            (Some("first"), "small"),
            (Some("rules[0]"), "large"),
            (Some("match_when"), "small"),
            (None, "large"),
            (None, "own"),
        ]
    );
}

use serde_json::json;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{expect, loaded, mistakes, valid, with};
use crate::health::CircuitBreaker;
use crate::ledger::RateLimits;
use crate::routing::{RetryLimits, Strategy};
use crate::units::Millis;

#[test]
fn what_an_account_and_a_pool_bear_is_read() {
    let snapshot = loaded(&valid()).snapshot;
    let [first, second, ..] = &snapshot.providers[..] else {
        panic!()
    };
    assert_eq!(
        first.circuit_breaker,
        CircuitBreaker {
            consecutive_failures: 3,
            error_rate: 25,
            window: Millis(60_000),
            recovery: Millis(10_000),
        }
    );
    assert_eq!(
        first.limits,
        RateLimits {
            requests_per_minute: Some(4_000),
            tokens_per_minute: Some(2_000_000),
            shared: false,
        }
    );
    let [standard, long, _] = &snapshot.pools[..] else {
        panic!()
    };
    let budget = RetryLimits {
        ratio: 10,
        per_second: 2,
    };
    assert_eq!(standard.retry_budget, budget);
    assert_eq!(
        (long.strategy, long.has_affinity),
        (Strategy::LowestLatency, true)
    );
    // What is not written has its default.
    assert_eq!(
        (second.circuit_breaker, second.limits),
        (CircuitBreaker::default(), RateLimits::default())
    );
    assert_eq!(long.retry_budget, RetryLimits::default());
    assert_eq!(
        (standard.strategy, standard.has_affinity),
        (Strategy::PriorityWeighted, false)
    );
    let own = &snapshot.models["claude"].pool;
    assert_eq!(
        (own.strategy, own.retry_budget),
        (Strategy::default(), RetryLimits::default())
    );
}

#[test]
fn a_part_of_a_circuit_breaker_leaves_the_rest_as_it_is() {
    let document = with("/providers/1/circuit_breaker", json!({"recovery": "5s"}));
    let breaker = loaded(&document).snapshot.providers[1].circuit_breaker;
    let expected = CircuitBreaker {
        recovery: Millis(5_000),
        ..CircuitBreaker::default()
    };
    assert_eq!(breaker, expected);
    let document = with("/providers/1/limits", json!({"tokens_per_minute": 1}));
    assert_eq!(
        loaded(&document).snapshot.providers[1].limits.requests_per_minute,
        None
    );
}

#[test]
fn each_strategy_is_read() {
    for strategy in Strategy::ALL {
        let document = with("/pools/0/routing", json!(strategy.as_str()));
        assert_eq!(loaded(&document).snapshot.pools[0].strategy, strategy);
    }
}

#[test]
fn what_is_beyond_reason_says_what_would_be_right() {
    let percentage = "must be a whole percentage from `1%` to `100%`";
    for value in [
        json!("0%"),
        json!("101%"),
        json!("50"),
        json!(50),
        json!(0.5),
        json!("-5%"),
        json!("5.5%"),
        json!("%"),
    ] {
        let found = mistakes(&with("/providers/0/circuit_breaker/error_rate", value));
        assert!(found.len() == 1 && found[0].ends_with(percentage), "{found:#?}");
    }
    expect(&[
        (
            "/providers/0/circuit_breaker",
            json!("off"),
            "providers[0].circuit_breaker: must be a mapping",
        ),
        (
            "/providers/0/circuit_breaker/consecutive_failures",
            json!(0),
            "providers[0].circuit_breaker.consecutive_failures: `0` must be a whole number from 1 to 1000",
        ),
        (
            "/providers/0/circuit_breaker/window",
            json!("10ms"),
            "providers[0].circuit_breaker.window: `10ms` must be between `1s` and `1h`",
        ),
        (
            "/providers/0/circuit_breaker/recovery",
            json!("2h"),
            "providers[0].circuit_breaker.recovery: `2h` must be between `1s` and `1h`",
        ),
        (
            "/providers/0/circuit_breaker/errors",
            json!("50%"),
            "providers[0].circuit_breaker.errors: is not a key here",
        ),
        (
            "/providers/0/limits",
            json!({}),
            "providers[0].limits: `{}` must have `requests_per_minute`, `tokens_per_minute` or both",
        ),
        (
            "/providers/0/limits",
            json!({"request_per_minute": 5}),
            "providers[0].limits.request_per_minute: is not a key here",
        ),
        (
            "/providers/0/limits/requests_per_minute",
            json!(0),
            "providers[0].limits.requests_per_minute: `0` must be a whole number from 1 to 1000000000",
        ),
        (
            "/providers/0/limits/tokens_per_minute",
            json!("2M"),
            "providers[0].limits.tokens_per_minute: `2M` must be a whole number",
        ),
        (
            "/pools/0/retry_budget/ratio",
            json!("1001%"),
            "pools[0].retry_budget.ratio: `1001%` must be a whole percentage from `0%` to `1000%`",
        ),
        (
            "/pools/0/retry_budget/per_second",
            json!(-1),
            "pools[0].retry_budget.per_second: `-1` must be a whole number from 0 to 10000",
        ),
        (
            "/pools/0/retry_budget",
            json!(10),
            "pools[0].retry_budget: must be a mapping",
        ),
        (
            "/pools/1/affinity",
            json!("prompt-prefx"),
            "pools[1].affinity: `prompt-prefx` is no affinity (supported: prompt-prefix)",
        ),
        (
            "/pools/1/affinity",
            json!(true),
            "pools[1].affinity: `true` must be text",
        ),
    ]);
}

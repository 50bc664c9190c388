use super::*;
use crate::routing::testing::member;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const NOW: Timestamp = Timestamp(1_795_254_245_000_000_000);

fn provider(requests: Option<u64>, tokens: Option<u64>) -> Provider {
    let limits = RateLimits {
        requests_per_minute: requests,
        tokens_per_minute: tokens,
        shared: true,
    };
    let template = member("a", 0, 1).provider;
    Provider {
        name: "a".into(),
        kind: template.kind,
        region: None,
        timeouts: template.timeouts,
        circuit_breaker: template.circuit_breaker,
        limits,
        budget: None,
    }
}

fn told(changes: &[Change]) -> Vec<(u64, u64)> {
    changes
        .iter()
        .map(|change| (change.taken, change.returned))
        .collect()
}

#[test]
fn each_limit_has_counters_of_its_own_for_each_minute() {
    let provider = provider(Some(9), Some(1_000));
    let [requests, tokens] = shares(&provider, Tokens(30), NOW).try_into().unwrap();
    assert_eq!((requests.needed, tokens.needed), (1, 30));
    assert_ne!(requests.account, tokens.account);
    let [next, _] = shares(&provider, Tokens(30), NOW.after(crate::units::Millis(55_000)))
        .try_into()
        .unwrap();
    assert_ne!(next.account, requests.account);
    assert!(
        shares(
            &Provider {
                limits: RateLimits::default(),
                ..provider
            },
            Tokens(3),
            NOW
        )
        .is_empty()
    );
}

#[test]
fn nobody_needs_more_than_the_whole_limit_whatever_it_is_counted_in() {
    for most in [1, 300, 16_777_299, 1_000_000_000] {
        for later in 0..20 {
            let now = Timestamp(NOW.0 + later);
            let [tokens] = shares(&provider(None, Some(most)), Tokens(u64::MAX), now)
                .try_into()
                .unwrap();
            assert!(tokens.needed <= tokens.division.most, "{tokens:?}");
        }
    }
}

#[test]
fn what_was_expected_makes_room_for_what_was_used() {
    let provider = provider(Some(9), Some(1_000));
    let counted = Taken::new(Tokens(30), true, NOW);
    assert_eq!(told(&counted.changes(&provider)), [(0, 0), (0, 0)]);
    assert_eq!(told(&counted.unmade(&provider)), [(0, 1), (0, 30)]);
    let used = |taken: Taken, used| Taken {
        used: Some(Tokens(used)),
        ..taken
    };
    assert_eq!(told(&used(counted, 12).changes(&provider)), [(0, 0), (0, 18)]);
    assert_eq!(told(&used(counted, 42).changes(&provider)), [(0, 0), (12, 0)]);
    let local = Taken::new(Tokens(30), false, NOW);
    assert_eq!(told(&used(local, 12).changes(&provider)), [(1, 0), (12, 0)]);
}

#[test]
fn what_is_told_early_is_not_told_again() {
    let provider = provider(Some(9), Some(20));
    let mut taken = Taken::new(Tokens(30), false, NOW);
    assert_eq!(told(&taken.tell(&provider)), [(1, 0), (20, 0)]);
    assert_eq!(taken.tell(&provider), []);
    taken.used = Some(Tokens(25));
    assert_eq!(told(&taken.changes(&provider)), [(0, 0), (5, 0)]);
}

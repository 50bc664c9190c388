//! Calls that ask for several answers at once, each of which is paid for.

use serde_json::json;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

#[test]
fn every_answer_that_a_call_asks_for_is_reserved() {
    for (n, reserved) in [
        (json!(null), 101..140),
        (json!(1), 101..140),
        (json!(5), 501..540),
        // No number of answers: the provider will say so.
        (json!(0), 101..140),
        (json!("5"), 101..140),
    ] {
        let world = World::new(tokens(100_000));
        let mut driver = world.call_with("bot", &json!({"model": "gpt", "max_tokens": 100, "n": n}));
        answer(&mut driver, 10, 10);
        let statement = &driver.record()["llm.budgets"][0];
        let held = statement["reserved"].as_u64().unwrap();
        assert!(reserved.contains(&held), "{n}: {held}");
        assert_eq!(statement["used"], 20);
    }
}

#[test]
fn a_number_of_answers_that_no_provider_gives_is_bounded() {
    let world = World::new(tokens(100_000));
    let body = json!({"model": "gpt", "max_tokens": 100, "n": u64::MAX});
    let mut driver = world.call_with("bot", &body);
    answer(&mut driver, 10, 10);
    let held = driver.record()["llm.budgets"][0]["reserved"].as_u64().unwrap();
    assert!((12_801..12_840).contains(&held), "{held}");
}

#[test]
fn what_is_left_is_shared_by_the_answers() {
    let mut budgets = tokens(1_000);
    budgets[0]["clamp"] = json!(true);
    let body = json!({"model": "gpt", "max_tokens": 5_000, "n": 4});
    let driver = World::new(budgets).call_with("bot", &body);
    let call = driver.call();
    let most = call.borrow().request.max_output.unwrap().0;
    assert!((230..250).contains(&most), "{most}");
}

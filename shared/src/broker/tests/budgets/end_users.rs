//! Budgets of the people behind agents.

use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Driver, World, answer};

fn world() -> World {
    World::new(json!([{"name": "person", "scope": "end_user", "tokens": 200, "per": "day"}]))
}

fn call(world: &World, agent: &str, user: Value) -> Driver {
    let mut body = json!({"model": "gpt", "max_tokens": 20});
    if !user.is_null() {
        body["user"] = user;
    }
    world.call_with(agent, &body)
}

fn spend(world: &World, agent: &str, user: Value) -> Value {
    let mut driver = call(world, agent, user);
    answer(&mut driver, 100, 100);
    driver.record().clone()
}

fn is_refused(driver: &Driver) -> bool {
    !driver.host.replies.is_empty()
}

#[test]
fn each_user_has_an_own_budget() {
    let world = world();
    let record = spend(&world, "bot", json!("ada"));
    assert_eq!(record["llm.user"], "ada");
    assert!(is_refused(&call(&world, "bot", json!("ada"))));
    assert!(!is_refused(&call(&world, "bot", json!("bob"))));
}

#[test]
fn calls_that_name_nobody_are_one_user() {
    let world = world();
    spend(&world, "bot", Value::Null);
    assert!(is_refused(&call(&world, "bot", Value::Null)));
    assert!(!is_refused(&call(&world, "bot", json!("ada"))));
}

#[test]
fn a_user_of_another_workspace_is_somebody_else() {
    let world = world();
    spend(&world, "bot", json!("ada"));
    assert!(!is_refused(&call(&world, "boss", json!("ada"))));
}

#[test]
fn the_record_names_the_place_of_a_user_and_a_refusal_does_too() {
    let world = world();
    let record = spend(&world, "bot", json!("ada"));
    let place = &record["llm.budgets"][0]["user"];
    assert_eq!(place.as_str().map(str::len), Some(5));
    let mut refused = call(&world, "bot", json!("ada"));
    refused.finish();
    assert_eq!(&refused.record()["llm.budgets"][0]["user"], place);
}

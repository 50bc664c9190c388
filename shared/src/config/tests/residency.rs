use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{expect, loaded, mistakes, put, valid, with, without};

/// Where the calls of the agent `bot`, of the workspace `research` of the tenant `acme`, may go.
fn regions(document: &Value) -> Option<Vec<String>> {
    let snapshot = loaded(document).snapshot;
    let bot = snapshot
        .agents
        .values()
        .find(|agent| agent.name.as_str() == "bot")
        .unwrap();
    bot.workspace.as_ref().unwrap().regions.clone()
}

#[test]
fn a_workspace_narrows_the_regions_of_its_tenant() {
    let named = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    assert_eq!(regions(&valid()), named(&["eu"]));
    let tenants_alone = without("/workspaces/0/regions");
    assert_eq!(regions(&tenants_alone), named(&["eu", "us"]));
    assert_eq!(regions(&without("/tenants/0/regions")), named(&["eu"]));
    let mut neither = without("/workspaces/0/regions");
    put(&mut neither, "/tenants/0", json!({"name": "acme"}));
    assert_eq!(regions(&neither), None);
    let mut alone = valid();
    put(
        &mut alone,
        "/workspaces/0",
        json!({"name": "research", "regions": ["us"]}),
    );
    assert_eq!(regions(&alone), named(&["us"]));
}

#[test]
fn a_region_that_lets_nothing_out_or_too_much_is_a_mistake() {
    expect(&[
        (
            "/tenants/0/regions/1",
            json!("usa"),
            "tenants[0].regions[1]: `usa` is the region of no provider; did you mean `us`?",
        ),
        (
            "/tenants/0/regions",
            json!([]),
            "tenants[0].regions: `[]` must have at least one region; leave it out to allow all",
        ),
        (
            "/workspaces/1/regions",
            json!(["mars"]),
            "workspaces[1].regions[0]: `mars` is the region of no provider",
        ),
        (
            "/workspaces/1/regions",
            json!("eu"),
            "workspaces[1].regions: must be a list",
        ),
    ]);
    let mut wider = with("/tenants/0/regions", json!(["eu"]));
    put(&mut wider, "/workspaces/0/regions", json!(["eu", "us"]));
    assert_eq!(
        mistakes(&wider),
        ["workspaces[0].regions[1]: `us` is not among the tenant's regions (eu)"]
    );
}

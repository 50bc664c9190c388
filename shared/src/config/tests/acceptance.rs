use serde_json::json;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{expect, loaded, mistakes, valid, with};
use crate::acceptance::{FinishReason, Json};
use crate::routing::Strategy;
use crate::units::Tokens;

#[test]
fn what_a_cascade_accepts_is_read() {
    let snapshot = loaded(&valid()).snapshot;
    let pool = &snapshot.pools[2];
    assert_eq!(pool.strategy, Strategy::Cascade);
    let accept = pool.acceptance.as_ref().unwrap();
    assert_eq!(
        accept.finish_reasons.as_deref(),
        Some(&[FinishReason::Stop, FinishReason::ToolCalls][..])
    );
    assert!(matches!(accept.json, Some(Json::Fitting(_))));
    assert_eq!(
        (accept.min_output_tokens, accept.min_characters),
        (Some(Tokens(1)), Some(2))
    );
    assert!(accept.refusal_patterns[0].is_in("Sorry, I CAN'T."));
    assert!(snapshot.pools[0].acceptance.is_none());
    for (json, expected) in [("valid", "Valid"), ("schema", "Requested")] {
        let snapshot = loaded(&with("/pools/2/accept/json", json!(json))).snapshot;
        let accept = snapshot.pools[2].acceptance.as_ref().unwrap();
        assert_eq!(format!("{:?}", accept.json.as_ref().unwrap()), expected);
    }
}

#[test]
fn what_accept_may_not_hold_says_what_would_be_right() {
    expect(&[
        (
            "/pools/0/accept",
            json!({"json": "valid"}),
            "pools[0].accept: is for pools with `routing: cascade`: only they go on to another member",
        ),
        (
            "/pools/2/accept/finish_reason",
            json!("tool_use"),
            "pools[2].accept.finish_reason: `tool_use` is no reason to end (known: stop, length, tool_calls, content_filter)",
        ),
        (
            "/pools/2/accept/finish_reason",
            json!([]),
            "pools[2].accept.finish_reason: `[]` must name a reason: no answer would be accepted",
        ),
        (
            "/pools/2/accept/json",
            json!("schemas"),
            "pools[2].accept.json: `schemas` must be `valid`, `schema`, `always` or `{schema: …}`; did you mean `schema`?",
        ),
        (
            "/pools/2/accept/json",
            json!({"schema": {"properties": {"city": {"if": {}}}}}),
            "pools[2].accept.json.schema: `#/properties/city/if` is no keyword that answers can be checked by",
        ),
        (
            "/pools/2/accept/min_output_tokens",
            json!(0),
            "pools[2].accept.min_output_tokens: `0` must be a whole number from 1 to",
        ),
        (
            "/pools/2/accept/min_characters",
            json!("many"),
            "pools[2].accept.min_characters: `many` must be a whole number from 1 to",
        ),
        (
            "/pools/2/accept/refusal_patterns/0",
            json!("("),
            "pools[2].accept.refusal_patterns[0]: `(` is no regular expression that can be used here",
        ),
        (
            "/pools/2/accept/refusal_patterns/0",
            json!(".*"),
            "pools[2].accept.refusal_patterns[0]: `.*` matches every text",
        ),
        (
            "/pools/2/accept/refusal_patterns",
            json!(vec!["no"; 33]),
            "pools[2].accept.refusal_patterns: must be at most 32 patterns",
        ),
        (
            "/pools/2/affinity",
            json!("prompt-prefix"),
            "pools[2].affinity: `prompt-prefix` is not for pools with `routing: cascade`, which begin with their first rung",
        ),
    ]);
    assert_eq!(mistakes(&with("/pools/2/routing", json!("cascades"))).len(), 1);
}

//! The policies of docs/policies.md do what stands there.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::testing::{Caller, caller, compiled, context, provider, target};
use super::{Action, Call, Context, Policies};
use crate::provider::{Capabilities, Capability};
use crate::units::{MicroUsd, Timestamp, Tokens};

const DOCUMENT: &str = include_str!("../../../docs/policies.md");

/// The documented policies of one name; what is forbidden there is permitted otherwise.
fn documented(id: &str) -> Policies {
    let blocks = DOCUMENT.split("```cedar\n").skip(1);
    let mut texts = blocks.filter_map(|block| block.split("```").next());
    let text = texts
        .find(|text| text.contains(&format!("@id(\"{id}\")")))
        .unwrap();
    let otherwise = if text.contains("forbid(") {
        "@id(\"all\") permit(principal, action, resource);"
    } else {
        ""
    };
    let compiled = compiled(&format!("{text}{otherwise}"));
    assert!(compiled.warnings.is_empty(), "{:?}", compiled.warnings);
    Policies::new(compiled.program).unwrap()
}

fn allows(
    policies: &Policies,
    caller: &Caller,
    account: &'static str,
    pool: &str,
    context: &Context<'_>,
) -> bool {
    let provider = provider(account);
    let mut target = target(&provider);
    target.pool = pool;
    policies
        .decide(&Call {
            principal: &caller.principal(),
            action: Action::Invoke,
            target: &target,
            context,
        })
        .is_allowed()
}

/// Whether the standard tier's account in the US is allowed.
fn allows_call(policies: &Policies, caller: &Caller, context: &Context<'_>) -> bool {
    allows(policies, caller, "openai-us", "standard-tier", context)
}

#[test]
fn there_are_ten_policies() {
    assert_eq!(DOCUMENT.matches("@id(\"").count(), 10);
}

#[test]
fn what_the_table_of_lists_says_is_cedar() {
    let quoted = DOCUMENT.split('`').filter(|text| text.ends_with(';'));
    let policies: Vec<_> = quoted
        .filter(|text| text.starts_with("permit(") || text.starts_with("forbid("))
        .collect();
    assert_eq!(policies.len(), 4, "{policies:?}");
    compiled(&policies.join("\n"));
}

#[test]
fn a_workspace_may_use_a_pool() {
    let policies = documented("support-standard");
    let may = |agent, pool| allows(&policies, &caller(agent), "openai-us", pool, &context());
    assert!(may("support-bot", "standard-tier"));
    assert!(!may("support-bot", "reasoning-tier"));
    assert!(!may("research-bot", "standard-tier"));
}

#[test]
fn what_is_restricted_stays_in_the_eu() {
    let policies = documented("restricted-stays-in-eu");
    let restricted = Context {
        classification: "restricted",
        ..context()
    };
    let may = |account| {
        allows(
            &policies,
            &caller("support-bot"),
            account,
            "standard-tier",
            &restricted,
        )
    };
    assert_eq!(
        ["bedrock-eu", "openai-us", "local-vllm"].map(may),
        [true, false, false]
    );
    assert!(allows_call(&policies, &caller("support-bot"), &context()));
}

#[test]
fn an_agent_may_use_a_model_whatever_pool_serves_it() {
    let policies = documented("research-primary");
    let may = |agent, pool| allows(&policies, &caller(agent), "openai-us", pool, &context());
    assert!(may("research-bot", "standard-tier") && may("research-bot", "reasoning-tier"));
    assert!(!may("support-bot", "standard-tier"));
}

#[test]
fn an_upstream_model_is_for_one_workspace() {
    let policies = documented("frontier-is-for-research");
    assert!(allows_call(&policies, &caller("research-bot"), &context()));
    assert!(!allows_call(&policies, &caller("support-bot"), &context()));
}

#[test]
fn long_inputs_need_a_premium_tier() {
    let policies = documented("long-needs-premium");
    for (tier, tokens, expected) in [
        ("", 100_000, true),
        ("", 100_001, false),
        ("premium", 100_001, true),
    ] {
        let context = Context {
            tier,
            estimated_tokens: Tokens(tokens),
            ..context()
        };
        assert_eq!(allows_call(&policies, &caller("lone-bot"), &context), expected);
    }
}

#[test]
fn images_stay_with_our_own_servers() {
    let policies = documented("images-stay-here");
    let images = Context {
        needs: Capabilities::NONE.with(Capability::Vision),
        ..context()
    };
    let may = |account| {
        allows(
            &policies,
            &caller("support-bot"),
            account,
            "standard-tier",
            &images,
        )
    };
    assert_eq!(["local-vllm", "openai-us"].map(may), [true, false]);
    assert!(allows_call(&policies, &caller("support-bot"), &context()));
}

#[test]
fn batches_run_at_night_and_on_weekends() {
    let policies = documented("batch-off-hours");
    // Thursday 1 January 1970 and the Saturday after it.
    for (hour, expected) in [(6, true), (7, false), (18, false), (19, true), (48 + 12, true)] {
        let context = Context {
            purpose: "batch",
            now: Timestamp(hour * 3_600_000_000_000),
            ..context()
        };
        assert_eq!(
            allows_call(&policies, &caller("lone-bot"), &context),
            expected,
            "{hour}"
        );
    }
}

#[test]
fn a_trial_ends_by_itself() {
    let policies = documented("abroad-trial");
    let may = |second: u64| {
        let context = Context {
            now: Timestamp(second * 1_000_000_000),
            ..context()
        };
        allows(
            &policies,
            &caller("abroad-bot"),
            "openai-us",
            "reasoning-tier",
            &context,
        )
    };
    // 2027-01-01T00:00:00Z
    assert!(may(1_798_761_599) && !may(1_798_761_600));
}

#[test]
fn the_last_dollars_are_for_what_is_critical() {
    let policies = documented("keep-the-last-dollars");
    let critical = caller("support-bot").with("critical", "yes");
    for (left, expected) in [(None, true), (Some(10_000_000), true), (Some(9_999_999), false)] {
        let context = Context {
            budget_left: left.map(MicroUsd),
            ..context()
        };
        assert_eq!(allows_call(&policies, &caller("support-bot"), &context), expected);
        assert!(allows_call(&policies, &critical, &context));
    }
}

#[test]
fn tools_need_an_attribute() {
    let policies = documented("tools-by-attribute");
    let tools = Context {
        needs: Capabilities::NONE.with(Capability::Tools),
        ..context()
    };
    assert!(!allows_call(&policies, &caller("support-bot"), &tools));
    assert!(allows_call(
        &policies,
        &caller("support-bot").with("tools", "allowed"),
        &tools
    ));
    assert!(allows_call(&policies, &caller("support-bot"), &context()));
}

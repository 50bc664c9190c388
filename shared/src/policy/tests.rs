use super::testing::{caller, compile_in, compiled, context, decide, policies, provider, target};
use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::limits::{MAX_NAMED_POLICIES, MAX_POLICY_DEPTH};
use crate::units::{MicroUsd, Timestamp};

/// The policies of the example configuration, as they stand there.
const EXAMPLE: &str = r#"
  permit(principal in Workspace::"support", action == Action::"invoke", resource in Pool::"standard-tier");
  forbid(principal, action, resource) when { context.classification == "restricted" && resource.provider.region != "eu" };
"#;

fn ids(verdict: &Verdict) -> Vec<&str> {
    verdict.determining.iter().map(PolicyId::as_str).collect()
}

#[test]
fn the_example_allows_its_workspace_its_pool_and_keeps_restricted_calls_in_the_eu() {
    let policies = policies(EXAMPLE);
    let restricted = Context {
        classification: "restricted",
        ..context()
    };
    let verdict = decide(&policies, "support-bot", "openai-us", &context());
    assert_eq!(
        (verdict.decision, ids(&verdict)),
        (Decision::Allow, vec!["policies:2"])
    );

    let verdict = decide(&policies, "support-bot", "openai-us", &restricted);
    let forbidden = Decision::Deny(Denial::Forbidden);
    assert_eq!((verdict.decision, ids(&verdict)), (forbidden, vec!["policies:3"]));

    assert!(decide(&policies, "support-bot", "bedrock-eu", &restricted).is_allowed());
    // An account that does not say where it is may be anywhere.
    assert!(!decide(&policies, "support-bot", "local-vllm", &restricted).is_allowed());
}

#[test]
fn without_a_permit_nothing_is_allowed() {
    let denied = Decision::Deny(Denial::NotPermitted);
    for text in ["", EXAMPLE] {
        let verdict = decide(&policies(text), "research-bot", "openai-us", &context());
        assert_eq!((verdict.decision, ids(&verdict)), (denied, vec![]));
    }
}

#[test]
fn a_policy_without_a_value_denies_although_another_one_permits() {
    let policies = policies(
        r#"
        @id("all") permit(principal, action, resource);
        @id("odd") permit(principal, action, resource) when { context.estimated_tokens * 9223372036854775807 > 0 };
        "#,
    );
    let verdict = decide(&policies, "support-bot", "openai-us", &context());
    let failed = Decision::Deny(Denial::Failed(EvaluationError::Overflow));
    assert_eq!((verdict.decision, ids(&verdict)), (failed, vec!["odd"]));
}

#[test]
fn a_policy_reaches_nobody_outside_of_its_scope_whatever_its_text_says() {
    let text = r#"@id("mine") permit(principal, action, resource);
        @id("theirs") permit(principal in Workspace::"abroad", action, resource);"#;
    for (scope, allowed) in [
        (Scope::Tenant("acme".into()), vec!["support-bot", "research-bot"]),
        (Scope::Workspace("support".into()), vec!["support-bot"]),
        (
            Scope::Global,
            vec!["support-bot", "research-bot", "abroad-bot", "lone-bot"],
        ),
    ] {
        let policies = Policies::new(compile_in(&scope, text).unwrap().program).unwrap();
        let agents = ["support-bot", "research-bot", "abroad-bot", "lone-bot"];
        let found = agents.map(|agent| decide(&policies, agent, "openai-us", &context()).is_allowed());
        let expected = agents.map(|agent| allowed.contains(&agent));
        assert_eq!(found, expected, "{scope}");
    }
}

#[test]
fn the_head_names_agents_workspaces_tenants_models_pools_and_accounts() {
    for (head, allowed) in [
        (r#"principal == Agent::"support-bot", action, resource"#, true),
        (r#"principal in Agent::"support-bot", action, resource"#, true),
        (r#"principal == Agent::"research-bot", action, resource"#, false),
        (r#"principal in Tenant::"acme", action, resource"#, true),
        (r#"principal in Tenant::"globex", action, resource"#, false),
        ("principal is Agent, action, resource is Target", true),
        (r#"principal is Agent in Tenant::"acme", action, resource"#, true),
        (r#"principal, action, resource in Model::"primary-llm""#, true),
        (r#"principal, action, resource in Model::"gpt-5-mini""#, false),
        (r#"principal, action, resource in Provider::"openai-us""#, true),
        (
            r#"principal, action, resource is Target in Pool::"reasoning-tier""#,
            false,
        ),
        (r#"principal, action == Action::"list", resource"#, false),
        (r#"principal, action in Action::"use", resource"#, true),
        (
            r#"principal, action in [Action::"list", Action::"invoke"], resource"#,
            true,
        ),
    ] {
        let policies = policies(&format!("permit({head});"));
        let verdict = decide(&policies, "support-bot", "openai-us", &context());
        assert_eq!(verdict.is_allowed(), allowed, "{head}");
    }
}

#[test]
fn conditions_look_at_the_call_the_agent_and_the_target() {
    let context = Context {
        step: "extraction",
        tier: "premium",
        budget_left: Some(MicroUsd(12_999_999)),
        ..context()
    };
    for (condition, holds) in [
        (r#"context.step == "extraction""#, true),
        (r#"["inference", "extraction"].contains(context.step)"#, true),
        (r#"context.tier like "prem*" && !(context.tier like "*x")"#, true),
        (r#"context.purpose == """#, true),
        (r"context.estimated_tokens <= 1000 && !context.stream", true),
        (
            r#"context.hour == 16 && context.minute == 30 && context.weekday == "sat""#,
            true,
        ),
        (r#"context.now < datetime("2026-12-01")"#, true),
        (r#"context.now.toTime() >= duration("17h")"#, false),
        (
            r"context has budget_left_usd && context.budget_left_usd == 12",
            true,
        ),
        (
            r#"principal.name == "support-bot" && principal.tenant == "acme""#,
            true,
        ),
        (
            r#"principal.hasTag("team") && principal.getTag("team") == "risk""#,
            true,
        ),
        (r#"principal.hasTag("grade")"#, false),
        (
            r#"resource.model == "gpt-5-mini" && resource.pool == "standard-tier""#,
            true,
        ),
        (r#"resource.capabilities.containsAll(["tools", "vision"])"#, true),
        (
            r#"resource.provider == Provider::"openai-us" && resource.provider.kind == "openai""#,
            true,
        ),
        (
            r#"resource in [Pool::"reasoning-tier", Pool::"standard-tier"]"#,
            true,
        ),
        (
            r#"if context.stream then false else action == Action::"invoke""#,
            true,
        ),
        (r#"Workspace::"support" in Tenant::"acme""#, true),
    ] {
        let text = format!("permit(principal, action, resource) when {{ {condition} }};");
        let compiled = compiled(&text);
        let policies = Policies::new(compiled.program).unwrap();
        let caller = caller("support-bot").with("team", "risk");
        let provider = provider("openai-us");
        let verdict = policies.decide(&Call {
            principal: &caller.principal(),
            action: Action::Invoke,
            target: &target(&provider),
            context: &context,
        });
        assert_eq!(verdict.is_allowed(), holds, "{condition}: {verdict:?}");
    }
}

#[test]
fn days_of_the_week_are_those_of_utc() {
    let policies = policies(
        r#"permit(principal, action, resource) when { context.weekday == "thu" && context.hour == 23 };"#,
    );
    for (second, expected) in [(86_399, true), (86_400, false), (86_399 + 7 * 86_400, true)] {
        let context = Context {
            now: Timestamp(second * 1_000_000_000),
            ..context()
        };
        let verdict = decide(&policies, "lone-bot", "openai-us", &context);
        assert_eq!(verdict.is_allowed(), expected, "{second}");
    }
}

#[test]
fn a_denied_call_is_told_which_permits_are_one_condition_away() {
    let compiled = compiled(
        r#"
        @id("step") permit(principal in Workspace::"support", action, resource) when { context.step == "x" && !context.tools };
        @id("pool") permit(principal, action, resource in Pool::"reasoning-tier") unless { context.stream };
        @id("who") permit(principal == Agent::"research-bot", action, resource);
        @id("far") permit(principal == Agent::"research-bot", action, resource) when { context.stream };
        @id("list") permit(principal, action == Action::"list", resource);
        @id("no") forbid(principal, action, resource) when { context.step == "y" };
        "#,
    );
    let policies = Policies::new(compiled.program).unwrap();
    let (caller, provider) = (caller("support-bot"), provider("openai-us"));
    let explain = |step| {
        let context = Context { step, ..context() };
        let call = Call {
            principal: &caller.principal(),
            action: Action::Invoke,
            target: &target(&provider),
            context: &context,
        };
        let explanation = policies.explain(&call, &compiled.conditions);
        let near_misses = explanation.near_misses.into_iter();
        let near_misses: Vec<_> = near_misses
            .map(|miss| (miss.policy.to_string(), miss.unmet))
            .collect();
        (explanation.verdict.is_allowed(), near_misses)
    };
    let owned = |misses: &[(&str, &str)]| -> Vec<_> {
        misses
            .iter()
            .map(|(id, unmet)| ((*id).to_owned(), (*unmet).to_owned()))
            .collect()
    };
    let near = [
        ("step", "context.step == \"x\""),
        ("pool", "resource in Pool::\"reasoning-tier\""),
        ("who", "principal == Agent::\"research-bot\""),
        ("list", "action in Action::\"invoke\""),
    ];
    assert_eq!(explain(""), (false, owned(&near)));
    assert_eq!(explain("x"), (true, owned(&[("no", "context.step == \"y\"")])));
}

#[test]
fn a_verdict_names_as_many_policies_as_a_record_takes_and_counts_the_others() {
    let text: String = (0..=MAX_NAMED_POLICIES)
        .map(|_| "permit(principal, action, resource);\n")
        .collect();
    let verdict = decide(&policies(&text), "lone-bot", "openai-us", &context());
    assert_eq!(
        (verdict.determining.len(), verdict.others),
        (MAX_NAMED_POLICIES, 1)
    );
}

#[test]
fn a_program_survives_its_way_to_the_filter() {
    let text = r#"@id("a") forbid(principal in Tenant::"acme", action == Action::"list", resource in Pool::"standard-tier")
        when { context.tier like "a*b" || {a: [1, -2]}.a.contains(3) } unless { context.now > datetime("2026-01-01T00:00:00Z") };"#;
    let program = compile_in(&Scope::Workspace("support".into()), text)
        .unwrap()
        .program;
    let rendered = serde_json::to_string(&program).unwrap();
    assert_eq!(serde_json::from_str::<Program>(&rendered).unwrap(), program);
}

#[test]
fn the_deepest_policy_can_be_read_from_the_rendered_configuration_and_a_deeper_one_is_refused() {
    let nested = |depth| {
        let equal = |inner| Expr::Binary(BinaryOp::Equal, Box::new([inner, Expr::Bool(true)]));
        let condition = (1..depth).fold(Expr::Bool(true), |inner, _| equal(inner));
        let mut program = compiled("permit(principal, action, resource);").program;
        program.policies[0].conditions = vec![condition];
        program
    };
    let text = serde_json::json!({"a": {"b": nested(MAX_POLICY_DEPTH)}}).to_string();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let program: Program = serde_json::from_value(document["a"]["b"].clone()).unwrap();
    assert!(
        decide(
            &Policies::new(program).unwrap(),
            "lone-bot",
            "openai-us",
            &context()
        )
        .is_allowed()
    );

    let refused = Policies::new(nested(MAX_POLICY_DEPTH + 1)).unwrap_err();
    assert!(matches!(refused, ProgramError::TooDeep(_)), "{refused}");
}

#[test]
fn a_program_of_another_version_is_refused() {
    let program = Program {
        schema: SCHEMA_VERSION + 1,
        policies: vec![],
    };
    let refused = Policies::new(program).unwrap_err();
    assert_eq!(refused, ProgramError::Version(SCHEMA_VERSION + 1));
}

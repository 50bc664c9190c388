use crate::policy::testing::{compile_in, compile_text, shown};
use crate::policy::{KnownNames, Scope, Source, compile};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn mistakes(text: &str) -> Vec<String> {
    shown(&compile_text(text).unwrap_err())
}

fn warnings(text: &str) -> Vec<String> {
    shown(&compile_text(text).unwrap().warnings)
}

#[test]
fn all_mistakes_are_named_with_their_place_and_what_would_be_right() {
    let text = r#"
permit(principal, action, resource) when { context.stepp == "x" };
@id("numbers") permit(principal, action, resource) when { context.estimated_tokens < "many" };
permit(principal, action, resource) wen { true };
@id("action") permit(principal, action == Action::"invok", resource);
@id("type") permit(principal in Group::"x", action, resource);
"#;
    let found = mistakes(text);
    assert_eq!(
        found,
        [
            "policies:2:44: policy `policies:2`: attribute `stepp` in context not found; did you mean `step`?",
            "policies:3:86: policy `numbers`: unexpected type: expected Long but saw String",
            "policies:4:37: invalid policy condition: wen; condition must be either `when` or `unless`",
            "policies:5:43: policy `action`: unrecognized action `Action::\"invok\"`; there are `invoke`, `list` and, for both, `use`",
            "policies:6:33: policy `type`: unrecognized entity type `Group`; there are Tenant, Workspace, Agent, Model, Pool, Provider and Target",
        ]
    );
}

#[test]
fn a_policy_that_can_never_match_is_a_warning() {
    let found = warnings(
        r#"@id("odd") permit(principal, action, resource) when { context.stream && !context.stream && 1 == 2 };"#,
    );
    assert_eq!(
        found,
        ["policies:1:1: policy `odd`: can never match: its conditions hold for no call"]
    );
}

#[test]
fn a_name_that_nothing_has_is_a_warning_with_the_nearest_one() {
    let found = warnings(
        r#"@id("p") permit(principal in Workspace::"suport", action, resource in Pool::"standard-tier");"#,
    );
    assert_eq!(
        found,
        [
            "policies:1:1: policy `p`: no workspace has the name of `Workspace::\"suport\"`, so that it matches nothing; did you mean `support`?"
        ]
    );
}

#[test]
fn a_mistake_can_be_told_among_those_of_the_configuration() {
    let mut found =
        compile_text("\n @id(\"p\") permit(principal, action, resource) when { 1 };").unwrap_err();
    let mistake = crate::config::Mistake::from(found.remove(0));
    let told = mistake.to_string();
    assert!(told.starts_with("policies:2:54: policy `p`: "), "{told}");
}

#[test]
fn policies_that_show_nobody_a_model_are_a_warning() {
    let permit = |action: &str| warnings(&format!("permit(principal, action {action}, resource);"));
    assert!(permit("== Action::\"invoke\"")[0].starts_with("policies:1:1: no policy permits `list`"));
    assert!(permit("in Action::\"use\"").is_empty());
}

#[test]
fn two_policies_of_one_name_are_a_mistake() {
    let text =
        "@id(\"a\")\npermit(principal, action, resource);\n\n@id(\"a\") forbid(principal, action, resource);";
    assert_eq!(
        mistakes(text),
        [
            "policies:4:1: policy `a`: the policy at policies:1 has the same name; records need to tell them apart"
        ]
    );
}

#[test]
fn a_name_that_records_cannot_show_is_a_mistake() {
    for name in [String::new(), "x".repeat(300), "a\\nb".to_owned()] {
        let found = mistakes(&format!("@id(\"{name}\") permit(principal, action, resource);"));
        assert!(
            found[0].starts_with("policies:1:1: the `@id` must be 1 to 256"),
            "{found:?}"
        );
    }
}

#[test]
fn what_cedar_has_and_the_broker_has_not_is_a_mistake() {
    for (policy, problem) in [
        (
            r#"permit(principal, action, resource == Target::"x");"#,
            "a target has no name of its own",
        ),
        (r"permit(principal == ?principal, action, resource);", "template"),
        (
            r#"permit(principal, action, resource) when { Provider::"openai-us".region == "eu" };"#,
            "attributes are known of",
        ),
        (
            r"permit(principal, action, resource) when { context == context };",
            "`context` can only",
        ),
    ] {
        let found = mistakes(policy);
        assert!(found.iter().any(|mistake| mistake.contains(problem)), "{found:?}");
    }
}

#[test]
fn what_would_take_the_parser_too_deep_is_a_mistake() {
    for condition in [
        format!("{}true{}", "(".repeat(1_000), ")".repeat(1_000)),
        format!("true{}", " && true".repeat(1_000)),
        format!("context{}", ".a".repeat(10_000)),
        format!("context.step == \"{}\"", "x".repeat(100_000)),
        format!("1{} == 1", "+ 1".repeat(100)),
    ] {
        let found = mistakes(&format!(
            "permit(principal, action, resource) when {{ {condition} }};"
        ));
        assert_eq!(found.len(), 1, "{found:?}");
    }
}

/// WebAssembly has one stack of a fixed size, and the parser is not part of the module.
#[cfg(not(target_arch = "wasm32"))]
#[test]
fn what_is_just_within_the_bounds_is_read() {
    for condition in [
        format!("{}true{}", "(".repeat(28), ")".repeat(28)),
        format!("true{}", " && true".repeat(248)),
        format!("[{}].contains(context.step)", "\"x\",".repeat(5_000) + "\"y\""),
    ] {
        let text = format!("permit(principal, action, resource) when {{ {condition} }};");
        assert!(
            compile_text(&text).is_ok(),
            "{:?}",
            compile_text(&text).map(|_| ())
        );
    }
}

#[test]
fn a_comment_or_a_string_may_have_semicolons() {
    let text = "// a; b\n@id(\"x;y\") permit(principal, action, resource) // c;\n when { context.step == \"a\\\";\" };\n// end";
    let compiled = compile_in(&Scope::Global, text).unwrap();
    assert_eq!(compiled.program.policies.len(), 1);
    assert_eq!(compiled.conditions, [[r#"context.step == "a\";""#]]);
}

#[test]
fn sources_are_read_together() {
    let tenant = Scope::Tenant("acme".into());
    let sources = [
        Source {
            origin: "policies",
            scope: &Scope::Global,
            text: "permit(principal, action, resource);",
        },
        Source {
            origin: "acme.cedar",
            scope: &tenant,
            text: "forbid(principal, action, resource);",
        },
    ];
    let compiled = compile(&sources, &KnownNames::default()).unwrap();
    let found: Vec<_> = compiled
        .program
        .policies
        .iter()
        .map(|policy| (policy.id.as_str(), &policy.scope))
        .collect();
    assert_eq!(found, [("policies:1", &Scope::Global), ("acme.cedar:1", &tenant)]);
}

//! What policies let pass, leave out and keep back.

use super::*;
use crate::policy::bundle;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const ALL: &str = r#"@id("all") permit(principal, action, resource);"#;

/// A call of `token` under these policies.
fn arrived(policies: &str, mode: &str, dialect: Dialect, token: &str) -> Driver {
    let mut document = document();
    document["policies"] = json!(policies);
    document["policy_mode"] = json!(mode);
    let bundle = bundle(&document, |_| Err("no files here".to_owned()));
    assert!(bundle.mistakes.is_empty(), "{:?}", bundle.mistakes);
    let loaded = load(&bundle.document, Audience::Filter).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let mut driver = Driver {
        machine: Some(Broker::new(loaded.snapshot, START, 0)),
        host: Host::default(),
        now: START,
    };
    let token = match dialect {
        Dialect::OpenAi => ("authorization", format!("Bearer {token}")),
        Dialect::Anthropic => ("x-api-key", token.to_owned()),
    };
    driver.handle(Event::RequestHeaders {
        headers: Headers::new(headers_with(dialect, &[(token.0, &token.1)])),
        is_end: false,
    });
    driver
}

fn call(policies: &str, model: &str) -> Driver {
    let mut driver = arrived(policies, "enforce", Dialect::OpenAi, "bot-token");
    driver.complete(body(model));
    driver
}

fn clusters(driver: &Driver) -> Vec<String> {
    let forwarded = driver
        .host
        .forwards
        .first()
        .map(|forwarded| forwarded.call.clone());
    let attempts = forwarded
        .map(|call| call.borrow().plan.attempts.clone())
        .unwrap_or_default();
    attempts
        .iter()
        .map(|attempt| attempt.provider.name.to_string())
        .collect()
}

#[test]
fn nothing_is_allowed_without_a_permit_and_the_agent_is_not_told_why() {
    for dialect in [Dialect::OpenAi, Dialect::Anthropic] {
        let forbid = r#"@id("secret-plan") forbid(principal, action, resource);"#;
        for policies in ["", forbid, &format!("{ALL} {forbid}")] {
            let mut driver = arrived(policies, "enforce", dialect, "bot-token");
            driver.complete(body("gpt"));
            let (reply, told) = driver.reply();
            assert_eq!(reply.status, 403);
            assert!(!told.to_string().contains("secret"), "{told}");
            let kind = match dialect {
                Dialect::OpenAi => &told["error"]["code"],
                Dialect::Anthropic => &told["error"]["details"]["error_code"],
            };
            assert_eq!(kind, "policy_denied");
            assert!(
                reply
                    .headers
                    .iter()
                    .any(|(name, value)| name.ends_with("request-id") && value == "req-1")
            );
            driver.finish();
            let record = driver.record();
            assert_eq!(
                (&record["llm.decision"], &record["llm.policy"]),
                (&json!("deny"), &json!("deny"))
            );
            let (reason, named) = if policies.contains("secret") {
                ("policy_denied: secret-plan", json!(["secret-plan"]))
            } else {
                ("policy_denied: no policy permits it", Value::Null)
            };
            assert_eq!(
                (&record["llm.reason"], &record["llm.policies"]),
                (&json!(reason), &named)
            );
        }
    }
}

#[test]
fn an_account_that_a_policy_forbids_is_left_out_and_the_others_serve() {
    let policies = format!(
        r#"{ALL} @id("not-us") forbid(principal, action, resource) when {{ resource.provider.region == "us" }};"#
    );
    let mut driver = call(&policies, "gpt");
    assert_eq!(clusters(&driver), ["openai-b"]);
    driver.attempt(
        "openai-b",
        [
            (1, status(200, JSON)),
            (1, last(r#"{"choices":[{"finish_reason":"stop"}]}"#)),
        ],
    );
    driver.answered();
    driver.finish();
    let record = driver.record();
    assert_eq!(
        record["llm.excluded"],
        json!([{"provider": "openai-a", "model": "gpt-a", "reason": "denied", "cause": "forbidden", "policies": ["not-us"]}])
    );
    assert_eq!(
        (&record["llm.policy"], &record["llm.policies"]),
        (&json!("allow"), &json!(["all"]))
    );
    assert_eq!(
        record["llm.reason"],
        "the model's own pool is pair; permitted by all"
    );
}

#[test]
fn what_a_call_is_about_decides_it() {
    let policies = r#"
        @id("lab") permit(principal in Workspace::"lab", action == Action::"invoke", resource in Pool::"pair");
        @id("boss") permit(principal == Agent::"boss", action, resource) when { context.tier == "premium" };
        @id("short") forbid(principal, action, resource) when { context.estimated_tokens > 1000 };
    "#;
    assert_eq!(clusters(&call(policies, "gpt")), ["openai-a", "openai-b"]);
    assert!(clusters(&call(policies, "claude")).is_empty());
    let mut boss = arrived(policies, "enforce", Dialect::OpenAi, "boss-token");
    boss.complete(body("claude"));
    assert_eq!(clusters(&boss), ["anthropic-a"]);
    let mut long = arrived(policies, "enforce", Dialect::OpenAi, "bot-token");
    let text = "word ".repeat(2_000);
    long.complete(json!({"model": "gpt", "messages": [{"role": "user", "content": text}]}).to_string());
    assert_eq!(long.reply().0.status, 403);
}

#[test]
fn a_policy_that_has_no_value_denies_beside_one_that_permits() {
    let broken = r#"@id("broken") permit(principal, action, resource) when { context.estimated_tokens * 9223372036854775807 > 0 };"#;
    let mut driver = call(&format!("{ALL} {broken}"), "gpt");
    assert_eq!(driver.reply().0.status, 403);
    driver.finish();
    assert_eq!(driver.record()["llm.reason"], "policy_denied: broken");
}

#[test]
fn in_audit_mode_calls_pass_and_the_record_says_what_would_have_become_of_them() {
    let mut driver = arrived(
        r#"@id("none") forbid(principal, action, resource);"#,
        "audit",
        Dialect::OpenAi,
        "bot-token",
    );
    driver.complete(body("gpt"));
    assert_eq!(clusters(&driver), ["openai-a", "openai-b"]);
    driver.attempt(
        "openai-a",
        [
            (1, status(200, JSON)),
            (1, last(r#"{"choices":[{"finish_reason":"stop"}]}"#)),
        ],
    );
    driver.answered();
    driver.finish();
    let record = driver.record();
    assert_eq!(
        (&record["llm.decision"], &record["llm.outcome"]),
        (&json!("allow"), &json!("ok"))
    );
    assert_eq!(
        (&record["llm.policy"], &record["llm.policy.mode"]),
        (&json!("deny"), &json!("audit"))
    );
    assert_eq!(
        record["llm.reason"],
        "the model's own pool is pair; policies would deny it: none"
    );
}

#[test]
fn an_agent_sees_the_models_that_a_policy_lets_it_list() {
    let names = |policies: &str, mode: &str| {
        let mut document = headers_with(Dialect::OpenAi, &[(":path", "/v1/models"), (":method", "GET")]);
        document.retain(|(name, _)| name != "content-length");
        let mut driver = arrived(policies, mode, Dialect::OpenAi, "bot-token");
        let snapshot = driver.machine().trail.snapshot.clone();
        driver.machine = Some(Broker::new(snapshot, START, 0));
        driver.handle(Event::RequestHeaders {
            headers: Headers::new(document),
            is_end: true,
        });
        let (_, told) = driver.reply();
        let data = told["data"].as_array().unwrap();
        data.iter()
            .map(|model| model["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let list = r#"permit(principal, action == Action::"list", resource in Model::"gpt");
        permit(principal, action == Action::"list", resource in Pool::"claude");"#;
    assert_eq!(names(list, "enforce"), ["claude", "gpt"]);
    let invoke = r#"permit(principal, action == Action::"invoke", resource);"#;
    assert!(names(invoke, "enforce").is_empty());
    assert!(names(invoke, "audit").len() > 5);
}

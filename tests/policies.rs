//! Who may call what: Cedar policies on a real Envoy.

use std::path::Path;
use std::process::Command;

use provider_simulator::{Behaviour, Simulator};
use serde_json::{Value, json};

use crate::harness::{Broker, CHAT, Config, MESSAGES, PATIENCE, TOKEN, binary, replace, until};

const CALL: &str = r#"{"model":"fast","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;
const OTHER: &str = "token-of-other";
const PERMIT: &str =
    r#"@id("lab") permit(principal in Workspace::"lab", action in Action::"use", resource);"#;

/// Two accounts in two regions behind `fast`; the agents `bot` of `lab` and `other` of `den`.
async fn company(policies: Value) -> (Simulator, Simulator, Config) {
    let (eu, us) = (Simulator::start("eu").await, Simulator::start("us").await);
    let members = json!([
        {"provider": "us", "model": "m", "priority": 0},
        {"provider": "eu", "model": "m", "priority": 1},
    ]);
    let config = Config::new()
        .provider_with("openai", &eu, json!({"region": "eu"}))
        .provider_with("openai", &us, json!({"region": "us"}))
        .pool("both", json!({"members": members}))
        .model("fast", "both")
        .single("slow", &eu, "s")
        .set("workspaces", json!([{"name": "lab"}, {"name": "den"}]))
        .agent("other", "den", OTHER)
        .set("policies", policies);
    (eu, us, config)
}

async fn status(broker: &Broker, token: &str) -> u16 {
    broker.post(CHAT, token, CALL).await.status
}

#[tokio::test]
async fn who_is_not_permitted_gets_a_403_in_its_own_format_and_no_provider_hears_of_it() {
    let (eu, us, config) = company(json!(PERMIT)).await;
    let broker = config.broker().start().await;
    broker.post(CHAT, TOKEN, CALL).await.expect_status(200);
    let openai = broker.post(CHAT, OTHER, CALL).await;
    assert_eq!(openai.expect_status(403).json()["error"]["code"], "policy_denied");
    assert!(openai.header("x-request-id").is_some());
    let anthropic = broker.post(MESSAGES, OTHER, CALL).await;
    let told = anthropic.expect_status(403).json();
    assert_eq!(
        (&told["type"], &told["error"]["type"]),
        (&json!("error"), &json!("permission_error"))
    );
    assert!(anthropic.header("request-id").is_some());
    for answer in [&openai, &anthropic] {
        assert!(!answer.text().contains("lab"), "{}", answer.text());
    }
    assert_eq!(eu.count() + us.count(), 1);
    let records = broker.wait_for_records(3).await;
    assert_eq!(records[0].text("llm.policy"), "allow");
    assert_eq!(records[0].value("llm.policies"), &json!(["lab"]));
    for record in &records[1..] {
        assert_eq!(record.text("llm.decision"), "deny");
        assert_eq!(record.text("llm.reason"), "policy_denied: no policy permits it");
    }
}

#[tokio::test]
async fn a_member_that_is_forbidden_is_left_out_and_failover_never_goes_there() {
    let forbid =
        r#"@id("no-us") forbid(principal, action, resource) when { resource.provider.region != "eu" };"#;
    let (eu, us, config) = company(json!([PERMIT, forbid])).await;
    let broker = config.broker().start().await;
    broker.post(CHAT, TOKEN, CALL).await.expect_status(200);
    eu.behave(Behaviour::status(500));
    assert_eq!(status(&broker, TOKEN).await, 500);
    assert_eq!((eu.count(), us.count()), (2, 0));
    let record = broker.wait_for_records(2).await.remove(0);
    let excluded = record.value("llm.excluded");
    assert_eq!(
        (&excluded[0]["reason"], &excluded[0]["policies"]),
        (&json!("denied"), &json!(["no-us"]))
    );
}

#[tokio::test]
async fn a_list_shows_what_may_be_listed() {
    let permit = r#"permit(principal, action == Action::"list", resource in Model::"slow");"#;
    let (_eu, _us, config) = company(json!(permit)).await;
    let broker = config.broker().start().await;
    let list = broker
        .request(reqwest::Method::GET, "/v1/models")
        .bearer_auth(OTHER);
    let list: Value = list.send().await.expect("an answer").json().await.expect("JSON");
    let names: Vec<_> = list["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|model| &model["id"])
        .collect();
    assert_eq!(names, ["slow"]);
    assert_eq!(status(&broker, OTHER).await, 403);
}

#[tokio::test]
async fn in_audit_mode_everybody_passes() {
    let (_eu, _us, config) = company(json!(PERMIT)).await;
    let broker = config.set("policy_mode", json!("audit")).broker().start().await;
    assert_eq!(status(&broker, OTHER).await, 200);
    let record = broker.wait_for_records(1).await.remove(0);
    assert_eq!(
        (record.text("llm.policy"), record.text("llm.policy.mode")),
        ("deny", "audit")
    );
}

#[tokio::test]
async fn policies_in_files_belong_to_their_workspace_and_take_effect_when_they_change() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("den.cedar");
    std::fs::write(&file, "permit(principal, action, resource);").expect("a file");
    let (_eu, _us, config) = company(json!([])).await;
    let workspaces = json!([{"name": "lab"}, {"name": "den", "policies": {"file": file}}]);
    let broker = config.set("workspaces", workspaces).broker().start().await;
    // What a workspace permits, it permits to its own.
    assert_eq!(
        (status(&broker, OTHER).await, status(&broker, TOKEN).await),
        (200, 403)
    );

    replace(
        &file,
        "permit(principal, action, resource) when { context.tiers == \"premium\" };",
    );
    until(PATIENCE, "the wrong policy to be refused", async || {
        broker.output().contains("is refused").then_some(())
    })
    .await;
    assert!(broker.output().contains("den.cedar:1:"), "{}", broker.output());
    assert_eq!(status(&broker, OTHER).await, 200);

    replace(
        &file,
        "permit(principal, action, resource) when { context.tier == \"premium\" };",
    );
    until(PATIENCE, "the new policy", async || {
        (status(&broker, OTHER).await == 403).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_configuration_with_wrong_policies_does_not_start() {
    let (_eu, _us, config) = company(json!([
        "permit(principal, action, resource",
        "forbid(principal, action, resource in Pols::\"both\");"
    ]))
    .await;
    let exit = config.broker().refused().await;
    assert_eq!(exit.code, Some(1));
    for place in ["policies[0]:1:", "policies[1]:1:"] {
        assert!(exit.stderr.contains(place), "{}", exit.stderr);
    }
}

#[tokio::test]
async fn recorded_calls_are_replayed_and_the_change_that_a_policy_would_make_is_listed() {
    let (_eu, _us, config) = company(json!([PERMIT])).await;
    let broker = config.broker().start().await;
    let with_tools = CALL.replace(
        "\"max_tokens\"",
        "\"tools\":[{\"type\":\"function\"}],\"max_tokens\"",
    );
    broker.post(CHAT, TOKEN, CALL).await.expect_status(200);
    broker.post(CHAT, TOKEN, with_tools).await.expect_status(200);
    assert_eq!(status(&broker, OTHER).await, 403);
    broker.wait_for_records(3).await;

    let forbid = r#"@id("no-tools") forbid(principal, action, resource) when { context.tools };"#;
    let stricter = config.set("policies", json!([PERMIT, forbid]));
    let file = broker.dir().join("stricter.yaml");
    std::fs::write(&file, stricter.yaml()).expect("a file");
    let diff = |new: &Path| {
        let mut command = Command::new(binary());
        command
            .args(["policy", "diff"])
            .arg(broker.config_path())
            .arg(new);
        command
            .args(["--json", "--fail-on-change", "--log"])
            .arg(broker.access_log_path());
        let output = command.output().expect("the command");
        let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        (output.status.code(), told)
    };
    let (code, told) = diff(&broker.config_path());
    assert_eq!(
        (code, &told["calls"], &told["changed"], &told["notes"]),
        (Some(0), &json!(3), &json!(0), &json!([]))
    );
    let (code, told) = diff(&file);
    assert_eq!(
        (code, &told["changed"], &told["newly_refused"]),
        (Some(1), &json!(1), &json!(1))
    );
    for change in told["changes"].as_array().expect("a list") {
        assert_eq!(change["new"]["policies"], json!(["no-tools"]), "{change}");
    }
}

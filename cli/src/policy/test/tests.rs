use super::*;

const DOCUMENT: &str = r#"
providers:
  - {name: eu, kind: openai, region: eu, endpoint: 'https://eu.example.com'}
  - {name: us, kind: openai, region: us, endpoint: 'https://us.example.com'}
pools:
  - {name: main, members: [{provider: us, model: gpt-a}, {provider: eu, model: gpt-a}]}
models: [{name: primary, pool: main}]
workspaces: [{name: lab}]
agents:
  - {name: bot, workspace: lab, token_sha256: 4c26d9074c27d89ede59270c0ac14b71e071b15239519f75474b2f3ba63481f5}
policies: |
  @id("lab") permit(principal in Workspace::"lab", action, resource in Pool::"main");
  @id("restricted-in-eu") forbid(principal, action, resource)
  when { context.classification == "restricted" } unless { resource.provider.region == "eu" };
  @id("no-tools") forbid(principal, action, resource) when { context.tools };
"#;

const CASES: &str = "
- name: the lab may use its pool
  agent: bot
  model: primary
  expect: allow
- name: restricted stays in the EU
  agent: bot
  attributes: {classification: internal}
  request: {model: primary, stream: true}
  expect: {decision: allow, members: {us/gpt-a: deny, eu/gpt-a: allow}}
- agent: bot
  request: {model: primary, tools: [{type: function, function: {name: f}}]}
  expect: {decision: deny, policies: [no-tools]}
";

fn document(text: &str) -> Document {
    let document = document::parse(text, Path::new("broker.yaml"));
    document
        .and_then(enforced)
        .unwrap_or_else(|error| panic!("{error:#}"))
}

fn cases(text: &str, document: &Document) -> Vec<Case> {
    let cases = parse(text, Path::new("cases.yaml"), &document.loaded.snapshot);
    cases.unwrap_or_else(|error| panic!("{error:#}"))
}

fn tested(document_text: &str, text: &str) -> Vec<Tested> {
    let document = document(document_text);
    test(&cases(text, &document), &document, Timestamp(0))
}

const REPORT: &str = r#"ok    the lab may use its pool
FAIL  restricted stays in the EU
      expected us/gpt-a: deny, decided allow
      us/gpt-a: allow by lab
        restricted-in-eu would forbid it if: context.classification == "restricted"
        no-tools would forbid it if: context.tools
      eu/gpt-a: allow by lab
        no-tools would forbid it if: context.tools
ok    case 3
3 cases, 1 failed
"#;

#[test]
fn a_case_that_fails_is_told_with_who_decided_and_what_would_have_to_change() {
    assert_eq!(report::text(&tested(DOCUMENT, CASES)), REPORT);
    let mended = CASES.replace("internal", "restricted");
    let told = report::text(&tested(DOCUMENT, &mended));
    assert!(told.ends_with("3 cases, all as expected\n"), "{told}");
}

#[test]
fn programs_get_the_same() {
    let told = report::json(&tested(DOCUMENT, CASES));
    assert_eq!(told["failed"], 1);
    let [passed, failed, denied] = [0, 1, 2].map(|case| &told["cases"][case]);
    assert_eq!(
        (&passed["passed"], &passed["policies"]),
        (&json!(true), &json!(["lab"]))
    );
    assert_eq!(
        failed["failures"],
        json!(["expected us/gpt-a: deny, decided allow"])
    );
    assert_eq!(
        failed["members"][0]["policy"]["one_condition_away"][0]["policy"],
        "restricted-in-eu"
    );
    assert_eq!(
        (&denied["code"], &denied["policies"]),
        (&json!("policy_denied"), &json!(["no-tools"]))
    );
}

#[test]
fn policies_in_audit_mode_are_tested_as_if_they_counted() {
    let audit = format!("{DOCUMENT}policy_mode: audit\n");
    assert_eq!(report::text(&tested(&audit, CASES)), REPORT);
}

#[test]
fn cases_that_depend_on_the_time_of_the_test_are_warned_of() {
    let by_day = DOCUMENT.replace("context.tools", "context.hour > 18");
    let document = document(&by_day);
    let text = "
- {agent: bot, model: primary, expect: allow}
- {agent: bot, model: primary, at: 2026-12-24T19:00:00Z, expect: deny}
";
    let cases = cases(text, &document);
    let warnings = warnings(&document.loaded.snapshot, &cases);
    assert_eq!(
        warnings,
        ["policies look at the time, and 1 case without `at` may be decided otherwise at another time"]
    );
    let tested = test(&cases, &document, Timestamp(0));
    assert_eq!(
        report::text(&tested),
        "ok    case 1\nok    case 2\n2 cases, all as expected\n"
    );
}

#[test]
fn mistakes_in_the_cases_are_told_all_at_once() {
    let document = document(DOCUMENT);
    let text = "
- {agent: bott, model: primary, expect: allow}
- {agent: bot, modl: primary, expect: alow}
";
    let error = parse(text, Path::new("cases.yaml"), &document.loaded.snapshot).unwrap_err();
    let told = format!("{error:#}");
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(
        lines[..2],
        [
            "cases.yaml has 4 mistakes:",
            "[0].agent: `bott` is no agent of the configuration; did you mean `bot`?",
        ]
    );
    assert!(
        told.contains("[1].modl: is not a key here") && told.contains("did you mean `model`?"),
        "{told}"
    );
}

/// The documented policy of one name.
fn documented_policy(id: &str) -> &'static str {
    let mut blocks = POLICIES.split("```cedar\n").skip(1);
    let block = blocks.find(|block| block.starts_with(&format!("@id(\"{id}\")")));
    block.unwrap().split("```").next().unwrap()
}

const POLICIES: &str = include_str!("../../../../docs/policies.md");

#[test]
fn the_documented_cases_hold_under_the_documented_policies() {
    let ids = [
        "support-standard",
        "restricted-stays-in-eu",
        "research-primary",
        "batch-off-hours",
    ];
    let document = format!(
        "
providers:
  - {{name: openai-us, kind: openai, region: us, endpoint: 'https://us.example.com'}}
  - {{name: openai-eu, kind: openai, region: eu, endpoint: 'https://eu.example.com'}}
pools:
  - name: standard-tier
    members: [{{provider: openai-us, model: gpt-5-mini}}, {{provider: openai-eu, model: gpt-5-mini}}]
models:
  - {{name: primary-llm, pool: standard-tier}}
  - {{name: reasoning-llm, targets: [{{provider: openai-us, model: gpt-5}}]}}
workspaces: [{{name: support}}, {{name: research}}]
agents:
  - {{name: support-bot, workspace: support, token_sha256: {}}}
  - {{name: research-bot, workspace: research, token_sha256: {}}}
policies: {}
",
        "1".repeat(64).replacen('1', "a", 1),
        "2".repeat(64).replacen('2', "b", 1),
        json!(ids.map(documented_policy)),
    );
    let text = POLICIES.split("```yaml\n").nth(1).unwrap();
    let text = text.split("```").next().unwrap();
    let told = report::text(&tested(&document, text));
    assert!(told.ends_with("4 cases, all as expected\n"), "{told}");

    let forgotten = text.replace("{classification: restricted}", "{classification: public}");
    let told = report::text(&tested(&document, &forgotten));
    let failure = told.split_once("FAIL").unwrap().1.split_once("ok").unwrap().0;
    let documented = POLICIES
        .split_once("FAIL")
        .unwrap()
        .1
        .split_once("2 cases")
        .unwrap()
        .0;
    assert_eq!(failure, documented);
}

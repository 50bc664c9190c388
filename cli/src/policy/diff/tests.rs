use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::document::{self, Document};

const DOCUMENT: &str = "
providers:
  - {name: eu, kind: openai, region: eu, endpoint: 'https://eu.example.com'}
  - {name: us, kind: openai, region: us, endpoint: 'https://us.example.com'}
pools:
  - {name: main, members: [{provider: us, model: gpt-a}, {provider: eu, model: gpt-a}]}
models: [{name: primary, pool: main}]
workspaces: [{name: lab}]
agents:
  - {name: bot, workspace: lab, token_sha256: 4c26d9074c27d89ede59270c0ac14b71e071b15239519f75474b2f3ba63481f5}
";

const LAB: &str = r#"@id("lab") permit(principal in Workspace::"lab", action, resource in Pool::"main");"#;
const NO_TOOLS_ABROAD: &str =
    r#"@id("no-tools-abroad") forbid(principal, action, resource in Provider::"us") when { context.tools };"#;
const NO_PLANS: &str =
    r#"@id("no-plans") forbid(principal, action, resource) when { context.step == "plan" };"#;

fn parsed(text: &str) -> Document {
    document::parse(text, Path::new("broker.yaml")).unwrap_or_else(|error| panic!("{error:#}"))
}

fn with_policies(policies: &[&str]) -> Document {
    parsed(&format!("{DOCUMENT}policies: {}\n", json!(policies)))
}

/// A record of a call at this minute, with some fields set anew.
fn record(minute: u8, fields: Value) -> String {
    let mut record = json!({
        "time": format!("2026-11-21T11:{minute:02}:23.008Z"), "llm.config": "5ee312aa4f44", "llm.agent": "bot",
        "llm.api": "openai.chat", "llm.stream": false, "llm.needs": [], "llm.model.requested": "primary",
        "llm.context.tokens": 23,
    });
    let Value::Object(fields) = fields else {
        panic!("not an object")
    };
    record.as_object_mut().unwrap().extend(fields);
    record.to_string()
}

fn tally<'d>(old: &'d Document, new: &'d Document, lines: &[String]) -> Tally<'d> {
    let mut tally = Tally::new(Side::of(&old.loaded.snapshot), Side::of(&new.loaded.snapshot));
    for line in lines {
        tally.add(line.as_bytes());
    }
    tally
}

#[test]
fn every_decision_that_would_change_is_listed_with_its_calls() {
    let (old, new) = (
        with_policies(&[LAB]),
        with_policies(&[LAB, NO_TOOLS_ABROAD, NO_PLANS]),
    );
    let version = old.loaded.snapshot.version.to_string();
    let lines = [
        record(1, json!({"llm.config": version})),
        record(2, json!({"llm.config": version, "llm.needs": ["tools"]})),
        record(9, json!({"llm.config": version, "llm.needs": ["tools"]})),
        record(5, json!({"llm.config": version, "llm.needs": ["tools"]})),
        record(7, json!({"llm.config": version, "llm.step": "plan"})),
    ];
    let expected = "\
agent  model    pool  member    old           new                      calls  first                     last
bot    primary  main  eu/gpt-a  allow by lab  deny by no-plans         1      2026-11-21T11:07:23.008Z  2026-11-21T11:07:23.008Z
bot    primary  main  us/gpt-a  allow by lab  deny by no-tools-abroad  3      2026-11-21T11:02:23.008Z  2026-11-21T11:09:23.008Z
bot    primary  main  us/gpt-a  allow by lab  deny by no-plans         1      2026-11-21T11:07:23.008Z  2026-11-21T11:07:23.008Z

5 calls, 4 change; 1 would be refused
";
    assert_eq!(report::text(&tally(&old, &new, &lines)), expected);
    assert_eq!(
        report::text(&tally(&old, &old, &lines)),
        "5 calls, none changes\n"
    );
    let told = report::json(&tally(&new, &old, &lines));
    assert_eq!((&told["changed"], &told["newly_served"]), (&json!(4), &json!(1)));
    assert_eq!(
        told["changes"][1],
        json!({
            "agent": "bot", "model": "primary", "pool": {"old": "main", "new": "main"},
            "member": {"provider": "us", "model": "gpt-a"},
            "old": {"decision": "deny", "policies": ["no-tools-abroad"]},
            "new": {"decision": "allow", "policies": ["lab"]},
            "calls": 3, "first": "2026-11-21T11:02:23.008Z", "last": "2026-11-21T11:09:23.008Z",
        })
    );
}

#[test]
fn what_a_replay_cannot_know_is_told() {
    let old = with_policies(&[LAB]);
    let new = parsed(&format!(
        "{}rules: [{{match: {{header.x-team: blue}}, pool: main}}]\npolicies: {}\n",
        DOCUMENT.replace("name: bot", "name: robot"),
        json!([
            LAB,
            "forbid(principal, action, resource) when { context has budget_left_usd };"
        ])
    ));
    let mut older = serde_json::from_str::<Value>(&record(1, json!({}))).unwrap();
    older.as_object_mut().unwrap().remove("llm.needs");
    let lines = [
        older.to_string(),
        record(2, json!({"llm.agent": "robot"})),
        record(3, json!({"llm.agent": "nobody"})),
        r#"{"time": "2026-11-21T11:09:23.008Z", "llm.config": "5ee312aa4f44", "llm.decision": "deny"}"#
            .to_owned(),
        "[2026-11-21 11:09:23.008][1][info] starting".to_owned(),
        "{\"time\": \"2026-11-2".to_owned(),
    ];
    let told = report::text(&tally(&old, &new, &lines));
    let version = &old.loaded.snapshot.version;
    let notes = format!(
        "\
note: agent `bot` with 1 call is not in the new configuration
note: agent `nobody` is in neither configuration: 1 call not replayed
note: agent `robot` with 1 call is not in the old configuration
note: 2 calls were decided by another configuration than the old one, which is {version}
note: 1 call replayed without `llm.needs`: whether they had tools or images or asked for JSON is not known; they count as if not
note: conditions on headers count as not met: records hold no headers
note: `budget_left_usd` counts as absent: records do not hold it
note: not replayed: 1 record without an agent or a model
note: skipped: 2 lines without a record
2 calls, 2 change; 1 would be refused; 1 would be let through
"
    );
    let (table, told) = told.split_once("\n\n").unwrap();
    assert_eq!(told, notes);
    let words = |row: &str| row.split_whitespace().collect::<Vec<_>>().join(" ");
    let rows: Vec<_> = table.lines().map(words).collect();
    assert!(
        rows[1].starts_with("bot primary main -> - eu/gpt-a allow by lab no such agent 1"),
        "{table}"
    );
    assert!(
        rows[3].starts_with("robot primary - -> main eu/gpt-a no such agent allow by lab 1"),
        "{table}"
    );
}

#[test]
fn policies_that_count_from_now_on_change_what_they_only_told_before() {
    let policies = json!([LAB, NO_PLANS]);
    let audit = parsed(&format!("{DOCUMENT}policies: {policies}\npolicy_mode: audit\n"));
    let enforce = with_policies(&[LAB, NO_PLANS]);
    let lines = [record(1, json!({})), record(2, json!({"llm.step": "plan"}))];
    let told = report::json(&tally(&audit, &enforce, &lines));
    assert_eq!((&told["changed"], &told["newly_refused"]), (&json!(1), &json!(1)));
    assert_eq!(
        (&told["changes"][0]["old"], &told["changes"][0]["new"]),
        (
            &json!({"decision": "allow", "audit": "deny", "policies": ["no-plans"]}),
            &json!({"decision": "deny", "policies": ["no-plans"]}),
        )
    );
    let without = parsed(DOCUMENT);
    assert!(report::text(&tally(&without, &audit, &lines)).contains("allow; audit: deny by no-plans"));
}

#[test]
fn a_decision_by_other_policies_is_the_same_decision() {
    let renamed = LAB.replace("\"lab\")", "\"laboratory\")");
    let (old, new) = (with_policies(&[LAB]), with_policies(&[&renamed]));
    assert_eq!(tally(&old, &new, &[record(1, json!({}))]).changed, 0);
}

#[test]
fn a_time_matters_only_where_policies_look_at_it() {
    let early = r#"@id("early") forbid(principal, action, resource) when { context.minute < 3 };"#;
    let (old, new) = (with_policies(&[LAB]), with_policies(&[LAB, early]));
    let lines = [record(1, json!({})), record(2, json!({})), record(3, json!({}))];
    assert_eq!(tally(&old, &new, &lines).changed, 2);
}

/// The record that docs/record.md describes, made of its examples.
fn documented() -> String {
    const DOCUMENT: &str = include_str!("../../../../docs/record.md");
    let rows = DOCUMENT
        .lines()
        .filter(|line| line.starts_with("| `llm.") || line.starts_with("| `time`"));
    let example = |row: &str| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, field, _, _, example, _] = cells[..] else {
            return None;
        };
        let unquoted = |cell: &str| cell.split('`').nth(1).map(str::to_owned);
        let (field, example) = (unquoted(field)?, unquoted(example)?);
        let value = serde_json::from_str(&example).unwrap_or(Value::String(example));
        Some((field, value))
    };
    let record: serde_json::Map<_, _> = rows.filter_map(example).collect();
    assert!(record.len() > 25, "{record:?}");
    Value::Object(record).to_string()
}

#[test]
fn a_documented_record_is_replayed_against_the_example_configuration() {
    const EXAMPLE: &str = include_str!("../../../../envoy/broker.yaml");
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let forbid = r#"["permit(principal, action, resource);", "@id(\"tools\") forbid(principal, action, resource) when { context.tools };"]"#;
    let options = |new: &str, fail_on_change: bool| Options {
        old: file("old.yaml", EXAMPLE),
        new: file("new.yaml", new),
        logs: vec![file("access.jsonl", &format!("{}\n\n", documented()))],
        fail_on_change,
        json: false,
    };
    let strict = format!("{EXAMPLE}\npolicies: {forbid}\n");
    assert_eq!(run(&options(&strict, true)).unwrap(), Finding::Bad);
    assert_eq!(run(&options(&strict, false)).unwrap(), Finding::Good);
    assert_eq!(run(&options(EXAMPLE, true)).unwrap(), Finding::Good);
}

#[test]
fn a_log_that_is_not_there_is_an_error() {
    let error = log::each_line(Path::new("/nowhere/access.jsonl"), |_| {}).unwrap_err();
    assert_eq!(error.to_string(), "cannot read /nowhere/access.jsonl");
}

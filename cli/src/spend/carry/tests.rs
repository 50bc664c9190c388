use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;

use proptest::prelude::*;
use shared::budget::{Amounts, Counter, Used, hold};
use shared::config::{Agent, Audience, OPENING_BALANCES, filter_part, load};
use shared::store::Store;
use shared::units::{MicroUsd, Millis, Tokens};

use super::*;
use crate::document::Document;

/// 2026-11-30T22:44:05.678Z.
const NOW: Timestamp = Timestamp(1_796_078_645_678_000_000);

/// 2027-03-27T20:00:00Z, on the eve of summer time.
const SPRING: Timestamp = Timestamp(1_806_177_600_000_000_000);

const DOCUMENT: &str = r#"
providers:
  - {name: a, kind: openai, endpoint: "http://a", budget: {usd: 10, per: day}}
tenants: [{name: acme}]
workspaces: [{name: lab, tenant: acme}]
agents:
  - {name: bot, workspace: lab, token_sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08}
  - {name: cat, workspace: lab, token_sha256: 0f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08}
budgets:
  - {name: minute, scope: agent, tokens: 1000000, per: minute}
  - {name: hour, scope: workspace, usd: 500, per: hour, time_zone: "+05:30"}
  - {name: day, scope: agent, of: bot, usd: 500, per: day, time_zone: "-11:00", alert_at: [1%, 50%]}
  - {name: month, scope: tenant, tokens: 1000000, per: month, mode: audit}
  - {name: person, scope: end_user, tokens: 1000000, per: day, time_zone: Europe/Berlin}
  - {name: ever, scope: workspace, usd: 500, per: total}
"#;

const USERS: [Option<&str>; 3] = [None, Some("ada"), Some("bob")];

fn parsed() -> Document {
    crate::document::parse(DOCUMENT, Path::new("broker.yaml")).unwrap()
}

/// The shared data of one Envoy process.
#[derive(Default)]
struct Process(RefCell<HashMap<String, Vec<u8>>>);

impl Store for Process {
    fn get(&self, key: &str) -> Option<(Vec<u8>, u32)> {
        self.0.borrow().get(key).map(|value| (value.clone(), 0))
    }

    fn swap(&self, key: &str, value: &[u8], _: Option<u32>) -> bool {
        self.0.borrow_mut().insert(key.to_owned(), value.to_vec());
        true
    }
}

impl Process {
    /// One that starts with the filter's part of the document and these balances, as the filter does.
    fn start(document: &Document, balances: &Balances, now: Timestamp) -> Self {
        let mut part = filter_part(&document.value);
        part[OPENING_BALANCES] = balances.document(now);
        let loaded = load(&part, Audience::Filter).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        assert_eq!(loaded.snapshot.version, document.loaded.snapshot.version);
        let process = Self::default();
        for carried in &loaded.snapshot.carried {
            process.swap(&carried.counter, &carried.state(), None);
        }
        process
    }

    /// A call that is over as soon as it came; gives its record.
    fn call(&self, agent: &Agent, amounts: Amounts, now: Timestamp) -> String {
        let holding = hold(&agent.allowances, Amounts::LEAST, self, now).unwrap();
        let used = Used {
            amounts,
            is_estimated: false,
        };
        let workspace = agent.workspace.as_ref().unwrap();
        let record = json!({
            "time": rfc3339(now), "llm.agent": agent.name, "llm.workspace": workspace.name,
            "llm.tenant": workspace.tenant, "llm.outcome": "ok", "llm.duration_ms": 0,
            "llm.budgets": holding.settle(used, self, now).statements,
        });
        record.to_string() + "\n"
    }

    fn spent(&self, snapshot: &Snapshot, now: Timestamp) -> Vec<u64> {
        let agents = snapshot.agents.values();
        let agents: Vec<_> = agents
            .flat_map(|agent| USERS.map(|user| snapshot.with_end_user(agent.clone(), user)))
            .collect();
        let allowances = agents.iter().flat_map(|agent| &agent.allowances);
        allowances
            .map(|allowance| allowance.counter.spent(self, now))
            .collect()
    }
}

fn add(parts: &[&str], now: Timestamp) -> Balances {
    let snapshot = parsed().loaded.snapshot;
    let query = Query { snapshot, now };
    let mut sum = Balances::default();
    for part in parts {
        let mut balances = Balances::default();
        work::add_block(part.as_bytes(), &query, &mut balances);
        sum.merge(balances);
    }
    sum
}

#[derive(Clone, Debug)]
enum Step {
    Pass(u64),
    Call(bool, usize, u64, u64),
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => (0..90_000_u64).prop_map(Step::Pass),
        1 => (0..200_000_000_u64).prop_map(Step::Pass),
        6 => (any::<bool>(), 0..3_usize, 0..5_000_u64, 0..3_000_000_u64).prop_map(|(bot, user, tokens, cost)| Step::Call(bot, user, tokens, cost)),
        2 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 0..60)
}

proptest! {
    #[test]
    fn an_envoy_that_restarts_counts_as_one_that_does_not(steps in steps(), start in prop::sample::select(&[NOW, SPRING][..])) {
        let document = parsed();
        let snapshot = &document.loaded.snapshot;
        let mut now = start;
        let lasting = Process::default();
        let mut restarting = Process::default();
        let mut log = String::new();
        for step in steps {
            match step {
                Step::Pass(millis) => now = now.after(Millis(millis)),
                Step::Call(is_bot, user, tokens, cost) => {
                    let name = if is_bot { "bot" } else { "cat" };
                    let agent = snapshot.agents.values().find(|agent| agent.name.as_str() == name).unwrap();
                    let agent = &snapshot.with_end_user(agent.clone(), USERS[user]);
                    let amounts = Amounts { tokens: Tokens(tokens), cost: MicroUsd(cost) };
                    let expected = lasting.call(agent, amounts, now);
                    let record = restarting.call(agent, amounts, now);
                    // What is left, and what was told of, is the same too.
                    prop_assert_eq!(&record, &expected);
                    log.push_str(&record);
                }
                Step::Restart => restarting = Process::start(&document, &add(&[&log], now), now),
            }
            prop_assert_eq!(restarting.spent(snapshot, now), lasting.spent(snapshot, now));
        }
    }

    #[test]
    fn a_log_in_two_files_says_the_same_as_in_one(
        calls in prop::collection::vec((any::<bool>(), 0..5_000_u64), 1..20),
        cut in any::<prop::sample::Index>(),
    ) {
        let document = parsed();
        let agents: Vec<_> = document.loaded.snapshot.agents.values().collect();
        let process = Process::default();
        let lines: Vec<String> = calls.iter().map(|(first, tokens)| {
            let amounts = Amounts { tokens: Tokens(*tokens), cost: MicroUsd(*tokens) };
            process.call(agents[usize::from(*first)], amounts, NOW)
        }).collect();
        let (before, after) = lines.split_at(cut.index(lines.len()));
        let (before, after) = (before.concat(), after.concat());
        prop_assert_eq!(add(&[&before, &after], NOW), add(&[&(before.clone() + &after)], NOW));
    }
}

fn balances_of(log: &str) -> Value {
    add(&[log], NOW).document(NOW)
}

fn spent(log: &str, counter: &str) -> Option<u64> {
    let document = balances_of(log);
    let balances = document["balances"].as_array().unwrap();
    let found = balances.iter().find(|balance| balance["counter"] == counter)?;
    found["spent"].as_u64()
}

#[test]
fn golden_balances() {
    let log = concat!(
        r#"{"time":"2026-11-30T22:00:00.000Z","llm.agent":"bot","llm.workspace":"lab","llm.tenant":"acme","llm.budgets":["#,
        r#"{"name":"day","unit":"usd","reserved":1,"used":0.25,"left":1,"since":"2026-11-30T11:00:00.000Z","alert":1},"#,
        r#"{"name":"ever","unit":"usd","reserved":1,"used":0.25,"left":1}]}"#,
        "\n",
    );
    assert_eq!(
        balances_of(log),
        json!({"made": "2026-11-30T22:44:05.678Z", "balances": [
            {"counter": "budget/day/agent/bot/usd/day", "spent": 250_000, "since": "2026-11-30T11:00:00.000Z", "alerted": 1},
            {"counter": "budget/ever/workspace/lab/usd/total", "spent": 250_000},
        ]})
    );
}

#[test]
fn what_does_not_count_any_more_is_left_out() {
    let record =
        |budget: Value| json!({"time": "2026-11-30T22:44:00Z", "llm.agent": "bot", "llm.budgets": [budget]});
    for budget in [
        // A window that is over, a call that was kept back, another unit, a budget that is no more.
        json!({"name": "day", "unit": "usd", "used": 1, "since": "2026-11-29T11:00:00.000Z"}),
        json!({"name": "day", "unit": "usd", "left": 0, "exceeded": true}),
        json!({"name": "day", "unit": "tokens", "used": 1, "since": "2026-11-30T11:00:00.000Z"}),
        json!({"name": "week", "unit": "usd", "used": 1, "since": "2026-11-30T11:00:00.000Z"}),
    ] {
        let log = record(budget).to_string();
        assert_eq!(balances_of(&log)["balances"], json!([]), "{log}");
    }
    assert_eq!(
        balances_of("{\"llm.budgets\": [\nno record\n{}\n")["balances"],
        json!([])
    );
}

#[test]
fn a_record_that_names_no_window_was_charged_to_the_one_in_which_its_call_ended() {
    let record = |time: &str| {
        let used = json!({"name": "minute", "unit": "tokens", "used": 7});
        json!({"time": time, "llm.agent": "bot", "llm.duration_ms": 1_500, "llm.budgets": [used]}).to_string()
    };
    let counter = "budget/minute/agent/bot/tokens/minute";
    assert_eq!(spent(&record("2026-11-30T22:43:59.000Z"), counter), Some(7));
    assert_eq!(spent(&record("2026-11-30T22:43:58.000Z"), counter), None);
}

#[test]
fn what_an_account_was_charged_is_carried_over_too() {
    let attempt = |provider: &str, charged: Value| json!({"provider": provider, "budget_usd": charged, "budget_since": "2026-11-30T00:00:00.000Z"});
    let attempts = [
        attempt("a", json!(0.5)),
        attempt("b", json!(1)),
        attempt("a", json!(2e-6)),
    ];
    let log = json!({"time": "2026-11-30T22:00:00Z", "llm.attempts": attempts}).to_string();
    assert_eq!(spent(&log, "account/a/usd/day"), Some(500_002));
    let counter = parsed().loaded.snapshot.providers[0].budget.clone();
    assert_eq!(
        counter.map(|counter: Counter| counter.key),
        Some("account/a/usd/day".to_owned())
    );
}

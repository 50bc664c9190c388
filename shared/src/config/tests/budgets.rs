#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::budget::{Budget, Carried, Scope};
use crate::ledger::{Ceiling, Change, Percent, Period, Unit, Zone};
use crate::policy::Mode;

fn budgets(document: &Value, agent: &str) -> Vec<Arc<Budget>> {
    let snapshot = loaded(document).snapshot;
    let agent = snapshot
        .agents
        .values()
        .find(|known| known.name.as_str() == agent);
    let allowances = agent.unwrap().allowances.iter();
    allowances.map(|allowance| allowance.budget.clone()).collect()
}

#[test]
fn an_agent_has_the_budgets_of_itself_and_of_those_it_belongs_to() {
    let of_bot = budgets(&valid(), "bot");
    let [day, month] = of_bot.as_slice() else {
        panic!("{of_bot:?}")
    };
    assert_eq!(
        day.ceiling,
        Ceiling {
            unit: Unit::Tokens,
            most: 2_000_000,
            period: Period::Day,
            zone: Zone::parse("+01:00").unwrap(),
        }
    );
    assert_eq!(
        (day.mode, day.status, day.alert_at.as_slice()),
        (Mode::Enforce, 429, &[][..])
    );
    assert_eq!(
        (month.scope, month.of.as_deref()),
        (Scope::Workspace, Some("research"))
    );
    assert_eq!(
        (month.ceiling.unit, month.ceiling.most),
        (Unit::MicroUsd, 500_000_000)
    );
    assert_eq!(month.alert_at, [Percent(50), Percent(80), Percent(95)]);
    let downgrade = month.downgrade.as_ref().unwrap();
    assert_eq!(
        (downgrade.at, downgrade.pool.name.as_str()),
        (Percent(80), "standard")
    );
    assert_eq!((month.mode, month.status), (Mode::Audit, 402));
    // No workspace, no budget of one.
    assert_eq!(budgets(&valid(), "batch").len(), 1);
}

#[test]
fn an_account_has_a_budget_in_dollars() {
    let providers = loaded(&valid()).snapshot.providers.clone();
    let counter = providers[0].budget.as_ref().unwrap();
    assert_eq!(
        (counter.ceiling.unit, counter.ceiling.most),
        (Unit::MicroUsd, 5_000_500_000)
    );
    assert_eq!(counter.ceiling.period, Period::Month);
    assert!(providers[1].budget.is_none());
    expect(&[
        (
            "/providers/0/budget/tokens",
            json!(5),
            "providers[0].budget.tokens: is not a key here",
        ),
        (
            "/providers/0/budget/usd",
            json!("5"),
            "providers[0].budget.usd: `5` must be a number of dollars",
        ),
        (
            "/providers/0/budget/per",
            json!("year"),
            "providers[0].budget.per: `year` is no period",
        ),
    ]);
}

#[test]
fn what_is_no_budget_is_told_with_what_would_be_one() {
    expect(&[
        (
            "/budgets/1/scope",
            json!("end_user"),
            "budgets[1].of: `research` cannot be chosen: end users stand in no document",
        ),
        (
            "/budgets/0/scope",
            json!("agnet"),
            "budgets[0].scope: `agnet` is no scope (supported: agent, workspace, tenant, end_user)",
        ),
        (
            "/budgets/0/per",
            json!("week"),
            "budgets[0].per: `week` is no period (supported: minute, hour, day, month",
        ),
        (
            "/budgets/0/tokens",
            json!(0),
            "budgets[0].tokens: `0` must be a whole number from 1",
        ),
        (
            "/budgets/0/usd",
            json!(5),
            "budgets[0]: must have either `tokens` or `usd`",
        ),
        (
            "/budgets/1/usd",
            json!(-1),
            "budgets[1].usd: `-1` must be a number of dollars",
        ),
        (
            "/budgets/0/time_zone",
            json!("Europe/Paris"),
            "budgets[0].time_zone: `Europe/Paris` must be `UTC`, an offset from it",
        ),
        (
            "/budgets/1/of",
            json!("reserch"),
            "budgets[1].of: `reserch` is no workspace of this configuration; did you mean `research`?",
        ),
        (
            "/budgets/1/alert_at",
            json!(["101%"]),
            "budgets[1].alert_at[0]: `101%` must be a whole percentage",
        ),
        (
            "/budgets/1/downgrade/at",
            json!("100%"),
            "budgets[1].downgrade.at: `100%` must be a whole percentage from `1%` to `99%`",
        ),
        (
            "/budgets/1/downgrade/pool",
            json!("standart"),
            "budgets[1].downgrade.pool: `standart` is no pool of this configuration; did you mean `standard`?",
        ),
        (
            "/budgets/1/mode",
            json!("off"),
            "budgets[1].mode: `off` is no mode",
        ),
        (
            "/budgets/1/status",
            json!(403),
            "budgets[1].status: `403` must be `429` or `402`",
        ),
        (
            "/budgets/1/name",
            json!("agent-day"),
            "budgets[1].name: `agent-day` is the name of another budget too",
        ),
        (
            "/budgets/0/clamp",
            json!("yes"),
            "budgets[0].clamp: `yes` must be `true` or `false`",
        ),
        (
            "/budgets/0/on_exhausted",
            json!("stp"),
            "budgets[0].on_exhausted: `stp` must be `finish` or `stop`; did you mean `stop`?",
        ),
    ]);
}

#[test]
fn a_zone_is_read_with_the_changes_that_were_looked_up() {
    let zone = json!({
        "name": "Europe/Berlin", "offset": "+01:00", "changes": [
            {"at": "2026-03-29T01:00:00.000Z", "offset": "+02:00"},
            {"at": "2026-10-25T01:00:00.000Z", "offset": "+01:00"},
        ],
    });
    let mut document = valid();
    document["budgets"][0]["time_zone"] = zone;
    let changes = [(1_774_746_000, 7_200), (1_792_890_000, 3_600)].map(|(at, offset)| Change { at, offset });
    assert_eq!(
        budgets(&document, "bot")[0].ceiling.zone,
        Zone::new(3_600, changes.to_vec()).unwrap()
    );
    for (pointer, value, problem) in [
        ("/name", json!(5), ".name: `5` must be text"),
        ("/offset", json!("1h"), ".offset: `1h` must be an offset"),
        (
            "/changes/1/offset",
            json!("+20:00"),
            ".changes[1].offset: `+20:00` must be an offset",
        ),
        (
            "/changes/1/at",
            json!("soon"),
            ".changes[1].at: `soon` must be a point in time",
        ),
        (
            "/changes/1/at",
            json!("2026-03-29T01:00:00Z"),
            ": has too many changes",
        ),
        ("/changes", json!({}), ".changes: must be a list"),
    ] {
        let mut wrong = document.clone();
        *wrong
            .pointer_mut(&format!("/budgets/0/time_zone{pointer}"))
            .unwrap() = value;
        let mistakes = load(&filter_part(&wrong), Audience::Filter)
            .map(|_| ())
            .unwrap_err()
            .to_string();
        assert!(
            mistakes.contains(&format!("budgets[0].time_zone{problem}")),
            "{mistakes}"
        );
    }
}

#[test]
fn a_model_without_a_price_costs_a_budget_in_dollars_nothing_which_is_told() {
    let warnings = |document: &Value| -> Vec<String> {
        loaded(document)
            .warnings
            .iter()
            .map(ToString::to_string)
            .collect()
    };
    assert_eq!(warnings(&valid()), [""; 0]);
    let unpriced = "budgets[1].name: `research-month` counts dollars, but `llama-4-70b` has no price: its calls cost it nothing";
    assert_eq!(warnings(&without("/prices/llama-4-70b")), [unpriced]);
}

#[test]
fn what_was_spent_before_is_for_the_filter_only_and_changes_no_version() {
    let mut document = valid();
    document["opening_balances"] = json!({"made": "2026-11-21T09:44:05.678Z", "balances": [
        {"counter": "budget/agent-day/agent/bot/tokens/day", "since": "2026-11-21T00:00:00.000Z", "spent": 7, "alerted": 50},
        {"counter": "budget/ever/agent/bot/tokens/total", "spent": 9},
    ]});
    let mistakes = load(&document, Audience::Operator).unwrap_err().to_string();
    assert!(
        mistakes.contains("opening_balances: is not a key here"),
        "{mistakes}"
    );
    let filter = |document: &Value| load(&filter_part(document), Audience::Filter).unwrap().snapshot;
    let snapshot = filter(&document);
    assert_eq!(snapshot.version, filter(&valid()).version);
    let carried = |counter: &str, since, spent, alerted| Carried {
        counter: counter.to_owned(),
        since,
        spent,
        alerted,
    };
    assert_eq!(
        snapshot.carried,
        [
            carried("budget/agent-day/agent/bot/tokens/day", 1_795_219_200, 7, 50),
            carried("budget/ever/agent/bot/tokens/total", 0, 9, 0),
        ]
    );
    for (pointer, value) in [
        ("/opening_balances/made", json!("today")),
        ("/opening_balances/balances/0/since", json!(5)),
        ("/opening_balances/balances/0/spent", json!(-1)),
        ("/opening_balances/balances/0/alerted", json!(0)),
    ] {
        let mut wrong = document.clone();
        *wrong.pointer_mut(pointer).unwrap() = value;
        let mistakes = load(&filter_part(&wrong), Audience::Filter)
            .unwrap_err()
            .to_string();
        assert!(mistakes.starts_with("opening_balances."), "{mistakes}");
    }
}

#[test]
fn a_webhook_is_a_url_without_anything_secret() {
    let webhook = |url: Value| {
        let mut document = valid();
        document["alerts"] = json!({"webhook": url});
        load(&document, Audience::Operator).map(|loaded| loaded.snapshot.webhook.clone().unwrap())
    };
    let found = webhook(json!("https://hooks.example.com:8443/v1/budgets/v1")).unwrap();
    assert_eq!(
        (found.server.authority().as_str(), found.path.as_str()),
        ("hooks.example.com:8443", "/v1/budgets/v1")
    );
    assert_eq!(webhook(json!("http://hooks")).unwrap().path, "/");
    for wrong in [
        json!("hooks.example.com"),
        json!("https://user:secret@hooks"),
        json!("https://hooks/?key=secret"),
        json!(5),
    ] {
        let mistakes = webhook(wrong).unwrap_err().to_string();
        assert!(
            mistakes.starts_with("alerts.webhook: ") && !mistakes.contains("secret"),
            "{mistakes}"
        );
    }
}

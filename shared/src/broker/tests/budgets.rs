//! What the budgets of a caller mean for its calls.

mod accounts;
mod alerts;
mod clamp;
mod end_users;
mod several_answers;
mod stops;

use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Dialect, Driver, Host, JSON, START, STREAM, closed, document, headers_with, last, part, status};
use crate::broker::Broker;
use crate::config::{Audience, load};

const DAY: u64 = 86_400_000;

/// One Envoy with these budgets.
struct World {
    budgets: Value,
    /// The budget of `openai-a`; the model `alone` is served there only.
    account: Option<Value>,
    driver: Driver,
}

impl World {
    fn new(budgets: Value) -> Self {
        Self {
            budgets,
            account: None,
            driver: Driver::new(),
        }
    }

    /// Another call of an agent at the same Envoy, for at most so many tokens of output.
    fn call(&self, agent: &str, model: &str, most: u64) -> Driver {
        self.call_with(agent, &json!({"model": model, "max_tokens": most}))
    }

    fn call_with(&self, agent: &str, body: &Value) -> Driver {
        self.call_at("/v1/chat/completions", agent, body)
    }

    /// The same of another API.
    fn call_at(&self, path: &str, agent: &str, body: &Value) -> Driver {
        let mut document = document();
        document["budgets"] = self.budgets.clone();
        if let Some(account) = &self.account {
            document["providers"][0]["budget"] = account.clone();
            document["prices"]["gpt-a"] = json!({"input": 2, "output": 8});
            let alone = json!({"name": "alone", "targets": [{"provider": "openai-a", "model": "gpt-b"}]});
            document["models"].as_array_mut().unwrap().push(alone);
        }
        let loaded = load(&document, Audience::Filter).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let mut driver = Driver {
            machine: Some(Broker::new(loaded.snapshot, START, 0)),
            host: Host {
                store: self.driver.host.store.clone(),
                worker: self.driver.host.worker.clone(),
                ..Host::default()
            },
            now: self.driver.now,
        };
        let token = format!("Bearer {agent}-token");
        driver.handle(super::Event::RequestHeaders {
            headers: super::Headers::new(headers_with(
                Dialect::OpenAi,
                &[("authorization", &token), (":path", path)],
            )),
            is_end: false,
        });
        let mut body = body.clone();
        let key = if path.ends_with("responses") {
            "input"
        } else {
            "messages"
        };
        body[key] = json!([{"role": "user", "content": "hi"}]);
        driver.complete(body.to_string());
        driver
    }

    /// Spends what the account has left.
    fn drain(&self) {
        let mut driver = self.call("bot", "alone", 10);
        answer(&mut driver, 1_000_000, 1_000_000);
    }

    /// A call that is answered with this usage; gives its record.
    fn spend(&self, agent: &str, model: &str, input: u64, output: u64) -> Value {
        let mut driver = self.call(agent, model, output);
        answer(&mut driver, input, output);
        driver.record().clone()
    }
}

fn usage(input: u64, output: u64) -> String {
    json!({
        "model": "m", "choices": [{"finish_reason": "stop"}],
        "usage": {"prompt_tokens": input, "completion_tokens": output},
    })
    .to_string()
}

fn answer(driver: &mut Driver, input: u64, output: u64) {
    let account = driver.host.forwards[0].cluster.clone();
    driver.attempt(
        &account,
        [(1, status(200, JSON)), (1, last(&usage(input, output)))],
    );
    driver.answered();
    driver.finish();
}

fn left(record: &Value) -> (&str, u64) {
    let statement = &record["llm.budgets"][0];
    (
        statement["name"].as_str().unwrap(),
        statement["left"].as_u64().unwrap(),
    )
}

fn tokens(most: u64) -> Value {
    json!([{"name": "day", "scope": "agent", "tokens": most, "per": "day"}])
}

#[test]
fn what_was_used_takes_the_place_of_what_was_reserved() {
    let world = World::new(tokens(1_000));
    let record = world.spend("bot", "gpt", 12, 100);
    let statement = &record["llm.budgets"][0];
    assert_eq!(
        (&statement["used"], &statement["left"]),
        (&json!(112), &json!(888))
    );
    // The input, and as much output as the agent allows.
    let reserved = statement["reserved"].as_u64().unwrap();
    assert!((101..140).contains(&reserved), "{reserved}");
    assert_eq!(statement.get("estimated"), None);
}

#[test]
fn a_spent_caller_is_refused_until_the_budget_begins_anew() {
    let mut world = World::new(tokens(200));
    world.spend("bot", "gpt", 100, 100);
    let mut denied = world.call("bot", "gpt", 1);
    let (reply, body) = denied.reply();
    assert_eq!(
        (reply.status, body["error"]["code"].as_str()),
        (429, Some("budget_exhausted"))
    );
    assert!(reply.headers.contains(&("x-should-retry", "false".to_owned())));
    denied.finish();
    let record = denied.record();
    assert_eq!(
        (&record["llm.decision"], &record["llm.error"]),
        (&json!("deny"), &json!("budget_exhausted"))
    );
    assert_eq!(left(record), ("day", 0));
    let refused = "model_broker.budget_refusals;agent=bot;outcome=enforce;budget=day=1";
    assert!(
        denied.host.metrics.contains(&refused.to_owned()),
        "{:?}",
        denied.host.metrics
    );
    world.driver.wait(DAY);
    assert_eq!(left(&world.spend("bot", "gpt", 1, 1)), ("day", 198));
}

#[test]
fn what_calls_under_way_hold_is_not_there_for_others() {
    let world = World::new(tokens(250));
    let mut first = world.call("bot", "gpt", 100);
    let second = world.call("bot", "gpt", 100);
    assert_eq!((first.host.forwards.len(), second.host.forwards.len()), (1, 1));
    let mut third = world.call("bot", "gpt", 100);
    let (reply, body) = third.reply();
    let told = body["error"]["message"].as_str().unwrap();
    assert!(
        reply.status == 429 && told.contains("this call may take"),
        "{told}"
    );
    third.finish();
    // The account was not asked and is as it was: nothing of it is held.
    assert_eq!(third.host.forwards.len(), 0);
    answer(&mut first, 1, 1);
    assert_eq!(world.call("bot", "gpt", 100).host.forwards.len(), 1);
}

#[test]
fn of_several_budgets_all_are_reserved_or_none() {
    let world = World::new(json!([
        {"name": "wide", "scope": "workspace", "tokens": 1_000, "per": "hour"},
        {"name": "narrow", "scope": "agent", "tokens": 50, "per": "hour"},
    ]));
    let denied = world.call("bot", "gpt", 100);
    assert!(
        denied.reply().1["error"]["message"]
            .as_str()
            .unwrap()
            .contains("`narrow`")
    );
    let record = world.spend("bot", "gpt", 10, 10);
    assert_eq!(left(&record), ("wide", 980));
    assert_eq!(record["llm.budgets"][1]["left"], 30);
}

#[test]
fn each_of_a_scope_has_a_counter_of_its_own_and_a_budget_may_be_for_one_only() {
    let world = World::new(json!([
        {"name": "each", "scope": "agent", "tokens": 1_000, "per": "day"},
        {"name": "acme", "scope": "tenant", "of": "acme", "tokens": 500, "per": "day"},
    ]));
    let names = |record: &Value| -> Vec<String> {
        let statements = record["llm.budgets"].as_array().unwrap().iter();
        statements
            .map(|statement| statement["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let of_bot = world.spend("bot", "gpt", 100, 100);
    assert_eq!(
        (names(&of_bot), left(&of_bot)),
        (vec!["each".into(), "acme".into()], ("each", 800))
    );
    let of_boss = world.spend("boss", "gpt", 50, 50);
    assert_eq!(
        (names(&of_boss), left(&of_boss)),
        (vec!["each".into()], ("each", 900))
    );
}

#[test]
fn a_call_that_reached_no_provider_costs_nothing() {
    let world = World::new(tokens(1_000));
    let mut driver = world.call("bot", "gpt", 100);
    driver.attempt("openai-a", [(1, closed(true))]);
    driver.attempt("openai-b", [(1, status(503, JSON)), (1, last("{}"))]);
    driver.finish();
    let statement = &driver.record()["llm.budgets"][0];
    assert_eq!(
        (&statement["used"], &statement["left"]),
        (&json!(0), &json!(1_000))
    );
    let mut left_early = world.call("bot", "gpt", 100);
    left_early.finish();
    assert_eq!(left(left_early.record()), ("day", 1_000));
}

#[test]
fn an_answer_that_tells_no_usage_is_estimated_and_says_so() {
    let world = World::new(tokens(10_000));
    let mut driver = world.call_with("bot", &json!({"model": "gpt", "max_tokens": 100, "stream": true}));
    let begun = r#"data: {"choices":[{"delta":{"content":"word"}}]}"#;
    driver.attempt(
        "openai-a",
        [(1, status(200, STREAM)), (1, part(&format!("{begun}\n\n")))],
    );
    driver.answered();
    driver.finish();
    let statement = &driver.record()["llm.budgets"][0];
    assert_eq!(statement["estimated"], true);
    // The input and the one word that came, not all that was reserved.
    let used = statement["used"].as_u64().unwrap();
    assert!((20..40).contains(&used), "{statement}");
    assert_eq!(statement["left"], 10_000 - used);

    // While the provider was at work nothing but the input is certain.
    let mut left_early = world.call("bot", "gpt", 100);
    left_early.attempt("openai-a", []);
    left_early.finish();
    let statement = &left_early.record()["llm.budgets"][0];
    assert_eq!(statement["estimated"], true);
    assert!(
        (1..30).contains(&statement["used"].as_u64().unwrap()),
        "{statement}"
    );
}

#[test]
fn dollars_are_counted_at_the_price_of_who_answered() {
    let world = World::new(json!([
        {"name": "money", "scope": "agent", "usd": 0.05, "per": "month", "status": 402},
    ]));
    // Of 0.2 and 2 dollars per million the dearer may be asked; the cheaper answers.
    let record = world.spend("bot", "cheap", 1_000, 500);
    let statement = &record["llm.budgets"][0];
    assert_eq!(statement["used"], record["llm.cost.usd"]);
    assert_eq!(statement["unit"], "usd");
    let left = statement["left"].as_f64().unwrap();
    assert!(
        (left - (0.05 - record["llm.cost.usd"].as_f64().unwrap())).abs() < 1e-9,
        "{left}"
    );
    let denied = world.call("bot", "cheap", 100_000);
    assert_eq!(denied.reply().0.status, 402);
}

#[test]
fn in_audit_a_call_passes_and_the_record_says_what_would_have_become_of_it() {
    let mut budgets = tokens(10);
    budgets[0]["mode"] = json!("audit");
    let world = World::new(budgets);
    let record = world.spend("bot", "gpt", 100, 100);
    let statement = &record["llm.budgets"][0];
    assert_eq!(
        (&statement["exceeded"], &statement["used"]),
        (&json!(true), &json!(200))
    );
    assert_eq!(record["llm.outcome"], "ok");
}

#[test]
fn each_threshold_is_told_of_once() {
    let mut budgets = tokens(1_000);
    budgets[0]["alert_at"] = json!(["80%", "50%"]);
    let world = World::new(budgets);
    let alert = |record: &Value| record["llm.budgets"][0].get("alert").cloned();
    assert_eq!(alert(&world.spend("bot", "gpt", 200, 200)), None);
    assert_eq!(alert(&world.spend("bot", "gpt", 50, 50)), Some(json!(50)));
    assert_eq!(alert(&world.spend("bot", "gpt", 50, 50)), None);
    let mut crossing = world.call("bot", "gpt", 200);
    answer(&mut crossing, 100, 200);
    let told = "model_broker.budget_alerts;cause=80;budget=day=1";
    assert!(
        crossing.host.metrics.contains(&told.to_owned()),
        "{:?}",
        crossing.host.metrics
    );
}

#[test]
fn near_the_end_calls_go_to_a_cheaper_pool_that_can_serve_them() {
    let mut budgets = tokens(10_000);
    budgets[0]["downgrade"] = json!({"at": "10%", "pool": "limited"});
    let world = World::new(budgets);
    assert_eq!(world.spend("bot", "gpt", 500, 500)["llm.pool"], "pair");
    let mut cheaper = world.call("bot", "gpt", 5);
    answer(&mut cheaper, 5, 5);
    let record = cheaper.record();
    assert_eq!(record["llm.pool"], "limited");
    assert_eq!(
        record["llm.reason"],
        "the model's own pool is pair; budget day downgraded it to pool limited"
    );
    // The figures are those of what chose the pool.
    assert_eq!(cheaper.host.tallies, ["rule//pair: Success, asked, 0"]);
    // That pool does not stream.
    let body = json!({"model": "gpt", "max_tokens": 5, "stream": true});
    let mut streaming = world.call_with("bot", &body);
    streaming.finish();
    assert_eq!(streaming.record()["llm.pool"], "pair");
}

#[test]
fn a_cascade_may_cost_all_its_rungs() {
    let world = World::new(tokens(10_000));
    let mut driver = world.call("bot", "climbing", 100);
    driver.finish();
    let reserved = driver.record()["llm.budgets"][0]["reserved"].as_u64().unwrap();
    assert!((300..400).contains(&reserved), "{reserved}");
}

#[test]
fn answers_tell_what_is_left_where_a_budget_says_so() {
    let world = World::new(json!([
        {"name": "day", "scope": "agent", "tokens": 1_000, "per": "day", "header": true},
        {"name": "money", "scope": "agent", "usd": 2.5, "per": "month", "header": true},
        {"name": "quiet", "scope": "agent", "tokens": 9_000, "per": "day"},
    ]));
    world.spend("bot", "gpt", 300, 200);
    let mut driver = world.call("bot", "gpt", 100);
    driver.attempt("openai-a", [(1, status(200, JSON)), (1, last(&usage(1, 1)))]);
    driver.answered();
    let [told] = driver.host.set_in_answer.as_slice() else {
        panic!("{:?}", driver.host)
    };
    let (day, money) = told.split_once(", ").unwrap();
    let left: u64 = day
        .strip_prefix("x-broker-budget-left: day=")
        .unwrap()
        .parse()
        .unwrap();
    assert!((300..400).contains(&left), "{told}");
    assert!(money.starts_with("money=2.49") || money == "money=2.5", "{told}");
}

#[test]
fn without_budgets_nothing_is_counted() {
    let world = World::new(json!([]));
    let record = world.spend("bot", "gpt", 10, 10);
    assert_eq!(record.get("llm.budgets"), None);
    let store = format!("{:?}", world.driver.host.store);
    assert!(
        !store.contains("budget/") && !store.contains("account/"),
        "{store}"
    );
    assert!(store.contains("health/"), "{store}");
}

#[test]
fn pictures_under_way_hold_what_the_best_of_them_take() {
    let world = World::new(tokens(7_000));
    let pictures = |body| world.call_at("/v1/images/generations", "bot", &body);
    let mut first = pictures(json!({"model": "gpt"}));
    let second = pictures(json!({"model": "gpt"}));
    assert_eq!(second.reply().0.status, 429);
    assert_eq!(
        pictures(json!({"model": "gpt", "quality": "low"}))
            .host
            .forwards
            .len(),
        1
    );
    let account = first.host.forwards[0].cluster.clone();
    let answer =
        json!({"data": [{"b64_json": "UE5H"}], "usage": {"input_tokens": 10, "output_tokens": 4_160}});
    first.attempt(&account, [(1, status(200, JSON)), (1, last(&answer.to_string()))]);
    first.answered();
    first.finish();
    let statement = &first.record()["llm.budgets"][0];
    assert_eq!(statement["used"], 4_170, "{statement}");
    assert!(statement["reserved"].as_u64().unwrap() >= 6_240, "{statement}");
}

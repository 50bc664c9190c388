//! What it means for calls that a fleet of Envoys counts their budgets together.

mod limits;

use std::cell::Cell;

use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{
    Dialect, Driver, Event, Headers, Host, JSON, Millis, START, document, headers_with, last, status,
};
use crate::broker::{Broker, Flow};
use crate::config::{Audience, load};
use crate::fleet::testing::Memory as Counting;

/// gRPC's status of a call that took too long.
const TOO_LATE: u32 = 4;

/// Some Envoys and the service that they share.
struct Fleet {
    counting: Counting,
    /// How many there are, so that each has random numbers of its own.
    envoys: Cell<u64>,
    document: Value,
}

impl Fleet {
    fn new(budget: &Value, service: &Value) -> Self {
        let mut document = document();
        let mut shared =
            json!({"name": "day", "scope": "workspace", "tokens": 1_000, "per": "day", "shared": true});
        let mut counted = json!({"cluster": "ratelimit", "domain": "model-broker"});
        for (into, from) in [(&mut shared, budget), (&mut counted, service)] {
            let from = from.as_object().unwrap().clone();
            into.as_object_mut().unwrap().extend(from);
        }
        document["budgets"] = json!([shared]);
        document["rate_limit_service"] = counted;
        Self {
            counting: Counting::new(5),
            envoys: Cell::default(),
            document,
        }
    }

    fn of(tokens: u64) -> Self {
        Self::new(&json!({"tokens": tokens}), &json!({}))
    }

    fn envoy(&self) -> Envoy<'_> {
        let mut memory = Driver::new();
        memory.host.has_service = true;
        let random = self.envoys.get() + 1;
        self.envoys.set(random);
        Envoy {
            fleet: self,
            memory,
            random,
        }
    }
}

/// One Envoy.
struct Envoy<'a> {
    fleet: &'a Fleet,
    memory: Driver,
    random: u64,
}

impl Envoy<'_> {
    /// A call for at most so many tokens of output, that was not answered by the service yet.
    fn begin(&self, most: u64) -> Driver {
        self.begin_for("gpt", most)
    }

    fn begin_for(&self, model: &str, most: u64) -> Driver {
        let messages = [json!({"role": "user", "content": "hi"})];
        let body = json!({"model": model, "max_tokens": most, "messages": messages});
        self.begin_at("/v1/chat/completions", &body)
    }

    fn begin_at(&self, path: &str, body: &Value) -> Driver {
        let loaded = load(&self.fleet.document, Audience::Filter);
        let snapshot = loaded.unwrap_or_else(|mistakes| panic!("{mistakes}")).snapshot;
        let mut driver = Driver {
            machine: Some(Broker::new(snapshot, START, self.random)),
            host: Host {
                store: self.memory.host.store.clone(),
                worker: self.memory.host.worker.clone(),
                has_service: self.memory.host.has_service,
                ..Host::default()
            },
            now: self.memory.now,
        };
        driver.handle(Event::RequestHeaders {
            headers: Headers::new(headers_with(Dialect::OpenAi, &[(":path", path)])),
            is_end: false,
        });
        driver.complete(body.to_string());
        driver
    }

    /// The same, with whatever the service says.
    fn call(&self, most: u64) -> Driver {
        self.hear(self.begin(most))
    }

    fn hear(&self, mut driver: Driver) -> Driver {
        let mut heard = 0;
        while driver.machine().is_asking() {
            let answer = self.fleet.counting.answer(&driver.host.questions[heard].0);
            heard += 1;
            driver.handle(Event::ServiceAnswered {
                answer: Ok(answer),
                now: self.memory.now,
            });
        }
        driver
    }

    /// A call that takes so many tokens of input and output; gives its record.
    fn spend(&self, most: u64, used: u64) -> Value {
        let mut driver = self.call(most);
        finish(&mut driver, used);
        self.tell();
        driver.record().clone()
    }

    /// Some time passes: the service is told what is pending.
    fn tell(&self) {
        let pending = &self.memory.host.worker.pending;
        let loaded = load(&self.fleet.document, Audience::Filter).unwrap();
        let service = loaded.snapshot.rate_limit_service.clone().unwrap();
        if let Some(message) = pending.tell(&service, self.memory.now) {
            pending.told(Ok(&self.fleet.counting.answer(&message)), self.memory.now);
        }
    }
}

fn finish(driver: &mut Driver, used: u64) {
    let usage = json!({
        "model": "m", "choices": [{"finish_reason": "stop"}],
        "usage": {"prompt_tokens": used, "completion_tokens": 0},
    });
    driver.attempt(
        "openai-a",
        [(1, status(200, JSON)), (1, last(&usage.to_string()))],
    );
    driver.answered();
    driver.finish();
}

/// The service does not answer.
fn fail(driver: &mut Driver) {
    driver.handle(Event::ServiceAnswered {
        answer: Err(TOO_LATE),
        now: driver.now,
    });
}

fn code(driver: &Driver) -> (u16, String) {
    let (reply, body) = driver.reply();
    (reply.status, body["error"]["code"].as_str().unwrap().to_owned())
}

#[test]
fn a_call_waits_for_the_service_and_goes_on() {
    let fleet = Fleet::of(1_000);
    let envoy = fleet.envoy();
    let mut driver = envoy.begin(100);
    assert!(driver.machine().is_asking());
    assert_eq!(driver.machine().flow(), Flow::Pause);
    assert!(driver.host.forwards.is_empty());
    let (question, time) = driver.host.questions[0].clone();
    assert_eq!(time, Millis(25));
    driver.handle(Event::ServiceAnswered {
        answer: Ok(fleet.counting.answer(&question)),
        now: START,
    });
    assert_eq!(driver.machine().flow(), Flow::Continue);
    finish(&mut driver, 40);
    let statement = &driver.record()["llm.budgets"][0];
    assert_eq!(
        (&statement["used"], &statement["counted"]),
        (&json!(40), &json!("fleet"))
    );
    assert!(driver.record().get("llm.rate_limit_service").is_none());
    assert!(
        driver
            .host
            .metrics
            .iter()
            .any(|metric| metric.starts_with("model_broker.rate_limit_service_calls;outcome=counted"))
    );
}

#[test]
fn a_call_without_shared_budgets_asks_nobody() {
    let fleet = Fleet::new(&json!({"shared": false}), &json!({}));
    let driver = fleet.envoy().begin(100);
    assert!(driver.host.questions.is_empty());
    assert_eq!(driver.host.forwards.len(), 1);
}

#[test]
fn several_envoys_hold_one_ceiling_and_return_what_is_left_over() {
    let fleet = Fleet::of(1_000);
    let (first, second) = (fleet.envoy(), fleet.envoy());
    let mut under_way = first.call(800);
    let refused = second.call(800);
    assert_eq!(code(&refused), (429, "budget_exhausted".to_owned()));
    second.tell();
    finish(&mut under_way, 100);
    // The first Envoy tells with its next call what it returns.
    let record = first.spend(10, 10);
    assert_eq!(record["llm.budgets"][0]["left"], 890);
    let record = second.spend(800, 700);
    assert_eq!(record["llm.budgets"][0]["left"], 190);
}

#[test]
fn a_restarted_envoy_knows_what_was_spent_after_its_first_call() {
    let fleet = Fleet::of(1_000);
    let first = fleet.envoy();
    first.spend(600, 600);
    let record = fleet.envoy().spend(100, 100);
    assert_eq!(record["llm.budgets"][0]["left"], 300);
}

#[test]
fn whoever_is_refused_again_and_again_takes_nothing() {
    let fleet = Fleet::of(1_000);
    let envoy = fleet.envoy();
    envoy.spend(900, 900);
    for _ in 0..5 {
        assert_eq!(code(&envoy.call(500)).0, 429);
    }
    let (taken, returned) = fleet.counting.counted();
    assert!(taken - returned <= 1_000 && taken < 2_000, "{taken} {returned}");
    // What others returned since is found by looking, in half the time for each question.
    let other = fleet.envoy();
    other.memory.host.worker.pending.add(crate::fleet::Change {
        account: account(&other),
        taken: 0,
        returned: 500,
    });
    other.spend(5, 5);
    let driver = envoy.call(500);
    let times: Vec<_> = driver.host.questions.iter().map(|(_, time)| *time).collect();
    assert_eq!(times, [Millis(12), Millis(12)]);
    assert_eq!(driver.host.forwards.len(), 1);
}

/// The account of the workspace.
fn account(envoy: &Envoy<'_>) -> crate::fleet::Account {
    let loaded = load(&envoy.fleet.document, Audience::Filter).unwrap();
    let budget = &loaded.snapshot.budgets[0];
    let workspaces = loaded.snapshot.workspaces.values().map(AsRef::as_ref);
    let mut counters = budget.counters_of(workspaces);
    let counter = counters.find(|counter| counter.key.contains("/lab/")).unwrap();
    let division = crate::fleet::Division::of(&counter.ceiling, START);
    let owner = crate::fleet::Owner::Budget(budget.name.clone());
    crate::fleet::Account::of(&owner, &counter.key, &division)
}

#[test]
fn without_the_service_an_envoy_goes_on_from_where_the_fleet_was_and_says_so() {
    let fleet = Fleet::of(1_000);
    fleet.envoy().spend(700, 700);
    let envoy = fleet.envoy();
    envoy.spend(100, 100);
    let mut driver = envoy.begin(50);
    fail(&mut driver);
    finish(&mut driver, 50);
    let record = driver.record();
    assert_eq!(record["llm.rate_limit_service"], "timed_out");
    let statement = &record["llm.budgets"][0];
    assert_eq!(
        (&statement["counted"], &statement["left"]),
        (&json!("local"), &json!(150))
    );
    assert!(
        driver
            .host
            .metrics
            .contains(&"model_broker.rate_limit_service_calls;outcome=local;cause=timed_out=1".to_owned())
    );
    // The next calls do not wait for it.
    let driver = envoy.begin(500);
    assert!(driver.host.questions.is_empty());
    assert_eq!(code(&driver), (429, "budget_exhausted".to_owned()));
}

#[test]
fn what_was_counted_here_alone_is_told_once_the_service_is_back() {
    let fleet = Fleet::of(1_000);
    let mut envoy = fleet.envoy();
    envoy.memory.host.has_service = false;
    let record = envoy.spend(400, 300);
    assert_eq!(record["llm.rate_limit_service"], "unreachable");
    envoy.memory.host.has_service = true;
    envoy.memory.wait(1_000);
    envoy.spend(10, 10);
    let record = fleet.envoy().spend(10, 10);
    assert_eq!(record["llm.budgets"][0]["left"], 680);
}

#[test]
fn a_closed_budget_lets_nothing_pass_without_the_service() {
    let fleet = Fleet::new(&json!({}), &json!({"when_down": "closed"}));
    let envoy = fleet.envoy();
    let mut driver = envoy.begin(100);
    fail(&mut driver);
    assert_eq!(code(&driver), (503, "budget_unavailable".to_owned()));
    assert!(
        driver
            .reply()
            .0
            .headers
            .contains(&("retry-after", "1".to_owned()))
    );
    driver.finish();
    assert_eq!(driver.record()["llm.rate_limit_service"], "timed_out");
    // Nothing is held any more.
    let audit = Fleet::new(&json!({"mode": "audit"}), &json!({"when_down": "closed"}));
    let mut driver = audit.envoy().begin(100);
    fail(&mut driver);
    assert_eq!(driver.host.forwards.len(), 1);
}

#[test]
fn a_budget_that_only_watches_refuses_nobody() {
    let fleet = Fleet::new(&json!({"mode": "audit"}), &json!({}));
    let record = fleet.envoy().spend(5_000, 3_000);
    let statement = &record["llm.budgets"][0];
    assert_eq!(
        (&statement["exceeded"], &statement["left"]),
        (&json!(true), &json!(0))
    );
    assert_eq!(statement["counted"], "fleet");
}

#[test]
fn an_agent_that_leaves_meanwhile_holds_nothing_here() {
    let fleet = Fleet::of(1_000);
    let envoy = fleet.envoy();
    let mut driver = envoy.begin(900);
    driver.finish();
    assert_eq!(driver.record()["llm.outcome"], "aborted");
    assert!(driver.host.forwards.is_empty());
    let record = envoy.spend(100, 100);
    assert_eq!(record["llm.budgets"][0]["left"], 900);
}

#[test]
fn an_answer_that_says_nothing_is_none() {
    let fleet = Fleet::of(1_000);
    let mut driver = fleet.envoy().begin(100);
    driver.handle(Event::ServiceAnswered {
        answer: Ok(b"\x08\x01".to_vec()),
        now: START,
    });
    assert_eq!(driver.host.forwards.len(), 1);
    driver.finish();
    assert_eq!(driver.record()["llm.rate_limit_service"], "unreadable");
}

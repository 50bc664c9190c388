//! What it means for calls that a fleet of Envoys holds the limits of an account together.

use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::super::{Driver, JSON, Millis, document, last, status};
use super::{Cell, Counting, Envoy, Event, Fleet, code, fail};

/// Envoys that share these limits of accounts, and in the second place the keys of their service. `gpt` is served by
/// `openai-a`, and after it by `openai-b`.
fn fleet<const N: usize>(limits: &[(&str, Value); N], service: &Value) -> Fleet {
    let mut document = document();
    for provider in document["providers"].as_array_mut().unwrap() {
        if let Some((_, limits)) = limits.iter().find(|(name, _)| provider["name"] == *name) {
            provider["limits"] = limits.clone();
            provider["limits"]["shared"] = json!(true);
        }
    }
    let mut counted = json!({"cluster": "ratelimit", "domain": "model-broker"});
    let further = service.as_object().unwrap().clone();
    counted.as_object_mut().unwrap().extend(further);
    document["rate_limit_service"] = counted;
    Fleet {
        counting: Counting::new(3),
        envoys: Cell::default(),
        document,
    }
}

fn of_requests(most: u64) -> Fleet {
    fleet(&[("openai-a", json!({"requests_per_minute": most}))], &json!({}))
}

/// Who takes a call first.
fn taker(driver: &Driver) -> &str {
    let [forwarded] = driver.host.forwards.as_slice() else {
        panic!("{:?}", driver.host)
    };
    &forwarded.cluster
}

fn finish_at(driver: &mut Driver, account: &str, used: u64) {
    let usage = json!({
        "model": "m", "choices": [{"finish_reason": "stop"}],
        "usage": {"prompt_tokens": used, "completion_tokens": 0},
    });
    driver.attempt(account, [(1, status(200, JSON)), (1, last(&usage.to_string()))]);
    driver.answered();
    driver.finish();
}

/// A call that is answered by whoever takes it; gives that account and the record.
fn spend(envoy: &Envoy<'_>, most: u64, used: u64) -> (String, Value) {
    let mut driver = envoy.call(most);
    let taker = taker(&driver).to_owned();
    finish_at(&mut driver, &taker, used);
    envoy.tell();
    (taker, driver.record().clone())
}

#[test]
fn several_envoys_hold_one_limit_and_go_elsewhere_beyond_it() {
    let fleet = of_requests(2);
    let (mut first, second) = (fleet.envoy(), fleet.envoy());
    assert_eq!(spend(&first, 9, 9).0, "openai-a");
    assert_eq!(spend(&second, 9, 9).0, "openai-a");
    let driver = first.call(9);
    assert_eq!((taker(&driver), driver.host.questions.len()), ("openai-b", 1));
    let metric = "model_broker.rate_limit_service_calls;outcome=limited=1".to_owned();
    assert!(driver.host.metrics.contains(&metric), "{:?}", driver.host.metrics);
    // For a moment nobody has to ask again.
    let mut driver = first.begin(9);
    assert!(driver.host.questions.is_empty());
    finish_at(&mut driver, "openai-b", 9);
    let excluded = &driver.record()["llm.excluded"][0];
    assert_eq!(
        (&excluded["provider"], &excluded["reason"]),
        (&json!("openai-a"), &json!("limited"))
    );
    // The call that was turned away took nothing.
    first.tell();
    let (taken, returned) = fleet.counting.counted();
    assert_eq!(taken - returned, 2);
    first.memory.wait(1_001);
    assert_eq!(first.begin(9).host.questions.len(), 1);
}

#[test]
fn a_minute_of_the_clock_begins_anew() {
    let fleet = of_requests(1);
    let (mut first, mut second) = (fleet.envoy(), fleet.envoy());
    assert_eq!(spend(&first, 9, 9).0, "openai-a");
    assert_eq!(spend(&second, 9, 9).0, "openai-b");
    second.memory.wait(54_300);
    assert_eq!(spend(&second, 9, 9).0, "openai-b");
    second.memory.wait(100);
    assert_eq!(spend(&second, 9, 9).0, "openai-a");
    // An Envoy by itself keeps to its own last sixty seconds as well.
    first.memory.wait(54_400);
    assert_eq!(spend(&first, 9, 9).0, "openai-b");
}

#[test]
fn where_all_are_at_their_limit_the_agent_is_told_for_how_long() {
    let one = json!({"requests_per_minute": 1});
    let fleet = fleet(&[("openai-a", one.clone()), ("openai-b", one)], &json!({}));
    let (first, second) = (fleet.envoy(), fleet.envoy());
    assert_eq!(spend(&first, 9, 9).0, "openai-a");
    assert_eq!(spend(&first, 9, 9).0, "openai-b");
    let mut driver = second.call(9);
    // One question for each account, in the time of one.
    assert_eq!(driver.host.questions.len(), 2);
    assert_eq!(code(&driver), (429, "upstream_at_limit".to_owned()));
    let wait = ("retry-after", "55".to_owned());
    assert!(
        driver.reply().0.headers.contains(&wait),
        "{:?}",
        driver.host.replies
    );
    driver.finish();
    assert_eq!(driver.record()["llm.excluded"].as_array().unwrap().len(), 2);
}

#[test]
fn tokens_that_were_not_used_are_returned() {
    let tokens = json!({"tokens_per_minute": 1_000});
    let fleet = fleet(&[("openai-a", tokens)], &json!({}));
    let (first, second) = (fleet.envoy(), fleet.envoy());
    let mut under_way = first.call(480);
    assert_eq!(taker(&second.call(480)), "openai-a");
    assert_eq!(taker(&second.call(480)), "openai-b");
    finish_at(&mut under_way, "openai-a", 30);
    first.tell();
    second.tell();
    assert_eq!(taker(&first.call(400)), "openai-a");
}

#[test]
fn tokens_beyond_what_was_expected_are_charged_and_beyond_the_whole_limit_not_asked_for() {
    let tokens = json!({"tokens_per_minute": 300});
    let fleet = fleet(&[("openai-a", tokens)], &json!({}));
    let (first, second) = (fleet.envoy(), fleet.envoy());
    // 500 are expected of it.
    assert_eq!(spend(&first, 4_000, 900).0, "openai-a");
    first.tell();
    assert_eq!(fleet.counting.counted(), (900, 0));
    assert_eq!(taker(&second.call(1)), "openai-b");
}

#[test]
fn budgets_and_limits_are_asked_for_in_one_question_and_budgets_once() {
    let one = json!({"requests_per_minute": 1});
    let mut fleet = fleet(&[("openai-a", one.clone()), ("openai-b", one)], &json!({}));
    fleet.document["budgets"] = json!([
        {"name": "minute", "scope": "workspace", "tokens": 1_000, "per": "minute", "shared": true},
    ]);
    let (first, second) = (fleet.envoy(), fleet.envoy());
    let driver = first.call(100);
    assert_eq!((taker(&driver), driver.host.questions.len()), ("openai-a", 1));
    // What is asked for a second time with the second account is returned once.
    let mut driver = second.call(100);
    assert_eq!((taker(&driver), driver.host.questions.len()), ("openai-b", 2));
    finish_at(&mut driver, "openai-b", 50);
    second.tell();
    let held = 1_000 - driver.record()["llm.budgets"][0]["left"].as_u64().unwrap();
    let (taken, returned) = fleet.counting.counted();
    // The first call's tokens and request are under way.
    assert_eq!(taken - returned, held + 2);
}

#[test]
fn an_attempt_after_a_failure_goes_by_what_is_known_and_is_told_of() {
    let limits = json!({"requests_per_minute": 2, "tokens_per_minute": 5_000});
    let mut fleet = fleet(&[("openai-b", limits)], &json!({}));
    fleet.document["models"]
        .as_array_mut()
        .unwrap()
        .push(json!({"name": "second", "targets": [{"provider": "openai-b", "model": "gpt-b"}]}));
    let (first, mut second) = (fleet.envoy(), fleet.envoy());
    // Two never tell in the same nanosecond.
    second.memory.wait(1);
    for envoy in [&first, &second] {
        let mut driver = envoy.begin(9);
        assert!(driver.host.questions.is_empty());
        assert_eq!(fail_at(&mut driver, "openai-a"), ["openai-b"]);
        finish_at(&mut driver, "openai-b", 40);
        envoy.tell();
    }
    // Two requests and the tokens that they used.
    assert_eq!(fleet.counting.counted(), (82, 0));
    // Who asks is told that there is no more, and then does not go there after a failure either.
    let driver = first.hear(first.begin_for("second", 9));
    assert_eq!(code(&driver), (429, "upstream_at_limit".to_owned()));
    let mut driver = first.begin(9);
    assert!(fail_at(&mut driver, "openai-a").is_empty());
    driver.finish();
    first.tell();
    let (taken, returned) = fleet.counting.counted();
    assert_eq!(taken - returned, 82);
}

#[test]
fn an_agent_that_leaves_before_the_attempt_returns_what_was_taken() {
    let fleet = fleet(
        &[(
            "openai-a",
            json!({"requests_per_minute": 5, "tokens_per_minute": 900}),
        )],
        &json!({}),
    );
    let envoy = fleet.envoy();
    let mut driver = envoy.call(100);
    driver.finish();
    envoy.tell();
    let (taken, returned) = fleet.counting.counted();
    assert!(taken > 100 && taken == returned, "{taken} {returned}");
}

#[test]
fn a_failed_attempt_was_a_request_without_tokens() {
    let limits = json!({"requests_per_minute": 5, "tokens_per_minute": 900});
    let fleet = fleet(&[("openai-a", limits)], &json!({}));
    let envoy = fleet.envoy();
    let mut driver = envoy.call(100);
    assert_eq!(fail_at(&mut driver, "openai-a"), ["openai-b"]);
    finish_at(&mut driver, "openai-b", 40);
    envoy.tell();
    let (taken, returned) = fleet.counting.counted();
    assert_eq!(taken - returned, 1);
}

/// An attempt fails; gives who is next.
fn fail_at(driver: &mut Driver, account: &str) -> Vec<String> {
    let error = r#"{"error":{"message":"no"}}"#;
    driver
        .attempt(account, [(1, status(500, JSON)), (1, last(error))])
        .next
}

#[test]
fn without_the_service_an_envoy_holds_the_limit_by_itself_from_where_the_fleet_was() {
    let fleet = of_requests(3);
    let (other, mut envoy) = (fleet.envoy(), fleet.envoy());
    spend(&other, 9, 9);
    spend(&envoy, 9, 9);
    envoy.memory.host.has_service = false;
    let mut driver = envoy.begin(9);
    assert_eq!(taker(&driver), "openai-a");
    finish_at(&mut driver, "openai-a", 9);
    assert_eq!(driver.record()["llm.rate_limit_service"], "unreachable");
    let mut driver = envoy.begin(9);
    assert_eq!(taker(&driver), "openai-b");
    finish_at(&mut driver, "openai-b", 9);
    // What was counted here alone is told once the service is back.
    envoy.memory.host.has_service = true;
    envoy.memory.wait(1_001);
    envoy.tell();
    assert_eq!(fleet.counting.counted(), (3, 0));
    assert_eq!(spend(&other, 9, 9).0, "openai-b");
}

#[test]
fn a_closed_limit_lets_nothing_pass_without_the_service_but_to_those_that_have_none() {
    let one = json!({"requests_per_minute": 9});
    let closed = json!({"when_down": "closed"});
    let open = fleet(&[("openai-a", one.clone())], &closed);
    let envoy = open.envoy();
    let mut driver = envoy.begin(9);
    fail(&mut driver);
    assert_eq!(taker(&driver), "openai-b");
    finish_at(&mut driver, "openai-b", 9);
    let record = driver.record();
    assert_eq!(record["llm.rate_limit_service"], "timed_out");
    assert_eq!(record["llm.excluded"][0]["reason"], "uncounted");
    // Nor after a failure.
    let mut driver = envoy.begin(9);
    assert_eq!((taker(&driver), driver.host.questions.len()), ("openai-b", 0));
    assert!(fail_at(&mut driver, "openai-b").is_empty());

    let shut = fleet(&[("openai-a", one.clone()), ("openai-b", one)], &closed);
    let mut envoy = shut.envoy();
    let mut driver = envoy.begin(9);
    fail(&mut driver);
    assert_eq!(code(&driver), (503, "limits_unavailable".to_owned()));
    let wait = ("retry-after", "1".to_owned());
    assert!(driver.reply().0.headers.contains(&wait));
    driver.finish();
    assert!(driver.host.forwards.is_empty());
    // The same without asking again.
    let driver = envoy.begin(9);
    assert!(driver.host.questions.is_empty());
    assert_eq!(code(&driver), (503, "limits_unavailable".to_owned()));
    envoy.memory.wait(1_001);
    assert_eq!(spend(&envoy, 9, 9).0, "openai-a");
}

#[test]
fn all_questions_of_a_call_have_the_time_of_one() {
    let one = json!({"requests_per_minute": 1});
    let fleet = fleet(&[("openai-a", one.clone()), ("openai-b", one)], &json!({}));
    spend(&fleet.envoy(), 9, 9);
    let mut driver = fleet.envoy().begin(9);
    driver.wait(20);
    let answer = fleet.counting.answer(&driver.host.questions[0].0);
    driver.handle(Event::ServiceAnswered {
        answer: Ok(answer),
        now: driver.now,
    });
    let times: Vec<_> = driver.host.questions.iter().map(|(_, time)| *time).collect();
    assert_eq!(times, [Millis(25), Millis(5)]);
    driver.wait(5);
    fail(&mut driver);
    assert_eq!(taker(&driver), "openai-b");
    driver.finish();
    assert_eq!(driver.record()["llm.rate_limit_service"], "timed_out");
}

#[test]
fn a_call_to_count_tokens_is_estimated_where_the_account_is_at_its_limit() {
    let one = json!({"requests_per_minute": 1});
    let fleet = fleet(&[("anthropic-a", one)], &json!({}));
    let envoy = fleet.envoy();
    let body = json!({"model": "claude", "messages": [{"role": "user", "content": "How long is this?"}]});
    let mut counted = envoy.hear(envoy.begin_at("/v1/messages/count_tokens", &body));
    assert_eq!(taker(&counted), "anthropic-a");
    counted.attempt(
        "anthropic-a",
        [(1, status(200, JSON)), (1, last(r#"{"input_tokens":7}"#))],
    );
    counted.answered();
    counted.finish();
    envoy.tell();
    assert_eq!(fleet.counting.counted(), (1, 0));
    let other = fleet.envoy();
    let mut driver = other.hear(other.begin_at("/v1/messages/count_tokens", &body));
    let (reply, answer) = driver.reply();
    assert!(reply.status == 200 && answer["input_tokens"].is_u64(), "{answer}");
    driver.finish();
    other.tell();
    let (taken, returned) = fleet.counting.counted();
    assert_eq!(taken - returned, 1);
}

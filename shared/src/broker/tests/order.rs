//! The order in which the members of a pool are asked, as far as calls teach it.

use super::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// The next call of the same worker.
fn next(before: &Driver, body: impl AsRef<[u8]>) -> Driver {
    // The highest number explores nothing.
    let mut next = Driver {
        machine: Some(Broker::new(snapshot(), before.now, u64::MAX)),
        host: Host::default(),
        now: before.now,
    };
    next.handle(Event::RequestHeaders {
        headers: Headers::new(headers(Dialect::OpenAi)),
        is_end: false,
    });
    next.host.store = before.host.store.clone();
    next.host.worker = before.host.worker.clone();
    next.complete(body);
    next
}

fn first(driver: &Driver) -> String {
    driver.host.forwards[0].cluster.clone()
}

/// The call ends with an answer that comes after so many milliseconds.
fn answer(driver: &mut Driver, account: &str, millis: u64, input: u64) {
    let usage = format!(
        r#"{{"model":"m","choices":[{{"finish_reason":"stop"}}],"usage":{{"prompt_tokens":{input},"completion_tokens":20}}}}"#
    );
    driver.attempt(account, [(1, status(200, JSON)), (millis, last(&usage))]);
    driver.answered();
    driver.finish();
}

fn long(model: &str, output: u64, text: &str) -> String {
    json!({"model": model, "max_tokens": output, "messages": [{"role": "user", "content": text}]}).to_string()
}

#[test]
fn the_cheapest_is_asked_first_for_what_the_call_is_expected_to_take() {
    let start = Driver::new();
    let text = "word ".repeat(4_000);
    // 5,000 tokens of input and a short answer: the cheap input counts. A long answer to a short question: the output.
    assert_eq!(first(&next(&start, long("cheap", 10, &text))), "openai-b");
    assert_eq!(first(&next(&start, long("cheap", 400, "Hi"))), "openai-a");
}

#[test]
fn the_quickest_is_asked_first_once_it_is_known() {
    let mut call = next(&Driver::new(), body("quick"));
    let one = first(&call);
    answer(&mut call, &one, 4_000, 50);
    // What is known comes before what is not.
    call = next(&call, body("quick"));
    assert_eq!(first(&call), one);
    let other = if one == "openai-a" { "openai-b" } else { "openai-a" };
    call.attempt(&one, [(1, status(500, JSON)), (1, last("{}"))]);
    answer(&mut call, other, 200, 50);
    // A worker looks at what all know four times a second.
    call.wait(250);
    assert_eq!(first(&next(&call, body("quick"))), other);
}

#[test]
fn a_stream_tells_how_quick_it_is_with_its_first_byte_and_its_end() {
    let mut call = next(&Driver::new(), r#"{"model":"quick","stream":true,"messages":[]}"#);
    let one = first(&call);
    let events = concat!(
        "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n",
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":40}}\n\ndata: [DONE]\n\n",
    );
    let (head, tail) = events.split_once("\n\n").unwrap();
    let (head, tail) = (format!("{head}\n\n"), tail.to_owned());
    call.attempt(
        &one,
        [
            (300, status(200, STREAM)),
            (100, part(&head)),
            (2_000, last(&tail)),
        ],
    );
    call.answered();
    call.finish();
    let key = crate::store::health_key(&one.as_str().into(), &"gpt-q".into());
    let health: crate::health::Health = crate::store::look(call.host.store.as_ref(), &key);
    assert_eq!(health.latency.first_byte.micros(), Some(400_000));
    assert_eq!(health.latency.per_token.micros(), Some(50_000));
}

#[test]
fn a_conversation_stays_where_it_was_answered_and_a_move_says_what_it_costs() {
    let conversation = |turns: usize| {
        let mut messages = vec![json!({"role": "user", "content": "Tell me about bees."})];
        for _ in 1..turns {
            messages.push(json!({"role": "assistant", "content": "They fly."}));
            messages.push(json!({"role": "user", "content": "More."}));
        }
        json!({"model": "loyal", "messages": messages}).to_string()
    };
    let mut call = next(&Driver::new(), conversation(1));
    let home = first(&call);
    let other = if home == "openai-a" {
        "openai-b"
    } else {
        "openai-a"
    };
    answer(&mut call, &home, 9, 2_000);
    assert_eq!(call.record()["llm.affinity"], "new");
    call = next(&call, conversation(2));
    assert_eq!(first(&call), home);
    // It fails there, so the other one answers, and keeps it from then on.
    call.attempt(&home, [(1, status(503, JSON)), (1, last("{}"))]);
    answer(&mut call, other, 9, 2_100);
    let record = call.record();
    assert_eq!(record["llm.affinity"], "moved");
    assert_eq!(record["llm.affinity.from"], home);
    assert_eq!(record["llm.affinity.lost_tokens"], 2_000);
    let lost = "model_broker.affinity_lost_tokens;pool=sticky=2000".to_owned();
    assert!(call.host.metrics.contains(&lost), "{:?}", call.host.metrics);
    call = next(&call, conversation(3));
    assert_eq!(first(&call), other);
    answer(&mut call, other, 9, 2_200);
    assert_eq!(call.record()["llm.affinity"], "kept");
}

#[test]
fn a_pool_makes_no_more_attempts_after_failures_than_its_budget_has() {
    let mut call = Driver::new();
    let mut retried = 0;
    for _ in 0..40 {
        call = next(&call, body("careful"));
        let planned = first(&call);
        let next_named = call
            .attempt(&planned, [(1, status(500, JSON)), (1, last("{}"))])
            .next;
        call.wait(1);
        if next_named.is_empty() {
            call.answered();
            call.finish();
            let excluded = &call.record()["llm.excluded"];
            assert_eq!(excluded[0]["reason"], "retry_budget", "{excluded}");
            let counted = "model_broker.retries_forgone;pool=thrifty=1".to_owned();
            assert!(call.host.metrics.contains(&counted));
        } else {
            retried += 1;
            answer(&mut call, &next_named[0], 1, 50);
        }
        // The circuits are of no interest here.
        call.wait(60_000);
    }
    // What was saved up at first, and half as many as there were calls.
    assert!((20..=30).contains(&retried), "{retried}");
}

#[test]
fn estimates_follow_what_providers_report() {
    let text = "Some words of which this tokeniser makes more than usual. ".repeat(50);
    let mut call = Driver::new();
    for _ in 0..50 {
        call = next(&call, long("gpt", 10, &text));
        answer(&mut call, "openai-a", 9, 1_500);
    }
    call = next(&call, long("gpt", 10, &text));
    answer(&mut call, "openai-a", 9, 1_500);
    for key in ["llm.tokens.estimated", "llm.context.tokens"] {
        let estimated = call.record()[key].as_u64().unwrap();
        assert!(estimated.abs_diff(1_500) < 1_500 * 8 / 100, "{key} {estimated}");
    }
}

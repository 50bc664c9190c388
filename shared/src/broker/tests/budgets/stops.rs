//! Streams that reach the end of a budget which stops them.

use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Driver, STREAM, World, left, part, status};

fn stopping(most: u64) -> World {
    World::new(
        json!([{"name": "day", "scope": "agent", "tokens": most, "per": "day", "on_exhausted": "stop"}]),
    )
}

/// A hundred tokens, as they are estimated.
fn openai() -> String {
    let text = "x".repeat(400);
    let event = json!({"id": "chatcmpl-1", "created": 1, "model": "m", "choices": [{"index": 0, "delta": {"content": text}}]});
    format!("data: {event}\n\n")
}

fn anthropic(events: &[Value]) -> String {
    let event = |event: &Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap());
    events.iter().map(event).collect()
}

fn stream(world: &World, model: &str) -> Driver {
    world.call_with("bot", &json!({"model": model, "stream": true}))
}

fn statement(record: &Value) -> &Value {
    &record["llm.budgets"][0]
}

#[test]
fn a_stream_ends_cleanly_where_its_budget_does() {
    let world = stopping(800);
    let mut call = stream(&world, "gpt");
    let account = call.host.forwards[0].cluster.clone();
    let chunk = openai();
    let events: [_; 12] = std::array::from_fn(|n| {
        if n == 0 {
            (1, status(200, STREAM))
        } else {
            (1, part(&chunk))
        }
    });
    let unseen = call.attempt(&account, events);
    let passed: Vec<&str> = unseen.chunks.iter().map(String::as_str).collect();
    let end = passed
        .iter()
        .position(|chunk| chunk.ends_with("data: [DONE]\n\n"))
        .unwrap();
    assert!(passed[end].contains(r#""finish_reason":"length""#), "{passed:?}");
    // Nothing follows.
    assert!(passed.len() > end + 1 && passed[end + 1..].iter().all(|chunk| chunk.is_empty()));
    call.answered();
    call.finish();
    let record = call.record();
    assert_eq!(
        (
            &record["llm.outcome"],
            &record["llm.finish_reason"],
            &record["llm.usage"]
        ),
        (&json!("ok"), &json!("length"), &json!("estimated"))
    );
    assert_eq!(statement(record)["stopped"], true);
    // The last chunk is as long as it is; nothing is held any more.
    let used = statement(record)["used"].as_u64().unwrap();
    assert!((800..=900).contains(&used), "{used}");
    assert_eq!(left(record), ("day", 0));
    let stopped = "model_broker.budget_refusals;agent=bot;outcome=stop;budget=day=1";
    assert!(
        call.host.metrics.contains(&stopped.to_owned()),
        "{:?}",
        call.host.metrics
    );
}

#[test]
fn what_the_provider_tells_after_the_end_is_what_was_used() {
    let world = stopping(800);
    let mut call = stream(&world, "gpt");
    let account = call.host.forwards[0].cluster.clone();
    let chunk = openai().repeat(8);
    let told = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":990}}\n\n";
    call.attempt(
        &account,
        [
            (1, status(200, STREAM)),
            (1, part(&chunk)),
            (1, part(&chunk)),
            (1, part(told)),
        ],
    );
    call.answered();
    call.finish();
    let record = call.record();
    assert_eq!(statement(record)["used"], 1_000);
    assert_eq!(
        (&record["llm.finish_reason"], record.get("llm.usage")),
        (&json!("length"), None)
    );
}

#[test]
fn a_translated_stream_ends_in_the_agents_words() {
    let world = stopping(800);
    let mut call = stream(&world, "claude");
    let text = "x".repeat(4_000);
    let begin = anthropic(&[
        json!({"type": "message_start", "message": {"id": "msg_1", "usage": {"input_tokens": 10, "output_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hi"}}),
    ]);
    let more = anthropic(&[
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}),
    ]);
    let unseen = call.attempt(
        "anthropic-a",
        [
            (1, status(200, STREAM)),
            (1, part(&begin)),
            (1, part(&more)),
            (1, part(&more)),
        ],
    );
    let end = &unseen.chunks[1];
    assert!(
        end.contains(r#""finish_reason":"length""#) && end.ends_with("data: [DONE]\n\n"),
        "{end}"
    );
    assert_eq!(unseen.chunks[2], "");
    call.answered();
    call.finish();
    assert_eq!(statement(call.record())["stopped"], true);
}

#[test]
fn two_streams_do_not_overspend_a_budget_together() {
    let world = stopping(1_400);
    let chunk = openai();
    let mut calls = [stream(&world, "gpt"), stream(&world, "gpt")];
    for call in &mut calls {
        let account = call.host.forwards[0].cluster.clone();
        let events: [_; 16] = std::array::from_fn(|n| {
            if n == 0 {
                (1, status(200, STREAM))
            } else {
                (1, part(&chunk))
            }
        });
        call.attempt(&account, events);
    }
    let mut used = 0;
    for call in &mut calls {
        call.answered();
        call.finish();
        used += statement(call.record())["used"].as_u64().unwrap();
    }
    // Each may go over by a chunk.
    assert!((1_400..=1_600).contains(&used), "{used}");
    assert_eq!(left(calls[1].record()), ("day", 0));
}

#[test]
fn without_it_a_stream_runs_on() {
    for budget in [
        json!({}),
        json!({"on_exhausted": "finish"}),
        json!({"on_exhausted": "stop", "mode": "audit"}),
    ] {
        let mut day = json!({"name": "day", "scope": "agent", "tokens": 800, "per": "day"});
        day.as_object_mut()
            .unwrap()
            .extend(budget.as_object().unwrap().clone());
        let world = World::new(json!([day]));
        let mut call = stream(&world, "gpt");
        let account = call.host.forwards[0].cluster.clone();
        let chunk = openai().repeat(20);
        let end = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
        call.attempt(
            &account,
            [
                (1, status(200, STREAM)),
                (1, part(&chunk)),
                (1, part(&chunk)),
                (1, part(end)),
            ],
        );
        call.answered();
        call.finish();
        assert_eq!(call.record()["llm.finish_reason"], "stop");
        assert_eq!(statement(call.record()).get("stopped"), None);
    }
}

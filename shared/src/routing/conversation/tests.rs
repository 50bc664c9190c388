use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::routing::testing::member;
use crate::store::testing::Memory;
use crate::wire::Format;

fn pool(names: &[&str]) -> Pool {
    Pool {
        name: "p".into(),
        acceptance: None,
        strategy: crate::routing::Strategy::default(),
        has_affinity: true,
        retry_budget: crate::routing::RetryLimits::default(),
        failover: 1,
        members: names.iter().map(|name| member(name, 0, 1)).collect(),
        match_when: Vec::new(),
    }
}

fn conversation(format: Format, body: &Value, pool: &Pool, store: &Memory, at: u64) -> Conversation {
    let body = body.to_string();
    let request = format.read_request(body.as_bytes()).unwrap();
    let now = Timestamp(0).after(Millis(at));
    Conversation::of(body.as_bytes(), &request, pool, store, now).unwrap()
}

fn key(format: Format, body: &Value) -> PrefixKey {
    conversation(format, body, &pool(&["a"]), &Memory::default(), 0).key
}

fn used(input: u64) -> Usage {
    Usage {
        input: Tokens(input),
        ..Usage::default()
    }
}

#[test]
fn a_conversation_that_grows_keeps_its_key() {
    let first = json!({"model": "m", "messages": [
        {"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Hello"},
    ]});
    let later = json!({"model": "m", "temperature": 1, "messages": [
        {"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi"}, {"role": "user", "content": "What now?"},
    ]});
    let other = json!({"model": "m", "messages": [
        {"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Good day"},
    ]});
    let chat = |body| key(Format::OpenAiChat, body);
    assert_eq!(chat(&first), chat(&later));
    assert_ne!(chat(&first), chat(&other));
}

#[test]
fn markers_for_the_cache_that_wander_change_nothing() {
    let marker = json!({"type": "ephemeral"});
    let first = json!({"model": "m", "max_tokens": 9, "system": [{"type": "text", "text": "Be brief."}], "messages": [
        {"role": "user", "content": [{"type": "text", "text": "Hello", "cache_control": marker}]},
    ]});
    let later = json!({"model": "m", "max_tokens": 9, "system": [{"type": "text", "text": "Be brief."}], "messages": [
        {"role": "user", "content": [{"type": "text", "text": "Hello"}]},
        {"role": "assistant", "content": "Hi"},
        {"role": "user", "content": [{"type": "text", "text": "And?", "cache_control": marker}]},
    ]});
    let other = json!({"model": "m", "max_tokens": 9, "system": "Be long.", "messages": first["messages"]});
    let messages = |body| key(Format::AnthropicMessages, body);
    assert_eq!(messages(&first), messages(&later));
    assert_ne!(messages(&first), messages(&other));
}

#[test]
fn a_response_continues_a_conversation_that_began_with_a_text_or_with_items() {
    let responses = |input| {
        let body = json!({"model": "m", "instructions": "Be brief.", "input": input});
        key(Format::OpenAiResponses, &body)
    };
    let first = json!([{"role": "user", "content": "Hello"}]);
    let later = json!([
        {"role": "user", "content": "Hello"},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "1"},
    ]);
    assert_eq!(responses(first), responses(later.clone()));
    assert_eq!(responses(json!("Hello")), responses(later.clone()));
    assert_ne!(responses(json!("Goodbye")), responses(later));
}

#[test]
fn conversations_with_the_same_long_system_prompt_are_told_apart() {
    let of = |system: &str, text: &str| {
        let messages = json!([{"role": "user", "content": text}]);
        let body = json!({"model": "m", "max_tokens": 9, "system": system, "messages": messages});
        key(Format::AnthropicMessages, &body)
    };
    let system = "You are a careful assistant. ".repeat(1_000);
    assert_ne!(of(&system, "One"), of(&system, "Two"));
    // What comes late in a long text is not looked at: today's date, for one.
    let today = system.clone() + "Today is Saturday.";
    assert_eq!(of(&system, "One"), of(&today, "One"));
}

#[test]
fn a_body_without_messages_is_no_conversation() {
    for messages in [json!(null), json!("Hello"), json!({})] {
        let body = json!({"model": "m", "messages": messages}).to_string();
        let request = Format::OpenAiChat.read_request(body.as_bytes()).unwrap();
        let store = Memory::default();
        let found = Conversation::of(body.as_bytes(), &request, &pool(&["a"]), &store, Timestamp(0));
        assert_eq!(found, None);
    }
}

#[test]
fn whoever_answered_holds_it_for_as_long_as_caches_last() {
    let (store, three) = (Memory::default(), pool(&["a", "b", "c"]));
    let body = json!({"model": "m", "messages": [{"role": "user", "content": "Hello"}]});
    let at =
        |minute: u64, pool: &Pool| conversation(Format::OpenAiChat, &body, pool, &store, minute * 60_000);
    let new = at(0, &three);
    assert_eq!((new.holder, new.outcome(1)), (None, Stay::New));
    new.note(&three.members[1], &used(3_000), &store, Timestamp(0));
    let going_on = at(4, &three);
    let held = Holder {
        member: 1,
        warm: Tokens(3_000),
    };
    assert_eq!(going_on.holder, Some(held));
    assert_eq!(going_on.outcome(1), Stay::Kept);
    let moved = Stay::Moved {
        from: 1,
        warm: Tokens(3_000),
    };
    assert_eq!(going_on.outcome(2), moved);
    assert_eq!(at(5, &three).holder, None);
    // The pool has changed: it is known by its name, not its place.
    assert_eq!(
        at(4, &pool(&["b", "a"])).holder.map(|holder| holder.member),
        Some(0)
    );
    assert_eq!(at(4, &pool(&["a", "c"])).holder, None);
}

#[test]
fn what_is_warm_is_what_the_provider_caches() {
    let cached = Usage {
        cache_read: Tokens(200),
        cache_write: Tokens(50),
        ..used(2_000)
    };
    assert_eq!(warm(ProviderKind::Anthropic, "m", &cached), Tokens(250));
    assert_eq!(warm(ProviderKind::Anthropic, "m", &used(2_000)), Tokens(0));
    assert_eq!(
        warm(ProviderKind::Vertex, "claude-opus-5", &used(2_000)),
        Tokens(0)
    );
    assert_eq!(
        warm(ProviderKind::Vertex, "gemini-3.8-flash", &used(2_000)),
        Tokens(2_000)
    );
    assert_eq!(warm(ProviderKind::OpenAi, "m", &cached), Tokens(2_000));
    assert_eq!(warm(ProviderKind::OpenAi, "m", &used(1_000)), Tokens(0));
}

#[test]
fn another_conversation_in_the_same_place_is_not_taken_for_this_one() {
    let (store, pool) = (Memory::default(), pool(&["a"]));
    let body = json!({"model": "m", "messages": [{"role": "user", "content": "Hello"}]});
    let this = conversation(Format::OpenAiChat, &body, &pool, &store, 0);
    let warmth = Warmth {
        key: this.key.number().wrapping_add(crate::limits::WARM_CONVERSATIONS),
        member: pool.members[0].identity.number(),
        warm: Tokens(9),
        until: Timestamp(u64::MAX),
    };
    update(&store, &warmth_key(this.key), |there: &mut Warmth| {
        *there = warmth.clone();
    });
    assert_eq!(
        conversation(Format::OpenAiChat, &body, &pool, &store, 1).holder,
        None
    );
}

use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Driver, JSON, closed, headers_with, last, status};
use crate::broker::{Event, Flow};
use crate::headers::Headers;
use crate::wire::Dialect;

/// A call without a body.
fn asked(dialect: Dialect, method: &str, path: &str, more: &[(&str, &str)]) -> Driver {
    let mut changes = vec![(":method", method), (":path", path)];
    changes.extend(more);
    let mut call = Driver::new();
    call.handle(Event::RequestHeaders {
        headers: Headers::new(headers_with(dialect, &changes)),
        is_end: true,
    });
    call
}

/// A call with a body.
fn sent(dialect: Dialect, path: &str, more: &[(&str, &str)], body: impl AsRef<[u8]>) -> Driver {
    let mut changes = vec![(":path", path)];
    changes.extend(more);
    let mut call = Driver::arrived(headers_with(dialect, &changes));
    call.complete(body);
    call
}

fn embed(model: &str) -> Driver {
    let body = json!({"model": model, "input": ["a text", "another"]});
    sent(Dialect::OpenAi, "/v1/embeddings", &[], body.to_string())
}

fn count(model: &str) -> Driver {
    count_with(model, &json!([]))
}

/// A count that only Anthropic's own models could make: of a tool that nobody else has.
fn count_of_own(model: &str) -> Driver {
    count_with(
        model,
        &json!([{"type": "web_search_20250305", "name": "web_search"}]),
    )
}

fn count_with(model: &str, tools: &Value) -> Driver {
    let messages = [json!({"role": "user", "content": "Say something about counting. ".repeat(40)})];
    let mut body = json!({"model": model, "messages": messages});
    if tools != &json!([]) {
        body["tools"] = tools.clone();
    }
    sent(
        Dialect::Anthropic,
        "/v1/messages/count_tokens",
        &[],
        body.to_string(),
    )
}

const VECTORS: &str = r#"{"object":"list","data":[{"embedding":[0.5]}],"model":"e","usage":{"prompt_tokens":1000,"total_tokens":1000}}"#;

fn reasons(record: &Value) -> Vec<&str> {
    let excluded = record["llm.excluded"].as_array().into_iter().flatten();
    excluded
        .filter_map(|exclusion| exclusion["reason"].as_str())
        .collect()
}

#[test]
fn a_model_is_shown_in_the_callers_dialect() {
    let openai = asked(Dialect::OpenAi, "GET", "/v1/models/gpt", &[]);
    let (reply, model) = openai.reply();
    assert_eq!(reply.status, 200);
    let expected = json!({"id": "gpt", "object": "model", "created": 0, "owned_by": "model-broker"});
    assert_eq!(model, expected);
    let anthropic = asked(Dialect::Anthropic, "GET", "/v1/models/gp%74?beta=true", &[]);
    let (reply, model) = anthropic.reply();
    assert_eq!(
        (reply.status, &model["type"], &model["id"]),
        (200, &json!("model"), &json!("gpt"))
    );
    assert!(model["display_name"].is_string() && model["created_at"].is_string());
}

#[test]
fn a_model_that_this_agent_may_not_ask_for_is_as_one_that_there_is_not() {
    let replies = ["/v1/models/claude", "/v1/models/nope"].map(|path| {
        let call = asked(
            Dialect::OpenAi,
            "GET",
            path,
            &[("authorization", "Bearer resident-token")],
        );
        let (reply, body) = call.reply();
        assert_eq!(reply.status, 404);
        assert_eq!(body["error"]["code"], "model_not_found");
        body.to_string().replace("claude", "nope")
    });
    assert_eq!(replies[0], replies[1]);
    let seen = asked(
        Dialect::OpenAi,
        "GET",
        "/v1/models/gpt",
        &[("authorization", "Bearer resident-token")],
    );
    assert_eq!(seen.reply().0.status, 200);
    let odd = asked(Dialect::Anthropic, "GET", "/v1/models/%ff", &[]);
    assert_eq!(odd.reply().1["error"]["type"], "not_found_error");
}

#[test]
fn embeddings_are_routed_tried_and_recorded_as_answers_are() {
    let mut call = embed("cheap");
    assert_eq!(call.host.forwards[0].cluster, "openai-b", "the cheapest input");
    call.attempt("openai-b", [(1, closed(true))]);
    call.attempt("openai-a", [(1, status(200, JSON)), (1, last(VECTORS))]);
    call.answered();
    call.finish();
    let record = call.record();
    assert_eq!(record["llm.api"], "openai.embeddings");
    assert_eq!(record["llm.needs"], json!(["embeddings"]));
    assert_eq!(record["llm.outcome"], "ok");
    assert_eq!(record["llm.tokens.input"], 1_000);
    assert_eq!(record["llm.tokens.output"], 0);
    assert_eq!(record["llm.cost.usd"], 0.002);
    assert_eq!(record["llm.attempts"].as_array().unwrap().len(), 2);
}

#[test]
fn whoever_cannot_embed_is_left_out() {
    let mut mixed = embed("either");
    assert_eq!(mixed.host.forwards[0].cluster, "openai-a");
    mixed.attempt("openai-a", [(1, status(200, JSON)), (1, last(VECTORS))]);
    mixed.answered();
    mixed.finish();
    assert_eq!(reasons(mixed.record()), ["lacks_embeddings"]);
    let none = embed("claude");
    let (reply, body) = none.reply();
    assert_eq!(
        (reply.status, &body["error"]["code"]),
        (400, &json!("lacks_embeddings"))
    );
}

#[test]
fn an_answer_that_holds_no_vectors_goes_to_the_next_account() {
    let mut call = embed("gpt");
    call.attempt("openai-a", [(1, status(200, JSON)), (1, last("{\"data\":null}"))]);
    call.attempt("openai-b", [(1, status(200, JSON)), (1, last(VECTORS))]);
    call.answered();
    call.finish();
    assert_eq!(call.record()["llm.outcome"], "ok");
    assert_eq!(call.record()["llm.provider"], "openai-b");
}

#[test]
fn a_provider_that_counts_is_asked() {
    let mut call = count("claude");
    call.attempt(
        "anthropic-a",
        [(1, status(200, JSON)), (1, last("{\"input_tokens\":312}"))],
    );
    call.answered();
    call.finish();
    assert!(call.host.replies.is_empty());
    let record = call.record();
    assert_eq!(record["llm.api"], "anthropic.count_tokens");
    assert_eq!(record["llm.cost.usd"], 0.0);
    assert_eq!(record.get("llm.usage"), None);
}

#[test]
fn where_nobody_counts_the_broker_estimates_and_says_so() {
    let mut call = count_of_own("gpt");
    let (reply, body) = call.reply();
    assert_eq!(reply.status, 200);
    assert!(reply.headers.contains(&("x-broker-estimated", "true".to_owned())));
    let tokens = body["input_tokens"].as_u64().unwrap();
    assert!((150..600).contains(&tokens), "{tokens}");
    assert!(call.host.forwards.is_empty());
    call.finish();
    let record = call.record();
    assert_eq!(record["llm.usage"], "estimated");
    assert_eq!(
        (&record["llm.outcome"], &record["llm.decision"]),
        (&json!("ok"), &json!("allow"))
    );
    assert_eq!(record["llm.pool"], "pair");
    assert_eq!(record.get("llm.cost.usd"), None);
}

#[test]
fn where_those_who_count_fail_the_estimate_stands_in() {
    let failures = [
        [(1, closed(true)), (0, closed(true))],
        [
            (1, status(529, JSON)),
            (1, last("{\"type\":\"error\",\"error\":{}}")),
        ],
        [(1, status(200, JSON)), (1, last("{}"))],
        [
            (1, status(404, JSON)),
            (1, last("{\"type\":\"error\",\"error\":{}}")),
        ],
    ];
    for failure in failures {
        let mut call = count("claude");
        call.attempt("anthropic-a", failure);
        call.answered();
        let (reply, body) = call.reply();
        assert_eq!(reply.status, 200);
        assert!(body["input_tokens"].as_u64().unwrap() > 100);
        call.finish();
        assert_eq!(call.record()["llm.usage"], "estimated");
        assert_eq!(call.record()["llm.outcome"], "ok");
    }
}

#[test]
fn the_agents_own_mistake_is_the_providers_to_tell() {
    let mut call = count("claude");
    let error = "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"m\"}}";
    call.attempt("anthropic-a", [(1, status(400, JSON)), (1, last(error))]);
    call.answered();
    assert!(call.host.replies.is_empty());
}

#[test]
fn what_is_counted_need_not_fit_and_takes_nothing_of_limits() {
    let call = count("tiny");
    assert_eq!(call.host.forwards.len(), 1, "its context is shorter by far");
    for _ in 0..4 {
        assert_eq!(count_of_own("few").reply().0.status, 200);
    }
    let unknown = count("nope");
    assert_eq!(unknown.reply().0.status, 404);
}

#[test]
fn what_passes_through_goes_to_providers_of_the_same_api() {
    let body = json!({"model": "either", "prompt": "Once"});
    let mut call = sent(Dialect::OpenAi, "/v1/completions", &[], body.to_string());
    assert_eq!(call.host.forwards[0].cluster, "openai-a");
    let answer = r#"{"choices":[{"text":"a","finish_reason":"length"}],"usage":{"prompt_tokens":3,"completion_tokens":4}}"#;
    call.attempt("openai-a", [(1, status(200, JSON)), (1, last(answer))]);
    call.answered();
    call.finish();
    let record = call.record();
    assert_eq!(record["llm.api"], "openai.completions");
    assert_eq!(
        (&record["llm.tokens.output"], &record["llm.finish_reason"]),
        (&json!(4), &json!("length"))
    );
    assert_eq!(reasons(record), ["untranslatable"]);
    let none = sent(
        Dialect::OpenAi,
        "/v1/moderations",
        &[],
        json!({"model": "claude", "input": "a"}).to_string(),
    );
    let (reply, body) = none.reply();
    assert_eq!(
        (reply.status, &body["error"]["code"]),
        (400, &json!("unsupported_by_provider"))
    );
}

#[test]
fn sound_passes_unread_and_is_the_agents_at_once() {
    let body = json!({"model": "gpt", "input": "a", "voice": "b"});
    let mut call = sent(Dialect::OpenAi, "/v1/audio/speech", &[], body.to_string());
    call.attempt("openai-a", [(1, status(200, "audio/mpeg")), (1, last("ID3"))]);
    call.answered();
    call.finish();
    assert_eq!(call.record()["llm.outcome"], "ok");
    assert_eq!(call.record().get("llm.tokens.input"), None);
}

#[test]
fn objects_are_asked_of_the_first_account_that_can_keep_them_and_of_no_other() {
    for model in ["openai-files-pair", "openai-files-mixed", "openai-files-sticky"] {
        let named = [("x-broker-model", model)];
        let mut call = asked(Dialect::OpenAi, "GET", "/v1/files?limit=2", &named);
        assert_eq!(call.machine().flow(), Flow::Continue, "{model}");
        let forward = &call.host.forwards[0];
        assert_eq!(
            (forward.cluster.as_str(), forward.retries),
            ("openai-a", 0),
            "{model}"
        );
        call.attempt("openai-a", [(1, status(200, JSON)), (1, last("{\"data\":[]}"))]);
        call.answered();
        call.finish();
        let record = call.record();
        assert_eq!(
            (&record["llm.api"], &record["llm.outcome"]),
            (&json!("openai.files"), &json!("ok"))
        );
    }
}

#[test]
fn objects_without_an_account_that_keeps_them_are_not_found() {
    for (dialect, path, model) in [
        (Dialect::OpenAi, "/v1/batches/batch_1", "openai-files"),
        (Dialect::Anthropic, "/v1/messages/batches", "anthropic-files"),
    ] {
        let call = asked(dialect, "GET", path, &[]);
        let (reply, body) = call.reply();
        assert_eq!(reply.status, 404);
        assert!(body["error"]["message"].as_str().unwrap().contains(model));
    }
    let post = asked(Dialect::OpenAi, "POST", "/v1/files/file-1", &[]);
    assert_eq!(post.reply().0.status, 405);
    assert!(
        post.reply()
            .0
            .headers
            .contains(&("allow", "GET, DELETE".to_owned()))
    );
}

/// Whoever may chat with a model of an account may not therefore read its files, or make batches past every budget.
#[test]
fn a_model_for_conversations_keeps_no_objects() {
    for (dialect, path, model) in [
        (Dialect::OpenAi, "/v1/files", "gpt"),
        (Dialect::OpenAi, "/v1/files", "openai-filesystem"),
        (Dialect::OpenAi, "/v1/batches/b", "anthropic-files"),
        (Dialect::Anthropic, "/v1/messages/batches", "claude"),
        (Dialect::Anthropic, "/v1/files", "openai-files-pair"),
    ] {
        let call = asked(dialect, "GET", path, &[("x-broker-model", model)]);
        let (reply, body) = call.reply();
        assert_eq!(reply.status, 400, "{path} {model}");
        let message = body["error"]["message"].as_str().unwrap();
        assert!(message.contains("-files-`"), "{message}");
        assert!(call.host.forwards.is_empty());
    }
}

#[test]
fn a_form_names_its_model() {
    let form = "--b\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\ngpt\r\n--b--\r\n";
    let kind = [("content-type", "multipart/form-data; boundary=b")];
    let call = sent(Dialect::OpenAi, "/v1/audio/transcriptions", &kind, form);
    assert_eq!(call.host.forwards[0].cluster, "openai-a");
    let json = [("content-type", "application/json")];
    let refused = sent(Dialect::OpenAi, "/v1/images/edits", &json, "{\"model\":\"gpt\"}");
    let (reply, body) = refused.reply();
    assert_eq!(
        (reply.status, &body["error"]["code"]),
        (400, &json!("invalid_request"))
    );
}

#[test]
fn what_must_have_a_body_and_has_none_is_refused() {
    for path in ["/v1/embeddings", "/v1/completions", "/v1/audio/translations"] {
        let call = asked(Dialect::OpenAi, "POST", path, &[]);
        assert_eq!(call.reply().0.status, 400, "{path}");
    }
}

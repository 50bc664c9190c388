use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{DIALECTS, Driver, body, headers, headers_with};
use crate::broker::{Event, Flow};
use crate::headers::Headers;
use crate::limits::MAX_REQUEST_BODY;
use crate::units::Millis;
use crate::wire::Dialect;

/// The ids in the list of models that the holder of a token gets.
fn models(dialect: Dialect, token: &str) -> (Value, Vec<String>) {
    let changes = [
        (":path", "/v1/models"),
        (":method", "GET"),
        ("authorization", token),
        ("x-api-key", ""),
    ];
    let mut call = Driver::new();
    let headers = Headers::new(headers_with(dialect, &changes));
    call.handle(Event::RequestHeaders {
        headers,
        is_end: true,
    });
    let (reply, list) = call.reply();
    assert_eq!(reply.status, 200);
    let ids = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| model["id"].as_str().unwrap().to_owned());
    (list.clone(), ids.collect())
}

#[test]
fn a_good_call_waits_for_its_body_and_goes_on_to_the_first_account() {
    for (dialect, model) in DIALECTS {
        let mut call = Driver::arrived(headers(dialect));
        assert_eq!(call.machine().flow(), Flow::Pause);
        assert!(call.machine().wants_body());
        call.handle(Event::RequestBodyGrew {
            length: MAX_REQUEST_BODY,
        });
        assert!(call.machine().wants_body());
        call.complete(body(model));
        assert_eq!(call.machine().flow(), Flow::Continue);
        assert!(!call.machine().wants_body() && !call.machine().has_replied());
        assert!(call.host.replies.is_empty() && call.host.records.is_empty());
    }
}

#[test]
fn a_plan_says_the_cluster_the_retries_and_a_wait_that_is_shorter_than_the_routes() {
    let openai = Driver::forwarded(Dialect::OpenAi, &body("gpt"));
    let forward = &openai.host.forwards[0];
    assert_eq!(
        (forward.cluster.as_str(), forward.retries, forward.first_byte),
        ("openai-a", 1, None),
        "one of its accounts is given as long as the route"
    );
    let anthropic = Driver::forwarded(Dialect::Anthropic, &body("claude"));
    let forward = &anthropic.host.forwards[0];
    assert_eq!(
        (forward.cluster.as_str(), forward.retries, forward.first_byte),
        ("anthropic-a", 0, Some(Millis(30_000)))
    );
}

#[test]
fn attempts_are_given_the_agents_body_and_headers_as_they_came() {
    let body = body("gpt");
    let call = Driver::forwarded(Dialect::OpenAi, &body);
    let forwarded = call.host.forwards[0].call.borrow();
    assert_eq!(forwarded.body, body.as_bytes());
    assert_eq!(forwarded.headers.text("authorization"), Some("Bearer bot-token"));
    assert!(forwarded.attempts.is_empty());
}

#[test]
fn members_of_another_format_are_asked_in_their_own_unless_the_call_cannot_be_said_there() {
    for (dialect, other, beyond) in [
        (
            Dialect::OpenAi,
            json!({"provider": "anthropic-a", "model": "claude-a"}),
            "n",
        ),
        (
            Dialect::Anthropic,
            json!({"provider": "openai-a", "model": "gpt-a"}),
            "mcp_servers",
        ),
    ] {
        let mut call = Driver::forwarded(dialect, &body("either"));
        assert_eq!(call.host.forwards[0].retries, 1);
        call.finish();
        assert_eq!(call.record().get("llm.excluded"), None);

        let beyond_body = body("either").replacen('{', &format!("{{\"{beyond}\":3,"), 1);
        let mut call = Driver::forwarded(dialect, &beyond_body);
        assert_eq!(call.host.forwards[0].retries, 0);
        call.finish();
        let mut excluded = other;
        excluded["reason"] = json!("untranslatable");
        excluded["place"] = json!(beyond);
        assert_eq!(call.record()["llm.excluded"], json!([excluded]));
    }
}

#[test]
fn headers_that_steer_envoy_or_the_broker_never_go_on() {
    let steering = [
        ("x-envoy-retry-on", "5xx"),
        ("x-envoy-max-retries", "99"),
        ("x-broker-step", "plan"),
        ("accept", "*/*"),
    ];
    let call = Driver::arrived(headers_with(Dialect::OpenAi, &steering));
    assert_eq!(
        call.host.removed,
        ["x-envoy-retry-on", "x-envoy-max-retries", "x-broker-step"]
    );
    let refused = Driver::arrived(headers_with(
        Dialect::OpenAi,
        &[("authorization", ""), ("x-envoy-a", "b")],
    ));
    assert_eq!(refused.host.removed, ["x-envoy-a"]);
    assert!(Driver::arrived(headers(Dialect::OpenAi)).host.removed.is_empty());
}

#[test]
fn an_agent_is_shown_the_models_that_it_would_get() {
    for (token, expected) in [
        (
            "Bearer bot-token",
            &[
                "careful",
                "cheap",
                "claude",
                "climbing",
                "either",
                "few",
                "gpt",
                "loyal",
                "openai-files-mixed",
                "openai-files-pair",
                "openai-files-sticky",
                "quick",
                "tiny",
            ][..],
        ),
        (
            "Bearer boss-token",
            &[
                "careful",
                "cheap",
                "claude",
                "climbing",
                "deep",
                "either",
                "few",
                "gpt",
                "loyal",
                "openai-files-mixed",
                "openai-files-pair",
                "openai-files-sticky",
                "quick",
                "tiny",
            ],
        ),
    ] {
        assert_eq!(models(Dialect::OpenAi, token).1, expected);
        assert_eq!(models(Dialect::Anthropic, token).1, expected);
        for model in ["claude", "deep", "either", "few", "gpt", "tiny"] {
            let mut call = Driver::arrived(headers_with(Dialect::OpenAi, &[("authorization", token)]));
            call.complete(body(model));
            let is_unknown = call.host.replies.iter().any(|reply| reply.status == 404);
            assert_eq!(is_unknown, !expected.contains(&model), "{token} {model}");
        }
    }
}

#[test]
fn a_list_of_models_has_the_shape_of_the_callers_dialect() {
    let openai = models(Dialect::OpenAi, "Bearer bot-token").0;
    assert_eq!(
        (&openai["object"], &openai["data"][0]["object"]),
        (&json!("list"), &json!("model"))
    );
    let anthropic = models(Dialect::Anthropic, "Bearer bot-token").0;
    assert_eq!(
        (&anthropic["has_more"], &anthropic["data"][0]["type"]),
        (&json!(false), &json!("model"))
    );
}

#[test]
fn a_list_of_models_is_no_denial() {
    let mut call = Driver::new();
    let changes = [(":path", "/v1/models"), (":method", "GET")];
    let headers = Headers::new(headers_with(Dialect::OpenAi, &changes));
    call.handle(Event::RequestHeaders {
        headers,
        is_end: true,
    });
    call.answered();
    call.finish();
    let record = call.record();
    assert_eq!(
        (
            &record["llm.api"],
            &record["llm.decision"],
            &record["llm.outcome"],
            &record["llm.agent"]
        ),
        (&json!("models"), &json!("allow"), &json!("ok"), &json!("bot"))
    );
    assert_eq!(
        call.host.metrics,
        ["model_broker.calls;agent=bot;pool=none;provider=none;model=none;outcome=ok=1"]
    );
}

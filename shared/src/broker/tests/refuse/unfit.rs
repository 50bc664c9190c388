//! Calls that no member of the pool can or may serve.

use serde_json::json;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{INVALID, Refused, expect, expect_at_body};
use crate::broker::tests::{DIALECTS, Driver, body, headers_with};
use crate::wire::Dialect;

/// The members of a body, beside its model, that make it need something.
const NEEDS: [(&str, &str, &str); 4] = [
    (r#""stream":true"#, "lacks_streaming", "stream"),
    (r#""tools":[{"name":"f"}]"#, "lacks_tools", "tools"),
    (
        r#""response_format":{"type":"json_object"}"#,
        "lacks_json",
        "response_format",
    ),
    (
        r#""messages":[{"role":"user","content":[{"type":"image"}]}]"#,
        "lacks_vision",
        "messages",
    ),
];

#[test]
fn a_capability_that_no_member_has_is_named() {
    for (dialect, _) in DIALECTS {
        for (need, code, param) in NEEDS {
            let expected = Refused {
                code,
                param: Some(param),
                ..INVALID
            };
            expect_at_body(dialect, format!("{{\"model\":\"tiny\",{need}}}"), &expected);
        }
    }
}

fn long() -> String {
    json!({"model": "tiny", "messages": [{"role": "user", "content": "x".repeat(2_000)}]}).to_string()
}

#[test]
fn an_input_that_no_context_holds_is_refused_in_the_words_that_clients_know() {
    let expected = Refused {
        code: "context_length_exceeded",
        param: Some("messages"),
        ..INVALID
    };
    let words = [
        (Dialect::OpenAi, "maximum context length is 90 tokens"),
        (Dialect::Anthropic, "prompt is too long: about 5"),
    ];
    for (dialect, words) in words {
        let mut call = Driver::arrived(headers_with(dialect, &[]));
        call.complete(long());
        let message = call.reply().1["error"]["message"].clone();
        assert!(
            message.as_str().is_some_and(|text| text.contains(words)),
            "{message}"
        );
        expect(call, dialect, &expected);
    }
}

#[test]
fn who_was_left_out_and_why_stands_in_the_record() {
    let mut call = Driver::arrived(headers_with(Dialect::OpenAi, &[]));
    call.complete(long());
    call.finish();
    assert_eq!(
        call.record()["llm.excluded"],
        json!([
            {"provider": "openai-a", "model": "tiny-a", "reason": "context_too_long", "context_tokens": 50},
            {"provider": "anthropic-a", "model": "tiny-b", "reason": "context_too_long", "context_tokens": 90},
        ])
    );
    assert_eq!(call.record()["llm.pool"], "limited");
}

#[test]
fn who_may_just_have_room_is_asked_rather_than_nobody() {
    let call = |bytes: usize| {
        let mut body = body("tiny");
        body.push_str(&" ".repeat(bytes - body.len()));
        let mut call = Driver::arrived(headers_with(Dialect::OpenAi, &[]));
        call.complete(body);
        call
    };
    // 100 tokens are too many for both, two thirds of them for the first only.
    let in_doubt = call(400);
    let [forwarded] = in_doubt.host.forwards.as_slice() else {
        panic!("{:?}", in_doubt.host)
    };
    assert_eq!(
        (forwarded.cluster.as_str(), forwarded.retries),
        ("anthropic-a", 0)
    );
    // 60 are too many for the first, and there is one with room.
    let sure = call(240);
    assert_eq!(sure.host.forwards[0].cluster, "anthropic-a");
    assert_eq!(call(600).reply().1["error"]["code"], "context_length_exceeded");
}

const RESIDENT: [(&str, &str); 2] = [
    ("authorization", "Bearer resident-token"),
    ("x-api-key", "resident-token"),
];

#[test]
fn a_call_does_not_leave_the_regions_of_its_workspace() {
    for (dialect, _) in DIALECTS {
        let mut call = Driver::arrived(headers_with(dialect, &RESIDENT));
        call.complete(body("gpt"));
        let [forwarded] = call.host.forwards.as_slice() else {
            panic!("{:?}", call.host)
        };
        assert_eq!((forwarded.cluster.as_str(), forwarded.retries), ("openai-b", 0));
        call.finish();
        assert_eq!(
            call.record()["llm.excluded"],
            json!([{"provider": "openai-a", "model": "gpt-a", "reason": "region"}])
        );
    }
}

#[test]
fn a_call_for_which_no_region_is_left_is_refused() {
    let expected = Refused {
        status: 403,
        code: "region_not_allowed",
        openai_type: "permission_error",
        anthropic_type: "permission_error",
        param: Some("model"),
    };
    for (dialect, _) in DIALECTS {
        for model in ["claude", "either", "tiny"] {
            let mut call = Driver::arrived(headers_with(dialect, &RESIDENT));
            call.complete(body(model));
            expect(call, dialect, &expected);
        }
    }
}

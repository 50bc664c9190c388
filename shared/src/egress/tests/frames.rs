//! Answers in AWS's binary frames.

use super::*;
use crate::acceptance::{Judgement, Unmet};
use crate::eventstream::write::{event, exception};

const FRAMES: &str = "application/vnd.amazon.eventstream";

fn call(model: &str, stream: bool) -> String {
    json!({"model": model, "stream": stream, "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]})
        .to_string()
}

/// The frames of a stream that says this.
fn frames(said: &str) -> Vec<u8> {
    let delta = json!({"contentBlockIndex": 0, "delta": {"text": said}}).to_string();
    [
        event("messageStart", r#"{"role":"assistant"}"#),
        event("contentBlockDelta", &delta),
        event("contentBlockStop", r#"{"contentBlockIndex":0}"#),
        event("messageStop", r#"{"stopReason":"end_turn"}"#),
        event("metadata", r#"{"usage":{"inputTokens":3,"outputTokens":2}}"#),
    ]
    .concat()
}

/// An attempt at Bedrock whose stream begins.
fn begun(call: &SharedCall) -> Driver {
    let mut attempt = Driver::start(call, "aws");
    attempt.send();
    attempt.answer(
        200,
        FRAMES,
        &[("x-amzn-requestid", "r-1"), ("content-length", "9")],
    );
    attempt
}

#[test]
fn the_model_and_the_way_of_the_answer_stand_in_the_path_and_nowhere_else() {
    for (model, stream, path) in [
        ("nova", false, "/model/eu.amazon.nova-pro-v1%3A0/converse"),
        ("nova", true, "/model/eu.amazon.nova-pro-v1%3A0/converse-stream"),
        (
            "claude-aws",
            false,
            "/model/a%2F..%2Fanthropic.claude-x%3A0/invoke",
        ),
        (
            "claude-aws",
            true,
            "/model/a%2F..%2Fanthropic.claude-x%3A0/invoke-with-response-stream",
        ),
    ] {
        let call = messages(&call(model, stream));
        let mut attempt = Driver::start(&call, "aws");
        let body: Value = serde_json::from_str(&attempt.send()).unwrap();
        assert!(
            body.get("model").is_none() && body.get("stream").is_none(),
            "{body}"
        );
        let headers = &attempt.host.request_headers;
        assert!(headers.contains(&format!(":path: /base{path}")), "{headers:?}");
        let accept = if stream { FRAMES } else { JSON };
        assert!(headers.contains(&format!("accept: {accept}")), "{headers:?}");
        let is_foreign = |line: &String| line.contains("anthropic-") || line.contains("bot-token");
        assert!(!headers.iter().any(is_foreign), "{headers:?}");
    }
}

#[test]
fn the_agent_gets_events_of_its_own_and_headers_that_say_so() {
    let call = chat(&call("nova", true));
    let mut attempt = begun(&call);
    for part in frames("four").chunks(11) {
        attempt.bytes(part, false);
    }
    attempt.bytes(b"", true);
    let text = attempt.host.chunks.concat();
    assert!(
        text.contains("\"content\":\"four\"") && text.ends_with("data: [DONE]\n\n"),
        "{text}"
    );
    let headers = &attempt.host.response_headers;
    assert!(
        headers.contains(&"content-type: text/event-stream".to_owned()),
        "{headers:?}"
    );
    assert!(
        !headers
            .iter()
            .any(|line| line.starts_with("content-length") || line.contains("r-1"))
    );
    let call = call.borrow();
    assert_eq!(call.attempts[0].request_id.as_deref(), Some("r-1"));
    assert_eq!(call.observation.finish_reason(), Some("stop"));
    assert_eq!(call.observation.usage().unwrap().input.0, 3);
}

#[test]
fn claudes_own_events_pass_to_who_speaks_its_words() {
    let call = messages(&call("claude-aws", true));
    let mut attempt = begun(&call);
    let events = [
        r#"{"type":"message_start","message":{"model":"c","content":[],"usage":{"input_tokens":3,"output_tokens":1}}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"four"}}"#,
    ];
    for data in events {
        let bytes = crate::wire::base64(data.as_bytes());
        attempt.bytes(&event("chunk", &format!(r#"{{"bytes":"{bytes}"}}"#)), false);
    }
    let expected = format!(
        "event: message_start\ndata: {}\n\nevent: content_block_delta\ndata: {}\n\n",
        events[0], events[1]
    );
    assert_eq!(attempt.host.chunks.concat(), expected);
    assert!(!attempt.machine().holds());
    // A frame that is cut is told to the agent as what it is.
    attempt.bytes(&exception("throttlingException", "{}")[..20], true);
    let last = attempt.host.chunks.last().unwrap();
    assert!(
        last.starts_with("event: error\ndata: {\"type\":\"error\""),
        "{last}"
    );
    assert!(call.borrow().observation.broke_off().is_some());
}

#[test]
fn damage_before_anything_was_said_is_another_accounts_to_make_good() {
    let mut flipped = frames("four");
    flipped[20] ^= 1;
    let streams = [
        (flipped, Flaw::Unreadable),
        (b"HTTP/1.1 200 OK, or so".to_vec(), Flaw::Unreadable),
        (frames("four")[..30].to_vec(), Flaw::Unreadable),
        (
            exception("throttlingException", r#"{"message":"slow"}"#),
            Flaw::Error,
        ),
        (Vec::new(), Flaw::Empty),
    ];
    for (stream, flaw) in streams {
        let call = chat(&call("framed", true));
        let mut attempt = begun(&call);
        attempt.bytes(&stream, true);
        assert!(attempt.host.failed, "{flaw:?}");
        assert_eq!(super::attempt(&call, 0).outcome, Some(Outcome::Flawed(flaw)));
        assert_eq!(attempt.host.next, ["b"], "{flaw:?}");
    }
}

#[test]
fn a_judge_reads_what_was_in_the_frames() {
    for (said, judgement) in [
        ("[1]", Judgement::Accepted),
        ("Hello", Judgement::Refused(Unmet::Json)),
    ] {
        let call = chat(&call("framed", true));
        let mut attempt = begun(&call);
        let stream = frames(said);
        let (head, tail) = stream.split_at(150);
        attempt.bytes(head, false);
        assert!(attempt.machine().holds());
        attempt.bytes(tail, true);
        assert_eq!(super::attempt(&call, 0).judgement, Some(judgement), "{said}");
        assert_eq!(attempt.host.failed, said == "Hello");
    }
}

#[test]
fn an_error_counts_as_what_aws_calls_it() {
    for (status, name, ours, moves_on) in [
        (400, "ValidationException", 400, false),
        (400, "ServiceQuotaExceededException:http://x/", 429, true),
        (408, "ModelTimeoutException", 504, true),
        (424, "ModelErrorException", 502, true),
        (403, "AccessDeniedException", 502, true),
    ] {
        let call = chat(&call("framed", false));
        let mut attempt = Driver::start(&call, "aws");
        attempt.send();
        attempt.answer(status, JSON, &[("x-amzn-errortype", name), ("retry-after", "1")]);
        attempt.chunk(r#"{"message":"no"}"#, true);
        let headers = &attempt.host.response_headers;
        assert!(
            headers.contains(&format!(":status: {ours}")),
            "{name}: {headers:?}"
        );
        assert_eq!(attempt.host.next == ["b"], moves_on, "{name}");
        let error = attempt.host.chunks.concat();
        assert!(
            error.starts_with(r#"{"error":{"message":"no""#),
            "{name}: {error}"
        );
    }
}

#[test]
fn errors_of_claude_are_put_in_anthropics_shape() {
    let call = messages(&call("claude-aws", true));
    let mut attempt = Driver::start(&call, "aws");
    attempt.send();
    attempt.answer(400, JSON, &[("x-amzn-errortype", "ValidationException")]);
    attempt.chunk(r#"{"message":"max_tokens: Field required"}"#, true);
    let error: Value = serde_json::from_str(&attempt.host.chunks.concat()).unwrap();
    assert_eq!(
        error["error"],
        json!({"type": "invalid_request_error", "message": "max_tokens: Field required"})
    );
}

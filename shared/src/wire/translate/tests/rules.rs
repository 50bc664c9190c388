//! The rules of the mapping, one by one: <https://platform.openai.com/docs/api-reference/chat-streaming> and
//! <https://platform.claude.com/docs/en/build-with-claude/streaming>.

use super::*;
use crate::units::Tokens;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn the_reason_is_that_which_the_answer_shows() {
    let call = r#"{"delta":{"tool_calls":[{"index":0,"id":"1","function":{"name":"f","arguments":"{}"}}]}}"#;
    for (choices, reason, noted) in [
        (
            vec![r#"{"delta":{"content":"a"},"finish_reason":"stop"}"#],
            "end_turn",
            "stop",
        ),
        (
            vec![call, r#"{"delta":{},"finish_reason":"stop"}"#],
            "tool_use",
            "tool_calls",
        ),
        (vec![call], "tool_use", "tool_calls"),
        (vec![r#"{"delta":{"content":"a"}}"#], "end_turn", "stop"),
        (
            vec![call, r#"{"delta":{},"finish_reason":"length"}"#],
            "max_tokens",
            "length",
        ),
        (
            vec![r#"{"delta":{},"finish_reason":"content_filter"}"#],
            "refusal",
            "content_filter",
        ),
        (
            vec![r#"{"delta":{"refusal":"no"},"finish_reason":"stop"}"#],
            "refusal",
            "content_filter",
        ),
        (
            vec![
                r#"{"delta":{},"finish_reason":"eos"}"#,
                r#"{"delta":{},"finish_reason":"stop"}"#,
            ],
            "end_turn",
            "eos",
        ),
    ] {
        let (text, observation, _) = stream(OpenAiChat, &openai(&choices));
        let events = data(&text);
        assert_eq!(
            events[events.len() - 2]["delta"]["stop_reason"],
            reason,
            "{choices:?}"
        );
        assert_eq!(observation.finish_reason(), Some(noted), "{choices:?}");
        assert_eq!(text.matches("message_stop\n").count(), 1);
        assert!(observation.has_ended() && !has_failed(&observation));
    }
    for (reason, expected, noted) in [
        ("end_turn", "stop", "stop"),
        ("max_tokens", "length", "length"),
        ("model_context_window_exceeded", "length", "length"),
        ("pause_turn", "stop", "stop"),
        ("refusal", "content_filter", "content_filter"),
        ("compaction", "stop", "compaction"),
    ] {
        let delta = format!(r#"{{"type":"message_delta","delta":{{"stop_reason":"{reason}"}}}}"#);
        let (text, observation, _) = stream(
            AnthropicMessages,
            &anthropic(&[&delta, r#"{"type":"message_stop"}"#]),
        );
        assert_eq!(data(&text)[1]["choices"][0]["finish_reason"], expected);
        assert_eq!(observation.finish_reason(), Some(noted));
        assert!(text.ends_with("data: [DONE]\n\n"));
    }
}

#[test]
fn usage_replaces_what_was_said_before_and_is_told_where_clients_look() {
    let usage = |n: u32| {
        format!(
            r#"data: {{"choices":[{{"delta":{{"content":"a"}}}}],"usage":{{"prompt_tokens":{n},"completion_tokens":{n},"prompt_tokens_details":{{"cached_tokens":2}}}}}}{}"#,
            "\n\n"
        )
    };
    let text = [usage(5), usage(7), openai(&[r#"{"finish_reason":"stop"}"#])].concat();
    let (text, observation, _) = stream(OpenAiChat, &text);
    let events = data(&text);
    let told = &events[events.len() - 2]["usage"];
    assert_eq!(told["input_tokens"], 5);
    assert_eq!(
        (
            &told["cache_read_input_tokens"],
            &told["cache_creation_input_tokens"]
        ),
        (&2.into(), &0.into())
    );
    assert_eq!(told["output_tokens"], 7);
    assert_eq!(observation.usage().unwrap().input, Tokens(7));
}

#[test]
fn usage_is_a_chunk_of_its_own_only_for_callers_who_asked() {
    let text = anthropic(&[
        r#"{"type":"message_start","message":{"id":"msg_1","usage":{"input_tokens":3,"output_tokens":1}}}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}"#,
        r#"{"type":"message_stop"}"#,
    ]);
    for wants in [true, false] {
        let translator = AnswerTranslator::of_stream(AnthropicMessages.into(), OpenAiChat, caller(wants));
        let (out, observation, _) = feed(translator, &[text.as_bytes()]);
        let events = data(&out);
        let with_usage = events.iter().filter(|event| event["usage"].is_object()).count();
        assert_eq!((with_usage, events.len()), if wants { (1, 3) } else { (0, 2) });
        assert!(events.iter().all(|event| event.get("usage").is_some() == wants));
        assert_eq!(observation.usage().unwrap().output, Tokens(9));
        let same = |key: &str| events.iter().all(|event| event[key] == events[0][key]);
        assert!(same("id") && same("created") && same("model"));
    }
}

#[test]
fn what_breaks_off_is_an_error_and_never_an_end() {
    let said = r#"{"delta":{"content":"a"}}"#;
    let begun = openai(&[said]).replace("data: [DONE]\n\n", "");
    for (tail, message) in [
        (&b""[..], "broke off"),
        (b"data: {\"choices\":[{\"delta\":{\"content\":\"b", "not JSON"),
        (b"data: \xff\n\n", "not JSON"),
        (b"data: {\"a\":\"\xff\"}\n\n", "not JSON"),
        (b"data: {\"a\":\ndata: \"x\ndata: \"}\n\n", "not JSON"),
        (b"data: [1]\n\n", "not JSON"),
        (b"data: {\"error\":\"gone\"}\n\n", "gone"),
        (b"data: {\"object\":\"error\",\"message\":\"flat\"}\n\n", "flat"),
    ] {
        let translator = AnswerTranslator::of_stream(OpenAiChat.into(), AnthropicMessages, caller(false));
        let (text, observation, progress) = feed(translator, &[begun.as_bytes(), tail]);
        let events = data(&text);
        let error = events.last().unwrap();
        assert!(
            error["error"]["message"].as_str().unwrap().contains(message),
            "{text}"
        );
        assert!(text.contains("event: error\n") && !text.contains("message_stop"));
        assert!(has_failed(&observation) && !observation.has_ended());
        assert_eq!(progress, Progress::Content);
    }
}

#[test]
fn progress_is_what_showed_first() {
    for (text, progress) in [
        (
            openai(&[r#"{"delta":{"role":"assistant","content":""}}"#]),
            Progress::Failed(Flaw::Empty),
        ),
        (
            "data: {\"error\":{\"code\":429}}\n\n".to_owned(),
            Progress::Failed(Flaw::Error),
        ),
        (": x\n\n".to_owned(), Progress::Failed(Flaw::Empty)),
        ("data: {\"cho".to_owned(), Progress::Failed(Flaw::Error)),
        (String::new(), Progress::Failed(Flaw::Empty)),
        (
            openai(&[r#"{"delta":{},"finish_reason":"stop"}"#]),
            Progress::Content,
        ),
    ] {
        let (out, _, shown) = stream(OpenAiChat, &text);
        assert_eq!(shown, progress, "{text}");
        assert_eq!(out.contains("event: error"), progress != Progress::Content);
    }
    let mut translator = AnswerTranslator::of_stream(OpenAiChat.into(), AnthropicMessages, caller(false));
    let mut noted = Observation::default();
    translator.push(
        openai(&[r#"{"delta":{"role":"assistant"}}"#])
            .split_at(60)
            .0
            .as_bytes(),
        false,
        &mut noted,
    );
    assert_eq!(noted.progress(), Progress::Nothing);
}

#[test]
fn a_whole_answer_is_kept_to_its_end_and_may_be_an_error() {
    let answer = r#"{"choices":[{"message":{"content":"é"}}]}"#.as_bytes();
    for cut in 0..answer.len() {
        let translator = AnswerTranslator::of_answer(OpenAiChat.into(), AnthropicMessages, caller(false));
        let (head, tail) = answer.split_at(cut);
        let (out, ..) = feed(translator, &[head, tail]);
        assert!(out.contains(r#""content":[{"type":"text","text":"é"}],"stop_reason":"end_turn""#));
    }
    let many = [
        r#"{"choices":[{"message":{"content":["#,
        &r#"{"text":"a"},"#.repeat(10_001),
        "{}]}}]}",
    ]
    .concat();
    for (body, flaw) in [
        (
            &br#"{"error":{"message":"m","code":"rate_limit_exceeded"}}"#[..],
            Flaw::Error,
        ),
        (br#"{"choices":[]}"#, Flaw::Unreadable),
        (b"<html>", Flaw::Unreadable),
        (b"", Flaw::Empty),
        (&vec![b' '; MAX_OBSERVED_ANSWER + 1], Flaw::TooLong),
        (many.as_bytes(), Flaw::Unreadable),
    ] {
        let translator = AnswerTranslator::of_answer(OpenAiChat.into(), AnthropicMessages, caller(false));
        let (out, observation, progress) = feed(translator, &[body]);
        assert!(out.starts_with(r#"{"type":"error","error":{"#), "{out}");
        assert!(has_failed(&observation) && progress == Progress::Failed(flaw));
    }
}

#[test]
fn an_error_that_cannot_be_read_is_told_by_its_status_alone() {
    for (body, told) in [
        ("busy ".repeat(100), true),
        ("<!DOCTYPE html><p>busy".to_owned(), false),
        (r#"{"busy":true}"#.to_owned(), false),
        ("busy".repeat(MAX_ERROR_BODY), false),
        (String::new(), false),
    ] {
        let translator = AnswerTranslator::of_error(AnthropicMessages.into(), OpenAiChat, caller(false), 503);
        let (out, _, progress) = feed(translator, &[body.as_bytes()]);
        let error = &data(&format!("data: {out}"))[0]["error"];
        let message = error["message"].as_str().unwrap();
        assert!(
            message.starts_with("the provider answered with status 503") && message.len() < MAX_QUOTED + 50
        );
        assert_eq!(message.contains("busy"), told);
        assert_eq!(progress, Progress::Nothing, "an error is no answer that failed");
    }
}

use serde_json::json;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::wire::{Format, Observation, Observer, UpstreamFormat};

const SCHEMA: &[u8] = br#"{"type":"object","required":["city"],"properties":{"city":{"type":"string"}}}"#;

/// Judges a whole answer of this message and reason.
fn judge(
    acceptance: &Acceptance,
    message: &serde_json::Value,
    reason: &str,
    wanted: Wanted<'_>,
) -> Judgement {
    let body = json!({
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 2}},
    });
    let body = body.to_string();
    let mut observation = Observation::default();
    let mut observer = Observer::of_answer(Format::OpenAiChat);
    observer.push(body.as_bytes(), true, &mut observation);
    let mut judge = Judge::new(UpstreamFormat::OpenAiChat, false);
    judge.push(body.as_bytes());
    judge.conclude(acceptance, &observation, wanted)
}

fn text(acceptance: &Acceptance, text: &str) -> Judgement {
    judge(acceptance, &json!({"content": text}), "stop", Wanted::default())
}

fn refused(unmet: Unmet) -> Judgement {
    Judgement::Refused(unmet)
}

#[test]
fn an_answer_must_end_for_one_of_the_reasons() {
    let acceptance = Acceptance {
        finish_reasons: Some(vec![FinishReason::Stop, FinishReason::ToolCalls]),
        ..Acceptance::default()
    };
    let ends = |reason| judge(&acceptance, &json!({"content": "x"}), reason, Wanted::default());
    assert_eq!(ends("stop"), Judgement::Accepted);
    assert_eq!(ends("length"), refused(Unmet::FinishReason));
    assert_eq!(ends("eos"), refused(Unmet::FinishReason));
}

#[test]
fn a_text_must_be_json_of_the_right_shape() {
    let valid = Acceptance {
        json: Some(Json::Always),
        ..Acceptance::default()
    };
    assert_eq!(text(&valid, " {\"a\": [1]}\n"), Judgement::Accepted);
    assert_eq!(text(&valid, "```json\n{}\n```"), refused(Unmet::Json));
    assert_eq!(text(&valid, ""), refused(Unmet::Json));
    let schema = Schema::new(&serde_json::from_slice(SCHEMA).unwrap(), Author::Operator).unwrap();
    let fitting = Acceptance {
        json: Some(Json::Fitting(schema)),
        ..Acceptance::default()
    };
    assert_eq!(text(&fitting, r#"{"city": "Rome"}"#), Judgement::Accepted);
    assert_eq!(text(&fitting, r#"{"city": 1}"#), refused(Unmet::Schema));
    assert_eq!(text(&fitting, "Rome"), refused(Unmet::Json));
}

#[test]
fn json_is_asked_only_of_calls_that_ask_for_it() {
    for json in [Json::Valid, Json::Requested] {
        let acceptance = Acceptance {
            json: Some(json),
            ..Acceptance::default()
        };
        let prose = |wanted| judge(&acceptance, &json!({"content": "Rome"}), "stop", wanted);
        assert_eq!(prose(Wanted::default()), Judgement::Accepted);
        let wanted = Wanted {
            is_json: true,
            schema: None,
        };
        assert_eq!(prose(wanted), refused(Unmet::Json));
    }
}

#[test]
fn the_schema_of_the_request_is_asked_for_where_it_has_one() {
    let requested = Acceptance {
        json: Some(Json::Requested),
        ..Acceptance::default()
    };
    let with = |schema, said: &str| {
        let wanted = Wanted {
            is_json: true,
            schema,
        };
        judge(&requested, &json!({"content": said}), "stop", wanted)
    };
    assert_eq!(with(Some(SCHEMA), r#"{"city": "Rome"}"#), Judgement::Accepted);
    assert_eq!(with(Some(SCHEMA), r#"{"town": "Rome"}"#), refused(Unmet::Schema));
    assert_eq!(with(None, r#"{"town": "Rome"}"#), Judgement::Accepted);
    assert_eq!(with(None, "Rome"), refused(Unmet::Json));
    let endless = br##"{"$ref":"#"}"##;
    assert_eq!(
        with(Some(endless), "1"),
        Judgement::Unjudged(Unjudged::TooMuchWork)
    );
}

#[test]
fn an_answer_must_be_long_enough_in_tokens_that_were_said_or_in_characters() {
    let tokens = |least| Acceptance {
        min_output_tokens: Some(Tokens(least)),
        ..Acceptance::default()
    };
    assert_eq!(text(&tokens(3), "Hello"), Judgement::Accepted);
    assert_eq!(text(&tokens(4), "Hello"), refused(Unmet::TooShort));
    assert_eq!(text(&tokens(1), ""), refused(Unmet::TooShort));
    let characters = |least| Acceptance {
        min_characters: Some(least),
        ..Acceptance::default()
    };
    assert_eq!(text(&characters(2), "éé"), Judgement::Accepted);
    assert_eq!(text(&characters(3), "éé"), refused(Unmet::TooShort));
}

#[test]
fn a_refusal_is_known_by_its_words_or_by_its_format() {
    let acceptance = Acceptance {
        refusal_patterns: vec![Pattern::telling("i (cannot|can't) help", Case::Insensitive).unwrap()],
        ..Acceptance::default()
    };
    assert_eq!(
        text(&acceptance, "Sorry, I CANNOT help."),
        refused(Unmet::Refusal)
    );
    assert_eq!(text(&acceptance, "I can help."), Judgement::Accepted);
    assert_eq!(
        judge(
            &acceptance,
            &json!({"content": null, "refusal": "No."}),
            "stop",
            Wanted::default()
        ),
        refused(Unmet::Refusal)
    );
    let late = format!("{}i cannot help", "é".repeat(crate::limits::MAX_REFUSAL_TEXT));
    assert_eq!(text(&acceptance, &late), Judgement::Accepted);
}

#[test]
fn an_answer_that_waits_for_tools_need_be_neither_json_nor_long() {
    let acceptance = Acceptance {
        json: Some(Json::Valid),
        min_output_tokens: Some(Tokens(100)),
        min_characters: Some(100),
        ..Acceptance::default()
    };
    let calls = json!([{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]);
    for content in [json!(null), json!("I will look it up.")] {
        let message = json!({"content": content, "tool_calls": calls});
        assert_eq!(
            judge(&acceptance, &message, "tool_calls", Wanted::default()),
            Judgement::Accepted
        );
    }
}

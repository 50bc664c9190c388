use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::ledger::Usage;
use crate::units::Tokens;
use crate::wire::EventClass;
use crate::wire::ir::{Answer, ToolIndex};
use crate::wire::{anthropic, openai_chat};
use json::Text;

pub(super) mod inputs;
mod matrix;
mod providers;

use inputs::{delta, event, events, pieces, tree};

/// The grammar of Anthropic's streams: blocks one after the other, numbered without gaps, pieces only within their
/// block, one beginning and at most one end, and nothing after it.
fn obeys_the_grammar(text: &str) -> Result<(), TestCaseError> {
    let (mut has_started, mut is_over, mut open, mut next) = (false, false, None, 0);
    for event in text.split_terminator("\n\n") {
        let (name, data) = event.split_once('\n').unwrap();
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        let kind = data["type"].as_str().unwrap();
        prop_assert_eq!(name.strip_prefix("event: "), Some(kind));
        prop_assert!(!is_over, "nothing follows the end");
        if !matches!(kind, "ping" | "error") {
            prop_assert_eq!(has_started, kind != "message_start");
        }
        let index = data["index"].as_u64();
        match kind {
            "message_start" => has_started = true,
            "content_block_start" => {
                prop_assert_eq!((open, index), (None, Some(next)));
                open = index;
                next += 1;
            }
            "content_block_delta" => prop_assert!(open.is_some() && open == index),
            "content_block_stop" => {
                prop_assert!(open.is_some() && open == index);
                open = None;
            }
            "message_delta" => prop_assert_eq!(open, None),
            "message_stop" | "error" => is_over = true,
            "ping" => {}
            other => prop_assert!(false, "{}", other),
        }
    }
    Ok(())
}

/// OpenAI's streams: JSON, calls numbered without gaps, each with one name, and nothing after the end.
fn is_a_stream_of_openai(text: &str) -> Result<(), TestCaseError> {
    let mut calls = 0;
    let mut is_over = false;
    for event in text.split_terminator("\n\n").filter(|event| *event != ": ping") {
        prop_assert!(!is_over, "nothing follows the end");
        let data = event.strip_prefix("data: ").unwrap();
        if data == "[DONE]" {
            is_over = true;
            continue;
        }
        let data: Value = serde_json::from_str(data).unwrap();
        is_over = data.get("error").is_some();
        let call = &data["choices"][0]["delta"]["tool_calls"][0];
        if call["function"].get("name").is_some() {
            prop_assert_eq!(call["index"].as_u64(), Some(calls));
            calls += 1;
        } else if call.is_object() {
            prop_assert!(call["index"].as_u64() < Some(calls));
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn random_cuts_of_golden_streams_give_the_same_bytes(which in any::<prop::sample::Index>(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12)) {
        let (name, input, _) = which.get(golden::STREAMS);
        let bytes = input.as_bytes();
        let chunks = pieces(bytes, &cuts);
        prop_assert_eq!(feed(golden::translator(name), &chunks), feed(golden::translator(name), &[bytes]));
    }

    #[test]
    fn any_events_become_a_stream_of_the_format(text in events()) {
        obeys_the_grammar(&stream(OpenAiChat, &text).0)?;
        is_a_stream_of_openai(&stream(AnthropicMessages, &text).0)?;
    }

    #[test]
    fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..200), status in any::<u16>()) {
        for from in [OpenAiChat, AnthropicMessages] {
            for translator in [
                AnswerTranslator::of_stream(from.into(), other(from), caller(true)),
                AnswerTranslator::of_answer(from.into(), other(from), caller(true)),
                AnswerTranslator::of_error(from.into(), other(from), caller(true), status),
            ] {
                feed(translator, &[&bytes]);
            }
            (from.codec().same.observe_event)(&bytes, &mut Observation::default());
        }
    }

    #[test]
    fn any_tree_becomes_an_answer_or_an_error(tree in tree(), status in any::<u16>()) {
        let bodies = [
            tree.clone(),
            json!({"choices": [{"message": tree}]}),
            json!({"choices": [{"message": {"tool_calls": tree, "content": tree}}], "usage": tree}),
            json!({"content": [tree], "usage": tree}),
            json!({"content": tree, "stop_details": tree}),
            json!({"error": tree}),
        ];
        for body in bodies {
            let body = body.to_string();
            for from in [OpenAiChat, AnthropicMessages] {
                let whole = AnswerTranslator::of_answer(from.into(), other(from), caller(true));
                let error = AnswerTranslator::of_error(from.into(), other(from), caller(true), status);
                for translator in [whole, error] {
                    let (out, ..) = feed(translator, &[body.as_bytes()]);
                    let out: Value = serde_json::from_str(&out).unwrap();
                    prop_assert!(out.get("error").is_some() || out.get("usage").is_some() || out.get("choices").is_some());
                }
            }
        }
    }

    #[test]
    fn any_steps_are_written_in_the_grammar(deltas in prop::collection::vec(delta(), 0..40)) {
        for format in [AnthropicMessages, OpenAiChat] {
            let mut writer = (format.codec().stream_writer)(caller(true));
            let mut out = Vec::new();
            for delta in &deltas {
                prop_assert_eq!(writer.write(delta, &mut out), Ok(()));
            }
            let text = String::from_utf8(out).unwrap();
            if format == AnthropicMessages {
                obeys_the_grammar(&text)?;
            }
        }
    }

    #[test]
    fn arguments_of_calls_that_take_turns_arrive_whole(turns in prop::collection::vec((0..3usize, "[a-z\"\\\\{}é]{1,3}"), 0..20)) {
        let mut writer = (AnthropicMessages.codec().stream_writer)(caller(false));
        let mut out = Vec::new();
        // Every call's arguments are a JSON object with one string, told in pieces.
        let mut steps: Vec<(usize, String)> = (0..3).map(|index| (index, "{\"a\":\"".to_owned())).collect();
        steps.extend(turns.iter().map(|(index, piece)| {
            let quoted = Value::from(piece.as_str()).to_string();
            let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            (*index, inner.unwrap().to_owned())
        }));
        steps.extend((0..3).map(|index| (index, "\"}".to_owned())));
        for index in 0..3 {
            let name = Text::of_plain("f");
            writer.write(&Delta::ToolCall { index: ToolIndex(index), id: None, name }, &mut out).unwrap();
        }
        for (index, piece) in &steps {
            let fragment = Text::of_plain(piece);
            writer.write(&Delta::Arguments { index: ToolIndex(*index), fragment }, &mut out).unwrap();
        }
        writer.write(&Delta::End, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        obeys_the_grammar(&text)?;
        let mut told = vec![String::new(); 3];
        for event in data(&text) {
            if let Some(piece) = event["delta"]["partial_json"].as_str() {
                told[usize::try_from(event["index"].as_u64().unwrap()).unwrap()].push_str(piece);
            }
        }
        for (index, told) in told.iter().enumerate() {
            let expected: String = turns.iter().filter(|(at, _)| *at == index).map(|(_, piece)| piece.as_str()).collect();
            let object: Value = serde_json::from_str(told).unwrap();
            prop_assert_eq!(&object, &json!({"a": expected}));
        }
    }

    #[test]
    fn usage_survives_each_format(parts in prop::array::uniform5(0..1_000_000u64), hour in 0..1_000_000u64) {
        let [uncached, cache_read, cache_write, said, reasoning] = parts;
        let mut usage = Usage {
            input: Tokens(uncached + cache_read + cache_write),
            cache_read: Tokens(cache_read),
            cache_write: Tokens(cache_write),
            cache_write_hour: Tokens(hour.min(cache_write)),
            output: Tokens(said + reasoning),
            reasoning: Tokens(reasoning),
            ..Usage::default()
        };
        let body = |usage: Usage, format: Format| {
            let answer = Answer { usage: Some(usage), ..Answer::default() };
            (format.codec().write_answer)(&answer, &caller(false))
        };
        let message = body(usage, AnthropicMessages);
        prop_assert_eq!(anthropic::answer::read::read(&message).unwrap().usage, Some(usage));
        let completion = body(usage, OpenAiChat);
        // OpenAI knows no hours.
        usage.cache_write_hour = Tokens(0);
        prop_assert_eq!(openai_chat::answer::read::read(&completion).unwrap().usage, Some(usage));
    }

    #[test]
    fn what_is_content_when_translated_is_content_when_it_passes(event in event()) {
        let data = event.to_string();
        for format in [OpenAiChat, AnthropicMessages] {
            let mut class = EventClass::Preamble;
            UpstreamFormat::from(format).stream_reader().read(data.as_bytes(), &mut |delta| {
                if class == EventClass::Preamble && delta.is_content() {
                    class = EventClass::Content;
                } else if class == EventClass::Preamble && matches!(delta, Delta::Error(_)) {
                    class = EventClass::Error;
                }
            });
            let passing = (format.codec().same.observe_event)(data.as_bytes(), &mut Observation::default());
            prop_assert!(class != EventClass::Content || passing == EventClass::Content, "{passing:?}");
        }
    }

    #[test]
    fn answers_keep_what_both_formats_can_say(text in "[a-z]{1,5}", name in "[a-z]{1,5}", arguments in tree()) {
        let body = json!({
            "id": "msg_1", "stop_reason": "tool_use",
            "content": [
                {"type": "text", "text": text},
                {"type": "tool_use", "id": "t", "name": name, "input": {"a": arguments}},
            ],
        }).to_string();
        let there = AnswerTranslator::of_answer(AnthropicMessages.into(), OpenAiChat, caller(false));
        let back = AnswerTranslator::of_answer(OpenAiChat.into(), AnthropicMessages, caller(false));
        let (completion, ..) = feed(there, &[body.as_bytes()]);
        let (message, ..) = feed(back, &[completion.as_bytes()]);
        let (before, after): (Value, Value) = (serde_json::from_str(&body).unwrap(), serde_json::from_str(&message).unwrap());
        for key in ["id", "content", "stop_reason"] {
            prop_assert_eq!(&before[key], &after[key]);
        }
    }
}

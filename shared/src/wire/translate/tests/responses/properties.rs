use proptest::prelude::*;

use super::super::properties::inputs::{delta, events, pieces, tree};
use super::*;
use crate::ledger::Usage;
use crate::units::Tokens;
use crate::wire::EventClass;
use crate::wire::ir::{Answer, ToolIndex};
use crate::wire::openai_responses;
use json::Text;

fn obeys(text: &str) -> Result<Seen, TestCaseError> {
    Seen::of(text).map_err(|problem| TestCaseError::fail(format!("{problem}\n{text}")))
}

proptest! {
    #[test]
    fn any_events_become_a_stream_of_the_format(text in events()) {
        for from in [OpenAiChat, AnthropicMessages] {
            obeys(&feed(of_stream(from), &[text.as_bytes()]).0)?;
        }
    }

    #[test]
    fn random_cuts_give_the_same_bytes(which in any::<prop::sample::Index>(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12)) {
        let (name, input, _) = which.get(STREAMS);
        let bytes = input.as_bytes();
        let chunks = pieces(bytes, &cuts);
        prop_assert_eq!(feed(of_stream(from(name)), &chunks), feed(of_stream(from(name)), &[bytes]));
    }

    #[test]
    fn any_steps_are_written_in_the_grammar_and_nothing_said_is_lost(deltas in prop::collection::vec(delta(), 0..40)) {
        let mut writer = (OpenAiResponses.codec().stream_writer)(Caller { maker: crate::wire::UpstreamFormat::AnthropicMessages.maker(), ..caller() });
        let mut out = Vec::new();
        let (mut text, mut thoughts) = (String::new(), String::new());
        let mut is_over = false;
        for delta in deltas.iter().chain([&Delta::End]) {
            prop_assert_eq!(writer.write(delta, &mut out), Ok(()));
            match delta {
                Delta::Text(more) if !is_over => text += &more.plain().unwrap(),
                Delta::Thinking(more) if !is_over => thoughts += &more.plain().unwrap(),
                Delta::End | Delta::Error(_) => is_over = true,
                _ => {}
            }
        }
        let seen = obeys(&String::from_utf8(out).unwrap())?;
        prop_assert_eq!(seen.text, text);
        prop_assert_eq!(seen.thoughts, thoughts);
    }

    #[test]
    fn arguments_of_calls_that_take_turns_arrive_whole(turns in prop::collection::vec((0..3usize, "[a-z\"\\\\{}é]{1,3}"), 0..20)) {
        let mut writer = (OpenAiResponses.codec().stream_writer)(caller());
        let mut out = Vec::new();
        let mut expected = vec!["{\"a\":\"".to_owned(); 3];
        for index in 0..3 {
            let name = Text::of_plain("f");
            writer.write(&Delta::ToolCall { index: ToolIndex(index), id: None, name }, &mut out).unwrap();
            let fragment = Text::of_plain("{\"a\":\"");
            writer.write(&Delta::Arguments { index: ToolIndex(index), fragment }, &mut out).unwrap();
        }
        let pieces = turns.iter().map(|(index, piece)| {
            let quoted = serde_json::Value::from(piece.as_str()).to_string();
            let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            (*index, inner.unwrap().to_owned())
        });
        for (index, piece) in pieces.chain((0..3).map(|index| (index, "\"}".to_owned()))) {
            expected[index].push_str(&piece);
            let fragment = Text::of_plain(&piece);
            writer.write(&Delta::Arguments { index: ToolIndex(index), fragment }, &mut out).unwrap();
        }
        writer.write(&Delta::End, &mut out).unwrap();
        let seen = obeys(&String::from_utf8(out).unwrap())?;
        prop_assert_eq!(seen.arguments, expected);
    }

    #[test]
    fn any_tree_becomes_an_answer_or_an_error(tree in tree()) {
        for body in [json!({"choices": [{"message": tree}]}), json!({"content": [tree], "usage": tree}), json!({"output": tree, "status": "completed"}), json!({"output": [tree]})] {
            let body = body.to_string();
            for from in [OpenAiChat, AnthropicMessages, OpenAiResponses] {
                let translator = AnswerTranslator::of_answer(from.into(), OpenAiResponses, caller());
                let (out, ..) = feed(translator, &[body.as_bytes()]);
                let out: Value = serde_json::from_str(&out).unwrap();
                prop_assert!(out["output"].is_array() || out["error"].is_object());
            }
        }
    }

    #[test]
    fn what_is_content_when_read_is_content_when_it_passes(text in events()) {
        let (text, ..) = feed(of_stream(AnthropicMessages), &[text.as_bytes()]);
        for event in data(&text) {
            let event = event.to_string();
            let mut has_content = false;
            UpstreamFormat::OpenAiResponses.stream_reader().read(event.as_bytes(), &mut |delta| has_content |= delta.is_content());
            let passing = (OpenAiResponses.codec().same.observe_event)(event.as_bytes(), &mut Observation::default());
            prop_assert!(!has_content || passing == EventClass::Content, "{passing:?} {event}");
        }
    }

    #[test]
    fn usage_survives(parts in prop::array::uniform4(0..1_000_000u64)) {
        let [uncached, cache_read, cache_write, said] = parts;
        let usage = Usage {
            input: Tokens(uncached + cache_read + cache_write),
            cache_read: Tokens(cache_read),
            cache_write: Tokens(cache_write),
            output: Tokens(said),
            reasoning: Tokens(said / 2),
            ..Usage::default()
        };
        let answer = Answer { usage: Some(usage), ..Answer::default() };
        let response = (OpenAiResponses.codec().write_answer)(&answer, &caller());
        prop_assert_eq!(openai_responses::answer::read::read(&response).unwrap().usage, Some(usage));
    }
}

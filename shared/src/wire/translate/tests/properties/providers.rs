//! Mistral's and Cohere's answers, whole and streamed: whatever is said arrives, however it is cut, and whatever else
//! comes instead breaks nothing.

mod said;

use super::super::responses::grammar::Seen;
use super::inputs::{pieces, tree};
use super::*;
use crate::wire::UpstreamFormat;
use crate::wire::UpstreamFormat::{CohereChat, MistralChat};

use said::{Told, parts, sse, streamed, whole};

const FORMATS: [UpstreamFormat; 2] = [MistralChat, CohereChat];
const AGENTS: [Format; 3] = [OpenAiChat, AnthropicMessages, OpenAiResponses];

fn stream_of(from: UpstreamFormat, to: Format) -> AnswerTranslator {
    AnswerTranslator::of_stream(from, to, caller(true))
}

fn obeys(to: Format, out: &str) -> Result<(), TestCaseError> {
    match to {
        OpenAiChat => is_a_stream_of_openai(out),
        AnthropicMessages => obeys_the_grammar(out),
        OpenAiResponses => Seen::of(out)
            .map(drop)
            .map_err(|problem| TestCaseError::fail(format!("{problem}\n{out}"))),
    }
}

proptest! {
    #[test]
    fn what_is_said_arrives_whole_and_in_pieces(parts in parts()) {
        let expected = Told::of(&parts);
        for from in FORMATS {
            let (out, noted, _) = feed(stream_of(from, OpenAiChat), &[streamed(from, &parts).as_bytes()]);
            let chunks = data(&out);
            let deltas = chunks.iter().map(|chunk| &chunk["choices"][0]["delta"]);
            prop_assert_eq!(&Told::by_openai(deltas), &expected, "{:?}", from);
            prop_assert!(noted.has_ended());
            let usage = noted.usage().unwrap();
            prop_assert_eq!((usage.input, usage.output), (Tokens(7), Tokens(5)));

            let answer = AnswerTranslator::of_answer(from, OpenAiChat, caller(false));
            let (out, noted, _) = feed(answer, &[whole(from, &parts).as_bytes()]);
            let out: Value = serde_json::from_str(&out).unwrap();
            prop_assert_eq!(&Told::by_openai([&out["choices"][0]["message"]].into_iter()), &expected, "{:?}", from);
            prop_assert_eq!(noted.usage(), Some(usage));
        }
    }

    #[test]
    fn any_cut_of_a_stream_reads_the_same(parts in parts(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12)) {
        for from in FORMATS {
            let text = streamed(from, &parts);
            for to in AGENTS {
                let whole = feed(stream_of(from, to), &[text.as_bytes()]);
                obeys(to, &whole.0)?;
                prop_assert_eq!(feed(stream_of(from, to), &pieces(text.as_bytes(), &cuts)), whole);
            }
        }
    }

    #[test]
    fn a_stream_that_stops_short_has_failed(parts in parts(), cut in any::<prop::sample::Index>()) {
        for from in FORMATS {
            let text = streamed(from, &parts);
            // The last event says that it is over.
            let before_end = text.trim_end().rfind("data: ").unwrap();
            let cut = &text.as_bytes()[..cut.index(before_end)];
            for to in AGENTS {
                let (out, noted, _) = feed(stream_of(from, to), &[cut]);
                obeys(to, &out)?;
                prop_assert!(has_failed(&noted) && !noted.has_ended(), "{out}");
            }
        }
    }

    #[test]
    fn any_bytes_are_taken_of_providers(bytes in prop::collection::vec(any::<u8>(), 0..200), status in any::<u16>()) {
        for (from, to) in FORMATS.into_iter().flat_map(|from| AGENTS.map(|to| (from, to))) {
            for translator in [
                stream_of(from, to),
                AnswerTranslator::of_answer(from, to, caller(true)),
                AnswerTranslator::of_error(from, to, caller(true), status),
            ] {
                feed(translator, &[&bytes]);
            }
        }
    }

    #[test]
    fn any_tree_in_any_place_becomes_an_answer_or_an_error(tree in tree(), status in any::<u16>()) {
        let bodies = [
            json!({"choices": [{"message": {"content": tree, "tool_calls": [tree]}}], "usage": tree}),
            json!({"choices": [{"message": {"content": [{"type": "thinking", "thinking": tree}, tree]}}]}),
            json!({"id": tree, "finish_reason": "COMPLETE", "message": {"content": tree, "tool_plan": tree, "tool_calls": tree}, "usage": tree}),
            json!({"finish_reason": tree, "message": {"content": [tree], "tool_calls": [{"function": tree}]}, "usage": {"tokens": tree, "billed_units": tree}}),
            json!({"message": tree}),
            json!({"detail": [tree]}),
        ];
        for (from, to) in FORMATS.into_iter().flat_map(|from| AGENTS.map(|to| (from, to))) {
            for body in &bodies {
                for translator in [
                    AnswerTranslator::of_answer(from, to, caller(true)),
                    AnswerTranslator::of_error(from, to, caller(true), status),
                ] {
                    let (out, ..) = feed(translator, &[body.to_string().as_bytes()]);
                    prop_assert!(serde_json::from_str::<Value>(&out).unwrap().is_object());
                }
            }
        }
    }

    #[test]
    fn any_trees_as_events_become_a_stream_of_the_format(streams in prop::collection::vec((cohere_word(), tree(), 0..3u32), 0..8)) {
        let cohere = streams.iter().map(|(kind, tree, index)| json!({"type": kind, "index": index,
            "delta": {"finish_reason": tree, "message": {"content": tree, "tool_plan": tree, "tool_calls": tree}}}));
        let mistral = streams.iter().map(|(_, tree, index)| json!({"choices": [{"index": index,
            "delta": {"content": [tree], "tool_calls": [{"index": index, "function": tree}]}}], "usage": tree}));
        let streams = [(CohereChat, sse(cohere)), (MistralChat, sse(mistral))];
        for (from, text) in streams {
            for to in AGENTS {
                obeys(to, &feed(stream_of(from, to), &[text.as_bytes()]).0)?;
            }
        }
    }
}

fn cohere_word() -> impl Strategy<Value = &'static str> {
    prop::sample::select(
        &[
            "message-start",
            "content-start",
            "content-delta",
            "content-end",
            "tool-plan-delta",
            "tool-call-start",
            "tool-call-delta",
            "tool-call-end",
            "message-end",
        ][..],
    )
}

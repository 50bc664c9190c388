//! What is noted of answers of one kind while they pass, and how one that broke off ends.

use std::borrow::Cow;

use super::codec::Judged;
use super::{EventClass, Flaw, Format, Observation, openai_chat};
use crate::ledger::Usage;
use crate::units::Tokens;
use json::Node;
use json::scan::{self, Kind};

/// How answers of one kind are read.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Notes what an answer in one piece says of itself, and whether it is one; `None` if it is not whole.
    pub(super) observe_answer: fn(&[u8], &mut Observation) -> Option<Judged>,
    /// Notes what an event of a stream says of it.
    pub(super) observe_event: fn(&[u8], &mut Observation) -> EventClass,
    /// What ends a stream that broke off.
    pub(super) cut_event: fn(&Observation) -> Cow<'static, [u8]>,
}

/// Embeddings in OpenAI's format.
pub static EMBEDDINGS: Reading = Reading {
    observe_answer: embeddings,
    ..TOKEN_COUNT
};

/// A count of tokens in Anthropic's format. It costs nothing.
pub static TOKEN_COUNT: Reading = Reading {
    observe_answer: token_count,
    observe_event: |_, _| EventClass::Content,
    cut_event: openai_chat::stream::cut,
};

/// Completions of a prompt.
pub static COMPLETION: Reading = Reading {
    observe_answer: openai_chat::answer::observe,
    observe_event: completion_event,
    cut_event: openai_chat::stream::cut,
};

/// Any other answer of OpenAI's: of images, of sound.
pub static OTHER: Reading = Reading {
    observe_answer: other,
    observe_event: other_event,
    cut_event: openai_chat::stream::cut,
};

impl Reading {
    /// How answers of a format are read.
    pub(super) fn of(format: Format) -> Self {
        let codec = format.codec();
        Self {
            observe_answer: codec.same.observe_answer,
            observe_event: codec.same.observe_event,
            cut_event: codec.cut_event,
        }
    }
}

fn embeddings(body: &[u8], observation: &mut Observation) -> Option<Judged> {
    let members = scan::members(body, ["model", "data", "usage", "error"]).ok()?;
    let [model, data, reported, error] = members.values;
    observation.note_model(model.map(|value| value.span.of(body)));
    observation.note_usage(reported.and_then(|value| openai_chat::usage::read(value.span.of(body), None)));
    Some(match (data, error) {
        (Some(data), _) if data.kind == Kind::Array => Ok(()),
        (_, Some(error)) if error.kind != Kind::Null => Err(Flaw::Error),
        _ => Err(Flaw::Unreadable),
    })
}

fn token_count(body: &[u8], observation: &mut Observation) -> Option<Judged> {
    let [tokens] = scan::members(body, ["input_tokens"]).ok()?.values;
    observation.note_usage(Some(Usage::default()));
    let is_count = tokens.is_some_and(|tokens| scan::unsigned(tokens.span.of(body)).is_some());
    Some(if is_count { Ok(()) } else { Err(Flaw::Unreadable) })
}

/// Chunks of a completion are those of a chat, with a text in the place of a delta.
fn completion_event(data: &[u8], observation: &mut Observation) -> EventClass {
    let class = openai_chat::stream::observe(data, observation);
    if matches!(class, EventClass::UsageOnly | EventClass::Error) {
        return class;
    }
    let mut said = 0;
    let [choices] = scan::members(data, ["choices"]).map_or([None; 1], |members| members.values);
    let choices = choices.map(|value| value.span.of(data)).unwrap_or_default();
    let _scanned = scan::records(choices, ["text"], |_, [text]| {
        said += text.map_or(0, |text| text.span.of(choices).len().saturating_sub(2));
    });
    observation.note_said(said);
    if said > 0 { EventClass::Content } else { class }
}

fn other(body: &[u8], observation: &mut Observation) -> Option<Judged> {
    let [model, reported] = scan::members(body, ["model", "usage"]).ok()?.values;
    observation.note_model(model.map(|value| value.span.of(body)));
    observation.note_usage(reported.and_then(|value| usage(value.span.of(body))));
    Some(Ok(()))
}

/// Streams of images and sound have events with a type: the last one is `….done` or `….completed`.
fn other_event(data: &[u8], observation: &mut Observation) -> EventClass {
    if data.trim_ascii() == b"[DONE]" {
        observation.note_end();
        return EventClass::Preamble;
    }
    let Ok(members) = scan::members(data, ["type", "usage", "error"]) else {
        return EventClass::Preamble;
    };
    let [kind, reported, error] = members.values;
    let kind = kind.and_then(|kind| scan::string(kind.span.of(data)));
    if error.is_some_and(|error| error.kind != Kind::Null) || kind.as_deref() == Some("error") {
        return EventClass::Error;
    }
    observation.note_usage(reported.and_then(|value| usage(value.span.of(data))));
    if kind.is_some_and(|kind| kind.ends_with(".done") || kind.ends_with(".completed")) {
        observation.note_end();
    }
    EventClass::Content
}

/// Usage in either way that OpenAI writes it; `None` where it is counted in something else than tokens.
fn usage(text: &[u8]) -> Option<Usage> {
    let usage = Node::object(text).ok()?;
    let [input, output, prompt] = usage.fields(["input_tokens", "output_tokens", "prompt_tokens"]);
    // Images and transcriptions spell it differently.
    let [images, sound, made] = usage.fields([
        "input_tokens_details",
        "input_token_details",
        "output_tokens_details",
    ]);
    if prompt.is_some() {
        return openai_chat::usage::read(text, None);
    }
    let tokens = |node: Option<Node<'_>>| Tokens(node.and_then(Node::unsigned).unwrap_or_default());
    // What an image model puts out beside the image is text that it thought.
    let is_image = made.is_some_and(|made| made.field("image_tokens").is_some());
    let thought = made
        .filter(|_| is_image)
        .and_then(|made| made.field("text_tokens"));
    let images = tokens(images.and_then(|given| given.field("image_tokens")));
    let sound = tokens(sound.and_then(|given| given.field("audio_tokens")));
    input.is_some().then(|| Usage {
        input: tokens(input),
        media: images.saturating_add(sound),
        output: tokens(output),
        reasoning: tokens(thought),
        ..Usage::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::shipped;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn used(reading: &Reading, body: &str) -> (Option<Judged>, Option<(u64, u64)>) {
        let mut observation = Observation::default();
        let judged = (reading.observe_answer)(body.as_bytes(), &mut observation);
        let usage = observation.usage().map(|usage| (usage.input.0, usage.output.0));
        (judged, usage)
    }

    #[test]
    fn an_answer_of_each_kind_tells_its_usage() {
        let vectors =
            r#"{"object":"list","data":[],"model":"e","usage":{"prompt_tokens":8,"total_tokens":8}}"#;
        assert_eq!(used(&EMBEDDINGS, vectors), (Some(Ok(())), Some((8, 0))));
        assert_eq!(
            used(&TOKEN_COUNT, r#"{"input_tokens":9}"#),
            (Some(Ok(())), Some((0, 0)))
        );
        let images = r#"{"data":[],"usage":{"input_tokens":5,"output_tokens":4000,"total_tokens":4005}}"#;
        assert_eq!(used(&OTHER, images), (Some(Ok(())), Some((5, 4_000))));
        // As OpenAI's reference has it: an edit by a model that thinks, and a transcription.
        let edit = r#"{"data":[],"usage":{"input_tokens":1050,"input_tokens_details":{"text_tokens":50,"image_tokens":1000},
            "output_tokens":4200,"output_tokens_details":{"image_tokens":4000,"text_tokens":200},"total_tokens":5250}}"#;
        let heard = r#"{"text":"hi","usage":{"type":"tokens","input_tokens":14,"input_token_details":{"text_tokens":4,"audio_tokens":10},
            "output_tokens":45,"total_tokens":59}}"#;
        for (body, media, reasoning, model, cost) in [
            (edit, 1_000, 200, "gpt-image-1.5", 250 + 8_000 + 128_000 + 2_000),
            (edit, 1_000, 200, "gpt-image-1", 250 + 10_000 + 168_000),
            (images, 0, 0, "gpt-image-2", 25 + 120_000),
            (heard, 10, 0, "gpt-4o-transcribe", 10 + 60 + 450),
        ] {
            let mut observation = Observation::default();
            assert_eq!(
                (OTHER.observe_answer)(body.as_bytes(), &mut observation),
                Some(Ok(()))
            );
            let usage = observation.usage().unwrap();
            assert_eq!((usage.media.0, usage.reasoning.0), (media, reasoning), "{body}");
            assert_eq!(shipped(model).unwrap().cost(&usage).0, cost, "{model}");
        }
        let sound = r#"{"text":"hi","usage":{"type":"duration","seconds":3}}"#;
        assert_eq!(used(&OTHER, sound), (Some(Ok(())), None));
    }

    #[test]
    fn what_is_no_answer_of_its_kind_is_flawed() {
        for (reading, body) in [
            (&EMBEDDINGS, r#"{"data":{}}"#),
            (&EMBEDDINGS, "{}"),
            (&TOKEN_COUNT, r#"{"input_tokens":"9"}"#),
            (&TOKEN_COUNT, r#"{"error":null}"#),
        ] {
            assert_eq!(used(reading, body).0, Some(Err(Flaw::Unreadable)), "{body}");
        }
        assert_eq!(used(&EMBEDDINGS, r#"{"error":{}}"#).0, Some(Err(Flaw::Error)));
        assert_eq!(used(&EMBEDDINGS, r#"{"data":["#).0, None);
    }

    #[test]
    fn events_tell_what_they_are() {
        let class = |reading: &Reading, data: &str| {
            let mut observation = Observation::default();
            let class = (reading.observe_event)(data.as_bytes(), &mut observation);
            (class, observation.said(), observation.has_ended())
        };
        let chunk = r#"{"choices":[{"index":0,"text":"Hello","finish_reason":null}]}"#;
        assert_eq!(class(&COMPLETION, chunk), (EventClass::Content, 5, false));
        let usage = r#"{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#;
        assert_eq!(class(&COMPLETION, usage), (EventClass::UsageOnly, 0, false));
        assert_eq!(class(&COMPLETION, "[DONE]"), (EventClass::Preamble, 0, true));
        let piece = r#"{"type":"transcript.text.delta","delta":"a"}"#;
        assert_eq!(class(&OTHER, piece), (EventClass::Content, 0, false));
        let done = r#"{"type":"image_generation.completed","usage":{"input_tokens":1}}"#;
        assert_eq!(class(&OTHER, done), (EventClass::Content, 0, true));
        assert_eq!(
            class(&OTHER, r#"{"type":"error"}"#),
            (EventClass::Error, 0, false)
        );
    }
}

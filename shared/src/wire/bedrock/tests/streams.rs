//! Streams, written as the lines of a file and framed for the test.

use super::{FORMATS, caller, same_as};
use crate::eventstream::write::{error, event, exception};
use crate::wire::{AnswerTranslator, Format, Observation, Progress, Unframer, UpstreamFormat, media};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

macro_rules! streams {
    ($($name:literal)*) => {
        [$(($name, include_str!(concat!("../../../../testdata/bedrock/", $name, ".in.txt")))),*]
    };
}

const STREAMS: [(&str, &str); 14] = streams!("text" "tools" "reasoning" "guardrail" "exception" "exception-first"
    "unmodelled" "no-metadata" "cut" "empty" "not-json" "malformed-tool" "claude" "claude-exception");

/// A line of a file as a frame.
fn framed(line: &str) -> Vec<u8> {
    let (kind, rest) = line.split_once(' ').unwrap();
    match kind {
        "chunk" => event(
            "chunk",
            &format!(r#"{{"bytes":"{}","p":"abc"}}"#, media::encode(rest.as_bytes())),
        ),
        "event" => rest
            .split_once(' ')
            .map(|(name, payload)| event(name, payload))
            .unwrap(),
        "exception" => rest
            .split_once(' ')
            .map(|(name, payload)| exception(name, payload))
            .unwrap(),
        _ => rest
            .split_once(' ')
            .map(|(code, message)| error(code, message))
            .unwrap(),
    }
}

fn format(name: &str) -> UpstreamFormat {
    if name.starts_with("claude") {
        UpstreamFormat::AnthropicMessages
    } else {
        UpstreamFormat::BedrockConverse
    }
}

/// What the agent gets of a stream, and how far that came first.
fn translated(name: &str, to: Format, chunks: &[&[u8]]) -> (String, Progress) {
    let mut unframer = Unframer::new(format(name));
    let mut translator = AnswerTranslator::of_stream(format(name), to, caller());
    let mut noted = Observation::default();
    let mut out = Vec::new();
    for chunk in chunks {
        let mut events = Vec::new();
        unframer.push(chunk, &mut events).unwrap();
        out.extend(translator.push(&events, false, &mut noted));
    }
    out.extend(translator.push(b"", true, &mut noted));
    (String::from_utf8(out).unwrap(), noted.progress())
}

#[test]
fn streams_are_translated_wherever_their_frames_are_cut() {
    for (name, lines) in STREAMS {
        let stream: Vec<u8> = lines.lines().flat_map(framed).collect();
        for (to, of) in FORMATS {
            let (whole, _) = translated(name, to, &[&stream]);
            let single: Vec<&[u8]> = stream.chunks(1).collect();
            assert_eq!(translated(name, to, &single).0, whole, "{name} byte by byte");
            let sevens: Vec<&[u8]> = stream.chunks(7).collect();
            assert_eq!(translated(name, to, &sevens).0, whole, "{name} by sevens");
            // Claude's own stream passes untranslated.
            if UpstreamFormat::from(to) != format(name) {
                same_as(&format!("{name}.{of}.sse"), &whole);
            }
        }
    }
}

#[test]
fn claudes_own_stream_comes_out_of_its_frames_as_it_is() {
    for (name, lines) in STREAMS.iter().filter(|(name, _)| name.starts_with("claude")) {
        let mut unframer = Unframer::new(format(name));
        let mut events = Vec::new();
        for line in lines.lines() {
            unframer.push(&framed(line), &mut events).unwrap();
        }
        same_as(
            &format!("{name}.unframed.sse"),
            &String::from_utf8(events).unwrap(),
        );
    }
}

#[test]
fn an_error_before_anything_was_said_makes_room_for_another_provider() {
    for name in ["exception-first", "empty"] {
        let (_, lines) = STREAMS.iter().find(|(other, _)| *other == name).unwrap();
        let stream: Vec<u8> = lines.lines().flat_map(framed).collect();
        let (_, progress) = translated(name, Format::OpenAiChat, &[&stream]);
        assert!(matches!(progress, Progress::Failed(_)), "{name}");
    }
}

#[test]
fn line_breaks_between_values_do_not_break_an_event() {
    let mut unframer = Unframer::new(UpstreamFormat::BedrockConverse);
    let mut events = Vec::new();
    let pretty = event("contentBlockDelta", "{\r\n \"delta\":\n{\"text\":\"a\"}}\n");
    unframer.push(&pretty, &mut events).unwrap();
    let odd = event("a\",\"b", "{}");
    unframer.push(&odd, &mut events).unwrap();
    unframer.push(&event("empty", ""), &mut events).unwrap();
    assert_eq!(
        String::from_utf8(events).unwrap(),
        "data: {\"contentBlockDelta\":{   \"delta\": {\"text\":\"a\"}}}\n\ndata: {\"empty\":{}}\n\n"
    );
}

#[test]
fn a_chunk_that_holds_no_event_is_an_error() {
    for payload in ["{}", r#"{"bytes":"%"}"#, r#"{"bytes":""}"#, "x"] {
        let mut unframer = Unframer::new(UpstreamFormat::AnthropicMessages);
        let mut events = Vec::new();
        unframer.push(&event("chunk", payload), &mut events).unwrap();
        let events = String::from_utf8(events).unwrap();
        assert!(
            events.starts_with("event: error\ndata: {\"type\":\"error\""),
            "{payload}"
        );
    }
}

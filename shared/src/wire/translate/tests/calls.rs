//! Calls of tools on their way to blocks: other formats number them as they like and let them take turns.

use super::*;
use crate::limits::{MAX_EVENT, MAX_HELD};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// The blocks of an Anthropic stream, each as its kind or tool with what was told of it.
fn blocks(text: &str) -> Vec<(String, String)> {
    let mut blocks: Vec<(String, String)> = Vec::new();
    for event in data(text) {
        let block = &event["content_block"];
        let delta = &event["delta"];
        if event["type"] == "content_block_start" {
            let name = if block["type"] == "tool_use" {
                &block["name"]
            } else {
                &block["type"]
            };
            blocks.push((name.as_str().unwrap().to_owned(), String::new()));
        } else if event["type"] == "content_block_delta" {
            let pieces = ["text", "thinking", "partial_json", "signature"]
                .map(|key| delta[key].as_str().unwrap_or(""));
            let index = usize::try_from(event["index"].as_u64().unwrap()).unwrap();
            blocks[index].1.push_str(&pieces.concat());
        }
    }
    blocks
}

fn to_blocks(choices: &[&str]) -> Vec<(String, String)> {
    let (text, ..) = stream(OpenAiChat, &openai(choices));
    blocks(&text)
}

fn named<'a>(pairs: &[(&'a str, &'a str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, said)| ((*name).to_owned(), (*said).to_owned()))
        .collect()
}

#[test]
fn calls_are_told_apart_however_they_are_numbered() {
    let two = named(&[("f", r#"{"a":1}"#), ("g", "{}")]);
    for calls in [
        // Ollama: all at 0, told apart by their ids.
        [
            r#"{"index":0,"id":"1","function":{"name":"f","arguments":"{\"a\":1}"}}"#,
            r#"{"index":0,"id":"2","function":{"name":"g","arguments":"{}"}}"#,
        ],
        // No number.
        [
            r#"{"id":"1","function":{"name":"f","arguments":"{\"a\":1}"}}"#,
            r#"{"id":"2","function":{"name":"g","arguments":"{}"}}"#,
        ],
        // Neither number nor id.
        [
            r#"{"function":{"name":"f","arguments":"{\"a\":1}"}}"#,
            r#"{"function":{"name":"g","arguments":"{}"}}"#,
        ],
        // The same number and no id.
        [
            r#"{"index":0,"function":{"name":"f","arguments":{"a": 1}}}"#,
            r#"{"index":0,"function":{"name":"g","arguments":{}}}"#,
        ],
        // A gap.
        [
            r#"{"index":1,"id":"1","function":{"name":"f","arguments":"{\"a\":1}"}}"#,
            r#"{"index":3,"id":"2","function":{"name":"g","arguments":"{}"}}"#,
        ],
    ] {
        let apart = calls.map(|call| format!(r#"{{"delta":{{"tool_calls":[{call}]}}}}"#));
        assert_eq!(to_blocks(&apart.each_ref().map(String::as_str)), two);
        let together = format!(r#"{{"delta":{{"tool_calls":[{}]}}}}"#, calls.join(","));
        assert_eq!(to_blocks(&[&together]), two);
    }
}

#[test]
fn fragments_find_their_call_whatever_they_repeat() {
    for rest in [
        r#""index":0"#,
        r#""index":0,"id":"1""#,
        r#""id":"1""#,
        r#""type":"function""#,
        r#""index":0,"id":"""#,
        r#""index":0,"id":null"#,
    ] {
        let begin =
            r#"{"delta":{"tool_calls":[{"index":0,"id":"1","function":{"name":"f","arguments":"{\"a\""}}]}}"#;
        let begin = if rest == r#""id":"1""# {
            begin.replace(r#""index":0,"#, "")
        } else {
            begin.to_owned()
        };
        let fragment = format!(
            r#"{{"delta":{{"tool_calls":[{{{rest},"function":{{"name":"f","arguments":":1}}"}}}}]}}}}"#
        );
        let last =
            format!(r#"{{"delta":{{"tool_calls":[{{{rest},"function":{{"name":"f","arguments":""}}}}]}}}}"#);
        assert_eq!(
            to_blocks(&[&begin, &fragment, &last]),
            named(&[("f", r#"{"a":1}"#)]),
            "{rest}"
        );
    }
}

#[test]
fn a_call_waits_for_its_name_and_ids_are_made_and_unique() {
    let (text, ..) = stream(
        OpenAiChat,
        &openai(&[
            r#"{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{"}}]}}"#,
            r#"{"delta":{"tool_calls":[{"index":0,"function":{"name":"f","arguments":"}"}}]}}"#,
            r#"{"delta":{"tool_calls":[{"index":1,"id":"x","function":{"name":"g"}},{"index":2,"id":"x","function":{"name":"h"}}]}}"#,
        ]),
    );
    assert_eq!(blocks(&text), named(&[("f", "{}"), ("g", ""), ("h", "")]));
    let ids: Vec<_> = data(&text)
        .iter()
        .filter_map(|event| event["content_block"]["id"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(ids, ["toolu_1_0", "x", "toolu_1_2"]);
}

#[test]
fn white_space_alone_is_no_block_and_before_text_it_is_kept() {
    let call = r#"{"delta":{"tool_calls":[{"index":0,"id":"1","function":{"name":"f","arguments":"{}"}}]}}"#;
    assert_eq!(
        to_blocks(&[r#"{"delta":{"content":"\n\n"}}"#, call]),
        named(&[("f", "{}")])
    );
    assert_eq!(
        to_blocks(&[
            r#"{"delta":{"content":"\n"}}"#,
            r#"{"delta":{"content":""}}"#,
            r#"{"delta":{"content":"a"}}"#,
            r#"{"delta":{"content":" "}}"#
        ]),
        named(&[("text", "\na ")])
    );
}

#[test]
fn what_waits_is_bounded() {
    let begin = |index: usize| {
        format!(
            r#"data: {{"choices":[{{"delta":{{"tool_calls":[{{"index":{index},"id":"c{index}","function":{{"name":"f","arguments":"{{"}}}}]}}}}]}}{}"#,
            "\n\n"
        )
    };
    let piece = "x".repeat(MAX_HELD / 3);
    let more = format!(
        r#"data: {{"choices":[{{"delta":{{"tool_calls":[{{"index":1,"function":{{"arguments":"{piece}"}}}}]}}}}]}}{}"#,
        "\n\n"
    );
    let text = [begin(0), begin(1), more.repeat(4)].concat();
    let (out, observation, _) = stream(OpenAiChat, &text);
    assert!(out.contains("too entangled") && has_failed(&observation) && out.len() < 2_000);
    let calls: String = (0..2_000).map(begin).collect();
    assert!(stream(OpenAiChat, &calls).0.contains("too entangled"));
    let long = format!("data: {{\"a\":\"{}", "x".repeat(MAX_EVENT + 1));
    assert!(stream(OpenAiChat, &long).0.contains("too long an event"));
}

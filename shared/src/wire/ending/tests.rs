use serde_json::{Value, json};

use super::*;
use crate::units::Tokens;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn used() -> Usage {
    Usage {
        input: Tokens(7),
        output: Tokens(30),
        ..Usage::default()
    }
}

const OPENAI: &str = concat!(
    "data: {\"id\":\"chatcmpl-a\",\"object\":\"chat.completion.chunk\",\"created\":5,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n\n",
    "data: {\"id\":\"chatcmpl-a\",\"created\":5,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a \\\"b\\\"\"}}]}\n\n",
    ": ping\n\n",
    "data: {\"id\":\"chatcmpl-a\",\"created\":5,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"c\"}}]}\n\n",
);

const ANTHROPIC: &str = concat!(
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":7,\"output_tokens\":1}}}\n\n",
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\"}}\n\n",
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"hi\"}}\n\n",
);

const RESPONSES: &str = concat!(
    "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"resp_a\",\"status\":\"in_progress\",\"output\":[]}}\n\n",
    "event: response.output_item.added\ndata: {\"type\":\"response.output_item.added\",\"sequence_number\":1,\"output_index\":0,\"item\":{\"id\":\"msg_a\",\"type\":\"message\",\"status\":\"in_progress\",\"content\":[]}}\n\n",
    "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":2,\"item_id\":\"msg_a\",\"output_index\":0,\"content_index\":0,\"delta\":\"a \\\"b\\\"\"}\n\n",
    ": ping\n\n",
    "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":3,\"item_id\":\"msg_a\",\"output_index\":0,\"content_index\":0,\"delta\":\"c\"}\n\n",
);

fn data(stream: &[u8]) -> Vec<Value> {
    let mut found = Vec::new();
    let mut splitter = Splitter::default();
    splitter.push(stream, |piece| {
        let Piece::Event(event) = piece else {
            panic!("{piece:?}")
        };
        if let Some(data) = event.data()
            && data.as_ref() != b"[DONE]"
        {
            found.push(serde_json::from_slice(&data).unwrap());
        }
    });
    assert_eq!(splitter.held(), 0);
    found
}

/// What an agent has that was sent a stream in two chunks and its end with the second one; `None` if that cannot be.
fn stopped(format: Format, with_usage: bool, first: &str, second: &str) -> Option<Vec<u8>> {
    let mut ending = Ending::of(format, with_usage);
    ending.note(first.as_bytes());
    ending.note(second.as_bytes());
    let passed = ending.after(second.as_bytes(), &Relay::Unchanged, &used())?;
    Some([first.as_bytes(), &passed].concat())
}

#[test]
fn a_chat_completion_ends_with_its_reason_its_usage_and_its_terminator() {
    let all = stopped(Format::OpenAiChat, true, "", OPENAI).unwrap();
    assert!(all.ends_with(b"data: [DONE]\n\n"));
    let events = data(&all);
    let [.., finish, usage] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(
        (
            &finish["id"],
            &finish["created"],
            &finish["choices"][0]["finish_reason"]
        ),
        (&json!("chatcmpl-a"), &json!(5), &json!("length"))
    );
    assert_eq!(
        (&usage["choices"], &usage["usage"]["total_tokens"]),
        (&json!([]), &json!(37))
    );
    let without = data(&stopped(Format::OpenAiChat, false, "", OPENAI).unwrap());
    assert!(without.last().unwrap().get("usage").is_none());
}

#[test]
fn a_message_ends_with_its_open_block_its_reason_and_its_usage() {
    let events = data(&stopped(Format::AnthropicMessages, true, "", ANTHROPIC).unwrap());
    let [.., block, message, stop] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(block, &json!({"type": "content_block_stop", "index": 1}));
    assert_eq!(message["delta"]["stop_reason"], "max_tokens");
    assert_eq!(message["usage"]["output_tokens"], 30);
    assert_eq!(stop, &json!({"type": "message_stop"}));
    let between = ANTHROPIC.split("event: content_block_start").next().unwrap();
    let events = data(&stopped(Format::AnthropicMessages, true, "", between).unwrap());
    assert_eq!(events.len(), 3, "no block is open: {events:?}");
}

#[test]
fn a_response_ends_with_all_that_was_said_wherever_chunks_are_cut() {
    for cut in 0..=RESPONSES.len() {
        let (first, second) = RESPONSES.split_at(cut);
        let events = data(&stopped(Format::OpenAiResponses, true, first, second).unwrap());
        let numbers: Vec<u64> = events
            .iter()
            .map(|event| event["sequence_number"].as_u64().unwrap())
            .collect();
        assert_eq!(numbers, (0..8).collect::<Vec<_>>());
        let last = events.last().unwrap();
        assert_eq!(last["type"], "response.incomplete");
        let response = &last["response"];
        assert_eq!(response["output"][0]["content"][0]["text"], "a \"b\"c");
        assert_eq!(response["usage"]["output_tokens"], 30);
    }
}

#[test]
fn a_response_with_an_event_too_long_to_be_looked_at_cannot_be_repeated() {
    let long = format!("{RESPONSES}data: {}", "x".repeat(crate::limits::MAX_EVENT + 1));
    assert_eq!(stopped(Format::OpenAiResponses, true, RESPONSES, &long), None);
    let ping = "\n\n: ping\n\n";
    let all = stopped(Format::OpenAiResponses, true, &long, ping).unwrap();
    let end = all.split_at(long.len() + ping.len()).1;
    let end = data(end).remove(0);
    assert_eq!(
        (&end["type"], &end["sequence_number"]),
        (&json!("response.failed"), &json!(5))
    );
}

#[test]
fn no_event_is_torn_apart_wherever_chunks_are_cut() {
    for (format, stream) in [
        (Format::OpenAiChat, OPENAI),
        (Format::AnthropicMessages, ANTHROPIC),
        (Format::OpenAiResponses, RESPONSES),
    ] {
        let mut endings = 0;
        for middle in (0..stream.len()).step_by(3) {
            for end in (middle..=stream.len()).step_by(11) {
                let (first, second) = (stream.get(..middle).unwrap(), stream.get(middle..end).unwrap());
                if let Some(all) = stopped(format, true, first, second) {
                    assert!(!data(&all).is_empty());
                    endings += 1;
                }
            }
        }
        assert!(endings > stream.len() / 2, "{endings}");
    }
}

#[test]
fn an_event_too_long_to_be_looked_at_is_waited_for() {
    let long = format!("data: {}", "x".repeat(crate::limits::MAX_EVENT + 1));
    assert_eq!(stopped(Format::OpenAiChat, true, OPENAI, &long), None);
    assert!(stopped(Format::OpenAiChat, true, &long, &format!("\n\n{OPENAI}")).is_some());
}

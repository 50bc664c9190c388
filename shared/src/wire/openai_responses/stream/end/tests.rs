use serde_json::{Value, json};

use super::*;
use crate::sse::{Piece, Splitter};
use crate::units::Tokens;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// The events that end a stream which said this, numbered from 5; `None` if it has an end.
fn ended(said: &[Value]) -> Option<Vec<Value>> {
    let begun = json!({"type": "response.created", "response": {
        "id": "resp_1", "object": "response", "status": "in_progress", "model": "gpt-5", "output": [], "usage": null,
        "error": null, "incomplete_details": null, "temperature": 0.50, "tools": [{"type": "function", "name": "f"}],
    }});
    let mut seen = Seen::default();
    for (index, event) in [&begun].into_iter().chain(said).enumerate() {
        let mut event = event.clone();
        event["sequence_number"] = json!(index + 5);
        seen.note(event.to_string().as_bytes());
    }
    let used = Usage {
        input: Tokens(7),
        output: Tokens(30),
        ..Usage::default()
    };
    let mut out = Vec::new();
    seen.end(&used, &mut out)?;
    let mut events: Vec<Value> = Vec::new();
    Splitter::default().push(&out, |piece| {
        let Piece::Event(event) = piece else {
            panic!("{piece:?}")
        };
        let event_data: Value = serde_json::from_slice(&event.data().unwrap()).unwrap();
        let name = format!("event: {}\n", event_data["type"].as_str().unwrap());
        assert!(event.raw.starts_with(name.as_bytes()), "{event:?}");
        events.push(event_data);
    });
    for (index, event) in events.iter_mut().enumerate() {
        assert_eq!(event["sequence_number"], json!(index + said.len() + 6));
        event.as_object_mut().unwrap().remove("sequence_number");
    }
    Some(events)
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect()
}

fn added(place: u64, item: &Value) -> Value {
    json!({"type": "response.output_item.added", "output_index": place, "item": item})
}

fn within(kind: &str, place: u64, more: &Value) -> Value {
    let mut event = json!({"type": kind, "item_id": "i", "output_index": place});
    for (key, value) in more.as_object().unwrap() {
        event[key] = value.clone();
    }
    event
}

fn message() -> Vec<Value> {
    let part = json!({"type": "output_text", "text": "", "annotations": [], "logprobs": []});
    let delta = |text: &str| {
        within(
            "response.output_text.delta",
            1,
            &json!({"content_index": 0, "delta": text, "logprobs": []}),
        )
    };
    vec![
        added(
            1,
            &json!({"id": "msg_1", "type": "message", "status": "in_progress", "role": "assistant", "content": []}),
        ),
        within(
            "response.content_part.added",
            1,
            &json!({"content_index": 0, "part": part}),
        ),
        delta("He said: "),
        delta("\"hé\"\n"),
    ]
}

fn thought() -> Value {
    json!({"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "sealed"})
}

#[test]
fn a_message_ends_with_what_was_said_so_far() {
    let mut said = vec![
        added(0, &thought()),
        json!({"type": "response.output_item.done", "output_index": 0, "item": thought()}),
    ];
    said.extend(message());
    let events = ended(&said).unwrap();
    let [text, part, item, response] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(
        text,
        &json!({"type": "response.output_text.done", "item_id": "msg_1", "output_index": 1, "content_index": 0,
            "text": "He said: \"hé\"\n", "logprobs": []})
    );
    let whole_part =
        json!({"type": "output_text", "text": "He said: \"hé\"\n", "annotations": [], "logprobs": []});
    assert_eq!(
        part,
        &json!({"type": "response.content_part.done", "item_id": "msg_1", "output_index": 1, "content_index": 0,
            "part": whole_part})
    );
    let whole_item = json!({"id": "msg_1", "type": "message", "status": "incomplete", "role": "assistant",
        "content": [whole_part]});
    assert_eq!(
        item,
        &json!({"type": "response.output_item.done", "output_index": 1, "item": whole_item})
    );
    assert_eq!(
        response,
        &json!({"type": "response.incomplete", "response": {
            "id": "resp_1", "object": "response", "status": "incomplete", "model": "gpt-5",
            "output": [thought(), whole_item],
            "usage": {"input_tokens": 7, "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
                "output_tokens": 30, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 37},
            "error": null, "incomplete_details": {"reason": "max_output_tokens"},
            "temperature": 0.5, "tools": [{"type": "function", "name": "f"}],
        }})
    );
}

#[test]
fn what_the_provider_ended_is_not_ended_again() {
    let mut said = message();
    said.push(within(
        "response.output_text.done",
        1,
        &json!({"content_index": 0, "text": "He said: \"hé\"\n"}),
    ));
    assert_eq!(
        kinds(&ended(&said).unwrap()),
        [
            "response.content_part.done",
            "response.output_item.done",
            "response.incomplete"
        ]
    );
    let part = json!({"type": "output_text", "text": "as the provider has it", "annotations": [1]});
    said.push(within(
        "response.content_part.done",
        1,
        &json!({"content_index": 0, "part": part}),
    ));
    let events = ended(&said).unwrap();
    assert_eq!(
        kinds(&events),
        ["response.output_item.done", "response.incomplete"]
    );
    assert_eq!(events[0]["item"]["content"], json!([part]));
    for end in [
        "response.completed",
        "response.incomplete",
        "response.failed",
        "error",
    ] {
        let mut said = message();
        said.push(json!({"type": end}));
        assert!(ended(&said).is_none(), "{end}");
    }
}

#[test]
fn a_call_is_complete_only_if_its_arguments_are() {
    let call = json!({"id": "fc_1", "type": "function_call", "status": "in_progress", "arguments": "",
        "call_id": "call_1", "name": "f"});
    for (deltas, status) in [
        (&["{\"a\":", " \"}"][..], "incomplete"),
        (&["{\"a\":", " 1}"][..], "completed"),
        (&[][..], "incomplete"),
    ] {
        let mut said = vec![added(0, &call)];
        let told = deltas.iter().map(|delta| {
            within(
                "response.function_call_arguments.delta",
                0,
                &json!({"delta": delta}),
            )
        });
        said.extend(told);
        let events = ended(&said).unwrap();
        let item = &events[events.len() - 2]["item"];
        assert_eq!(
            item,
            &json!({"id": "fc_1", "type": "function_call", "status": status, "arguments": deltas.concat(),
                "call_id": "call_1", "name": "f"})
        );
        if !deltas.is_empty() {
            assert_eq!(
                events[0],
                json!({"type": "response.function_call_arguments.done", "item_id": "fc_1", "output_index": 0,
                    "name": "f", "arguments": deltas.concat()})
            );
        }
        assert_eq!(&events.last().unwrap()["response"]["output"][0], item);
    }
}

#[test]
fn thoughts_and_the_providers_own_tools_end_in_their_words() {
    let part = json!({"type": "summary_text", "text": ""});
    let said = [
        added(
            0,
            &json!({"id": "rs_1", "type": "reasoning", "status": "in_progress", "summary": []}),
        ),
        within(
            "response.reasoning_summary_part.added",
            0,
            &json!({"summary_index": 0, "part": part}),
        ),
        within(
            "response.reasoning_summary_text.delta",
            0,
            &json!({"summary_index": 0, "delta": "hm"}),
        ),
        added(
            1,
            &json!({"id": "ws_1", "type": "web_search_call", "status": "in_progress"}),
        ),
        within("response.web_search_call.searching", 1, &json!({})),
        added(
            2,
            &json!({"id": "ctc_1", "type": "custom_tool_call", "status": "in_progress", "input": "", "name": "t"}),
        ),
        within(
            "response.custom_tool_call_input.delta",
            2,
            &json!({"delta": "ls"}),
        ),
    ];
    let events = ended(&said).unwrap();
    assert_eq!(
        kinds(&events),
        [
            "response.reasoning_summary_text.done",
            "response.reasoning_summary_part.done",
            "response.output_item.done",
            "response.output_item.done",
            "response.custom_tool_call_input.done",
            "response.output_item.done",
            "response.incomplete",
        ]
    );
    assert_eq!(
        events[0],
        json!({"type": "response.reasoning_summary_text.done", "item_id": "rs_1", "output_index": 0,
            "summary_index": 0, "text": "hm"})
    );
    assert_eq!(
        events[6]["response"]["output"],
        json!([
            {"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}], "status": "incomplete"},
            {"id": "ws_1", "type": "web_search_call", "status": "failed"},
            {"id": "ctc_1", "type": "custom_tool_call", "name": "t", "status": "incomplete", "input": "ls"},
        ])
    );
}

#[test]
fn a_server_that_leaves_events_out_loses_nothing_that_was_said() {
    let said = [
        added(
            0,
            &json!({"id": "m", "type": "message", "status": "in_progress", "role": "assistant", "content": []}),
        ),
        within(
            "response.output_text.delta",
            0,
            &json!({"content_index": 0, "delta": "hi"}),
        ),
        within(
            "response.output_text.annotation.added",
            0,
            &json!({"content_index": 0, "annotation": {"type": "file_path"}}),
        ),
    ];
    let events = ended(&said).unwrap();
    assert_eq!(
        events.last().unwrap()["response"]["output"][0]["content"],
        json!([{"type": "output_text", "text": "hi", "annotations": [{"type": "file_path"}]}])
    );
}

#[test]
fn an_answer_that_is_too_long_to_be_repeated_fails() {
    let mut said = message();
    for _ in 0..5 {
        said.push(within(
            "response.output_text.delta",
            1,
            &json!({"content_index": 0, "delta": "x".repeat(MAX_REPEATED_OUTPUT / 4)}),
        ));
    }
    let events = ended(&said).unwrap();
    assert_eq!(kinds(&events), ["response.failed"]);
    let response = &events[0]["response"];
    assert_eq!(
        (&response["status"], &response["error"]["code"], &response["id"]),
        (&json!("failed"), &json!("server_error"), &json!("resp_1"))
    );
    assert_eq!(
        (&response["output"], &response["usage"]["total_tokens"]),
        (&json!([]), &json!(37))
    );

    let many: Vec<Value> = (0..20_000).map(|place| added(place, &json!({}))).collect();
    assert_eq!(kinds(&ended(&many).unwrap()), ["response.failed"]);
}

#[test]
fn what_passes_whole_is_counted_once() {
    let text = "x".repeat(MAX_REPEATED_OUTPUT / 2);
    let item =
        json!({"id": "m", "type": "message", "status": "in_progress", "role": "assistant", "content": []});
    let part = json!({"type": "output_text", "text": text});
    let whole = json!({"id": "m", "type": "message", "content": [part]});
    let events = ended(&[
        added(0, &item),
        within(
            "response.output_text.delta",
            0,
            &json!({"content_index": 0, "delta": text}),
        ),
        json!({"type": "response.output_item.done", "output_index": 0, "item": whole}),
    ])
    .unwrap();
    assert_eq!(events[0]["response"]["output"], json!([whole]));
}

//! Azure tells what its filters think, of the prompt in a chunk without choices, and of the answer now and then in a choice
//! without a delta.

use serde_json::{Value, json};

use super::{choice, each};

/// The answer and what the filters think of it.
pub(super) fn filtered(answer: &mut Value) {
    if let Some(choice) = choice(answer) {
        choice.insert("content_filter_results".to_owned(), results());
    }
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("prompt_filter_results".to_owned(), of_prompt());
    }
}

pub(super) fn events(events: Vec<String>) -> Vec<String> {
    let first = json!({
        "choices": [], "created": 0, "id": "", "model": "", "object": "", "prompt_filter_results": of_prompt(),
    });
    let rogue = json!({
        "choices": [{
            "content_filter_offsets": {"check_offset": 44, "start_offset": 44, "end_offset": 121},
            "content_filter_results": results(), "finish_reason": null, "index": 0,
        }],
        "created": 0, "id": "", "model": "", "object": "",
    });
    let mut events = each(events, |event| {
        if let Some(choice) = choice(event) {
            choice.insert("content_filter_results".to_owned(), json!({}));
        }
    });
    events.insert(0, first.to_string());
    // Behind the first words.
    events.insert(events.len().min(3), rogue.to_string());
    events
}

fn of_prompt() -> Value {
    json!([{"prompt_index": 0, "content_filter_results": results()}])
}

fn results() -> Value {
    let harmless = json!({"filtered": false, "severity": "safe"});
    json!({"hate": harmless, "self_harm": harmless, "sexual": harmless, "violence": harmless})
}

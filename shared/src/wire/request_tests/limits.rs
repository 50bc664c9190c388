//! Bodies as large as the bounds allow.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::json;

use super::{read, refused};
use crate::limits::MAX_MESSAGES;
use crate::wire::Format;
use json::MAX_DEPTH;

#[test]
fn one_message_too_many_is_refused() {
    let message = r#"{"role":"user","content":"a"},"#.repeat(MAX_MESSAGES);
    for (format, is_over) in [(Format::OpenAiChat, true), (Format::AnthropicMessages, false)] {
        let last = if is_over {
            r#"{"role":"user","content":"b"}"#
        } else {
            "null"
        };
        let body = format!(r#"{{"messages":[{message}{last}]}}"#);
        let problem = read(format, body.as_bytes()).unwrap_err().to_string();
        let expected = if is_over {
            "is one message too many"
        } else {
            "must be an object"
        };
        assert_eq!(problem, format!("`messages[{MAX_MESSAGES}]` {expected}"));
    }
}

#[test]
fn what_nests_too_deep_is_no_json() {
    let deep = format!("{}1{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
    let body = format!(r#"{{"messages":[],"x":{deep}}}"#);
    for format in [Format::OpenAiChat, Format::AnthropicMessages] {
        assert_eq!(
            read(format, body.as_bytes()).unwrap_err().to_string(),
            "`body` must be a JSON object"
        );
    }
}

#[test]
fn documents_within_documents_are_refused() {
    let inner = json!({"type": "document", "source": {"type": "content", "content": []}});
    let outer = json!({"type": "document", "source": {"type": "content", "content": [inner]}});
    let body = json!({"messages": [{"role": "user", "content": [outer]}]});
    assert_eq!(
        refused(&body, "gpt-5").place(),
        "messages[0].content[0].source.content[0].type"
    );
}

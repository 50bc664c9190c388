use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Metadata, Request, RequestError};
use crate::provider::{Capabilities, Capability};
use crate::routing::Estimator;
use crate::wire::Format;

#[cfg(not(target_arch = "wasm32"))]
mod properties;

fn read(format: Format, body: &str) -> Request {
    format
        .read_request(body.as_bytes())
        .unwrap_or_else(|error| panic!("{error}: {body}"))
}

fn needs(format: Format, members: &str) -> Vec<Capability> {
    let body = format!("{{\"model\":\"m\",\"messages\":[]{members}}}");
    read(format, &body).needs.iter().collect()
}

/// Whether a body with these messages has images.
fn sees(messages: &str) -> bool {
    let body = format!("{{\"model\":\"m\",\"messages\":{messages}}}");
    read(Format::OpenAiChat, &body).needs.has(Capability::Vision)
}

#[test]
fn what_a_call_needs_is_read_from_the_top_of_its_body() {
    use Capability::{Json, Streaming, Tools};
    for (members, expected) in [
        ("", &[][..]),
        (r#","stream":true"#, &[Streaming]),
        (r#","stream":null,"tools":null"#, &[]),
        (r#","tools":[]"#, &[]),
        (",\"tools\":[ \n\t]", &[]),
        (r#","tools":{"a":1}"#, &[]),
        (r#","tools":[{"type":"function"}]"#, &[Tools]),
        (r#","functions": [ {"name":"f"}]"#, &[Tools]),
        (r#","t\u006fols":[1],"stream":true"#, &[Streaming, Tools]),
        (r#","response_format":{"type":"text"}"#, &[]),
        (r#","response_format":{"type":"json_object"}"#, &[Json]),
        (
            r#","response_format":{"json_schema":{},"type":"json_schema"}"#,
            &[Json],
        ),
        (r#","response_format":null"#, &[]),
        (r#","output_config":{"effort":"low"}"#, &[]),
        (r#","output_config":{"format":null}"#, &[]),
        (
            r#","output_config":{"effort":"low","format":{"type":"json_schema"}}"#,
            &[Json],
        ),
    ] {
        for format in [Format::OpenAiChat, Format::AnthropicMessages] {
            assert_eq!(needs(format, members), expected, "{members}");
        }
    }
}

#[test]
fn an_image_is_seen_wherever_a_part_may_stand() {
    for messages in [
        r#"[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x"}}]}]"#,
        r#"[{"role":"user","content":[{"image_url":{"url":"https://x"}, "type" :
            "image_url"}]}]"#,
        r#"[{"role":"user","content":"no"},{"role":"user","content":[{"type":"text","text":"a"},{"type":"image"}]}]"#,
        r#"[{"content":[{"type":"input_image"}]}]"#,
        r#"[{"content":[{"type":"tool_result","content":[{"type":"text","text":""},{"type":"image"}]}]}]"#,
    ] {
        assert!(sees(messages), "{messages}");
    }
}

#[test]
fn what_only_speaks_of_images_is_none() {
    for messages in [
        r#"[{"role":"user","content":"\"type\":\"image_url\""}]"#,
        r#"[{"role":"user","content":[{"type":"text","text":"{\"type\": \"image\"}"}]}]"#,
        r#"[{"role":"user","content":[{"type":"text","text":"image_url"}]}]"#,
        r#"[{"content":[{"type":"tool_use","name":"image","input":{"type":"image"}}]}]"#,
        r#"[{"content":[{"type":"tool_use","input":{"parts":[{"type":"image"}]}}]}]"#,
        r#"[{"type":"image","content":"x"}]"#,
        r#"{"content":[{"type":"image"}]}"#,
        r#""image""#,
        "[]",
        "null",
    ] {
        assert!(!sees(messages), "{messages}");
    }
}

#[test]
fn media_count_by_the_piece_and_text_by_the_byte() {
    let estimate = |value: &Value| {
        let body = value.to_string();
        (
            body.len() as u64,
            Estimator::default()
                .estimate(&read(Format::AnthropicMessages, &body).content)
                .0,
        )
    };
    let with = |part: Value| json!({"model": "m", "messages": [{"role": "user", "content": [part]}]});
    let base64 = "QUJD".repeat(100_000);
    for part in [
        json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": base64}}),
        json!({"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{base64}")}}),
        json!({"type": "file", "file": {"file_data": format!("data:application/pdf;base64,{base64}")}}),
        json!({"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}),
        json!({"type": "input_audio", "input_audio": {"data": base64, "format": "wav"}}),
    ] {
        let (_, tokens) = estimate(&with(part));
        assert!((1_500..1_600).contains(&tokens), "{tokens}");
    }
    let text = "A plain text of some words. ".repeat(10_000);
    for part in [
        json!({"type": "text", "text": text}),
        json!({"type": "document", "source": {"type": "text", "data": text}}),
        json!({"type": "text", "text": base64}),
    ] {
        let (bytes, tokens) = estimate(&with(part));
        assert_eq!(tokens, bytes.div_ceil(4));
    }
}

#[test]
fn a_call_may_say_in_its_metadata_what_it_is_for() {
    let metadata = |text: &str| {
        let body = format!("{{\"model\":\"m\",\"metadata\":{text}}}");
        read(Format::OpenAiChat, &body).metadata
    };
    let step = |step: &str| Metadata {
        step: Some(step.to_owned()),
        ..Metadata::default()
    };
    assert_eq!(
        metadata(
            r#"{"step":"extraction","purpose":"a \"b\"","tier":"premium","feature":"inbox","other":{}}"#
        ),
        Metadata {
            step: Some("extraction".to_owned()),
            purpose: Some("a \"b\"".to_owned()),
            tier: Some("premium".to_owned()),
            user: None,
            feature: Some("inbox".to_owned()),
        }
    );
    assert_eq!(
        metadata(r#"{"user":"u","step":"plan","purpose":7}"#),
        step("plan")
    );
    assert_eq!(
        metadata(&format!("{{\"step\":\"{}\"}}", "x".repeat(513))),
        Metadata::default()
    );
    assert_eq!(
        metadata(&format!("{{\"step\":\"{}\"}}", "x".repeat(512)))
            .step
            .map(|step| step.len()),
        Some(512)
    );
    for nothing in ["null", "[]", "\"step\"", "{}", r#"{"step":"a","step":"b"}"#] {
        assert_eq!(metadata(nothing), Metadata::default(), "{nothing}");
    }
}

#[test]
fn what_decides_may_not_be_given_twice() {
    for key in ["messages", "tools", "metadata", "response_format"] {
        let body = format!("{{\"model\":\"m\",\"{key}\":[],\"{key}\":[1]}}");
        assert_eq!(
            Format::OpenAiChat.read_request(body.as_bytes()),
            Err(RequestError::Repeated(key))
        );
    }
}

#[test]
fn a_call_that_needs_nothing_needs_nothing() {
    assert_eq!(
        read(Format::OpenAiChat, r#"{"model":"m"}"#).needs,
        Capabilities::NONE
    );
}

/// What the reading of a body costs, for people to look at: `cargo test --release -- --ignored --nocapture reading`.
#[cfg(not(target_arch = "wasm32"))]
#[test]
#[ignore = "a measurement"]
fn what_reading_costs() {
    let long =
        json!({"role": "user", "content": "words of a prompt, \"quoted\" now and then\n".repeat(10_000)});
    let turn =
        json!({"role": "user", "content": [{"type": "text", "text": "a short turn of a conversation"}]});
    let image =
        json!({"role": "user", "content": [{"type": "image", "source": {"data": "QUJD".repeat(1 << 18)}}]});
    for (name, messages) in [
        ("one long turn", vec![long]),
        ("200 short turns", vec![turn.clone(); 200]),
        ("4000 short turns", vec![turn; 4_000]),
        ("an image", vec![image]),
    ] {
        let body = json!({"model": "m", "messages": messages}).to_string();
        let renamed = body.replacen("\"messages\"", "\"massages\"", 1);
        for (what, body) in [("with", &body), ("without", &renamed)] {
            let started = std::time::Instant::now();
            for _ in 0..200 {
                let request = Format::OpenAiChat.read_request(std::hint::black_box(body.as_bytes()));
                assert!(std::hint::black_box(request).is_ok());
            }
            println!(
                "{name}, {} bytes, {what} looking into it: {:?}",
                body.len(),
                started.elapsed() / 200
            );
        }
    }
}

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Any JSON, with the words of the format more often than others.
fn tree() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "candidates",
        "content",
        "parts",
        "text",
        "thought",
        "thoughtSignature",
        "functionCall",
        "name",
        "args",
        "finishReason",
        "STOP",
        "SAFETY",
        "usageMetadata",
        "promptTokenCount",
        "error",
        "message",
        "promptFeedback",
        "blockReason",
        "index",
        "x",
        "é\"\\\n",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..6).prop_map(|members| members
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect()),
        ]
    })
}

fn part() -> impl Strategy<Value = Value> {
    prop_oneof![
        "[a-z\"é ]{0,6}".prop_map(|text| json!({"text": text})),
        "[a-z]{0,6}".prop_map(|text| json!({"text": text, "thought": true})),
        "[a-z]{1,6}".prop_map(|seal| json!({"text": "", "thoughtSignature": seal})),
        ("[a-z]{1,4}", "[a-z]{0,4}").prop_map(|(name, seal)| {
            json!({"functionCall": {"name": name, "args": {"a": [1, {"b": "\n"}]}}, "thoughtSignature": seal})
        }),
        tree(),
    ]
}

fn chunk() -> impl Strategy<Value = Value> {
    let reason = prop::sample::select(vec![
        Value::Null,
        json!("STOP"),
        json!("MAX_TOKENS"),
        json!("SAFETY"),
        json!("MALFORMED_FUNCTION_CALL"),
    ]);
    prop_oneof![
        4 => (prop::collection::vec(part(), 0..3), reason).prop_map(|(parts, reason)| {
            json!({"candidates": [{"content": {"parts": parts}, "finishReason": reason}], "responseId": "r",
                "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 4}})
        }),
        1 => tree(),
    ]
}

proptest! {
    #[test]
    fn any_chunking_of_any_stream_gives_the_same_answer(chunks in prop::collection::vec(chunk(), 0..5), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12)) {
        let text: String = chunks.iter().flat_map(|chunk| ["data: ".to_owned(), chunk.to_string(), "\r\n\r\n".to_owned()]).collect();
        let bytes = text.as_bytes();
        let mut at: Vec<usize> = if bytes.is_empty() { vec![] } else { cuts.iter().map(|cut| cut.index(bytes.len())).collect() };
        at.extend([0, bytes.len()]);
        at.sort_unstable();
        let pieces: Vec<&[u8]> = at.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
        for (to, _) in AGENTS {
            let whole = feed(stream(to), &[bytes]);
            prop_assert_eq!(&feed(stream(to), &pieces), &whole);
            for line in whole.0.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|line| *line != "[DONE]") {
                prop_assert!(serde_json::from_str::<Value>(line).is_ok(), "{}", line);
            }
        }
    }

    #[test]
    fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..200), status in any::<u16>()) {
        for (to, _) in AGENTS {
            for translator in [stream(to), answer(to), error(to, status)] {
                feed(translator, &[&bytes]);
            }
        }
    }

    #[test]
    fn any_tree_becomes_an_answer_or_an_error(tree in tree(), status in any::<u16>()) {
        for body in [
            tree.clone(),
            json!({"candidates": tree}),
            json!({"candidates": [{"content": {"parts": [tree]}, "finishReason": "STOP"}], "usageMetadata": tree}),
            json!({"error": tree}),
            json!([{"error": tree}]),
        ] {
            for (to, _) in AGENTS {
                for translator in [answer(to), error(to, status)] {
                    let (out, ..) = feed(translator, &[body.to_string().as_bytes()]);
                    prop_assert!(serde_json::from_str::<Value>(&out).is_ok(), "{}", out);
                }
            }
        }
    }

    #[test]
    fn any_conversation_is_written_as_one_that_gemini_takes(turns in prop::collection::vec((any::<bool>(), 0..4u8, "[a-c]{0,2}"), 0..12)) {
        let mut messages = vec![json!({"role": "user", "content": "go"})];
        for (index, (is_user, kind, text)) in turns.iter().enumerate() {
            messages.push(match (is_user, kind) {
                (true, 0) => json!({"role": "tool", "tool_call_id": text, "content": text}),
                (true, _) => json!({"role": "user", "content": text}),
                (false, 0) => json!({"role": "assistant", "content": text, "tool_calls": [
                    {"id": text, "type": "function", "function": {"name": format!("f{index}"), "arguments": "{}"}}]}),
                (false, _) => json!({"role": "assistant", "content": text}),
            });
        }
        let body = json!({"model": "m", "messages": messages}).to_string();
        let (sent, _) = translated(Format::OpenAiChat, &body, &gemini("gemini-3.8-flash")).unwrap();
        let sent: Value = serde_json::from_slice(&sent).unwrap();
        let contents = sent["contents"].as_array().unwrap();
        prop_assert_eq!(&contents[0]["role"], "user");
        for content in contents {
            let parts = content["parts"].as_array().unwrap();
            prop_assert!(!parts.is_empty());
            for part in parts {
                prop_assert!(part["text"] != "" || part.get("thoughtSignature").is_some(), "{}", content);
            }
        }
        for pair in contents.windows(2) {
            let all = |content: &Value, key: &str| -> Vec<Value> {
                let parts = content["parts"].as_array().unwrap().iter().filter_map(|part| part.get(key));
                parts.map(|told| json!([told["name"], told["id"]])).collect()
            };
            let responses = all(&pair[1], "functionResponse");
            prop_assert!(responses.iter().all(|response| all(&pair[0], "functionCall").contains(response)));
        }
    }
}
